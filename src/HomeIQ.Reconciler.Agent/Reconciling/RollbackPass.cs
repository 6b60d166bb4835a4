using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>What a person asks for who wants back what was there before.</summary>
internal sealed class RollbackPass(Lookout lookout, Gate gate, Runs runs, UnderWatch watch, PastStates past, SealedStore sealedStore, IJournal journal, TimeProvider time)
{
    /// <inheritdoc cref="Reconciliation.RollbackAsync"/>
    public async Task<ApplyReport> RollbackAsync(bool force, string? commit, CancellationToken cancellationToken)
    {
        var pointers = journal.Pointers();
        if (watch.Run is { } watched)
        {
            if (commit is not null && sealedStore.FindHeldState(pointers.LastKnownGood) is var good && good?.Revision.StartsWith(commit, StringComparison.Ordinal) != true)
            {
                return new(ApplyResult.Refused, $"run {watched.Id} is still being watched, and goes back to {PlanText.Revision(good?.Revision ?? "nothing")}; nothing was touched")
                {
                    Hint = "homeiq rollback goes back there; further from then on",
                };
            }

            if (!force && watch.PutOff(watched, watched.Plan) is { } putOff)
            {
                return putOff;
            }

            return await watch.EndAsync(watched, new(time.GetUtcNow() - watched.StartedAt, TimeSpan.Zero, "a person went back from it", watched.Plan.Contents.Keys.First()));
        }

        var (goesTo, obstacle) = commit is null ? (pointers.Previous, null) : past.Named(commit, pointers);
        if (obstacle is not null)
        {
            return obstacle;
        }

        if (sealedStore.FindHeldState(pointers.Effective) is not { } effective || sealedStore.FindHeldState(goesTo) is not { } target)
        {
            return new(ApplyResult.Refused, "there is no earlier known-good state to go back to; nothing was touched")
            {
                Hint = "homeiq history lists what was applied",
            };
        }

        var (planned, left) = await lookout.PlanBackAsync(effective, target, force, cancellationToken);
        if (gate.Before(planned.Plan!, approve: null) is { } waiting)
        {
            return waiting;
        }

        return await runs.BeginAsync(planned, RunCause.Rollback, cancellationToken, left: left, goesTo: goesTo);
    }
}
