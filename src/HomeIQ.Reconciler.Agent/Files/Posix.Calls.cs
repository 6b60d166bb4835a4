using System.Runtime.InteropServices;

namespace HomeIQ.Reconciler.Files;

/// <summary>The calls of the C library themselves.</summary>
internal static unsafe partial class Posix
{
    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true)]
    private static partial int Statx(int folder, byte* path, int flags, uint mask, Stat* stat);

    [LibraryImport("libc", EntryPoint = "opendir", SetLastError = true)]
    private static partial nint OpenFolder(byte* path);

    [LibraryImport("libc", EntryPoint = "readdir")]
    private static partial byte* ReadFolder(nint stream);

    [LibraryImport("libc", EntryPoint = "closedir")]
    private static partial int CloseFolder(nint stream);

    [LibraryImport("libc", EntryPoint = "readlink", SetLastError = true)]
    private static partial nint ReadLink(byte* path, byte* buffer, nuint size);

    [LibraryImport("libc", EntryPoint = "llistxattr", SetLastError = true)]
    private static partial nint ListAttributes(byte* path, byte* buffer, nuint size);

    [LibraryImport("libc", EntryPoint = "lgetxattr", SetLastError = true)]
    private static partial nint GetAttribute(byte* path, byte* name, byte* buffer, nuint size);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true)]
    private static partial int Open(byte* path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "syncfs", SetLastError = true)]
    private static partial int SyncFileSystem(int descriptor);

    [LibraryImport("libc", EntryPoint = "chown", SetLastError = true)]
    private static partial int ChangeOwner(byte* path, uint owner, uint group);

    [LibraryImport("libc", EntryPoint = "chmod", SetLastError = true)]
    private static partial int ChangeMode(byte* path, uint mode);

    [LibraryImport("libc", EntryPoint = "renameat2", SetLastError = true)]
    private static partial int RenameAt(int fromFolder, byte* from, int toFolder, byte* to, uint flags);

    /// <summary>struct statx: the same on every architecture.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    internal struct Stat
    {
        [FieldOffset(16)]
        public uint Links;

        [FieldOffset(20)]
        public uint Uid;

        [FieldOffset(24)]
        public uint Gid;

        [FieldOffset(28)]
        public ushort Mode;

        [FieldOffset(32)]
        public ulong Inode;

        public readonly bool IsFolder => (Mode & 0xf000) == 0x4000;

        public readonly bool IsFile => (Mode & 0xf000) == 0x8000;

        public readonly bool IsSocket => (Mode & 0xf000) == 0xc000;

        [FieldOffset(40)]
        public ulong Size;

        /// <summary>When anything of it was changed, attributes and names included.</summary>
        [FieldOffset(96)]
        public long ChangedSeconds;

        [FieldOffset(104)]
        public uint ChangedNanoseconds;

        [FieldOffset(112)]
        public long ModifiedSeconds;

        [FieldOffset(120)]
        public uint ModifiedNanoseconds;

        [FieldOffset(128)]
        public uint DeviceMajor;

        [FieldOffset(132)]
        public uint DeviceMinor;

        [FieldOffset(136)]
        public uint HomeMajor;

        [FieldOffset(140)]
        public uint HomeMinor;

        /// <summary>The file system that it lies on.</summary>
        public readonly (uint Major, uint Minor) Home => (HomeMajor, HomeMinor);

        public readonly long Modified => (ModifiedSeconds * 1_000_000_000) + ModifiedNanoseconds;
    }
}
