using System.Text.Json.Serialization;
using HomeIQ.Reconciler.Changes;

namespace HomeIQ.Reconciler.Planning;

/// <summary>A step in its place: why it is there, and which earlier steps it waits for.</summary>
/// <param name="Number">From 1, in the order of reading; every number in <paramref name="After"/> is smaller.</param>
/// <param name="Cause">In the operator's words. No code branches on it, and it is outside equality and digest.</param>
public sealed record PlannedStep(int Number, Step Step, string Cause, ValueList<int> After)
{
    /// <summary>Clean-up comes after promotion: its failure is reported and does not take the run back.</summary>
    public bool IsCleanUp { get; init; }

    public bool Equals(PlannedStep? other) =>
        other is not null && Number == other.Number && Step == other.Step && After == other.After && IsCleanUp == other.IsCleanUp;

    public override int GetHashCode() => HashCode.Combine(Number, Step);
}

/// <summary>What may happen with a plan now.</summary>
public enum Verdict
{
    /// <summary>Nothing to do: in sync.</summary>
    Nothing,

    /// <summary>May run.</summary>
    Ready,

    /// <summary>A person put it off: it runs when that time is over, or by force.</summary>
    Suspended,

    /// <summary>Runs only with <c>--approve DIGEST</c>.</summary>
    AwaitingApproval,

    /// <summary>The desired state contains content that failed before.</summary>
    Held,

    /// <summary>May not run until the desired state, the policy or the host changes.</summary>
    Refused,
}

/// <summary>A remark of the planner. <paramref name="Code"/> is stable (<c>floating-tag</c>), the message is for people, the hint says what to do.</summary>
/// <param name="Quarantine">Id of the quarantine entry that it speaks of; null for other remarks.</param>
public sealed record Remark(string Code, string Subject, string Message, string? Hint = null, string? Quarantine = null);

/// <summary>What will be done, in which order, and why: a value that can be read aloud before anything moves.</summary>
public sealed record Plan
{
    public required string Project { get; init; }

    /// <summary>The revision that it leads to.</summary>
    public required string Revision { get; init; }

    /// <summary>The effective revision that it starts from; null on a first install.</summary>
    public string? From { get; init; }

    /// <summary>True for a plan made by <c>RollbackPlanner</c>.</summary>
    public bool IsRollback { get; init; }

    public ValueList<Change> Changes { get; init; } = [];

    public ValueList<PlannedStep> Steps { get; init; } = [];

    /// <summary>Shown, and not in the way.</summary>
    public ValueList<Remark> Warnings { get; init; } = [];

    /// <summary>Reasons why it may not run at all.</summary>
    public ValueList<Remark> Refusals { get; init; } = [];

    /// <summary>Reasons why it runs only when a person approves its digest.</summary>
    public ValueList<Remark> Approvals { get; init; } = [];

    /// <summary>Reasons why it is held: content that failed before.</summary>
    public ValueList<Remark> Holds { get; init; } = [];

    /// <summary>Reasons why it waits: a person put it off.</summary>
    public ValueList<Remark> Suspensions { get; init; } = [];

    /// <summary>Services of the plan that have neither health check nor probe.</summary>
    public ValueList<string> Unverified { get; init; } = [];

    /// <summary>(service, content digest) of every service that this plan changes, and of every network that it replaces: what is quarantined when it fails.</summary>
    public ValueMap<string> Contents { get; init; } = ValueMap<string>.Empty;

    /// <summary>Binds an approval: over revision, host inputs and steps; not over causes, warnings and estimates. Empty when there is nothing to approve.</summary>
    public string Digest { get; init; } = "";

    [JsonIgnore]
    public bool IsEmpty => Steps.Count == 0;

    /// <summary>Steps that are done before anything stops. A preparing step that itself waits for a stop (an address of a network that is replaced first) is none of them.</summary>
    [JsonIgnore]
    public ValueList<PlannedStep> Preparation
    {
        get
        {
            var numbers = new HashSet<int>();
            return [.. Steps.Where(step => step.Step.IsPreparation && step.After.All(numbers.Contains) && numbers.Add(step.Number))];
        }
    }

    /// <summary>What may happen with it, given the digest that a person approved (or none).</summary>
    public Verdict VerdictFor(string? approvedDigest) =>
        Refusals.Count > 0 ? Verdict.Refused
        : Holds.Count > 0 ? Verdict.Held
        : IsEmpty ? Verdict.Nothing
        : Suspensions.Count > 0 ? Verdict.Suspended
        : Approvals.Count > 0 && approvedDigest != Digest ? Verdict.AwaitingApproval
        : Verdict.Ready;
}
