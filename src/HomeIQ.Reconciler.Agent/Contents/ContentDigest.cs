using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using HomeIQ.Reconciler.Git;

namespace HomeIQ.Reconciler.Contents;

/// <summary>The identity of an exported file, folder or text: SHA-256 over kinds, names, executable bits and bytes, as 64 hexadecimal digits.</summary>
/// <remarks>
/// The name of what is exported is not part of it: a file that only moved is the same content, and a container that mounts it need not be
/// re-created, and a text is the same content as a file with these bytes.
/// </remarks>
public static class ContentDigest
{
    private const byte File = 1;
    private const byte ExecutableFile = 2;
    private const byte Folder = 3;
    private const byte EndOfFolder = 4;
    private const byte FileWithMode = 5;

    /// <summary>Digest of the file or folder at <paramref name="path"/>.</summary>
    /// <exception cref="IOException">There is nothing at that path, or it holds a symlink, a submodule or an absurd size; the message names the path.</exception>
    public static string OfTree(ISourceTree tree, string path)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var item in SourceWalk.Of(tree, path))
        {
            Append(hash, tree, path, item);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Digest of a file with this text and, if the desired state names one, this mode.</summary>
    public static string OfText(string text, int? mode = null) => OfBytes(Encoding.UTF8.GetBytes(text), mode);

    /// <inheritdoc cref="OfText"/>
    public static string OfBytes(byte[] bytes, int? mode = null)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData([mode is null ? File : FileWithMode]);
        AppendLength(hash, mode ?? 0);
        AppendLength(hash, bytes.Length);
        hash.AppendData(bytes);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static void Append(IncrementalHash hash, ISourceTree tree, string root, WalkedEntry item)
    {
        if (item.IsEndOfFolder)
        {
            hash.AppendData([EndOfFolder]);
            return;
        }

        var entry = item.Entry;
        hash.AppendData([entry.Kind == SourceKind.Folder ? Folder : entry.Executable ? ExecutableFile : File]);
        // The length of the name; the root has none.
        var name = entry.Path == root ? [] : Encoding.UTF8.GetBytes(entry.Name);
        AppendLength(hash, name.Length);
        hash.AppendData(name);
        if (entry.Kind == SourceKind.File)
        {
            AppendBytes(hash, tree, entry);
        }
    }

    private static void AppendBytes(IncrementalHash hash, ISourceTree tree, SourceEntry entry)
    {
        using var stream = tree.Open(entry.Path, SourceLimits.ContentFile);
        AppendLength(hash, stream.Length);
        Span<byte> buffer = stackalloc byte[16 * 1024];
        for (int read; (read = stream.Read(buffer)) > 0;)
        {
            hash.AppendData(buffer[..read]);
        }
    }

    private static void AppendLength(IncrementalHash hash, long length)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, length);
        hash.AppendData(bytes);
    }
}
