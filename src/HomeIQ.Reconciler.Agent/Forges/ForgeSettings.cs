namespace HomeIQ.Reconciler.Forges;

/// <summary>Whose interface a forge speaks.</summary>
public enum ForgeKind
{
    GitHub,

    /// <summary>Forgejo and Codeberg, too.</summary>
    Gitea,

    GitLab,
}

/// <summary>Where Git is told how a commit fared.</summary>
/// <param name="Api">Without a slash at the end: <c>https://api.github.com</c>, <c>https://HOST/api/v1</c>, <c>https://HOST/api/v4</c>.</param>
/// <param name="Project"><c>OWNER/NAME</c>, with groups before it where the forge has such.</param>
/// <param name="Token">Sent to this address and nowhere else.</param>
/// <param name="Instance">Tells several hosts that follow one branch apart.</param>
public sealed record ForgeSettings(ForgeKind Kind, string Api, string Project, string Token, string Instance)
{
    public TimeSpan Limit { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>The forge at a repository's own address, where one is reached over http(s); null for an address that tells nothing of it.</summary>
    public static (string Api, string Project)? Guess(ForgeKind kind, string repository)
    {
        if (!Uri.TryCreate(repository, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
        {
            return null;
        }

        var path = uri.AbsolutePath.Trim('/');
        var project = path.EndsWith(".git", StringComparison.Ordinal) ? path[..^".git".Length] : path;
        var host = uri.GetLeftPart(UriPartial.Authority).Replace(uri.UserInfo.Length > 0 ? uri.UserInfo + "@" : "\0", "", StringComparison.Ordinal);
        return (kind switch
        {
            ForgeKind.GitHub when uri.Host == "github.com" => "https://api.github.com",
            ForgeKind.GitHub => $"{host}/api/v3",
            ForgeKind.Gitea => $"{host}/api/v1",
            ForgeKind.GitLab => $"{host}/api/v4",
            _ => throw new NotSupportedException($"Forge {kind}."),
        }, project);
    }

    public override string ToString() => $"{Kind} {Api} {Project}";
}
