using System.Text.Json.Serialization;
using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Journaling;

/// <summary>A run as the journal tells it: read back after a crash, shown by <c>show</c>, planned backwards by <see cref="RollbackPlanner"/>.</summary>
public sealed record RunRecord
{
    public required string Id { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    public required Plan Plan { get; init; }

    /// <summary>Id of the sealed state that its way back leads to; null on a first install.</summary>
    public string? Before { get; init; }

    public string? After { get; init; }

    public string Cause { get; init; } = "apply";

    /// <inheritdoc cref="RunStarted.Inherits"/>
    public string? Inherits { get; init; }

    public RunPhase Phase { get; init; } = RunPhase.Planned;

    /// <summary>Steps that were begun, in the order of their intents.</summary>
    public ValueList<BegunStep> Begun { get; init; } = [];

    public Plan? RollbackPlan { get; init; }

    /// <summary>Why it goes back; null while it does not.</summary>
    public string? RollbackReason { get; init; }

    /// <inheritdoc cref="RollbackStarted.WasStopped"/>
    public bool WasStopped { get; init; }

    public ValueList<BegunStep> RollbackBegun { get; init; } = [];

    /// <summary>One sentence of how it ended.</summary>
    public string? Summary { get; init; }

    /// <summary>The way out that the repository was offered after the run had gone back; null when there was none to offer.</summary>
    public RevertOffered? Offer { get; init; }

    /// <summary>What failed before the run already and still does, by service: on the way forward, or where it went back, on that.</summary>
    [JsonIgnore]
    public ValueList<(string Service, string Text)> FailingBefore =>
    [
        .. (RollbackPlan is null ? Begun : RollbackBegun).Where(step => step.Receipt is ServiceVerified)
            .SelectMany(step => ((ServiceVerified)step.Receipt!).FailingBefore.Select(text => (step.Planned.Step.Subject, text)))
            .Distinct(),
    ];

    /// <summary>Ids of containers that it could not put right while they stay the same.</summary>
    [JsonIgnore]
    public IEnumerable<string> LeftDrifted => Begun.Select(step => step.Receipt).OfType<LeftDrifted>().Select(left => left.ContainerId);

    public bool IsFinished => EndedAt is not null;

    /// <summary>The first step that failed on the way forward.</summary>
    public BegunStep? Failure => Begun.FirstOrDefault(step => step.Failure is not null);

    /// <summary>The first step that was measured bad, which is a verdict on the content.</summary>
    [JsonIgnore]
    public BegunStep? Verdict => Begun.FirstOrDefault(step => step.Failure?.Class is FailureClass.Verification or FailureClass.Migration);
}

/// <summary>A step of a run that was begun: done (with its receipt), failed, or cut off in between (neither).</summary>
public sealed record BegunStep(PlannedStep Planned, DateTimeOffset BegunAt, DateTimeOffset? EndedAt, Receipt? Receipt, StepFailed? Failure)
{
    /// <summary>The service that failed; else what the step is about.</summary>
    [JsonIgnore]
    public string Subject => Failure?.Service ?? Planned.Step.Subject;
}
