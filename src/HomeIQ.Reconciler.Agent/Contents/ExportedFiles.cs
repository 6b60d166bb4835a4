using System.Security.Cryptography;
using System.Text;
using HomeIQ.Reconciler.Git;
using HomeIQ.Reconciler.Journaling;

namespace HomeIQ.Reconciler.Contents;

/// <summary>One exported file or folder on disk: written with fixed modes whatever the umask, flushed, and compared with its digest.</summary>
internal static class ExportedFiles
{
    public const UnixFileMode Passable =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private const UnixFileMode PlainFile = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode Folder = PlainFile | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    public static void Write(ISourceTree tree, string path, string target)
    {
        foreach (var item in SourceWalk.Of(tree, path))
        {
            var entry = item.Entry;
            var file = entry.Path == path ? target : $"{target}/{(path.Length == 0 ? entry.Path : entry.Path[(path.Length + 1)..])}";
            if (item.IsEndOfFolder)
            {
                DurableFile.FlushFolder(file);
            }
            else if (entry.Kind == SourceKind.Folder)
            {
                Directory.CreateDirectory(file);
                File.SetUnixFileMode(file, Folder);
            }
            else
            {
                using var content = tree.Open(entry.Path, SourceLimits.ContentFile);
                WriteFile(content, entry.Executable ? Folder : PlainFile, file);
            }
        }
    }

    public static void Write(byte[] bytes, int? mode, string target)
    {
        using var content = new MemoryStream(bytes, writable: false);
        WriteFile(content, mode is { } bits ? (UnixFileMode)(bits & 0xfff) : PlainFile, target);
    }

    /// <summary>Whether what is on disk has this digest and the modes that it was exported with.</summary>
    public static bool Matches(string path, string digest)
    {
        if (DiskStamp.Of(path) is not { } stamp || (!stamp.IsFolder && !stamp.IsFile))
        {
            return false;
        }

        try
        {
            var tree = new FolderTree(Path.GetDirectoryName(path)!);
            var name = Path.GetFileName(path);
            var asInCommit = stamp.IsFolder || stamp.Permissions is PlainFile or Folder;
            return (asInCommit && ContentDigest.OfTree(tree, name) == digest)
                || (stamp.IsFile && ContentDigest.OfBytes(tree.Read(name, SourceLimits.ContentFile), (int)stamp.Permissions) == digest);
        }
        catch (IOException)
        {
            // A symlink, or files without end: whatever it is, it is not what was exported.
            return false;
        }
    }

    /// <summary>Changes whenever anything below the path was touched; null when it is missing, or has modes or kinds of files that no export has.</summary>
    public static string? StampOf(string path)
    {
        if (DiskStamp.Of(path) is not { } stamp)
        {
            return null;
        }

        if (stamp.IsFile)
        {
            return stamp.ToString();
        }

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        return Append(hash, path, stamp) ? Convert.ToHexStringLower(hash.GetHashAndReset()) : null;
    }

    public static void Delete(string path)
    {
        if (DiskStamp.Of(path) is { IsFolder: true })
        {
            Directory.Delete(path, recursive: true);
        }
        else
        {
            File.Delete(path);
        }
    }

    private static bool Append(IncrementalHash hash, string path, DiskStamp stamp)
    {
        hash.AppendData(Encoding.UTF8.GetBytes($"{path}\0{stamp}\0"));
        if (!stamp.IsFolder)
        {
            return stamp.IsFile && stamp.Permissions is PlainFile or Folder;
        }

        return stamp.Permissions == Folder && Directory.EnumerateFileSystemEntries(path).Order(StringComparer.Ordinal)
            .All(child => DiskStamp.Of(child) is { } below && Append(hash, child, below));
    }

    private static void WriteFile(Stream content, UnixFileMode mode, string target)
    {
        using var stream = new FileStream(target, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = DurableFile.Private,
        });
        content.CopyTo(stream);
        File.SetUnixFileMode(stream.SafeFileHandle, mode);
        stream.Flush(flushToDisk: true);
    }
}
