using HomeIQ.Reconciler.Git;

namespace HomeIQ.Reconciler.Contents;

/// <param name="IsEndOfFolder">The folder's last child was passed.</param>
internal readonly record struct WalkedEntry(SourceEntry Entry, bool IsEndOfFolder = false);

/// <summary>Everything below a path of a tree, folders before their children, in one fixed order; refuses what cannot be exported.</summary>
internal static class SourceWalk
{
    public static IEnumerable<WalkedEntry> Of(ISourceTree tree, string path)
    {
        var root = tree.Find(path) ?? throw new FileNotFoundException($"There is no {Shown(path)} in {tree.Revision}.");
        var budget = new Budget();
        return Below(tree, root, budget, depth: 0);
    }

    /// <summary>Throws for a name that cannot be written below a folder of ours, or that is no text.</summary>
    public static void RequirePlainName(SourceEntry entry)
    {
        if (entry.Name is "" or "." or ".." || entry.Name.AsSpan().ContainsAny('\0', '\uFFFD'))
        {
            throw new IOException($"{Shown(entry.Path)} has a name that is refused.");
        }
    }

    public static string Shown(string path) => path.Length == 0 ? "the root folder" : path;

    private static IEnumerable<WalkedEntry> Below(ISourceTree tree, SourceEntry entry, Budget budget, int depth)
    {
        budget.Take(entry, depth);
        yield return new WalkedEntry(entry);
        if (entry.Kind != SourceKind.Folder)
        {
            yield break;
        }

        foreach (var child in tree.List(entry.Path))
        {
            RequirePlainName(child);
            foreach (var below in Below(tree, child, budget, depth + 1))
            {
                yield return below;
            }
        }

        yield return new WalkedEntry(entry, IsEndOfFolder: true);
    }

    private sealed class Budget
    {
        private int entries;
        private long bytes;

        public void Take(SourceEntry entry, int depth)
        {
            var reason = entry.Kind switch
            {
                SourceKind.Symlink => "is a symlink, which is refused",
                SourceKind.Submodule => "is a submodule, which is refused",
                SourceKind.File when entry.Size > SourceLimits.ContentFile => $"has {entry.Size:N0} bytes; more than {SourceLimits.ContentFile:N0} are refused",
                SourceKind.File when (bytes += entry.Size) > SourceLimits.ContentTotal => $"brings the folder to more than {SourceLimits.ContentTotal:N0} bytes, which is refused",
                _ when ++entries > SourceLimits.Entries => $"is one of more than {SourceLimits.Entries:N0} files, which is refused",
                _ when depth > SourceLimits.Depth => "is nested too deep, which is refused",
                _ => null,
            };
            if (reason is not null)
            {
                throw new IOException($"{Shown(entry.Path)} {reason}.");
            }
        }
    }
}
