namespace HomeIQ.Reconciler.Compose;

/// <summary>A mount in the short form, taken apart: <c>[SOURCE:]TARGET[:MODE,…]</c>.</summary>
internal sealed record VolumeSyntax(string Source, string Target, IReadOnlyList<string> Modes)
{
    /// <summary>The source is a path, not a volume's name.</summary>
    public bool IsPath => Source is ['/', ..] or ['.', ..] or ['~', ..];

    /// <summary>Null when there are too many parts.</summary>
    public static VolumeSyntax? Parse(string text) => text.Split(':') switch
    {
        [var target] => new("", target, []),
        [var source, var target] => new(source, target, []),
        [var source, var target, var modes] => new(source, target, modes.Split(',')),
        _ => null,
    };

    /// <summary>The target as the engine keeps it: absolute, without a slash at its end; null when it is not absolute.</summary>
    public static string? Clean(string target)
    {
        if (!target.StartsWith('/'))
        {
            return null;
        }

        var parts = new List<string>();
        foreach (var part in target.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (part == "..")
            {
                parts.RemoveRange(Math.Max(0, parts.Count - 1), Math.Min(1, parts.Count));
            }
            else if (part != ".")
            {
                parts.Add(part);
            }
        }

        return $"/{string.Join('/', parts)}";
    }
}
