using System.Globalization;
using System.Text;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Git;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Contents;

/// <summary>Files and folders of commits, exported by digest for containers to mount; an export is whole or not there.</summary>
/// <remarks>
/// Exports can be read by every user (0644, executables and folders 0755, or the mode that the desired state names), since containers run as users of
/// their own; the folder of all exports can be passed but not listed. Replacing an edited export makes a new file: a container that mounts the old one
/// keeps seeing that until it is started again, which is kept on record beside the export.
/// </remarks>
public sealed class ContentStore(string root)
{
    private const string Unfinished = ".new-";
    private const string Replaced = ".old-";
    private const string Readers = ".readers-";
    private const int DigestLength = 64;
    private readonly Lock gate = new();
    private readonly Dictionary<string, string> intact = new(StringComparer.Ordinal);

    public string Root { get; } = root;

    public string PathOf(string digest) => IsDigest(digest)
        ? Path.Combine(Root, digest)
        : throw new ArgumentException($"\"{digest}\" is no content digest.", nameof(digest));

    /// <summary>True when the export is there and nobody edited it, its modes included.</summary>
    public bool IsIntact(string digest)
    {
        lock (gate)
        {
            var path = Path.Combine(Root, digest);
            if (!IsDigest(digest) || ExportedFiles.StampOf(path) is not { } stamp)
            {
                intact.Remove(digest);
                return false;
            }

            if (intact.GetValueOrDefault(digest) == stamp)
            {
                return true;
            }

            // A file that is edited while it is read has another stamp afterwards, and is looked at again.
            var same = ExportedFiles.Matches(path, digest) && ExportedFiles.StampOf(path) == stamp;
            if (same)
            {
                intact[digest] = stamp;
            }

            return same;
        }
    }

    /// <summary>Exports a content whole or not at all; replaces an edited one. The tree may be missing for inline texts only.</summary>
    /// <param name="readers">Containers that run with what lies at that place now, or lay there.</param>
    /// <exception cref="IOException">The content is not in the tree, cannot be exported, or is not what the digest says.</exception>
    public void Export(ISourceTree? tree, BoundContent content, IReadOnlyList<StaleReader>? readers = null)
    {
        var target = PathOf(content.Digest);
        if (IsIntact(content.Digest))
        {
            return;
        }

        Directory.CreateDirectory(Root, ExportedFiles.Passable);
        var temporary = Path.Combine(Root, $"{Unfinished}{Guid.NewGuid():N}");
        try
        {
            Write(tree, content, temporary);
            if (!ExportedFiles.Matches(temporary, content.Digest))
            {
                throw new IOException($"{content.Path ?? "The text"} is not the content {content.Digest[..12]} that was asked for.");
            }

            lock (gate)
            {
                Remember(content.Digest, readers ?? []);
                PutInPlace(temporary, target);
            }
        }
        finally
        {
            ExportedFiles.Delete(temporary);
        }
    }

    /// <summary>Containers that ran when the export was put back, and see the older one as long as they are not started again.</summary>
    public IEnumerable<StaleReader> StaleReaders(string digest)
    {
        var file = ReadersOf(digest);
        return File.Exists(file) ? File.ReadAllLines(file).Select(line => line.Split(' ')).Where(words => words.Length == 2).Select(words => new StaleReader(words[0], Time(words[1]), digest)) : [];
    }

    /// <summary>Copies a file or folder of the commit to a host path where nothing is yet.</summary>
    public void Seed(ISourceTree tree, string path, string target)
    {
        target = Path.TrimEndingDirectorySeparator(Path.GetFullPath(target));
        if (DiskStamp.Of(target) is not null)
        {
            return;
        }

        var folder = Path.GetDirectoryName(target)!;
        Directory.CreateDirectory(folder);
        var temporary = Path.Combine(folder, $"{Unfinished}{Guid.NewGuid():N}");
        try
        {
            ExportedFiles.Write(tree, path, temporary);
            Move(temporary, target);
            DurableFile.FlushFolder(folder);
        }
        finally
        {
            ExportedFiles.Delete(temporary);
        }
    }

    /// <summary>Removes the exports that nothing needs any more, and what a killed process left unfinished; returns the digests.</summary>
    public IReadOnlyList<string> Prune(IReadOnlySet<string> keep)
    {
        var removed = new List<string>();
        lock (gate)
        {
            foreach (var entry in Directory.Exists(Root) ? Directory.GetFileSystemEntries(Root) : [])
            {
                var name = Path.GetFileName(entry);
                if (IsDigest(name) && !keep.Contains(name))
                {
                    intact.Remove(name);
                    removed.Add(name);
                    ExportedFiles.Delete(entry);
                }
                else if (name.StartsWith(Readers, StringComparison.Ordinal) && !keep.Contains(name[Readers.Length..]))
                {
                    ExportedFiles.Delete(entry);
                }
                else if (name.StartsWith(Unfinished, StringComparison.Ordinal) || name.StartsWith(Replaced, StringComparison.Ordinal))
                {
                    ExportedFiles.Delete(entry);
                }
            }
        }

        removed.Sort(StringComparer.Ordinal);
        return removed;
    }

    private string ReadersOf(string digest) => Path.Combine(Root, Readers + digest);

    /// <summary>The list before is void: whoever of it still sees an older one runs now, too.</summary>
    private void Remember(string digest, IReadOnlyList<StaleReader> readers)
    {
        var file = ReadersOf(digest);
        if (readers.Count > 0)
        {
            var lines = readers.Select(reader => $"{reader.ContainerId} {reader.StartedAt?.UtcTicks.ToString(CultureInfo.InvariantCulture) ?? "-"}\n");
            DurableFile.Write(file, Encoding.UTF8.GetBytes(string.Concat(lines)), DurableFile.Private);
        }
        else
        {
            File.Delete(file);
        }
    }

    private static DateTimeOffset? Time(string ticks) =>
        long.TryParse(ticks, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? new DateTimeOffset(number, TimeSpan.Zero) : null;

    private static bool IsDigest(string name) => name.Length == DigestLength && name.All(char.IsAsciiHexDigitLower);

    private static void Write(ISourceTree? tree, BoundContent content, string target)
    {
        if (content.Text is { } text)
        {
            ExportedFiles.Write(Encoding.UTF8.GetBytes(text), content.Mode, target);
            return;
        }

        if (tree is null || content.Path is not { } path)
        {
            throw new IOException($"The commit that holds {content.Path ?? "this content"} cannot be read.");
        }

        if (content.Mode is { } mode)
        {
            ExportedFiles.Write(tree.Read(path, SourceLimits.ContentFile), mode, target);
        }
        else
        {
            ExportedFiles.Write(tree, path, target);
        }
    }

    private void PutInPlace(string temporary, string target)
    {
        if (DiskStamp.Of(target) is not null)
        {
            var aside = Path.Combine(Root, $"{Replaced}{Guid.NewGuid():N}");
            Move(target, aside);
            Move(temporary, target);
            ExportedFiles.Delete(aside);
        }
        else
        {
            Move(temporary, target);
        }

        DurableFile.FlushFolder(Root);
    }

    private static void Move(string from, string to)
    {
        if (DiskStamp.Of(from) is { IsFolder: true })
        {
            Directory.Move(from, to);
        }
        else
        {
            File.Move(from, to);
        }
    }
}
