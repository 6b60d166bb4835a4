using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace HomeIQ.Reconciler.Files;

/// <summary>File names as the bytes that they are, and all that the platform's own classes do not tell of a file: owner, group, attributes, inode.</summary>
internal static unsafe partial class Posix
{
    /// <summary>Of what is looked at only; all other calls follow what they are given.</summary>
    private const int DoNotFollow = 0x100;
    private const int CurrentFolder = -100;
    private const int CloseOnExec = 0x80000;
    private const uint BasicFields = 0x7ff;
    private const int NoSuchFile = 2;
    private const int NoFolder = 20;
    private const int NoData = 61;
    private const int NotSupported = 95;
    private const int Exchange = 2;
    private const int NoReplace = 1;

    /// <summary>A path of bytes that ends with 0, as every call wants it.</summary>
    public static byte[] Bytes(string path) => [.. Encoding.UTF8.GetBytes(path), 0];

    /// <summary>The path of an entry of a folder.</summary>
    public static byte[] Join(ReadOnlySpan<byte> folder, ReadOnlySpan<byte> name) => [.. folder[..^1], (byte)'/', .. name, 0];

    /// <summary>Looks at the thing itself, also at a symlink; null when there is nothing.</summary>
    public static Stat? Find(byte[] path)
    {
        Stat stat;
        fixed (byte* bytes = path)
        {
            if (Statx(CurrentFolder, bytes, DoNotFollow, BasicFields, &stat) == 0)
            {
                return stat;
            }
        }

        var error = Marshal.GetLastPInvokeError();
        return error is NoSuchFile or NoFolder ? null : throw Failed("look at", path, error);
    }

    public static Stat Look(byte[] path) => Find(path) ?? throw Failed("look at", path, NoSuchFile);

    /// <summary>Names in a folder, as bytes, in their order; without the folder itself and its parent.</summary>
    public static List<byte[]> List(byte[] folder)
    {
        nint stream;
        fixed (byte* bytes = folder)
        {
            stream = OpenFolder(bytes);
        }

        if (stream == 0)
        {
            throw Failed("list", folder, Marshal.GetLastPInvokeError());
        }

        try
        {
            var names = new List<byte[]>();
            while (true)
            {
                // Whether null means the end or an error is told by errno alone.
                Marshal.SetLastSystemError(0);
                var entry = ReadFolder(stream);
                if (entry is null)
                {
                    var error = Marshal.GetLastSystemError();
                    if (error != 0)
                    {
                        throw Failed("list", folder, error);
                    }

                    break;
                }

                // struct dirent of 64-bit Linux: inode, offset, length, type, name.
                var name = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(entry + 19);
                if (!name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8))
                {
                    names.Add(name.ToArray());
                }
            }

            names.Sort((one, other) => one.AsSpan().SequenceCompareTo(other));
            return names;
        }
        finally
        {
            _ = CloseFolder(stream);
        }
    }

    public static byte[] Target(byte[] link)
    {
        Span<byte> buffer = stackalloc byte[4096];
        fixed (byte* bytes = link, target = buffer)
        {
            var length = ReadLink(bytes, target, (nuint)buffer.Length);
            return length >= 0 ? buffer[..(int)length].ToArray() : throw Failed("read the link", link, Marshal.GetLastPInvokeError());
        }
    }

    /// <summary>Extended attributes of the thing itself, by name; empty where the file system has none.</summary>
    public static SortedDictionary<string, byte[]> Attributes(byte[] path)
    {
        var attributes = new SortedDictionary<string, byte[]>(StringComparer.Ordinal);
        var names = Read(path, (bytes, buffer, size) => ListAttributes(bytes, buffer, size));
        foreach (var range in Split(names ?? []))
        {
            byte[] name = [.. names.AsSpan(range), 0];
            var value = Read(path, (bytes, buffer, size) =>
            {
                fixed (byte* named = name)
                {
                    return GetAttribute(bytes, named, buffer, size);
                }
            });
            if (value is not null)
            {
                attributes[Encoding.UTF8.GetString(name.AsSpan(0, name.Length - 1))] = value;
            }
        }

        return attributes;
    }

    public static SafeFileHandle OpenToRead(byte[] path)
    {
        fixed (byte* bytes = path)
        {
            var descriptor = Open(bytes, CloseOnExec, 0);
            return descriptor >= 0 ? new SafeFileHandle(descriptor, ownsHandle: true) : throw Failed("open", path, Marshal.GetLastPInvokeError());
        }
    }

    /// <summary>Brings all that the file system of an open file or folder still has to write onto the disk (syncfs(2)).</summary>
    public static void Flush(string path)
    {
        using var opened = OpenToRead(Bytes(path));
        if (SyncFileSystem((int)opened.DangerousGetHandle()) != 0)
        {
            throw Failed("flush the file system of", Bytes(path), Marshal.GetLastPInvokeError());
        }
    }

    /// <summary>Two things change places at one stroke: there is no moment in which either is missing.</summary>
    public static void Swap(string one, string other) => Rename(one, other, Exchange);

    /// <summary>Never over what is there already.</summary>
    public static void Move(string from, string to) => Rename(from, to, NoReplace);

    /// <summary>Gives a file or folder the owner, group and mode of another.</summary>
    public static void Dress(byte[] path, Stat like)
    {
        fixed (byte* bytes = path)
        {
            // The owner first: a change of it takes the set-user-id bit away.
            if (ChangeOwner(bytes, like.Uid, like.Gid) != 0 || ChangeMode(bytes, like.Mode & 0xfffu) != 0)
            {
                throw Failed("set owner and mode of", path, Marshal.GetLastPInvokeError());
            }
        }
    }

    private static void Rename(string from, string to, uint flags)
    {
        fixed (byte* source = Bytes(from), target = Bytes(to))
        {
            if (RenameAt(CurrentFolder, source, CurrentFolder, target, flags) != 0)
            {
                throw new IOException($"cannot move {from} to {to}: {Words(Marshal.GetLastPInvokeError())}");
            }
        }
    }

    private delegate nint Reader(byte* path, byte* buffer, nuint size);

    /// <summary>Null when there is no such thing to read.</summary>
    private static byte[]? Read(byte[] path, Reader reader)
    {
        var buffer = new byte[65536];
        fixed (byte* bytes = path, target = buffer)
        {
            var length = reader(bytes, target, (nuint)buffer.Length);
            if (length >= 0)
            {
                return buffer[..(int)length];
            }
        }

        var error = Marshal.GetLastPInvokeError();
        return error is NoData or NotSupported ? null : throw Failed("read the attributes of", path, error);
    }

    private static List<Range> Split(ReadOnlySpan<byte> names)
    {
        var ranges = new List<Range>();
        for (var start = 0; start < names.Length;)
        {
            var length = names[start..].IndexOf((byte)0);
            ranges.Add(start..(start + length));
            start += length + 1;
        }

        return ranges;
    }

    private static IOException Failed(string what, ReadOnlySpan<byte> path, int error) =>
        new($"cannot {what} {Encoding.UTF8.GetString(path[..^1])}: {Words(error)}");

    private static string Words(int error) => Marshal.GetPInvokeErrorMessage(error);
}
