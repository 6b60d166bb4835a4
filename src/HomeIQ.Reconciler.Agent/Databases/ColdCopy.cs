using System.ComponentModel;
using System.Diagnostics;
using HomeIQ.Reconciler.Backups;
using HomeIQ.Reconciler.Files;

namespace HomeIQ.Reconciler.Databases;

/// <summary>A copy of a folder whose users are all stopped, on the folder's own file system: proven, and put back by a rename (D4, D5, D12).</summary>
/// <param name="Inode">Names the copy's folder wherever it is moved to.</param>
internal sealed record ColdCopy(string Path, ulong Inode, TreeManifest Manifest)
{
    /// <summary>Copies with <c>cp</c>, which keeps owners, modes, times, links, holes and attributes; then reads both and compares. What is left of an earlier try is removed first.</summary>
    /// <exception cref="IOException">It could not be copied, or the copy is not what was copied.</exception>
    public static async Task<ColdCopy> MakeAsync(string source, string target, CancellationToken cancellationToken)
    {
        await RemoveAsync(target, cancellationToken);
        try
        {
            await RunAsync(["cp", "-a", "--sparse=auto", "--reflink=auto", "-T", "--", source, target], cancellationToken);
            return await Task.Run(() => Proven(source, target, cancellationToken), cancellationToken);
        }
        catch (Exception)
        {
            // Half a copy may fill the disk on which the data lies.
            await RemoveAsync(target, CancellationToken.None);
            throw;
        }
    }

    private static ColdCopy Proven(string source, string target, CancellationToken cancellationToken)
    {
        Posix.Flush(target);
        var manifest = FileTree.Read(source, cancellationToken);
        var differences = manifest.Differences(FileTree.Read(target, cancellationToken), limit: 3);
        return differences.Count == 0
            ? new(target, Posix.Look(Posix.Bytes(target)).Inode, manifest)
            : throw new IOException($"the copy of {source} is not what it is a copy of: {string.Join("; ", differences)}");
    }

    /// <summary>Takes the place of the live folder, which is kept as <paramref name="aside"/>. There is no moment in which the live path is missing or half of each, and to do it twice is to do it once.</summary>
    /// <exception cref="IOException">The copy is not there any more, or not what it was; nothing was moved then.</exception>
    public void PutBack(string live, string aside, CancellationToken cancellationToken)
    {
        var isInPlace = Posix.Look(Posix.Bytes(live)).Inode == Inode;
        if (!isInPlace && Posix.Find(Posix.Bytes(Path))?.Inode != Inode)
        {
            throw new IOException($"the copy {Path} is not there any more");
        }

        // A file system gives the number of what was deleted to the next one: content tells.
        var differences = Manifest.Differences(FileTree.Read(isInPlace ? live : Path, cancellationToken), limit: 3);
        if (differences.Count > 0)
        {
            throw new IOException($"the copy {(isInPlace ? live : Path)} is not what it was when it was made: {string.Join("; ", differences)}");
        }

        if (!isInPlace)
        {
            Posix.Swap(live, Path);
        }

        // What bears the copy's name now is what was live.
        if (Posix.Find(Posix.Bytes(Path)) is not null)
        {
            Posix.Move(Path, aside);
        }

        Posix.Flush(live);
    }

    /// <summary>Removes a copy, whatever names are in it.</summary>
    public static Task RemoveAsync(string path, CancellationToken cancellationToken) => RunAsync(["rm", "-rf", "--one-file-system", "--", path], cancellationToken);

    private static Process Started(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception missing)
        {
            throw new IOException($"{start.FileName} could not be started: {missing.Message}", missing);
        }
    }

    /// <summary>On a thread of its own: whoever looks at this process sees that it works.</summary>
    private static Task RunAsync(string[] command, CancellationToken cancellationToken) => Task.Run(() =>
    {
        var start = new ProcessStartInfo(command[0], command[1..]) { UseShellExecute = false, RedirectStandardError = true, RedirectStandardInput = true };
        start.Environment["LC_ALL"] = "C";
        using var process = Started(start);
        process.StandardInput.Close();
        using var unwanted = cancellationToken.Register(process.Kill);
        var words = process.StandardError.ReadToEnd().Trim();
        process.WaitForExit();
        cancellationToken.ThrowIfCancellationRequested();
        if (process.ExitCode != 0)
        {
            throw new IOException($"{command[0]} ended with {process.ExitCode}: {(words.Length <= 500 ? words : words[..500] + "…")}");
        }
    }, cancellationToken);
}
