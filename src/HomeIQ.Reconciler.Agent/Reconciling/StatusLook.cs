using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Git;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Locking;
using HomeIQ.Reconciler.Observed;
using HomeIQ.Reconciler.Planning;
using HomeIQ.Reconciler.Reporting;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>Puts a look at the host, and what journal and lock tell beside it, into one status.</summary>
public sealed class StatusLook(AgentSettings settings, Lookout lookout, EngineLock engineLock, StateDirectory state, SealedStore sealedStore, IJournal journal, TimeProvider time)
{
    private ValueList<Condition> conditions = [];

    /// <summary>How the host stands. A repository that cannot be read is told, not fatal.</summary>
    public async Task<HostStatus> TakeAsync(CancellationToken cancellationToken)
    {
        var (planned, problem) = await LookAsync(cancellationToken);
        return await OfAsync(planned, problem, cancellationToken);
    }

    /// <summary>Every service in full, from one look.</summary>
    public async Task<ValueList<ServiceReport>> ServicesAsync(CancellationToken cancellationToken)
    {
        var (planned, problem) = await LookAsync(cancellationToken);
        planned = planned with { Observed = planned.Observed ?? await lookout.ObserveAsync(planned.Desired, planned.Effective, cancellationToken) };
        var status = await OfAsync(planned, problem, cancellationToken);
        return ServiceReport.Of(status, planned.Plan, planned.Desired, planned.Effective, planned.Observed!, [.. journal.Standing().OfType<Suspension>()]);
    }

    /// <summary>How the host stands, by a look that was taken already where there is one.</summary>
    /// <param name="problem">Why the branch head could not be looked at; null when it could.</param>
    public async Task<HostStatus> OfAsync(Planned planned, string? problem, CancellationToken cancellationToken)
    {
        var observed = planned.Observed ?? await lookout.ObserveAsync(planned.Desired, planned.Effective, cancellationToken);
        var pointers = journal.Pointers();
        var status = HostStatus.Of(planned.Plan, planned.Desired, planned.Effective, observed, settings.Instance) with
        {
            Project = planned.Desired?.Project ?? planned.Effective?.Project ?? settings.ProjectName ?? "",
            Revision = planned.Revision?.Id,
            LastKnownGood = sealedStore.FindState(pointers.LastKnownGood)?.Revision,
            WatchedRun = pointers.Soaking,
            IsRunUnderWay = state.IsLocked(),
            UnfinishedRun = journal.Unfinished().LastOrDefault(run => run.Id != pointers.Soaking)?.Id,
            Stalled = journal.Runs(1) is [{ Phase: RunPhase.RollbackFailed } stuck] ? $"the way back of run {stuck.Id} failed: {stuck.Summary}" : null,
            SourceProblem = problem,
            LockedBy = (await engineLock.FindOtherAsync(cancellationToken))?.ToString(),
            Held = HoldsOf(planned.Plan, planned.Desired),
        };
        status = status.With(journal.Standing(), observed.At).With(await WaitsAsync(planned, observed, status.Drift.Count > 0, cancellationToken), observed.At);
        return status with { Conditions = conditions = Conditions.Of(status, time.GetUtcNow(), conditions) };
    }

    /// <summary>Why what is left to do is not done by itself now: of the branch's commit where it may be tried, else of what the host is held to.</summary>
    private async Task<Attempt> WaitsAsync(Planned planned, ObservedState observed, bool hasDrifted, CancellationToken cancellationToken)
    {
        if (planned.Plan is { IsEmpty: true } || planned.Effective is null && planned.Plan is null)
        {
            return Attempt.Now;
        }

        var plan = planned.Plan is { } head && head.VerdictFor(null) is Verdict.Ready ? head : hasDrifted ? (await lookout.PlanEffectiveAsync(observed, cancellationToken)).Plan : null;
        return plan is { IsEmpty: false } ? Attempts.For(plan, journal.Runs(Attempts.RecentRuns)) : Attempt.Now;
    }

    private async Task<(Planned Planned, string? Problem)> LookAsync(CancellationToken cancellationToken)
    {
        try
        {
            var planned = await lookout.PlanAsync(revision: null, refresh: false, cancellationToken);
            return (planned, planned.Plan is null ? planned.Problems.FirstOrDefault(found => found.Severity is Severity.Error)?.ToString() : null);
        }
        catch (GitException unreachable)
        {
            return (await lookout.PlanEffectiveAsync(seen: null, cancellationToken) with { Plan = null, Desired = null }, unreachable.Message);
        }
    }

    /// <summary>Content that failed, explained.</summary>
    private ValueList<Hold> HoldsOf(Plan? plan, DesiredState? desired)
    {
        if (plan is not { Holds.Count: > 0 } || desired is null)
        {
            return [];
        }

        var ids = plan.Holds.Select(hold => hold.Quarantine).ToHashSet(StringComparer.Ordinal);
        return
        [
            .. journal.Quarantine().Where(entry => ids.Contains(entry.Id))
                .Select(entry => Hold.Of(entry, journal.Find(entry.Run), content => sealedStore.FindService(content)?.Spec.Image).Behind(plan, desired)),
        ];
    }
}
