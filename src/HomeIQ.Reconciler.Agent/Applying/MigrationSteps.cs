using HomeIQ.Reconciler.Backups;
using HomeIQ.Reconciler.Databases;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Files;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Applying;

/// <summary>Migrates databases by the new version's own command: first a copy, while everybody runs, and then the data, which has to come out as the copy did.</summary>
internal sealed class MigrationSteps(RunContext context, EventHub events)
{
    /// <summary>Bytes that stay free beside everything that is counted.</summary>
    private const long LeastFree = 64 << 20;

    private readonly JobContainer jobs = new(context, events);
    private readonly VolumeFolders folders = new(context);

    /// <remarks>The copy lies beside the volume's own folder, where the engine can mount it whatever it sees of the state directory.</remarks>
    public async Task<Receipt> RehearseAsync(Rehearse step, CancellationToken cancellationToken)
    {
        var (job, service) = (step.Job, context.Specified(step.Job.SpecDigest, step.Job.Service));
        var live = await folders.FindAsync(job.Volume);
        var trial = Beside(live, DataNames.Rehearsal, step.Database);
        await SweepAsync(live, step.Database);
        RequireRoom(live, job);
        try
        {
            FolderLike(live, trial, Path.GetDirectoryName(job.File)!);
            await SqliteProof.CopyHotAsync(live, job.File, Path.Join(trial, job.File), cancellationToken);
            Posix.Dress(Posix.Bytes(Path.Join(trial, job.File)), Posix.Look(Posix.Bytes(Path.Join(live, job.File))));
            var before = await ExamineAsync(live, trial, step.Database, job, cancellationToken);
            Require(step, before);

            // Whatever else it mounts is the live one, and is only looked at.
            ValueList<MountSpec> mounts = [.. service.Spec.Mounts.Select(mount => mount.Target == job.Target ? new MountSpec(MountKind.Bind, trial, job.Target) : mount.Source.Length > 0 ? mount with { ReadOnly = true } : mount)];
            var heads = await HeadsAsync(step, service, mounts, cancellationToken);
            var began = context.Time.GetTimestamp();
            await jobs.RunAsync(service, step.Database, job.SpecDigest, job.Migration.Command, mounts, job.Migration.Within, cancellationToken);
            var proof = new MigrationProof(context.Time.GetElapsedTime(began), heads, before, await ExamineAsync(live, trial, step.Database, job, cancellationToken));
            return proof.Flaw is { } flaw ? throw Failed(job, flaw) : new Rehearsed(step.Database, proof);
        }
        finally
        {
            await ColdCopy.RemoveAsync(trial, CancellationToken.None);
        }
    }

    /// <remarks>Never cut into: a newer commit waits until it is done.</remarks>
    public async Task<Receipt> MigrateAsync(Migrate step)
    {
        var (job, service) = (step.Job, context.Specified(step.Job.SpecDigest, step.Job.Service));
        if (context.RehearsalOf(step.Database) is not { } rehearsal || context.CopyOf(job.Volume) is not { } copied || !copied.Databases.TryGetValue(job.File, out var before))
        {
            throw new StepFailedException(FailureClass.Environmental, $"what the rehearsal of {step.Database} led to, or its copy, is not known any more: nothing was migrated");
        }

        if (rehearsal.Outdated(before) is { } outdated)
        {
            throw new StepFailedException(FailureClass.Environmental, $"{step.Database}: {outdated}: nothing was migrated");
        }

        var live = await folders.FindAsync(job.Volume);
        await folders.RequireQuietAsync(job.Volume);
        var began = context.Time.GetTimestamp();
        await jobs.RunAsync(service, step.Database, job.SpecDigest, job.Migration.Command, service.Spec.Mounts, job.Migration.Within, CancellationToken.None);
        var took = context.Time.GetElapsedTime(began);
        await folders.RequireQuietAsync(job.Volume);
        var after = await ExamineAsync(live, live, step.Database, job, CancellationToken.None);
        if (rehearsal.Judge(before, after) is { } flaw)
        {
            throw Failed(job, flaw);
        }

        if (rehearsal.Doubt(before, after) is { } doubt)
        {
            throw new StepFailedException(FailureClass.Environmental, $"{step.Database}: {doubt}; rows had come there since");
        }

        Posix.Flush(live);
        return new Migrated(step.Database, took, after);
    }

    /// <summary>What Alembic would do wrong or not at all is said in words of ours.</summary>
    private static void Require(Rehearse step, SqliteFacts before)
    {
        if (step.Job.Migration.IsAlembic && before is { Revisions: [], Rows.Count: > 0 })
        {
            throw new StepFailedException(
                FailureClass.Migration, $"{step.Database} has tables and no revision: it was not made by its migrations, and they would make the tables again",
                $"note in it what it is at, in the version that runs now: {string.Join(' ', step.Job.Migration.HeadsCommand.SkipLast(1))} stamp REVISION")
            {
                Service = step.Job.Service,
            };
        }
    }

    /// <summary>The revisions that the image leads to, one by one, as <c>alembic heads</c> prints them: <c>3f2a (head)</c>.</summary>
    private async Task<ValueList<string>> HeadsAsync(Rehearse step, DesiredService service, ValueList<MountSpec> mounts, CancellationToken cancellationToken)
    {
        var job = step.Job;
        if (!job.Migration.IsAlembic || job.Migration.Target is not null)
        {
            return job.Migration is { IsAlembic: true, Target: { } target } ? [target] : [];
        }

        var said = await jobs.RunAsync(service, step.Database, job.SpecDigest, job.Migration.HeadsCommand, mounts, job.Migration.Within, cancellationToken);
        ValueList<string> heads = [.. said.Where(line => line.TrimEnd().EndsWith("(head)", StringComparison.Ordinal)).Select(line => line.Split(' ', 2)[0]).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        return heads.Count switch
        {
            0 => throw Failed(job, "the image has no migrations: alembic names no head"),
            > 1 when job.Migration.Command[^1] == "head" => throw Failed(job, $"the image has {heads.Count} heads ({string.Join(", ", heads)}), and so no one revision to go to: merge them, or write heads"),
            _ => heads,
        };
    }

    private static StepFailedException Failed(MigrationJob job, string flaw) => new(FailureClass.Migration, $"{string.Join(' ', job.Migration.Command)}: {flaw}") { Service = job.Service };

    /// <summary>The folders down to the database, with owners and modes of those that it lies in: the command runs as the service's own user.</summary>
    private static void FolderLike(string live, string trial, string below)
    {
        foreach (var part in below.Split('/', StringSplitOptions.RemoveEmptyEntries).Aggregate(new List<string> { "" }, (paths, name) => [.. paths, Path.Combine(paths[^1], name)]))
        {
            Directory.CreateDirectory(Path.Combine(trial, part));
            Posix.Dress(Posix.Bytes(Path.Combine(trial, part)), Posix.Look(Posix.Bytes(Path.Combine(live, part))));
        }
    }

    /// <summary>A copy for the trial, one to open, and what the migration itself needs: production writes to the same disk meanwhile (D12).</summary>
    private static void RequireRoom(string live, MigrationJob job)
    {
        var size = new[] { "", "-wal" }.Sum(part => (long)(Posix.Find(Posix.Bytes(Path.Join(live, job.File + part)))?.Size ?? 0));
        var (needs, free) = ((4 * size) + LeastFree, new DriveInfo(live).AvailableFreeSpace);
        if (free < needs)
        {
            throw new StepFailedException(FailureClass.Environmental, $"the disk of volume {job.Volume} has {free >> 20} MiB free, and the rehearsal needs {needs >> 20} MiB", "make room; nothing was stopped");
        }
    }

    /// <summary>What an earlier process left, of whatever run.</summary>
    private static async Task SweepAsync(string live, string database)
    {
        foreach (var left in ((string[])[DataNames.Rehearsal, DataNames.Proof]).SelectMany(kind => Directory.EnumerateDirectories(Path.GetDirectoryName(live)!, DataNames.For(kind, "*", database))).ToList())
        {
            await ColdCopy.RemoveAsync(left, CancellationToken.None);
        }
    }

    private Task<SqliteFacts> ExamineAsync(string live, string folder, string database, MigrationJob job, CancellationToken cancellationToken) =>
        SqliteProof.ExamineAsync(folder, job.File, Beside(live, DataNames.Proof, database), cancellationToken);

    private string Beside(string live, string kind, string database) => Path.Combine(Path.GetDirectoryName(live)!, DataNames.For(kind, context.Run, database));
}
