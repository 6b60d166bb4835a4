using System.Globalization;
using System.Text.RegularExpressions;

namespace HomeIQ.Reconciler.Git;

/// <summary>Where a repository is that is reached over ssh: <c>ssh://[USER@]HOST[:PORT]/PATH</c> or <c>[USER@]HOST:PATH</c>.</summary>
/// <param name="Path">As the server is to be asked for it; without leading slash it begins at the user's home.</param>
internal sealed partial record SshAddress(string? User, string Host, int? Port, string Path)
{
    private const string Forms = "ssh://[USER@]HOST[:PORT]/PATH or [USER@]HOST:PATH";

    /// <summary>The host as a file of known hosts names it.</summary>
    public string KnownAs => Port is null or 22 ? Host : $"[{Host}]:{Port}";

    /// <summary>Null when the text is no ssh address at all.</summary>
    /// <exception cref="GitException">It is one, and cannot be used.</exception>
    public static SshAddress? Parse(string url)
    {
        var isUrl = url.StartsWith("ssh://", StringComparison.OrdinalIgnoreCase);
        if (!isUrl && !IsScpLike(url))
        {
            return null;
        }

        var parts = isUrl ? Url().Match(url) : ScpLike().Match(url);
        if (!parts.Success)
        {
            // The text itself is not repeated: it may hold a password.
            throw new GitException(GitFailure.Refused, $"The repository's ssh address has not the form {Forms}.");
        }

        if (parts.Groups["password"].Success)
        {
            throw new GitException(GitFailure.Refused, "The repository's ssh address holds a password, and ssh takes none from an address.") { Hint = "leave it out, and name a key: --git-ssh-key FILE" };
        }

        var path = isUrl ? FromUrl(parts.Groups["path"].Value) : parts.Groups["path"].Value;
        if (path.StartsWith('-') || path.Any(char.IsControl))
        {
            throw new GitException(GitFailure.Refused, "The path in the repository's ssh address begins with a dash or holds a control character.");
        }

        return new SshAddress(
            parts.Groups["user"] is { Success: true, Value: var user } ? user : null,
            parts.Groups["host"].Value.Trim('[', ']'),
            parts.Groups["port"] is { Success: true, Value: var port } ? int.Parse(port, CultureInfo.InvariantCulture) : null,
            path);
    }

    private static bool IsScpLike(string url)
    {
        var colon = url.IndexOf(':', StringComparison.Ordinal);
        return colon > 0 && !url.Contains("://", StringComparison.Ordinal) && !url.AsSpan(0, colon).Contains('/');
    }

    /// <summary><c>/~/x</c> and <c>/~ada/x</c> begin at a home.</summary>
    private static string FromUrl(string path)
    {
        var plain = Uri.UnescapeDataString(path);
        return plain.StartsWith("/~", StringComparison.Ordinal) ? plain[1..] : plain;
    }

    // Neither user nor host may begin with a dash: ssh would take it for an option.
    [GeneratedRegex(@"^ssh://(?:(?<user>[\w.][\w.+-]*)(?<password>:[^@/]*)?@)?(?<host>\w[\w.-]*|\[[0-9a-f:.]+\])(?::(?<port>\d{1,5}))?(?<path>/.+)$", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, 60_000)]
    private static partial Regex Url();

    [GeneratedRegex(@"^(?:(?<user>[\w.][\w.+-]*)(?<password>:[^@/]*)?@)?(?<host>\w[\w.-]*|\[[0-9a-f:.]+\]):(?<path>.+)$", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, 60_000)]
    private static partial Regex ScpLike();
}
