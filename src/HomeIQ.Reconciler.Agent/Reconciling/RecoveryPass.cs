using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>On start, finishes what a crash left: every begun step is probed, and one table decides forward or back (<see cref="Recovery"/>).</summary>
internal sealed class RecoveryPass(Runs runs, IJournal journal)
{
    /// <summary>How far back crashes on the same content are looked for.</summary>
    private const int RecentRuns = 50;

    /// <returns>A report when nothing more should be done in this pass; null when the way is free.</returns>
    public async Task<ApplyReport?> FinishAsync(CancellationToken cancellationToken)
    {
        foreach (var run in journal.Unfinished())
        {
            var before = runs.StateOf(run.Before);
            await runs.SettleAsync(run, runs.ContextOf(run), cancellationToken);
            var settled = journal.Find(run.Id)!;
            var context = runs.ContextOf(settled);
            if (settled.Begun.Any(step => step is { Planned.Step: Promote, Receipt: not null }))
            {
                // Promoted is promoted: only clean-up was cut off.
                await runs.FinishCleanUpAsync(settled, context, cancellationToken);
                continue;
            }

            if (settled is { Phase: RunPhase.Soaking, Verdict: null } && journal.Pointers().Soaking == settled.Id)
            {
                // Watched again from the beginning: whoever looks next takes it up.
                continue;
            }

            if (before is not null && settled.Verdict is { } bad && journal.Quarantine().All(entry => entry.Id != Runs.VerdictOn(settled.Id)))
            {
                // Cut off between the verdict and its quarantine: what was measured bad is not tried afresh.
                runs.QuarantineFailed(settled, bad, before);
            }

            if (before is not null && Recovery.IsLastCrash(settled, journal.Runs(RecentRuns)))
            {
                runs.QuarantineCrashing(settled);
            }

            switch (ActionFor(settled, before is not null))
            {
                case RecoveryAction.Drop:
                    // Nothing old was touched. What was made beside it would lie about until some later run is promoted.
                    if (before is not null && settled.Begun.Count > 0)
                    {
                        await runs.ClearAwayAsync(settled, context);
                    }

                    LeftContent.Release(journal, settled);
                    journal.End(run.Id, new RunEnded(RunPhase.Cancelled, null, "cut off before anything was touched; decided anew"));
                    break;
                case RecoveryAction.ResumeForward:
                    // The next plan goes on from what is there: a first install only ever goes forward.
                    journal.End(run.Id, new RunEnded(RunPhase.Cancelled, null, "cut off; the next run goes on from here"));
                    break;
                case RecoveryAction.GoBack or RecoveryAction.ContinueRollback:
                    var report = await runs.GoBackAsync(run.Id, context, (settled.Verdict ?? settled.Failure)?.Failure, cancellationToken);
                    if (report.Result is ApplyResult.RollbackFailed)
                    {
                        return report;
                    }

                    break;
                case RecoveryAction.Stay:
                    // Ended like a way back that failed: the loop leaves it to a person, whose next apply goes on from what is there.
                    const string stuck = "what it did cannot be told from the journal, and there is no known-good state to go back to: nothing more is changed by itself";
                    journal.End(run.Id, new RunEnded(RunPhase.RollbackFailed, null, stuck));
                    return new(ApplyResult.RollbackFailed, $"run {run.Id}: {stuck}", run.Id) { Hint = $"see homeiq show {run.Id}, then put it right by hand and run homeiq apply" };
            }
        }

        return null;
    }

    private static RecoveryAction ActionFor(RunRecord run, bool hasBefore) => run switch
    {
        { Phase: RunPhase.Soaking, Verdict: not null } => RecoveryAction.GoBack,

        // What it superseded is closed and was never promoted: decided anew, the next way back would end there.
        { Inherits: not null } when Recovery.Decide(run.Phase, hasBefore) is RecoveryAction.Drop => RecoveryAction.GoBack,
        _ => Recovery.Decide(run.Phase, hasBefore),
    };
}
