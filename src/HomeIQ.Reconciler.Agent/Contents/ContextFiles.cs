using System.Text;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Git;

namespace HomeIQ.Reconciler.Contents;

/// <summary>One file or folder of a build context.</summary>
/// <param name="Path">Inside the context.</param>
/// <param name="Source">Inside the commit; null when <paramref name="Text"/> is the content.</param>
internal sealed record ContextFile(string Path, string? Source, bool IsFolder = false, bool Executable = false, byte[]? Text = null)
{
    public Stream? Open(ISourceTree tree) => this switch
    {
        { IsFolder: true } => null,
        { Text: { } text } => new MemoryStream(text, writable: false),
        _ => tree.Open(Source!, SourceLimits.BuildFile),
    };
}

/// <summary>What goes into a build context, sorted by path, and under which name the Dockerfile is found there.</summary>
internal sealed record ContextFiles(string Dockerfile, IReadOnlyList<ContextFile> Files)
{
    private const string IgnoreFile = ".dockerignore";

    /// <summary>For a Dockerfile that is not part of the context; the engine is told to leave it out of the image.</summary>
    private const string ReservedName = ".homeiq.Dockerfile";

    public static ContextFiles Select(ISourceTree tree, BuildSpec build)
    {
        var files = SelectSources(tree, build);
        return new ContextFiles(AddDockerfile(tree, build, files), [.. files.Values]);
    }

    /// <summary>What of the context's folder is sent, by path inside the context: all that its rules leave.</summary>
    internal static SortedDictionary<string, ContextFile> SelectSources(ISourceTree tree, BuildSpec build)
    {
        if (tree.Find(build.Context) is not { Kind: SourceKind.Folder } root)
        {
            throw new IOException($"The build context {SourceWalk.Shown(build.Context)} is no folder of {tree.Revision}.");
        }

        if (build.DockerfileInline is null && tree.Find(build.Dockerfile) is not { Kind: SourceKind.File })
        {
            throw new IOException($"The Dockerfile {build.Dockerfile} is no file of {tree.Revision}.");
        }

        var files = new SortedDictionary<string, ContextFile>(StringComparer.Ordinal);
        new Selection(tree, build.Context, IgnoreRules(tree, build), files).Take(root);
        return files;
    }

    /// <summary>The file with the rules of a context; null when it has none. Rules that lie beside the Dockerfile under its name go before those of the context.</summary>
    internal static string? RulesFile(ISourceTree tree, BuildSpec build)
    {
        string?[] candidates = [build.DockerfileInline is null ? build.Dockerfile + IgnoreFile : null, Below(build.Context, IgnoreFile)];
        return candidates.FirstOrDefault(path => path is not null && tree.Find(path) is { Kind: SourceKind.File });
    }

    private static DockerIgnore IgnoreRules(ISourceTree tree, BuildSpec build)
    {
        var file = RulesFile(tree, build);
        try
        {
            return DockerIgnore.Parse(file is null ? "" : Encoding.UTF8.GetString(tree.Read(file, SourceLimits.TextFile)));
        }
        catch (FormatException error)
        {
            throw new IOException($"{file}: {error.Message}.", error);
        }
    }

    /// <summary>The Dockerfile and the ignore file are always sent: the engine itself leaves them out of the image where the rules say so.</summary>
    private static string AddDockerfile(ISourceTree tree, BuildSpec build, SortedDictionary<string, ContextFile> files)
    {
        if (tree.Find(Below(build.Context, IgnoreFile)) is { Kind: SourceKind.File } ignore)
        {
            files[IgnoreFile] = new ContextFile(IgnoreFile, ignore.Path);
        }

        var prefix = build.Context.Length == 0 ? "" : build.Context + "/";
        if (build.DockerfileInline is null && build.Dockerfile.StartsWith(prefix, StringComparison.Ordinal))
        {
            var inside = build.Dockerfile[prefix.Length..];
            files.TryAdd(inside, new ContextFile(inside, build.Dockerfile));
            return inside;
        }

        if (tree.Find(Below(build.Context, ReservedName)) is not null)
        {
            throw new IOException($"The build context {SourceWalk.Shown(build.Context)} holds a {ReservedName}, a name that is reserved.");
        }

        var text = build.DockerfileInline is { } inline ? Encoding.UTF8.GetBytes(inline) : tree.Read(build.Dockerfile, SourceLimits.TextFile);
        files[ReservedName] = new ContextFile(ReservedName, null, Text: text);
        files[IgnoreFile] = new ContextFile(IgnoreFile, null, Text: HideReservedName(tree, files.GetValueOrDefault(IgnoreFile)));
        return ReservedName;
    }

    private static byte[] HideReservedName(ISourceTree tree, ContextFile? ignore) => ignore is null
        ? Encoding.UTF8.GetBytes($"{IgnoreFile}\n{ReservedName}\n")
        : [.. tree.Read(ignore.Source!, SourceLimits.TextFile), .. Encoding.UTF8.GetBytes($"\n{ReservedName}\n")];

    private static string Below(string folder, string name) => folder.Length == 0 ? name : $"{folder}/{name}";

    private sealed class Selection(ISourceTree tree, string context, DockerIgnore ignore, SortedDictionary<string, ContextFile> files)
    {
        private int looked;
        private long bytes;

        public void Take(SourceEntry root) => TakeBelow(root, "", folder: null, depth: 0);

        private bool TakeBelow(SourceEntry parent, string path, DockerIgnore.Verdict? folder, int depth)
        {
            Require(depth <= SourceLimits.Depth, parent, "is nested too deep");
            var taken = false;
            foreach (var child in tree.List(parent.Path))
            {
                Require(++looked <= SourceLimits.Entries, child, $"is one of more than {SourceLimits.Entries:N0} files");
                var inside = Below(path, child.Name);
                var verdict = ignore.Judge(inside, folder);
                if (child.Kind == SourceKind.Folder)
                {
                    taken |= (!verdict.IsIgnored || ignore.HasExceptions) && TakeFolder(child, inside, verdict, depth);
                }
                else if (!verdict.IsIgnored)
                {
                    TakeFile(child, inside);
                    taken = true;
                }
            }

            return taken;
        }

        private bool TakeFolder(SourceEntry entry, string inside, DockerIgnore.Verdict verdict, int depth)
        {
            if (!TakeBelow(entry, inside, verdict, depth + 1) && verdict.IsIgnored)
            {
                return false;
            }

            SourceWalk.RequirePlainName(entry);
            files[inside] = new ContextFile(inside, entry.Path, IsFolder: true);
            return true;
        }

        private void TakeFile(SourceEntry entry, string inside)
        {
            SourceWalk.RequirePlainName(entry);
            Require(entry.Kind != SourceKind.Symlink, entry, "is a symlink");
            Require(entry.Kind != SourceKind.Submodule, entry, "is a submodule");
            Require(entry.Size <= SourceLimits.BuildFile, entry, $"has {entry.Size:N0} bytes, more than {SourceLimits.BuildFile:N0}");
            Require((bytes += entry.Size) <= SourceLimits.BuildTotal, entry, $"brings the context to more than {SourceLimits.BuildTotal:N0} bytes");
            files[inside] = new ContextFile(inside, entry.Path, Executable: entry.Executable);
        }

        private void Require(bool holds, SourceEntry entry, string otherwise)
        {
            if (!holds)
            {
                throw new IOException($"{SourceWalk.Shown(entry.Path)} {otherwise}, which is refused in the build context {SourceWalk.Shown(context)}; "
                    + $"{IgnoreFile} can leave it out.");
            }
        }
    }
}
