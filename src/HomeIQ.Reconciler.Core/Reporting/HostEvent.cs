using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Reporting;

/// <summary>Something that happened on this host, as the journal or a running daemon tells it. Holds no secret.</summary>
/// <param name="Kind">One word, stable: <c>run-began</c>, <c>step-done</c>, <c>step-failed</c>, <c>rollback-began</c>, <c>run-ended</c>, <c>revert-offered</c>, <c>quarantined</c>, or the name of a decision.</param>
/// <param name="Run">Null for what belongs to none.</param>
/// <param name="Subject">What it is about: a service, a network; null when it is about the whole.</param>
public sealed record HostEvent(DateTimeOffset At, string Kind, string? Run, string? Subject, string Message);

/// <summary>What happened, told from what the journal keeps; the same words for what happens now.</summary>
public static class HostEvents
{
    /// <summary>The events of a run, oldest first.</summary>
    public static IEnumerable<HostEvent> Of(RunRecord run)
    {
        yield return Began(run.StartedAt, run.Id, run.Plan);
        foreach (var step in run.Begun.Where(step => step.EndedAt is not null))
        {
            yield return Ended(run.Id, step);
        }

        if (run.RollbackPlan is { } back)
        {
            yield return WentBack(run.RollbackBegun is [var first, ..] ? first.BegunAt : run.EndedAt ?? run.StartedAt, run.Id, back, run.RollbackReason ?? "");
        }

        foreach (var step in run.RollbackBegun.Where(step => step.EndedAt is not null))
        {
            yield return Ended(run.Id, step);
        }

        if (run.EndedAt is { } ended)
        {
            yield return Finished(ended, run.Id, run.Phase, run.Summary ?? "");
            if (run.Offer is { Commit: not null } offer)
            {
                yield return new(ended, "revert-offered", run.Id, null, $"the branch {offer.Branch} leads out{(offer.Request is { } request ? $": {request}" : "")}");
            }
        }
    }

    public static HostEvent Of(QuarantineEntry entry) => new(entry.At, "quarantined", entry.Run, entry.Service, $"{entry.Id}: {string.Join(", ", entry.Contents.Keys)}: {entry.Reason}");

    public static HostEvent Of(Decision decision) => decision switch
    {
        Release release => new(decision.At, "release", null, release.Quarantine, $"{release.Quarantine} was released by a person"),
        Suspension suspension => new(decision.At, "suspension", null, suspension.Service, suspension.ToText()),
        Resumption resumption => new(decision.At, "resumption", null, resumption.Service, $"{resumption.Service ?? "everything"} goes on"),
        Approval approval => new(decision.At, "approval", null, approval.Digest, $"plan {approval.Digest} was approved by a person"),
        _ => throw new NotSupportedException($"No words for {decision.GetType().Name}."),
    };

    public static HostEvent Began(DateTimeOffset at, string? run, Plan plan) => new(at, "run-began", run, null, PlanText.Headline(plan));

    public static HostEvent Done(DateTimeOffset at, string? run, Step step, Receipt receipt) => new(at, "step-done", run, step.Subject, $"{StepText.Of(step)}{receipt switch
    {
        Skipped skipped => $": skipped, {skipped.Reason}",
        ServiceVerified verified => $": {verified.Evidence}",
        BackedUp or Rehearsed or Migrated => $": {ReceiptText.Of(receipt)}",
        _ => "",
    }}");

    public static HostEvent Failed(DateTimeOffset at, string? run, Step step, StepFailed failure) =>
        new(at, "step-failed", run, failure.Service ?? step.Subject, $"{StepText.Of(step)}: {failure.ReasonOf(step)}{(failure.Evidence is { } evidence ? $" (evidence: {evidence})" : "")}");

    public static HostEvent WentBack(DateTimeOffset at, string? run, Plan plan, string reason) => new(at, "rollback-began", run, null, $"{PlanText.Headline(plan)}: {reason}");

    public static HostEvent Finished(DateTimeOffset at, string? run, RunPhase phase, string summary) => new(at, "run-ended", run, null, $"{phase}: {summary}");

    private static HostEvent Ended(string run, BegunStep step) => step.Failure is { } failure
        ? Failed(step.EndedAt!.Value, run, step.Planned.Step, failure)
        : Done(step.EndedAt!.Value, run, step.Planned.Step, step.Receipt ?? new Performed());
}
