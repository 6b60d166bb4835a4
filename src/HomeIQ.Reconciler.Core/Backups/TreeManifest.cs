namespace HomeIQ.Reconciler.Backups;

/// <summary>What an entry of a file tree is.</summary>
public enum EntryKind
{
    Folder,
    File,
    Symlink,
    Pipe,
    Socket,
    Device,
}

/// <summary>All that a restore has to bring back of one entry, so that nobody can tell it from the original.</summary>
/// <param name="Path">Below the tree's root, "" for the root itself; bytes that are no printable UTF-8, and <c>%</c>, as <c>%XX</c>.</param>
/// <param name="Mode">The twelve permission bits.</param>
/// <param name="Modified">Nanoseconds since 1970.</param>
public sealed record TreeEntry(string Path, EntryKind Kind, int Mode, uint Uid, uint Gid, long Modified)
{
    /// <summary>Bytes of a file's content; 0 for all else.</summary>
    public long Size { get; init; }

    /// <summary>Of a file's content, in hex; null for all else, and for a further name of a file.</summary>
    public string? Sha256 { get; init; }

    /// <summary>Where a symlink points, escaped like <see cref="Path"/>.</summary>
    public string? Target { get; init; }

    /// <summary>The entry of which this is a further name.</summary>
    public string? SameAs { get; init; }

    /// <summary>Extended attributes, access control lists among them, in hex by name.</summary>
    public ValueMap<string> Attributes { get; init; } = ValueMap<string>.Empty;

    /// <summary>Major and minor number of a device.</summary>
    public string? Device { get; init; }
}

/// <summary>A file tree as a value: every entry in the order of its path, content by hash.</summary>
public sealed record TreeManifest(ValueList<TreeEntry> Entries)
{
    /// <summary>Bytes of content, each file once.</summary>
    public long Size => Entries.Where(entry => entry.SameAs is null).Sum(entry => entry.Size);

    /// <summary>In what another tree is not this one, in words, at most <paramref name="limit"/> of them; empty when nobody can tell them apart.</summary>
    /// <remarks>Sockets are left out: they are made anew by who listens, and no copy of one leads anywhere.</remarks>
    public ValueList<string> Differences(TreeManifest other, int limit = 20)
    {
        var differences = new List<string>();
        var others = Known(other);
        foreach (var entry in Known(this).Values)
        {
            if (!others.Remove(entry.Path, out var found))
            {
                differences.Add($"{Shown(entry)} is missing");
            }
            else
            {
                differences.AddRange(Differences(entry, found));
            }
        }

        differences.AddRange(others.Values.Select(extra => $"{Shown(extra)} does not belong there"));

        return [.. differences.Take(limit)];
    }

    private static SortedDictionary<string, TreeEntry> Known(TreeManifest tree) =>
        new(tree.Entries.Where(entry => entry.Kind != EntryKind.Socket).ToDictionary(entry => entry.Path, StringComparer.Ordinal), StringComparer.Ordinal);

    private static IEnumerable<string> Differences(TreeEntry wanted, TreeEntry found)
    {
        if (wanted == found)
        {
            yield break;
        }

        (string What, object? Wanted, object? Found)[] fields =
        [
            ("kind", wanted.Kind, found.Kind),
            ("size", wanted.Size, found.Size),
            ("content", wanted.Sha256, found.Sha256),
            ("target", wanted.Target, found.Target),
            ("other name of", wanted.SameAs, found.SameAs),
            ("mode", Convert.ToString(wanted.Mode, 8), Convert.ToString(found.Mode, 8)),
            ("owner", wanted.Uid, found.Uid),
            ("group", wanted.Gid, found.Gid),
            ("time of change", wanted.Modified, found.Modified),
            ("device", wanted.Device, found.Device),
        ];
        foreach (var (what, was, isNow) in fields)
        {
            if (!Equals(was, isNow))
            {
                yield return $"{Shown(wanted)}: {what} is {isNow ?? "nothing"} and has to be {was ?? "nothing"}";
            }
        }

        if (wanted.Attributes != found.Attributes)
        {
            yield return $"{Shown(wanted)}: attributes are {string.Join(", ", found.Attributes)} and have to be {string.Join(", ", wanted.Attributes)}";
        }
    }

    private static string Shown(TreeEntry entry) => entry.Path.Length == 0 ? "the folder itself" : entry.Path;
}
