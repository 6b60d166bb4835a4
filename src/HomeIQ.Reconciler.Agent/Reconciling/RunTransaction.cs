using HomeIQ.Reconciler.Applying;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Locking;
using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>A run as one transaction over the whole commit: all of it, or everything that it changed goes back (DESIGN §6).</summary>
internal sealed class RunTransaction(IJournal journal, Applier applier, RunContext context, TimeProvider time)
{
    /// <summary>Between two tries of a way back, of which nobody can measure whether it would have gone well: an engine that starts anew has a minute.</summary>
    private static readonly TimeSpan[] Pauses = [.. new[] { 1, 2, 4, 8, 15, 30 }.Select(seconds => TimeSpan.FromSeconds(seconds))];

    /// <summary>How long after its first failure a service that was put back is looked at once more. Each look takes as long as its health check does.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    /// <summary>Where no policy is at hand.</summary>
    private static readonly int UsualParallel = new Policy().Parallel;

    /// <summary>How many steps may be under way at once, on both ways.</summary>
    private int Parallel => context.Desired?.Policy.Parallel ?? UsualParallel;

    private bool IsFirstInstall => context.BackTo is null;

    public async Task<ApplyReport> CompleteAsync(string run, IReadOnlySet<int> done, CancellationToken cancellationToken)
    {
        var plan = Record(run).Plan;
        journal.Append(run, new PhaseEntered(RunPhase.Preparing));
        var preparation = plan with { Steps = plan.Preparation };
        IReadOnlyList<StepFailed> failures = [];
        try
        {
            if (!IsFirstInstall)
            {
                // Ready before the first cut: nothing stops until all of this is in hand.
                failures = await applier.PerformAsync(preparation, done, Parallel, goOn: false, cancellationToken);
            }

            if (failures.Count == 0)
            {
                journal.Append(run, new PhaseEntered(RunPhase.Upgrading));
                var prepared = IsFirstInstall ? done : done.Concat(preparation.Steps.Select(step => step.Number)).ToHashSet();
                failures = await applier.PerformAsync(UpToSoak(plan, done), prepared, Parallel, IsFirstInstall, cancellationToken);
            }
        }
        catch (Exception bug) when (bug is not LockLostException)
        {
            // Whatever escapes a begun run ends it through the same way back, and is then told.
            failures = [new StepFailed(0, IsRollback: false, FailureClass.Environmental, $"unexpected: {context.Redactor.Redact(bug.Message)}", null, null)];
            if (!IsPromoted(run))
            {
                await EndBadlyAsync(run, failures);
            }

            throw;
        }

        return failures.Count > 0 && !IsPromoted(run) ? await EndBadlyAsync(run, failures)
            : Soaking(run) is { } soak ? new(ApplyResult.Soaking, $"{Short(plan.Revision)} runs and is verified; watched for {Duration.ToText(soak.For)} before it is last known-good", run, plan)
            : Succeed(run);
    }

    /// <summary>The watch is over and all stayed well: promotes, and clears away.</summary>
    public async Task<ApplyReport> FinishSoakAsync(string run, string evidence, TimeSpan passed)
    {
        var record = Record(run);
        var soak = record.Plan.Steps.Single(step => step.Step is Soak);
        context.Watched = journal.Pointers().Effective;
        journal.Append(run, new StepDone(soak.Number, IsRollback: false, new ServiceVerified(evidence)));
        context.Progress.Report(new StepEnded(soak, false, new ServiceVerified(evidence), passed));
        var done = record.Begun.Where(step => step.Receipt is not null).Select(step => step.Planned.Number).Append(soak.Number).ToHashSet();
        var failures = await applier.PerformAsync(record.Plan, done, Parallel, goOn: false, CancellationToken.None);
        return failures.Count == 0 || IsPromoted(run) ? Succeed(run) : await EndBadlyAsync(run, failures);
    }

    /// <summary>A service fell ill while it was watched: the run goes back, and with it what was repaired or superseded since the last known-good state.</summary>
    public Task<ApplyReport> FailSoakAsync(string run, SoakVerdict verdict, string reason)
    {
        var soak = Record(run).Plan.Steps.Single(step => step.Step is Soak);
        var failure = new StepFailed(soak.Number, IsRollback: false, FailureClass.Verification, reason, verdict.Hint, verdict.Evidence) { Service = verdict.Service };
        journal.Append(run, failure);
        context.Progress.Report(new StepBroke(soak, false, failure, verdict.Passed));
        return EndBadlyAsync(run, [failure]);
    }

    private static Plan UpToSoak(Plan plan, IReadOnlySet<int> done) =>
        plan.Steps.FirstOrDefault(step => step.Step is Soak) is { } soak && !done.Contains(soak.Number) ? plan with { Steps = [.. plan.Steps.Where(step => step.Number <= soak.Number)] } : plan;

    /// <summary>The watch that the run has come to; null when it has none, or is past it.</summary>
    private Soak? Soaking(string run) => journal.Pointers().Soaking == run ? Record(run).Plan.Steps.Select(step => step.Step).OfType<Soak>().Single() : null;

    /// <summary>What else lies between the state that the way back leads to and now, oldest first.</summary>
    private List<RunRecord> Unpromoted(RunRecord record)
    {
        var oldest = record;
        while (oldest.Inherits is { } earlier && journal.Find(earlier) is { } found)
        {
            oldest = found;
        }

        return oldest == record && record.Phase is not RunPhase.Soaking && record.Begun.All(step => step.Planned.Step is not Soak) ? []
            : [.. journal.Since(oldest.Id).Where(run => run.Id != record.Id && run.Phase is RunPhase.Succeeded or RunPhase.Superseded)];
    }

    /// <summary>Puts back everything that the run changed, last step first, and never turns round.</summary>
    public async Task<ApplyReport> GoBackAsync(string run, StepFailed? failure)
    {
        var record = Record(run);
        if (context.BackTo is not { } before)
        {
            return await LeaveIncompleteAsync(record, [.. record.Begun.Select(step => step.Failure).OfType<StepFailed>()]);
        }

        var reason = record.RollbackReason ?? (failure is { } known ? Describe(record, known) : "the run was cut off");
        // What was not begun is no failure of a step, and stands in the journal as none.
        var wasStopped = failure is { Number: > 0 } && record.Failure is null;
        var (plan, stuck) = await WalkBackAsync(record, reason, wasStopped);
        if (stuck.Count > 0)
        {
            var both = $"{reason}; and the way back failed: {Describe(plan, stuck[0])}";
            return End(run, RunPhase.RollbackFailed, null, both, ApplyResult.RollbackFailed, "see homeiq show, then put it right by hand and run homeiq apply");
        }

        var after = record.Before;
        if (Promotion.Reseal(before, context) is { } again)
        {
            after = SealedStore.BackOf(run);
            context.Sealed.PutState(after, again);
        }

        LeftContent.Release(journal, record);
        return End(run, RunPhase.RolledBack, after, $"rolled back to {Short(before.Revision)}: {reason}", ApplyResult.RolledBack, failure?.Hint);
    }

    /// <summary>Takes away what was prepared beside the old containers. What stays nevertheless is in nobody's way, and the next promotion clears it.</summary>
    public async Task ClearAwayAsync(RunRecord record) => await WalkBackAsync(record, "cut off before anything was touched", wasStopped: false);

    private async Task<(Plan Plan, IReadOnlyList<StepFailed> Stuck)> WalkBackAsync(RunRecord record, string reason, bool wasStopped)
    {
        var plan = record.RollbackPlan ?? RollbackPlanner.PlanFor(record, context.BackTo, Unpromoted(record));
        if (record.RollbackPlan is null)
        {
            journal.Append(record.Id, new RollbackStarted(plan, reason) { WasStopped = wasStopped });
        }

        context.Progress.Report(new RollbackBegan(plan, reason));
        return (plan, await PerformBackAsync(record.Id, plan));
    }

    /// <summary>What stands on a step that failed waits, the rest is still done; what failed for the surroundings is tried again, and what was put back is looked at again.</summary>
    /// <remarks>A machine that was busy with what failed may answer late for a moment, and to call a person for that would leave the house without its keeper.</remarks>
    private async Task<IReadOnlyList<StepFailed>> PerformBackAsync(string run, Plan plan)
    {
        long? failing = null;
        for (var tries = 0; ; tries++)
        {
            var stuck = await applier.PerformAsync(plan, Done(Record(run)), Parallel, goOn: true, CancellationToken.None);
            failing ??= time.GetTimestamp();
            if (stuck.Count == 0 || tries == Pauses.Length || !stuck.All(MayPass))
            {
                return stuck;
            }

            await Task.Delay(Pauses[tries], time, CancellationToken.None);
        }

        bool MayPass(StepFailed failure) => failure.Class is FailureClass.Environmental
            || plan.Steps.Any(step => step.Number == failure.Number && step.Step is VerifyService) && time.GetElapsedTime(failing.Value) < Patience;
    }

    /// <summary>What of the way back an earlier process finished.</summary>
    private static HashSet<int> Done(RunRecord record) => [.. record.RollbackBegun.Where(step => step.Receipt is not null).Select(step => step.Planned.Number)];

    private static string Short(string revision) => revision.Length > 8 ? revision[..8] : revision;

    private static string Describe(RunRecord record, StepFailed failure) => Describe(record.Plan, failure);

    private static string Describe(Plan plan, StepFailed failure) =>
        (failure.Service ?? plan.Steps.FirstOrDefault(step => step.Number == failure.Number)?.Step.Subject) is { } subject ? $"{subject}: {failure.Reason}" : failure.Reason;

    private RunRecord Record(string run) => journal.Find(run) ?? throw new JournalException($"run {run} is not in the journal");

    private bool IsPromoted(string run) => Record(run).Begun.Any(step => step is { Planned.Step: Promote, Receipt: not null });

    private ApplyReport Succeed(string run)
    {
        var record = Record(run);
        var plan = record.Plan;
        var repaired = plan.Changes.Where(ChangeText.IsDrift).Select(change => change.Subject).Distinct(StringComparer.Ordinal).ToList();
        var summary = record.Cause == RunCause.Drift && repaired.Count > 0
            ? $"put right: {string.Join(", ", repaired)}"
            : $"{Short(plan.Revision)} is applied, verified and last known-good{(plan.From is { } earlier ? $" (was {Short(earlier)})" : "")}";
        var ill = record.FailingBefore.Count == 0 ? "" : $"; was failing before and still is: {string.Join(", ", record.FailingBefore.Select(found => found.Service).Distinct(StringComparer.Ordinal))}";
        return End(run, RunPhase.Succeeded, null, summary + ill, ApplyResult.Applied, null);
    }

    private async Task<ApplyReport> EndBadlyAsync(string run, IReadOnlyList<StepFailed> failures)
    {
        // What was stopped because something else failed is not the reason.
        var failure = failures.FirstOrDefault(candidate => candidate.Class is not FailureClass.Environmental) ?? failures[0];
        var record = Record(run);
        if (failure.Class is FailureClass.Environmental && context.UnderWay?.Overtaken is { } overtaken)
        {
            // Which step that met is of no interest to anybody.
            failure = new StepFailed(0, IsRollback: false, FailureClass.Environmental, overtaken, null, null);
            failures = [failure];
        }

        if (IsFirstInstall)
        {
            return await LeaveIncompleteAsync(record, failures);
        }

        if (failure.Class is FailureClass.Verification or FailureClass.Migration && record.Plan.Contents.Count > 0)
        {
            // Before the way back begins: a crash from here on must not lead to a fresh attempt.
            journal.AddQuarantine(QuarantineOf(record, failure));
        }

        journal.Append(run, new PhaseEntered(RunPhase.RollingBack));
        return await GoBackAsync(run, failure);
    }

    /// <summary>A first install has no way back: what failed is disarmed and stopped, its dependents wait, the rest stays up, nothing is promoted.</summary>
    private async Task<ApplyReport> LeaveIncompleteAsync(RunRecord record, IReadOnlyList<StepFailed> failures)
    {
        var stop = record.RollbackPlan ?? FailedInstall.PlanFor(record);
        if (record.RollbackPlan is null)
        {
            journal.Append(record.Id, new RollbackStarted(stop, "stopping what failed; the rest stays up"));
        }

        var stuck = await PerformBackAsync(record.Id, stop);
        var told = string.Join("; ", failures.Select(failure => Describe(record.Plan, failure)).Concat(stuck.Select(failure => Describe(stop, failure))).DefaultIfEmpty("it was cut off").Distinct(StringComparer.Ordinal));
        return End(record.Id, RunPhase.Incomplete, after: null, $"not promoted: {told}", ApplyResult.Incomplete, (failures.Count > 0 ? failures[0] : null)?.Hint);
    }

    private QuarantineEntry QuarantineOf(RunRecord record, StepFailed failure)
    {
        var subject = failure.Service ?? record.Plan.Steps.FirstOrDefault(step => step.Number == failure.Number)?.Step.Subject ?? "";
        var suspects = Suspects.Of(subject, record.Plan, context.Desired!);
        return new(Runs.VerdictOn(record.Id), record.Id, record.Plan.Revision, time.GetUtcNow(), suspects, subject, failure.Reason);
    }

    private ApplyReport End(string run, RunPhase phase, string? after, string summary, ApplyResult result, string? hint)
    {
        journal.End(run, new RunEnded(phase, after, summary));
        context.Progress.Report(new RunFinished(run, phase, summary));
        var record = Record(run);
        return new(result, summary, run, record.Plan)
        {
            Hint = hint,
            Problems =
            [
                .. record.FailingBefore.Select(found => new Problem(
                    new SourcePosition(found.Service), $"was failing before: {found.Text}", "it failed in the same way before this run, which is not blamed for it", Severity.Warning)),
            ],
        };
    }
}
