namespace HomeIQ.Reconciler.Git;

public enum SourceKind
{
    File,
    Folder,
    Symlink,
    Submodule,
}

/// <summary>One name in a tree of files.</summary>
/// <param name="Path">From the root of the tree, <c>/</c>-separated, without leading slash.</param>
/// <param name="Id">Digest of the content (Git's own object id, or an equal one for a folder on disk).</param>
public sealed record SourceEntry(string Path, SourceKind Kind, long Size, bool Executable, string Id)
{
    private readonly Func<string>? computeId;

    /// <summary>An entry whose id costs reading its content: it is computed when it is first asked for.</summary>
    public SourceEntry(string path, SourceKind kind, long size, bool executable, Func<string> computeId)
        : this(path, kind, size, executable, "") => this.computeId = computeId;

    public string Id
    {
        get => field.Length > 0 || computeId is null ? field : field = computeId();
        init;
    } = Id;

    public string Name => Path[(Path.LastIndexOf('/') + 1)..];

    public bool Equals(SourceEntry? other) =>
        other is not null && Path == other.Path && Kind == other.Kind && Size == other.Size && Executable == other.Executable && Id == other.Id;

    public override int GetHashCode() => HashCode.Combine(Path, Kind, Size);
}

/// <summary>The files of a commit (or of a plain folder), read without a checkout.</summary>
public interface ISourceTree
{
    /// <summary>The commit's full id, or what the tree is otherwise.</summary>
    string Revision { get; }

    /// <summary>A path of the tree as its user would write it: what messages and positions say.</summary>
    string Shown(string path) => path;

    /// <summary>Null when there is nothing at that path. The empty path is the root.</summary>
    SourceEntry? Find(string path);

    /// <summary>Direct children, sorted by name (ordinal). Empty when the path is no folder.</summary>
    IReadOnlyList<SourceEntry> List(string path);

    /// <summary>The bytes of a file.</summary>
    /// <exception cref="IOException">There is no such file, or it is larger than <paramref name="limit"/> bytes.</exception>
    byte[] Read(string path, long limit);

    /// <summary>The bytes of a file as a seekable stream, for what is too large to hold.</summary>
    /// <exception cref="IOException">There is no such file, or it is larger than <paramref name="limit"/> bytes.</exception>
    Stream Open(string path, long limit) => new MemoryStream(Read(path, limit), writable: false);
}
