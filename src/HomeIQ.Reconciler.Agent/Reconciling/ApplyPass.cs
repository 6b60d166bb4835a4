using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>What a person asks for who wants the branch's commit on the host, now or once more.</summary>
internal sealed class ApplyPass(string instance, Lookout lookout, Gate gate, Runs runs, CommitRuns commits, UnderWatch watch, RevertOffers offers, IJournal journal)
{
    /// <inheritdoc cref="Reconciliation.ApplyAsync"/>
    public async Task<ApplyReport> ApplyAsync(string? revision, string? approve, bool refresh, bool watches, bool force, CancellationToken cancellationToken)
    {
        var planned = await lookout.PlanAsync(revision, refresh, cancellationToken, force);
        if (planned.Plan is not { } plan)
        {
            return new(ApplyResult.Invalid, "the desired state has errors; nothing was touched") { Problems = planned.Problems };
        }

        if (watch.Run is { } watched)
        {
            if (!force && watch.PutOff(watched, plan) is { } putOff)
            {
                return putOff;
            }

            // A newer commit that changes what is under watch takes its place; any other waits until the watch is over.
            if (gate.Before(plan, approve) is null && UnderWatch.MaySupersede(plan, watched))
            {
                return await watch.ToItsEndAsync(await commits.BeginAsync(planned, RunCause.Apply, cancellationToken, watched.Id, revision), watches, cancellationToken);
            }

            if (!watches)
            {
                return new(ApplyResult.Soaking, $"run {watched.Id} is still being watched; what comes after it waits until then", watched.Id, plan);
            }

            if (await watch.ToItsEndAsync(new(ApplyResult.Soaking, "", watched.Id), watches, cancellationToken) is { Result: not ApplyResult.Applied } ill)
            {
                return await offers.AfterAsync(ill, cancellationToken);
            }

            planned = await lookout.PlanAsync(revision, refresh, cancellationToken, force);
            plan = planned.Plan!;
        }

        var report = gate.Before(plan, approve) ?? await watch.ToItsEndAsync(await commits.BeginAsync(planned, RunCause.Apply, cancellationToken, revision: revision), watches, cancellationToken);
        if (Runs.LeavesRest(journal, report) && await lookout.PlanAsync(revision, refresh: false, cancellationToken, force) is { Plan: { } rest } again)
        {
            report = gate.Before(rest, approve: null) ?? await watch.ToItsEndAsync(await runs.BeginAsync(again, RunCause.Apply, cancellationToken), watches, cancellationToken);
        }

        report = report.Result is ApplyResult.Held ? await HealedAsync(report, planned, cancellationToken) : report;
        return await offers.AfterAsync(report with { Problems = [.. planned.Problems, .. report.Problems] }, cancellationToken);
    }

    /// <summary>Held is not abandoned, where there is no daemon either: what the host is held to is put right.</summary>
    private async Task<ApplyReport> HealedAsync(ApplyReport held, Planned planned, CancellationToken cancellationToken)
    {
        var healing = await lookout.PlanEffectiveAsync(planned.Observed, cancellationToken);
        if (healing.Plan is not { } plan || gate.Before(plan, approve: null) is not null)
        {
            return held;
        }

        var report = await runs.BeginAsync(healing, RunCause.Drift, cancellationToken);
        return report.Result is ApplyResult.Applied ? held with { Problems = [.. held.Problems, new(new(instance), report.Summary, $"homeiq show {report.Run}", Severity.Note)] } : report;
    }

    /// <inheritdoc cref="Reconciliation.RetryAsync"/>
    public async Task<ApplyReport> RetryAsync(bool watches, bool force, CancellationToken cancellationToken)
    {
        var planned = await lookout.PlanAsync(revision: null, refresh: false, cancellationToken, force);
        if (planned.Plan is { Suspensions.Count: > 0 } suspended)
        {
            // Asked before anything is released: who is told to wait finds it as it was.
            return Gate.Suspended(suspended);
        }

        foreach (var entry in (planned.Plan?.Holds ?? []).Select(hold => hold.Quarantine).OfType<string>())
        {
            journal.ReleaseQuarantine(entry);
        }

        return await ApplyAsync(revision: null, approve: null, refresh: false, watches, force, cancellationToken);
    }
}
