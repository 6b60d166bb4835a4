namespace HomeIQ.Reconciler.Git;

/// <summary>Where the desired state comes from, and how to get at it.</summary>
public sealed record GitSettings
{
    /// <summary>A local path, <c>file://</c>, <c>http(s)://</c>, <c>ssh://</c> or <c>USER@HOST:PATH</c>. A user and password inside it are taken as credentials and never shown.</summary>
    public required string Url { get; init; }

    /// <summary>The bare clone, <c>STATE/repository.git</c>.</summary>
    public required string Directory { get; init; }

    /// <summary>The branch (or, where there is no such branch, the tag) that is tracked.</summary>
    public string Branch { get; init; } = "main";

    public string? User { get; init; }

    public string? Password { get; init; }

    /// <summary>Sent as <c>Authorization: Bearer</c>.</summary>
    public string? Token { get; init; }

    /// <summary>The file of the private key for ssh; those of this user when left out.</summary>
    public string? SshKey { get; init; }

    /// <summary>The file of the host keys that are trusted over ssh, and no others; those known to this user when left out.</summary>
    public string? KnownHosts { get; init; }

    public TimeSpan ConnectLimit { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a server may be silent.</summary>
    public TimeSpan ReadLimit { get; init; } = TimeSpan.FromSeconds(30);

    public override string ToString() => $"{GitAddress.Parse(this).Shown} {Branch}";
}
