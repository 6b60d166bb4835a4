using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Journaling;

/// <summary>Reads a run back from its journal entries.</summary>
public static class RunReader
{
    /// <summary>Null when the first entry does not say how the run began: nobody can tell then what it did.</summary>
    public static RunRecord? Read(string id, IEnumerable<JournalEntry> entries)
    {
        RunRecord? run = null;
        foreach (var entry in entries)
        {
            run = (run, entry) switch
            {
                (null, RunStarted started) => new RunRecord { Id = id, StartedAt = started.At, Plan = started.Plan, Before = started.Before, Cause = started.Cause, Inherits = started.Inherits },
                (null, _) => null,
                (_, PhaseEntered phase) => run with { Phase = Next(run.Phase, phase.Phase) },
                (_, StepIntended step) => WithStep(run, step.IsRollback, step.Number, begun => begun with { EndedAt = null, Receipt = null, Failure = null }, step.At),
                (_, StepDone step) => WithStep(run, step.IsRollback, step.Number, begun => begun with { EndedAt = step.At, Receipt = step.Receipt, Failure = null }, step.At),
                (_, StepFailed step) => WithStep(run, step.IsRollback, step.Number, begun => begun with { EndedAt = step.At, Failure = step }, step.At),
                (_, RollbackStarted back) => run with { Phase = RunPhase.RollingBack, RollbackPlan = back.Plan, RollbackReason = back.Reason, WasStopped = back.WasStopped, RollbackBegun = [] },
                (_, RunEnded ended) => run with { Phase = ended.Phase, EndedAt = ended.At, After = ended.After, Summary = ended.Summary },
                (_, RevertOffered offer) => run with { Offer = offer },
                _ => run with { Phase = RunPhase.Unknown },
            };

            if (run is null)
            {
                return null;
            }
        }

        return run;
    }

    /// <summary>Once something was not understood, later phases do not make it understood; only a rollback or an end does.</summary>
    private static RunPhase Next(RunPhase current, RunPhase next) => current == RunPhase.Unknown ? current : next;

    /// <summary>A step that is begun again (a resumed run) keeps its place: its first intent is what the host saw first.</summary>
    private static RunRecord WithStep(RunRecord run, bool isRollback, int number, Func<BegunStep, BegunStep> change, DateTimeOffset at)
    {
        var plan = isRollback ? run.RollbackPlan : run.Plan;
        if (plan?.Steps.FirstOrDefault(step => step.Number == number) is not { } planned)
        {
            return run with { Phase = RunPhase.Unknown };
        }

        var begun = isRollback ? run.RollbackBegun : run.Begun;
        var known = begun.Any(step => step.Planned.Number == number);
        ValueList<BegunStep> after = known
            ? [.. begun.Select(step => step.Planned.Number == number ? change(step) : step)]
            : [.. begun, change(new BegunStep(planned, at, null, null, null))];

        return isRollback ? run with { RollbackBegun = after } : run with { Begun = after };
    }
}
