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
    private readonly JobContainer jobs = new(context, events);
    private readonly VolumeFolders folders = new(context);

    /// <remarks>The copy lies beside the volume's own folder, where the engine can mount it whatever it sees of the state directory.</remarks>
    public async Task<Receipt> RehearseAsync(Rehearse step, CancellationToken cancellationToken)
    {
        var (job, service) = (step.Job, context.Specified(step.Job.SpecDigest, step.Job.Service));
        var live = await folders.FindAsync(job.Volume);
        var (database, trial) = (FileIn(live, job), Beside(live, DataNames.Rehearsal));
        var copy = FileIn(trial, job);
        await ColdCopy.RemoveAsync(trial, cancellationToken);
        try
        {
            FolderLike(live, trial, Path.GetDirectoryName(job.File)!);
            await SqliteProof.CopyHotAsync(database, copy, cancellationToken);
            Posix.Dress(Posix.Bytes(copy), Posix.Look(Posix.Bytes(database)));
            var before = await ExamineAsync(live, copy, cancellationToken);
            Require(step, before);

            // Whatever else it mounts is the live one, and is only looked at.
            ValueList<MountSpec> mounts = [.. service.Spec.Mounts.Select(mount => mount.Target == job.Target ? new MountSpec(MountKind.Bind, trial, job.Target) : mount with { ReadOnly = true })];
            var heads = await HeadsAsync(job, service, mounts, cancellationToken);
            var began = context.Time.GetTimestamp();
            await jobs.RunAsync(service, job.SpecDigest, job.Migration.Command, mounts, job.Migration.Within, cancellationToken);
            var proof = new MigrationProof(context.Time.GetElapsedTime(began), heads, before, await ExamineAsync(live, copy, cancellationToken));
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

        var live = await folders.FindAsync(job.Volume);
        await folders.RequireQuietAsync(job.Volume);
        var began = context.Time.GetTimestamp();
        await jobs.RunAsync(service, job.SpecDigest, job.Migration.Command, service.Spec.Mounts, job.Migration.Within, CancellationToken.None);
        var took = context.Time.GetElapsedTime(began);
        await folders.RequireQuietAsync(job.Volume);
        var after = await ExamineAsync(live, FileIn(live, job), CancellationToken.None);
        if (rehearsal.Judge(before, after) is { } flaw)
        {
            throw Failed(job, flaw);
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
                $"note in it what it is at, in the version that runs now: {step.Job.Migration.Command[0]} stamp REVISION")
            {
                Service = step.Job.Service,
            };
        }
    }

    /// <summary>The revisions that the image leads to, one by one, as <c>alembic heads</c> prints them: <c>3f2a (head)</c>.</summary>
    private async Task<ValueList<string>> HeadsAsync(MigrationJob job, DesiredService service, ValueList<MountSpec> mounts, CancellationToken cancellationToken)
    {
        if (!job.Migration.IsAlembic)
        {
            return [];
        }

        var said = await jobs.RunAsync(service, job.SpecDigest, [job.Migration.Command[0], "heads"], mounts, job.Migration.Within, cancellationToken);
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

    private Task<SqliteFacts> ExamineAsync(string live, string database, CancellationToken cancellationToken) => SqliteProof.ExamineAsync(database, Beside(live, DataNames.Proof), cancellationToken);

    private string Beside(string live, string kind) => Path.Combine(Path.GetDirectoryName(live)!, kind + context.Run);

    private static string FileIn(string volume, MigrationJob job) => Path.Combine(volume, job.File);
}
