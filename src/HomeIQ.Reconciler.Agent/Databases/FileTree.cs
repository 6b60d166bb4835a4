using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using HomeIQ.Reconciler.Backups;
using HomeIQ.Reconciler.Files;

namespace HomeIQ.Reconciler.Databases;

/// <summary>Reads a folder into a manifest: every entry, every byte of content, whatever its names and kinds.</summary>
internal static class FileTree
{
    private const int Buffer = 1 << 20;

    /// <summary>Reads all of it once. Nobody may write there meanwhile.</summary>
    /// <param name="root">A folder; neither it nor anything in it is followed where it is a symlink.</param>
    /// <exception cref="IOException">Something cannot be read, or lies on another file system, which no copy of this one holds.</exception>
    public static TreeManifest Read(string root, CancellationToken cancellationToken)
    {
        var path = Posix.Bytes(root);
        var stat = Posix.Look(path);
        if (KindOf(stat.Mode) != EntryKind.Folder)
        {
            throw new IOException($"{root} is no folder");
        }

        var reading = new Reading(stat.Home, cancellationToken);
        reading.Add(path, "", stat);
        return new([.. reading.Entries.OrderBy(entry => entry.Path, StringComparer.Ordinal)]);
    }

    private static EntryKind KindOf(ushort mode) => (mode & 0xf000) switch
    {
        0x4000 => EntryKind.Folder,
        0x8000 => EntryKind.File,
        0xa000 => EntryKind.Symlink,
        0x1000 => EntryKind.Pipe,
        0xc000 => EntryKind.Socket,
        _ => EntryKind.Device,
    };

    /// <summary>A name as text: printable UTF-8 as it is, everything else, and <c>%</c>, byte by byte.</summary>
    internal static string Escape(ReadOnlySpan<byte> name)
    {
        var text = new StringBuilder(name.Length);
        while (name.Length > 0)
        {
            var isRune = Rune.DecodeFromUtf8(name, out var rune, out var length) == System.Buffers.OperationStatus.Done;
            if (isRune && rune.Value != '%' && !Rune.IsControl(rune) && Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Format or UnicodeCategory.OtherNotAssigned))
            {
                text.Append(rune);
            }
            else
            {
                foreach (var one in name[..length])
                {
                    text.Append('%').Append(one.ToString("X2", CultureInfo.InvariantCulture));
                }
            }

            name = name[length..];
        }

        return text.ToString();
    }

    private sealed class Reading((uint Major, uint Minor) home, CancellationToken cancellationToken)
    {
        private readonly Dictionary<ulong, string> firstNames = [];
        private readonly byte[] buffer = new byte[Buffer];

        public List<TreeEntry> Entries { get; } = [];

        public void Add(byte[] path, string name, Posix.Stat stat)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (stat.Home != home)
            {
                throw new IOException($"{name} lies on another file system than the folder that it is in: no copy of the folder holds it");
            }

            var kind = KindOf(stat.Mode);
            var entry = new TreeEntry(name, kind, stat.Mode & 0xfff, stat.Uid, stat.Gid, stat.Modified)
            {
                Attributes = new(Posix.Attributes(path).Select(pair => KeyValuePair.Create(pair.Key, Convert.ToHexStringLower(pair.Value)))),
            };
            if (kind != EntryKind.Folder && stat.Links > 1 && !firstNames.TryAdd(stat.Inode, name))
            {
                Entries.Add(entry with { SameAs = firstNames[stat.Inode], Size = kind == EntryKind.File ? (long)stat.Size : 0 });
                return;
            }

            Entries.Add(kind switch
            {
                EntryKind.File => entry with { Size = (long)stat.Size, Sha256 = HashOf(path, (long)stat.Size) },
                EntryKind.Symlink => entry with { Target = Escape(Posix.Target(path)) },
                EntryKind.Device => entry with { Device = $"{stat.DeviceMajor}:{stat.DeviceMinor}" },
                _ => entry,
            });
            if (kind == EntryKind.Folder)
            {
                foreach (var child in Posix.List(path))
                {
                    var below = Posix.Join(path, child);
                    Add(below, name.Length == 0 ? Escape(child) : $"{name}/{Escape(child)}", Posix.Look(below));
                }
            }
        }

        private string HashOf(byte[] path, long size)
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            using var file = Posix.OpenToRead(path);
            var read = 0L;
            int count;
            while ((count = RandomAccess.Read(file, buffer, read)) > 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
                hash.AppendData(buffer, 0, count);
                read += count;
            }

            return read == size
                ? Convert.ToHexStringLower(hash.GetHashAndReset())
                : throw new IOException($"{Encoding.UTF8.GetString(path.AsSpan(..^1))} had {size} bytes and has {read} now: somebody writes there");
        }
    }
}
