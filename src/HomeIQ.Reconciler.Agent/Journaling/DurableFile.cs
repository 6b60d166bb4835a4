using System.Runtime.InteropServices;

namespace HomeIQ.Reconciler.Journaling;

/// <summary>Files that are on disk, whole, when the call returns: written beside, flushed, renamed, folder flushed.</summary>
public static partial class DurableFile
{
    /// <summary>The same number on every processor, unlike the flag that asks for a folder.</summary>
    private const int ReadOnly = 0;

    /// <summary>Readable by the owner alone (0600).</summary>
    public const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>A folder for the owner alone (0700).</summary>
    public const UnixFileMode PrivateFolder = Private | UnixFileMode.UserExecute;

    public static void Write(string path, ReadOnlySpan<byte> bytes, UnixFileMode mode)
    {
        var temporary = $"{path}.{Environment.ProcessId}.{Environment.CurrentManagedThreadId}.tmp";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = mode };
        using (var stream = new FileStream(temporary, options))
        {
            stream.Write(bytes);
            stream.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
        FlushFolder(System.IO.Path.GetDirectoryName(path)!);
    }

    /// <summary>Makes a rename or a new entry in the folder durable.</summary>
    public static void FlushFolder(string folder)
    {
        var descriptor = Open(folder, ReadOnly);
        if (descriptor < 0)
        {
            throw new IOException($"cannot open {folder} to flush it: error {Marshal.GetLastPInvokeError()}");
        }

        try
        {
            if (Fsync(descriptor) != 0)
            {
                throw new IOException($"cannot flush {folder}: error {Marshal.GetLastPInvokeError()}");
            }
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);
}
