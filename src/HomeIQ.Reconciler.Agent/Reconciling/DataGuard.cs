using HomeIQ.Reconciler.Databases;
using HomeIQ.Reconciler.Files;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Observed;
using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>Refuses plans that could not bring their data along, or that would start something on data that an earlier way back did not put back (D9).</summary>
/// <param name="volumesAreLocal">The engine's folders are this machine's.</param>
internal sealed class DataGuard(IJournal journal, bool volumesAreLocal)
{
    public Plan Judge(Plan plan, ObservedState observed)
    {
        if (plan.Steps.Count == 0)
        {
            return plan;
        }

        List<Remark> refusals = [.. Unrestored(observed), .. WithoutWayBack(plan), .. plan.Steps.Select(step => step.Step).OfType<BackUp>().Select(backup => Unseen(backup, observed)).OfType<Remark>()];
        return refusals.Count == 0 ? plan : plan with { Refusals = [.. plan.Refusals, .. refusals] };
    }

    /// <summary>While the first version of all is watched there is no state to go back to, and a migration that fails would stay half-done.</summary>
    private IEnumerable<Remark> WithoutWayBack(Plan plan) => journal.Pointers().LastKnownGood is null
        ? plan.Steps.Select(step => step.Step).OfType<Migrate>().Select(migrate => new Remark(
            "data-no-way-back", migrate.Database, "nothing is known to be good yet, so that a migration that fails could not be taken back", "wait until what runs now is promoted: homeiq status"))
        : [];

    private Remark? Unseen(BackUp backup, ObservedState observed)
    {
        if (!volumesAreLocal)
        {
            return new("data-remote", backup.Database, "the engine runs on another machine: its volumes cannot be copied from here", "run homeiq on the engine's own host");
        }

        var folder = FolderOf(backup.Volume, observed);
        if (backup.Files.FirstOrDefault(file => Directory.Exists(folder) && !File.Exists(Path.Combine(folder, file))) is { } missing)
        {
            return new("data-missing", backup.Database, $"there is no file {missing} in the volume {backup.Volume}: it would not be proven, nor migrated", "mend the path in reconciler.yaml; take the database out of it until its file is there");
        }

        return Directory.Exists(folder) ? null : new("data-unseen", backup.Database, $"the files of volume {backup.Volume} ({folder}) cannot be seen from here", "run homeiq on the engine's own host, as root");
    }

    /// <summary>The last run's way back failed before the data was put back, and nobody has done so by hand since.</summary>
    private IEnumerable<Remark> Unrestored(ObservedState observed)
    {
        if (journal.Runs(1) is not [{ Phase: RunPhase.RollbackFailed, RollbackPlan: { } back } stuck])
        {
            yield break;
        }

        var done = stuck.RollbackBegun.Where(step => step.Receipt is not null).Select(step => step.Planned.Number).ToHashSet();
        foreach (var restore in back.Steps.Where(step => !done.Contains(step.Number)).Select(step => step.Step).OfType<RestoreData>())
        {
            if (Posix.Find(Posix.Bytes(restore.Copy))?.Inode == restore.Inode)
            {
                var live = FolderOf(restore.Volume, observed);
                yield return new(
                    "data-unrestored", restore.Database,
                    $"the way back of run {stuck.Id} did not put the volume {restore.Volume} back: whatever started now would start on the data of the version that failed",
                    $"stop whoever mounts it, then: mv {live} {restore.Copy}{DataNames.Replaced} && mv {restore.Copy} {live}");
            }
        }
    }

    private static string FolderOf(string volume, ObservedState observed) => observed.Volumes.FirstOrDefault(known => known.Name == volume)?.MountPoint ?? "";
}
