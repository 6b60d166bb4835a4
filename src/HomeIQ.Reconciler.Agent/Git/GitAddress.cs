namespace HomeIQ.Reconciler.Git;

/// <summary>A repository's address taken apart: where, with whose credentials, and how it may be shown.</summary>
/// <param name="Shown">Without credentials.</param>
internal sealed record GitAddress(string Url, bool IsHttp, bool IsLocal, string? User, string? Password, string? Token)
{
    public string Shown => Url;

    /// <summary>Null unless the repository is reached over ssh.</summary>
    public SshAddress? Ssh { get; init; }

    public bool HasCredentials => Password is not null || Token is not null;

    public static GitAddress Parse(GitSettings settings)
    {
        var url = settings.Url.Trim();
        if (url.StartsWith('/') || (!url.Contains("://", StringComparison.Ordinal) && Directory.Exists(url)))
        {
            return new GitAddress(Path.GetFullPath(url), IsHttp: false, IsLocal: true, null, null, null);
        }

        if (url.StartsWith("file://", StringComparison.OrdinalIgnoreCase))
        {
            return new GitAddress(url, IsHttp: false, IsLocal: true, null, null, null);
        }

        if (SshAddress.Parse(url) is { } ssh)
        {
            return new GitAddress(url, IsHttp: false, IsLocal: false, null, null, null) { Ssh = ssh };
        }

        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || (uri.Scheme != Uri.UriSchemeHttp && uri.Scheme != Uri.UriSchemeHttps))
        {
            // The text itself is not repeated: it may hold a password.
            throw new GitException(GitFailure.Refused, "The repository's address is neither an existing local path nor a file://, http://, https:// or ssh:// URL, nor USER@HOST:PATH.");
        }

        return Http(uri, settings);
    }

    public override string ToString() => Shown;

    private static GitAddress Http(Uri uri, GitSettings settings)
    {
        var inside = uri.UserInfo.Split(':', 2);
        var user = inside[0].Length > 0 ? Uri.UnescapeDataString(inside[0]) : null;
        var password = inside.Length > 1 ? Uri.UnescapeDataString(inside[1]) : null;
        var plain = new UriBuilder(uri) { UserName = "", Password = "", Fragment = "" }.Uri.AbsoluteUri;
        return new GitAddress(plain, IsHttp: true, IsLocal: false, settings.User ?? user, settings.Password ?? password, settings.Token);
    }
}
