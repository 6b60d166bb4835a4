using System.Text.Json;
using HomeIQ.Reconciler.Backups;
using HomeIQ.Reconciler.Databases;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Applying;

/// <summary>Copies volumes, puts copies back, and lets go of old ones. The copy lies beside the volume's own folder, so that putting it back is a rename.</summary>
internal sealed class DataSteps(RunContext context)
{
    private readonly VolumeFolders folders = new(context);

    /// <remarks>Never cut into: a newer commit waits until it is proven.</remarks>
    public async Task<Receipt> BackUpAsync(BackUp step)
    {
        var live = await folders.FindAsync(step.Volume);
        await folders.RequireQuietAsync(step.Volume);
        var copy = await ColdCopy.MakeAsync(live, Path.Combine(Path.GetDirectoryName(live)!, DataNames.Copy + context.Run), CancellationToken.None);
        // Who started in the middle of it made it worthless.
        await folders.RequireQuietAsync(step.Volume);
        var databases = new Dictionary<string, SqliteFacts>(StringComparer.Ordinal);
        foreach (var file in step.Files)
        {
            databases[file] = await SqliteProof.ExamineAsync(copy.Path, file, Path.Combine(Path.GetDirectoryName(live)!, DataNames.For(DataNames.Proof, context.Run, step.Database)), CancellationToken.None);
        }

        Directory.CreateDirectory(Path.GetDirectoryName(ManifestFile(context.Run, step.Database))!, DurableFile.PrivateFolder);
        DurableFile.Write(ManifestFile(context.Run, step.Database), JsonSerializer.SerializeToUtf8Bytes(copy.Manifest, CoreJson.Default.TreeManifest), DurableFile.Private);
        return new BackedUp(copy.Path, copy.Inode, context.Run, copy.Manifest.Size, copy.Manifest.Entries.Count(entry => entry.Kind == EntryKind.File)) { Databases = new(databases) };
    }

    public async Task<Receipt> RestoreAsync(RestoreData step, CancellationToken cancellationToken)
    {
        var live = await folders.FindAsync(step.Volume);
        await folders.RequireQuietAsync(step.Volume);
        var manifest = await ManifestAsync(ManifestFile(step.Run, step.Database), step.Copy, cancellationToken);
        await Task.Run(() => new ColdCopy(step.Copy, step.Inode, manifest).PutBack(live, step.Copy + DataNames.Replaced, cancellationToken), cancellationToken);
        return new Performed();
    }

    public async Task<Receipt> ReleaseAsync(ReleaseCopies step, CancellationToken cancellationToken)
    {
        var folder = Path.GetDirectoryName(await folders.FindAsync(step.Volume))!;
        // What a way back replaced is nobody's to throw away but a person's.
        var old = Directory.EnumerateDirectories(folder, DataNames.Copy + "*")
            .Where(copy => Path.GetFileName(copy) != DataNames.Copy + context.Run && !copy.EndsWith(DataNames.Replaced, StringComparison.Ordinal)).ToList();
        foreach (var copy in old)
        {
            await ColdCopy.RemoveAsync(copy, cancellationToken);
        }

        PruneManifests(step.Database, folder);
        return new CopiesReleased(old.Count);
    }

    /// <summary>A manifest goes with its copy.</summary>
    private void PruneManifests(string database, string folder)
    {
        foreach (var run in Directory.EnumerateDirectories(context.State.BackupFolder).Where(run => !Directory.Exists(Path.Combine(folder, DataNames.Copy + Path.GetFileName(run)))).ToList())
        {
            File.Delete(Path.Combine(run, $"{database}.json"));
            if (!Directory.EnumerateFileSystemEntries(run).Any())
            {
                Directory.Delete(run);
            }
        }
    }

    private static async Task<TreeManifest> ManifestAsync(string file, string copy, CancellationToken cancellationToken)
    {
        const string hint = "nothing was replaced; compare by hand, then move it into place";
        try
        {
            return (File.Exists(file) ? JsonDefaults.Read(await File.ReadAllBytesAsync(file, cancellationToken), CoreJson.Default.TreeManifest) : null)
                ?? throw new StepFailedException(FailureClass.Environmental, $"the manifest {file} is gone: nobody can tell whether {copy} is the copy that was made", hint);
        }
        catch (JsonException damaged)
        {
            throw new StepFailedException(FailureClass.Environmental, $"the manifest {file} is damaged: nobody can tell whether {copy} is the copy that was made", hint, damaged);
        }
    }

    private string ManifestFile(string run, string database) => Path.Combine(context.State.BackupFolder, run, $"{database}.json");
}
