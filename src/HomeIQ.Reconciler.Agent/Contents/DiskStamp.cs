using System.Runtime.InteropServices;

namespace HomeIQ.Reconciler.Contents;

/// <summary>What the file system knows of a file without reading it; a file with the same stamp was not edited in between.</summary>
internal readonly partial record struct DiskStamp(ushort Mode, ulong Inode, ulong Size, long ChangedSeconds, uint ChangedNanoseconds, long WrittenSeconds, uint WrittenNanoseconds)
{
    private const int CurrentFolder = -100;
    private const int DoNotFollow = 0x100;
    private const uint BasicFields = 0x7ff;
    private const ushort TypeMask = 0xf000;

    public bool IsFile => (Mode & TypeMask) == 0x8000;

    public bool IsFolder => (Mode & TypeMask) == 0x4000;

    public UnixFileMode Permissions => (UnixFileMode)(Mode & 0xfff);

    /// <summary>Null when there is nothing at that path; a symlink is looked at itself.</summary>
    public static DiskStamp? Of(string path) => Statx(CurrentFolder, path, DoNotFollow, BasicFields, out var status) == 0
        ? new DiskStamp(status.Mode, status.Inode, status.Size, status.ChangedSeconds, status.ChangedNanoseconds, status.WrittenSeconds, status.WrittenNanoseconds)
        : null;

    // statx and not stat: its layout is the same on every architecture.
    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int folder, string path, int flags, uint mask, out Status status);

    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Status
    {
        [FieldOffset(28)]
        public ushort Mode;

        [FieldOffset(32)]
        public ulong Inode;

        [FieldOffset(40)]
        public ulong Size;

        [FieldOffset(96)]
        public long ChangedSeconds;

        [FieldOffset(104)]
        public uint ChangedNanoseconds;

        [FieldOffset(112)]
        public long WrittenSeconds;

        [FieldOffset(120)]
        public uint WrittenNanoseconds;
    }
}
