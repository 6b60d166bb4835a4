using System.Security.Cryptography;
using System.Text;

namespace HomeIQ.Reconciler.Git;

/// <summary>A plain folder as a tree, for <c>validate</c> before anything is committed; never follows a symlink and never leaves the folder.</summary>
/// <remarks>Ids are those that Git would give, so that a clean work tree and its commit look alike. <c>.git</c> is left out.</remarks>
public sealed class FolderTree : ISourceTree
{
    private const string EmptyTree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
    private readonly string root;
    private readonly Func<string, string>? shown;

    /// <param name="shown">How a path on disk is written for whoever asked; null = by its place in the tree.</param>
    public FolderTree(string folder, Func<string, string>? shown = null)
    {
        this.shown = shown;
        root = Path.GetFullPath(folder).TrimEnd(Path.DirectorySeparatorChar);
        if (!Directory.Exists(OnDisk("")))
        {
            throw new DirectoryNotFoundException($"{folder} is no folder.");
        }

        Revision = $"folder {OnDisk("")}";
    }

    public string Revision { get; }

    public string Shown(string path) => shown is null ? path : shown(OnDisk(path));

    public SourceEntry? Find(string path)
    {
        if (path.Length == 0)
        {
            return FolderEntry("");
        }

        // Every folder on the way is looked at: a symlink among them would lead out of the tree.
        SourceEntry? entry = null;
        for (var end = 0; end < path.Length; end++)
        {
            end = path.IndexOf('/', end) is var slash and >= 0 ? slash : path.Length;
            entry = Describe(path[..end]);
            if (entry is null || (end < path.Length && entry.Kind != SourceKind.Folder))
            {
                return null;
            }
        }

        return path[^1] == '/' ? null : entry;
    }

    public IReadOnlyList<SourceEntry> List(string path) =>
        Find(path) is { Kind: SourceKind.Folder } ? Children(path) : [];

    public byte[] Read(string path, long limit)
    {
        using var stream = Open(path, limit);
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    public Stream Open(string path, long limit)
    {
        if (Find(path) is not { Kind: SourceKind.File } entry)
        {
            throw new FileNotFoundException($"There is no file {path} in {Revision}.");
        }

        return entry.Size <= limit
            ? File.OpenRead(OnDisk(path))
            : throw new IOException($"{path} has {entry.Size:N0} bytes; more than {limit:N0} are refused.");
    }

    private List<SourceEntry> Children(string path)
    {
        var entries = new List<SourceEntry>();
        foreach (var file in Directory.EnumerateFileSystemEntries(OnDisk(path)))
        {
            var name = Path.GetFileName(file);
            if (Describe(path.Length == 0 ? name : $"{path}/{name}") is { } entry)
            {
                entries.Add(entry);
            }
        }

        entries.Sort((left, right) => string.CompareOrdinal(left.Name, right.Name));
        return entries;
    }

    private SourceEntry? Describe(string path)
    {
        var name = path[(path.LastIndexOf('/') + 1)..];
        if (name is "" or "." or ".." or ".git" || name.Contains('\0', StringComparison.Ordinal))
        {
            return null;
        }

        var file = new FileInfo(OnDisk(path));
        if (file.LinkTarget is { } target)
        {
            return new SourceEntry(path, SourceKind.Symlink, Encoding.UTF8.GetByteCount(target), false, () => IdOf("blob", Encoding.UTF8.GetBytes(target)));
        }

        if (Directory.Exists(file.FullName))
        {
            return FolderEntry(path);
        }

        return file.Exists
            ? new SourceEntry(path, SourceKind.File, file.Length, file.UnixFileMode.HasFlag(UnixFileMode.UserExecute), () => IdOfFile(path))
            : null;
    }

    private SourceEntry FolderEntry(string path) => new(path, SourceKind.Folder, 0, false, () => IdOfFolder(path) ?? EmptyTree);

    private string OnDisk(string path) => path.Length > 0 || root.Length == 0 ? $"{root}/{path}" : root;

    private string IdOfFile(string path)
    {
        using var stream = File.OpenRead(OnDisk(path));
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
        hash.AppendData(Encoding.ASCII.GetBytes($"blob {stream.Length}\0"));
        var buffer = new byte[64 * 1024];
        for (int read; (read = stream.Read(buffer)) > 0;)
        {
            hash.AppendData(buffer, 0, read);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Null for a folder without files: Git does not know such.</summary>
    private string? IdOfFolder(string path)
    {
        using var body = new MemoryStream();

        // Git sorts bytes, and folders as if their names ended in a slash.
        var sorted = Children(path).OrderBy(entry => Encoding.UTF8.GetBytes(entry.Kind == SourceKind.Folder ? entry.Name + "/" : entry.Name), ByteOrder);
        foreach (var entry in sorted)
        {
            if ((entry.Kind == SourceKind.Folder ? IdOfFolder(entry.Path) : entry.Id) is { } id)
            {
                body.Write(Encoding.UTF8.GetBytes($"{ModeOf(entry)} {entry.Name}\0"));
                body.Write(Convert.FromHexString(id));
            }
        }

        return body.Length == 0 ? null : IdOf("tree", body.ToArray());
    }

    private static readonly Comparer<byte[]> ByteOrder = Comparer<byte[]>.Create((left, right) => left.AsSpan().SequenceCompareTo(right));

    private static string ModeOf(SourceEntry entry) => entry switch
    {
        { Kind: SourceKind.Folder } => "40000",
        { Kind: SourceKind.Symlink } => "120000",
        { Executable: true } => "100755",
        _ => "100644",
    };

    // Git's own ids; nothing is trusted because of them.
#pragma warning disable CA5350
    private static string IdOf(string kind, byte[] body) =>
        Convert.ToHexStringLower(SHA1.HashData([.. Encoding.ASCII.GetBytes($"{kind} {body.Length}\0"), .. body]));
#pragma warning restore CA5350
}
