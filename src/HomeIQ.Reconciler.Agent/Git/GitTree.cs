using LibGit2Sharp;

namespace HomeIQ.Reconciler.Git;

/// <summary>The tree of one commit, read from the clone folder by folder as it is asked for.</summary>
internal sealed class GitTree : ISourceTree
{
    // Small files are copied, large ones stay where the Git library put them.
    private const long CopyUpTo = 1 << 20;
    private readonly GitReader reader;
    private readonly SourceEntry root;
    private readonly Dictionary<string, Folder> folders = new(StringComparer.Ordinal);
    private int entries;

    public GitTree(GitReader reader, string commit, string rootId)
    {
        this.reader = reader;
        Revision = commit;
        root = new SourceEntry("", SourceKind.Folder, 0, false, rootId);
    }

    public string Revision { get; }

    public SourceEntry? Find(string path)
    {
        if (path.Length == 0)
        {
            return root;
        }

        var slash = path.LastIndexOf('/');
        return slash == 0 ? null : FolderAt(slash < 0 ? "" : path[..slash])?.Find(path[(slash + 1)..]);
    }

    public IReadOnlyList<SourceEntry> List(string path) => FolderAt(path)?.Entries ?? [];

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
            throw new FileNotFoundException($"There is no file {path} in commit {Revision[..8]}.");
        }

        if (entry.Size > limit)
        {
            throw new IOException($"{path} has {entry.Size:N0} bytes; more than {limit:N0} are refused.");
        }

        return reader.Read(repository => Content(repository, entry));
    }

    private Stream Content(Repository repository, SourceEntry entry)
    {
        var blob = repository.Lookup<Blob>(new ObjectId(entry.Id)) ?? throw reader.Damage($"the content of {entry.Path} is missing");
        var content = blob.GetContentStream();
        if (entry.Size > CopyUpTo)
        {
            return content;
        }

        using (content)
        {
            var bytes = new byte[entry.Size];
            content.ReadExactly(bytes);
            return new MemoryStream(bytes, writable: false);
        }
    }

    private Folder? FolderAt(string path)
    {
        lock (folders)
        {
            if (folders.TryGetValue(path, out var known))
            {
                return known;
            }
        }

        if (Find(path) is not { Kind: SourceKind.Folder } entry)
        {
            return null;
        }

        var folder = reader.Read(repository => Load(repository, entry));
        lock (folders)
        {
            if (folders.TryAdd(path, folder) && (entries += folder.Entries.Length) > Contents.SourceLimits.Entries)
            {
                throw new IOException($"Commit {Revision[..8]} has more than {Contents.SourceLimits.Entries:N0} files, which is refused.");
            }
        }

        return folder;
    }

    private Folder Load(Repository repository, SourceEntry entry)
    {
        var tree = repository.Lookup<Tree>(new ObjectId(entry.Id)) ?? throw reader.Damage($"the folder {entry.Path} is missing");
        if (tree.Count > Contents.SourceLimits.Entries)
        {
            throw new IOException($"{entry.Path} has more than {Contents.SourceLimits.Entries:N0} files, which is refused.");
        }

        var children = tree.Select(child => Describe(repository, entry.Path, child)).ToArray();
        Array.Sort(children, (left, right) => string.CompareOrdinal(left.Name, right.Name));
        return new Folder(children);
    }

    private SourceEntry Describe(Repository repository, string parent, TreeEntry child)
    {
        if (child.Name.Contains('/', StringComparison.Ordinal))
        {
            throw new IOException($"A name in folder \"{parent}\" of commit {Revision[..8]} holds a slash, which is refused.");
        }

        var path = parent.Length == 0 ? child.Name : $"{parent}/{child.Name}";
        var kind = child.Mode switch
        {
            Mode.Directory => SourceKind.Folder,
            Mode.SymbolicLink => SourceKind.Symlink,
            Mode.GitLink => SourceKind.Submodule,
            _ => SourceKind.File,
        };

        // A submodule's commit is in another repository; a missing blob shows when it is read.
        var id = child.Target.Id;
        var size = kind is SourceKind.File or SourceKind.Symlink ? repository.ObjectDatabase.RetrieveObjectMetadata(id).Size : 0;
        return new SourceEntry(path, kind, size, child.Mode == Mode.ExecutableFile, id.Sha);
    }

    private sealed class Folder(SourceEntry[] entries)
    {
        private readonly Dictionary<string, SourceEntry> byName = Index(entries);

        public SourceEntry[] Entries => entries;

        public SourceEntry? Find(string name) => byName.GetValueOrDefault(name);

        // Two names that differ only in bytes that are no text read alike: the first one is found, and whoever exports refuses both.
        private static Dictionary<string, SourceEntry> Index(SourceEntry[] entries)
        {
            var index = new Dictionary<string, SourceEntry>(entries.Length, StringComparer.Ordinal);
            foreach (var entry in entries)
            {
                index.TryAdd(entry.Name, entry);
            }

            return index;
        }
    }
}
