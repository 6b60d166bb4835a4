namespace HomeIQ.Reconciler.Git;

public enum SourceKind
{
    File,
    Folder,
    Symlink,
    Submodule,
}

/// <param name="Path">From the root of the tree, <c>/</c>-separated, without leading slash.</param>
/// <param name="Id">Digest of the content (Git's own object id, or an equal one for a folder on disk).</param>
public sealed record SourceEntry(string Path, SourceKind Kind, long Size, bool Executable, string Id)
{
    public string Name => Path[(Path.LastIndexOf('/') + 1)..];
}

/// <summary>The files of a commit (or of a plain folder), read without a checkout.</summary>
public interface ISourceTree
{
    /// <summary>The commit's full id, or what the tree is otherwise.</summary>
    string Revision { get; }

    /// <summary>Null when there is nothing at that path. The empty path is the root.</summary>
    SourceEntry? Find(string path);

    /// <summary>Direct children, sorted by name (ordinal). Empty when the path is no folder.</summary>
    IReadOnlyList<SourceEntry> List(string path);

    /// <summary>The bytes of a file.</summary>
    /// <exception cref="IOException">There is no such file, or it is larger than <paramref name="limit"/> bytes.</exception>
    byte[] Read(string path, long limit);
}
