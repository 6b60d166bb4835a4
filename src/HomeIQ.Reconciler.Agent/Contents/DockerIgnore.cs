namespace HomeIQ.Reconciler.Contents;

/// <summary>Which paths of a build context stay behind, by the rules of <c>.dockerignore</c>.</summary>
/// <remarks>
/// The last pattern that matches a path, or a folder on the way to it, decides. Paths are asked from the top down, each with its folder's
/// <see cref="Verdict"/>, because a pattern that matched a folder also holds below it.
/// </remarks>
internal sealed class DockerIgnore
{
    private readonly IgnorePattern[] patterns;

    private DockerIgnore(IgnorePattern[] patterns) => this.patterns = patterns;

    /// <summary>Something below an ignored folder may be taken after all.</summary>
    public bool HasExceptions => patterns.Any(pattern => pattern.IsException);

    /// <exception cref="FormatException">A line is malformed; the message names it.</exception>
    public static DockerIgnore Parse(string text)
    {
        var lines = new List<IgnorePattern>();
        var number = 0;
        foreach (var line in text.TrimStart('\uFEFF').Split('\n'))
        {
            number++;
            try
            {
                if (!line.StartsWith('#') && Read(line.Trim()) is { } pattern)
                {
                    lines.Add(pattern);
                }
            }
            catch (FormatException error)
            {
                throw new FormatException($"line {number}: {error.Message}", error);
            }
        }

        return new DockerIgnore([.. lines]);
    }

    public Verdict Judge(string path, Verdict? folder)
    {
        var matches = new bool[patterns.Length];
        var isIgnored = false;
        for (var index = 0; index < patterns.Length; index++)
        {
            var pattern = patterns[index];
            matches[index] = folder is { } above && above.Matches[index];
            if (!matches[index])
            {
                // Only a pattern that would change the outcome is tried.
                if (pattern.IsException != isIgnored)
                {
                    continue;
                }

                matches[index] = pattern.Matches(path);
            }

            if (matches[index])
            {
                isIgnored = !pattern.IsException;
            }
        }

        return new Verdict(isIgnored, matches);
    }

    /// <summary>The verdict on a path that is asked for by itself.</summary>
    public bool Ignores(string path)
    {
        Verdict? folder = null;
        for (var slash = path.IndexOf('/', StringComparison.Ordinal); slash >= 0; slash = path.IndexOf('/', slash + 1))
        {
            folder = Judge(path[..slash], folder);
        }

        return Judge(path, folder).IsIgnored;
    }

    private static IgnorePattern? Read(string line)
    {
        if (line.Length == 0)
        {
            return null;
        }

        var isException = line[0] == '!';
        var pattern = isException ? line[1..].Trim() : line;
        if (isException && pattern.Length == 0)
        {
            throw new FormatException("\"!\" names nothing");
        }

        pattern = Clean(pattern);
        return new IgnorePattern(pattern.Length > 1 && pattern[0] == '/' ? pattern[1..] : pattern, isException);
    }

    /// <summary>No empty, <c>.</c> or <c>..</c> parts where they can be resolved, no slash at the end.</summary>
    private static string Clean(string path)
    {
        var isRooted = path[0] == '/';
        var kept = new List<string>();
        foreach (var part in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (part == ".." && kept.Count > 0 && kept[^1] != "..")
            {
                kept.RemoveAt(kept.Count - 1);
            }
            else if (part != "." && !(part == ".." && isRooted))
            {
                kept.Add(part);
            }
        }

        var cleaned = string.Join('/', kept);
        return isRooted ? $"/{cleaned}" : cleaned.Length == 0 ? "." : cleaned;
    }

    /// <param name="Matches">For each pattern, whether it matched this path or a folder on the way.</param>
    internal readonly record struct Verdict(bool IsIgnored, bool[] Matches);
}
