namespace HomeIQ.Reconciler.Git;

/// <summary>From what ssh said at its end to what the operator can do about it.</summary>
internal static class SshWords
{
    private const int MostShown = 300;

    /// <summary>ssh's own failures end with this; others are the far side's.</summary>
    private const int OwnFailure = 255;
    private const int CommandNotFound = 127;

    private static readonly string[] NoRepository = ["does not appear to be a git repository", "repository not found", "could not be found", "cannot find repository", "no such repository"];

    public static GitException Explain(SshAddress address, GitSettings settings, int exitCode, string words, Exception? inner = null)
    {
        bool Says(string text) => words.Contains(text, StringComparison.OrdinalIgnoreCase);

        GitException Failed(GitFailure kind, string message, string? hint = null) => new(kind, message, inner) { Hint = hint };

        var hosts = settings.KnownHosts ?? "the known hosts of this user";
        if (Says("HOST IDENTIFICATION HAS CHANGED"))
        {
            return Failed(
                GitFailure.Untrusted,
                $"The host key of {address.KnownAs} is another one than in {hosts}: somebody may be in between.",
                "only when you know that the server has a new key: put it there in place of the old one");
        }

        if (Says("Host key verification failed"))
        {
            return Failed(
                GitFailure.Untrusted,
                $"The host key of {address.KnownAs} is not in {hosts}.",
                $"get it by ssh-keyscan{(address.Port is { } port ? $" -p {port}" : "")} {address.Host}, compare its fingerprint with what the server's owner says, and put it there");
        }

        if (Says("are too open"))
        {
            return Failed(GitFailure.Unauthorized, $"The ssh key {settings.SshKey} may be read by others, so ssh does not use it.", $"chmod 600 {settings.SshKey}");
        }

        if (Says("Load key"))
        {
            return Failed(GitFailure.Unauthorized, $"The ssh key {settings.SshKey} cannot be used: {Line(words, "Load key")}", "name a private key in OpenSSH's form");
        }

        if (Says("Permission denied ("))
        {
            return Failed(
                GitFailure.Unauthorized,
                $"{address.Host} refused {(settings.SshKey is { } key ? $"the ssh key {key}" : "this user's ssh keys")}{(address.User is { } user ? $" for {user}" : "")}.",
                "register its public half with the server as a deploy key; the key must have no passphrase, since nobody is there to type it");
        }

        if (NoRepository.Any(Says))
        {
            return Failed(GitFailure.NotFound, $"There is no Git repository {address.Path} on {address.Host}, or the key may not see it: {Last(words)}", "check --repo");
        }

        return exitCode switch
        {
            OwnFailure => Failed(GitFailure.Unreachable, $"{address.Host} could not be reached over ssh: {Last(words)}"),
            CommandNotFound => Failed(GitFailure.Refused, $"{address.Host} has no Git for this user: {Last(words)}"),
            _ => Failed(GitFailure.Refused, $"{address.Host} ended the transfer: {Last(words)}"),
        };
    }

    private static string Last(string words) => Lines(words).LastOrDefault() ?? "the connection ended without a word";

    private static string Line(string words, string begin) => Lines(words).First(line => line.Contains(begin, StringComparison.OrdinalIgnoreCase));

    private static IEnumerable<string> Lines(string words) => words.Split('\n')
        .Select(line => new string([.. line.Where(letter => !char.IsControl(letter)).Take(MostShown)]).Trim())
        .Where(line => line.Length > 0 && !line.StartsWith("@@@", StringComparison.Ordinal));
}
