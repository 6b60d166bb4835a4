namespace HomeIQ.Reconciler.Docker;

/// <summary>The parts of <c>registry/repository:tag@digest</c>.</summary>
internal sealed record ImageReference(string Repository, string? Tag, string? Digest)
{
    public const string Hub = "docker.io";

    /// <summary>The registry's host, <c>docker.io</c> when the reference names none.</summary>
    public string Registry =>
        Repository.IndexOf('/', StringComparison.Ordinal) is var slash and > 0 && IsHost(Repository[..slash]) ? Repository[..slash] : Hub;

    /// <summary>What the engine is asked to pull: the digest where there is one, since it is the stronger word.</summary>
    public string TagOrDigest => Digest ?? Tag ?? "latest";

    public static ImageReference Parse(string reference)
    {
        string? digest = null;
        string? tag = null;
        var rest = reference;
        if (rest.IndexOf('@', StringComparison.Ordinal) is var at and > 0)
        {
            digest = rest[(at + 1)..];
            rest = rest[..at];
        }

        // A colon before the last slash belongs to the registry's port.
        var colon = rest.LastIndexOf(':');
        if (colon > rest.LastIndexOf('/'))
        {
            tag = rest[(colon + 1)..];
            rest = rest[..colon];
        }

        if (rest.Length == 0 || rest.Any(character => char.IsWhiteSpace(character) || char.IsControl(character) || character is '?' or '#' or '%'))
        {
            throw new ContainerHostException(HostFailure.Invalid, $"'{reference}' is no image reference");
        }

        return new(rest, tag, digest);
    }

    /// <summary>An id, with or without its algorithm.</summary>
    public static bool IsId(string reference) =>
        reference.StartsWith("sha256:", StringComparison.Ordinal) || (reference.Length == 64 && reference.All(char.IsAsciiHexDigitLower));

    /// <summary>A reference that the engine cannot take for the beginning of an id.</summary>
    public static string Unmistakable(string reference) =>
        !IsId(reference) && reference.All(char.IsAsciiHexDigitLower) ? $"{reference}:latest" : reference;

    private static bool IsHost(string first) => first == "localhost" || first.Contains('.', StringComparison.Ordinal) || first.Contains(':', StringComparison.Ordinal);
}
