using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using HomeIQ.Reconciler.Git;

namespace HomeIQ.Reconciler.Compose;

/// <summary>The digest of a bound file or folder: names, executable bits and bytes; where it lies does not count.</summary>
/// <remarks>The same content has the same digest in a commit and on disk, so that an edited export is seen by computing it again.</remarks>
public static class ContentDigest
{
    /// <summary>Larger files are no settings, and are refused.</summary>
    public const long FileLimit = 64 * 1024 * 1024;

    /// <summary>Of a file or folder of the commit.</summary>
    /// <exception cref="IOException">There is nothing there, or something that cannot be exported: a link, a submodule, a file above the limit.</exception>
    public static string OfTree(ISourceTree tree, string path)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Add(hash, tree, tree.Find(path) ?? throw new IOException($"There is no `{path}`."));

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Of a file with this text and, if it is not 0644, this mode.</summary>
    public static string OfText(string text, int? mode = null)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        AddFile(hash, executable: false, Encoding.UTF8.GetBytes(text));
        if (mode is { } bits)
        {
            Add(hash, $"mode {bits:x}");
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Of a file or folder on disk, as it was exported with <paramref name="mode"/>; null when there is nothing.</summary>
    public static string? OfDisk(string path, int? mode = null)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        if (File.Exists(path))
        {
            AddFile(hash, mode is null && IsExecutable(path), File.ReadAllBytes(path));
            if (mode is { } bits)
            {
                Add(hash, $"mode {bits:x}");
            }
        }
        else if (Directory.Exists(path))
        {
            AddFolder(hash, new DirectoryInfo(path));
        }
        else
        {
            return null;
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static void Add(IncrementalHash hash, ISourceTree tree, SourceEntry entry)
    {
        switch (entry.Kind)
        {
            case SourceKind.File:
                AddFile(hash, entry.Executable, tree.Read(entry.Path, FileLimit));
                break;
            case SourceKind.Folder:
                var children = tree.List(entry.Path);
                Add(hash, $"folder {children.Count}");
                foreach (var child in children.OrderBy(child => child.Name, StringComparer.Ordinal))
                {
                    Add(hash, child.Name);
                    Add(hash, tree, child);
                }

                break;
            default:
                throw new IOException($"`{entry.Path}` is a {(entry.Kind == SourceKind.Symlink ? "symbolic link" : "submodule")}");
        }
    }

    private static void AddFolder(IncrementalHash hash, DirectoryInfo folder)
    {
        var children = folder.GetFileSystemInfos();
        Add(hash, $"folder {children.Length}");
        foreach (var child in children.OrderBy(child => child.Name, StringComparer.Ordinal))
        {
            Add(hash, child.Name);
            if (child.LinkTarget is { } target)
            {
                Add(hash, $"link {target}");
            }
            else if (child is DirectoryInfo inner)
            {
                AddFolder(hash, inner);
            }
            else
            {
                AddFile(hash, IsExecutable(child.FullName), File.ReadAllBytes(child.FullName));
            }
        }
    }

    private static void AddFile(IncrementalHash hash, bool executable, byte[] bytes)
    {
        Add(hash, executable ? "file x" : "file");
        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(length, bytes.LongLength);
        hash.AppendData(length);
        hash.AppendData(bytes);
    }

    private static void Add(IncrementalHash hash, string text)
    {
        hash.AppendData(Encoding.UTF8.GetBytes(text));
        hash.AppendData([0]);
    }

    private static bool IsExecutable(string path) => !OperatingSystem.IsWindows() && File.GetUnixFileMode(path).HasFlag(UnixFileMode.UserExecute);
}
