using System.Globalization;

namespace HomeIQ.Reconciler.Git;

/// <summary>How the <c>ssh</c> program is called for one source: nobody is asked anything, no host is trusted that is not known, and nobody's own ssh settings count.</summary>
internal static class SshCommand
{
    /// <exception cref="GitException">The program, the key or the file of known hosts is not there.</exception>
    public static (string Program, IReadOnlyList<string> Arguments) For(SshAddress address, GitSettings settings, string service)
    {
        var program = OnPath("ssh") ?? throw new GitException(GitFailure.Refused, "Repositories over ssh need the program ssh, and there is none on the PATH.") { Hint = "install openssh-client" };
        Require(settings.SshKey, GitFailure.Unauthorized, "The ssh key", "name the private key: --git-ssh-key FILE");
        Require(settings.KnownHosts, GitFailure.Untrusted, "The file of known hosts", "name the file that holds the server's key: --git-known-hosts FILE");
        return (program, [.. Options(address, settings), .. Target(address), "--", address.Host, $"{service} {Quoted(address.Path)}"]);
    }

    private static IEnumerable<string> Options(SshAddress address, GitSettings settings)
    {
        yield return "-aTx";
        yield return "-F";
        yield return "none";
        List<string> options =
        [
            "BatchMode=yes", "StrictHostKeyChecking=yes", "UpdateHostKeys=no", "LogLevel=ERROR",
            $"ConnectTimeout={Seconds(settings.ConnectLimit)}", $"ServerAliveInterval={Seconds(settings.ReadLimit)}", "ServerAliveCountMax=1",
        ];
        if (settings.SshKey is { } key)
        {
            options.AddRange(["IdentitiesOnly=yes", $"IdentityFile={File(key)}"]);
        }

        if (settings.KnownHosts is { } hosts)
        {
            options.AddRange([$"UserKnownHostsFile={File(hosts)}", "GlobalKnownHostsFile=/dev/null"]);
        }

        foreach (var option in options)
        {
            yield return "-o";
            yield return option;
        }
    }

    private static IEnumerable<string> Target(SshAddress address)
    {
        if (address.Port is { } port)
        {
            yield return "-p";
            yield return port.ToString(CultureInfo.InvariantCulture);
        }

        if (address.User is { } user)
        {
            yield return "-l";
            yield return user;
        }
    }

    /// <summary>As Git quotes: the far side's shell reads it.</summary>
    private static string Quoted(string path) => $"'{path.Replace("'", "'\\''", StringComparison.Ordinal).Replace("!", "'\\!'", StringComparison.Ordinal)}'";

    /// <summary>As in ssh's settings file: quoted, because blanks separate, and with what it would replace doubled.</summary>
    private static string File(string path)
    {
        var full = Path.GetFullPath(path);
        return full.AsSpan().ContainsAny("\"\\$\n")
            ? throw new GitException(GitFailure.Refused, "The path of the ssh key or of the known hosts holds a quote, a backslash, a dollar sign or a line break, which ssh would read otherwise.")
            : $"\"{full.Replace("%", "%%", StringComparison.Ordinal)}\"";
    }

    private static int Seconds(TimeSpan limit) => Math.Max(1, (int)Math.Ceiling(limit.TotalSeconds));

    private static void Require(string? file, GitFailure kind, string what, string hint)
    {
        if (file is null)
        {
            return;
        }

        try
        {
            using var opened = System.IO.File.OpenRead(file);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new GitException(kind, error is UnauthorizedAccessException ? $"{what} {file} may not be read." : $"{what} {file} is not there.", error) { Hint = hint };
        }
    }

    /// <summary>Never from the working folder, where the process starter of the base library would look, too.</summary>
    private static string? OnPath(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries)
        .Where(Path.IsPathRooted).Select(folder => Path.Combine(folder, program)).FirstOrDefault(System.IO.File.Exists);
}
