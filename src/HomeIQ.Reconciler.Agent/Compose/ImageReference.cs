using System.Text.RegularExpressions;

namespace HomeIQ.Reconciler.Compose;

/// <summary>An image's name as it is written: repository, tag, digest.</summary>
internal sealed partial record ImageReference(string Repository, string? Tag, string? Digest)
{
    // Tags that, by custom, are moved to whatever is newest.
    private static readonly string[] Moving =
    [
        "latest", "stable", "edge", "nightly", "dev", "develop", "development", "main", "master", "trunk", "head", "current", "rolling", "lts",
        "mainline", "beta", "alpha", "rc", "canary", "testing", "unstable", "snapshot", "release", "prod", "production",
    ];

    /// <summary>Nothing says which image it will be tomorrow.</summary>
    public bool IsFloating => Digest is null && (Tag is null || Moving.Contains(Tag, StringComparer.OrdinalIgnoreCase));

    /// <summary>Null when the engine would not accept it.</summary>
    public static ImageReference? Parse(string text)
    {
        // The limits of time of this and of other patterns are the clock's: on a starved machine a second may go by between two letters.
        var match = text.Length <= 512 ? Form().Match(text) : Match.Empty;

        return match.Success
            ? new(match.Groups["repository"].Value, match.Groups["tag"] is { Success: true, Value: var tag } ? tag : null,
                match.Groups["digest"] is { Success: true, Value: var digest } ? digest : null)
            : null;
    }

    [GeneratedRegex(
        @"^(?<repository>((localhost|[A-Za-z0-9][A-Za-z0-9-]*(\.[A-Za-z0-9][A-Za-z0-9-]*)+|[A-Za-z0-9][A-Za-z0-9.-]*(?=:[0-9]+/)|\[[0-9A-Fa-f:]+\])(:[0-9]{1,5})?/)?[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*)(:(?<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?(@(?<digest>sha256:[0-9a-f]{64}))?$",
        RegexOptions.ExplicitCapture, 60_000)]
    private static partial Regex Form();
}
