using HomeIQ.Reconciler.Desired;

namespace HomeIQ.Reconciler.Compose;

/// <summary>Paths inside a source tree: from its root, <c>/</c>-separated, without dots; empty = the root.</summary>
internal static class TreePath
{
    /// <summary>The folder that a file lies in.</summary>
    public static string FolderOf(string path) => path.LastIndexOf('/') is >= 0 and var slash ? path[..slash] : "";

    /// <summary>Null when the path leaves the tree.</summary>
    public static string? Resolve(string folder, string relative)
    {
        var parts = new List<string>(folder.Split('/', StringSplitOptions.RemoveEmptyEntries));
        foreach (var part in relative.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (part == ".")
            {
                continue;
            }

            if (part != "..")
            {
                parts.Add(part);
            }
            else if (parts.Count == 0)
            {
                return null;
            }
            else
            {
                parts.RemoveAt(parts.Count - 1);
            }
        }

        return string.Join('/', parts);
    }

    /// <summary>Nothing to resolve: absolute, at home, elsewhere on the network, or unresolved.</summary>
    public static bool IsElsewhere(string path) =>
        path is [] or ['/' or '~', ..] || path.Contains("://", StringComparison.Ordinal) || path.StartsWith("git@", StringComparison.Ordinal)
        || path.StartsWith("github.com/", StringComparison.Ordinal);

    /// <summary>The path as it stands in a loaded tree: from the root, marked by <c>./</c>. What leaves the tree is reported and stays as it was.</summary>
    public static string Mark(string folder, string relative, SourcePosition position, ICollection<Problem> problems)
    {
        if (Resolve(folder, relative) is { } path)
        {
            return $"./{path}";
        }

        problems.Add(new Problem(position, $"the path `{relative}` leads out of the tree", "only files of the repository can be named by a relative path"));
        return relative;
    }
}
