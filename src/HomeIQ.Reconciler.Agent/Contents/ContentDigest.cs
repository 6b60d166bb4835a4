using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using HomeIQ.Reconciler.Git;

namespace HomeIQ.Reconciler.Contents;

/// <summary>The identity of an exported file, folder or text: SHA-256 over kinds, names, executable bits and bytes, as 64 hexadecimal digits.</summary>
/// <remarks>
/// The name of what is exported is not part of it: a file that only moved is the same content, and a container that mounts it need not be
/// re-created. A text never equals a file, because the two are exported with different modes.
/// </remarks>
public static class ContentDigest
{
    private const byte File = 1;
    private const byte ExecutableFile = 2;
    private const byte Folder = 3;
    private const byte EndOfFolder = 4;
    private const byte Text = 5;

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

    /// <summary>Digest of an inline text or a secret's value.</summary>
    public static string OfText(string text)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData([Text]);
        hash.AppendData(Encoding.UTF8.GetBytes(text));
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
