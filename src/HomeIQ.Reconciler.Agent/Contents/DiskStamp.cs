using HomeIQ.Reconciler.Files;

namespace HomeIQ.Reconciler.Contents;

/// <summary>What the file system knows of a file without reading it; a file with the same stamp was not edited in between.</summary>
internal readonly record struct DiskStamp(ushort Mode, ulong Inode, ulong Size, long ChangedSeconds, uint ChangedNanoseconds, long WrittenSeconds, uint WrittenNanoseconds)
{
    private const ushort TypeMask = 0xf000;

    public bool IsFile => (Mode & TypeMask) == 0x8000;

    public bool IsFolder => (Mode & TypeMask) == 0x4000;

    public UnixFileMode Permissions => (UnixFileMode)(Mode & 0xfff);

    /// <summary>Null when there is nothing at that path; a symlink is looked at itself.</summary>
    public static DiskStamp? Of(string path) => Posix.Find(Posix.Bytes(path)) is { } stat
        ? new DiskStamp(stat.Mode, stat.Inode, stat.Size, stat.ChangedSeconds, stat.ChangedNanoseconds, stat.ModifiedSeconds, stat.ModifiedNanoseconds)
        : null;
}
