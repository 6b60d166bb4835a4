using System.Text.Json.Serialization;
using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Journaling;

/// <summary>Where a run stands. Only the phases of a run without databases are entered so far; the others are kept for the data steps.</summary>
public enum RunPhase
{
    Planned,
    AwaitingApproval,
    AwaitingWindow,
    Preparing,
    Quiescing,
    BackingUp,
    Migrating,
    Upgrading,
    Verifying,
    Soaking,
    Succeeded,
    RollingBack,
    RolledBack,
    RollbackFailed,
    Superseded,
    Cancelled,

    /// <summary>A first install in which a service failed: it stays as it is, nothing is promoted.</summary>
    Incomplete,

    /// <summary>The journal says something that this version does not know: never forward from here.</summary>
    Unknown,
}

/// <summary>Why something failed, which decides what happens next (DESIGN §6.4).</summary>
public enum FailureClass
{
    /// <summary>Nothing was touched.</summary>
    Rejected,

    /// <summary>Could not measure, could not pull, the engine went away: never a verdict on the version.</summary>
    Environmental,

    /// <summary>Measured bad.</summary>
    Verification,

    Migration,
}

/// <summary>One line of the journal, in the past tense. Flushed to disk before the next thing happens.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "entry")]
[JsonDerivedType(typeof(RunStarted), "run-started")]
[JsonDerivedType(typeof(PhaseEntered), "phase-entered")]
[JsonDerivedType(typeof(StepIntended), "step-intended")]
[JsonDerivedType(typeof(StepDone), "step-done")]
[JsonDerivedType(typeof(StepFailed), "step-failed")]
[JsonDerivedType(typeof(RollbackStarted), "rollback-started")]
[JsonDerivedType(typeof(RunEnded), "run-ended")]
[JsonDerivedType(typeof(RevertOffered), "revert-offered")]
public abstract record JournalEntry
{
    [JsonIgnore]
    public DateTimeOffset At { get; init; }
}

/// <summary>The attempt is on record before the first cut.</summary>
/// <param name="Before">Id of the sealed state that its way back leads to; null on a first install.</param>
/// <param name="Cause">What asked for the run, a word of <see cref="RunCause"/>.</param>
public sealed record RunStarted(Plan Plan, string? Before, string Cause) : JournalEntry
{
    /// <summary>The run that this one supersedes before it was promoted: the way back leads through both. Null for most.</summary>
    public string? Inherits { get; init; }

    /// <summary>Id of the sealed state that a person goes back to; null for what is no way back by hand, and for older entries, which went to the one before.</summary>
    public string? GoesTo { get; init; }
}

public sealed record PhaseEntered(RunPhase Phase) : JournalEntry;

/// <summary>About to be done. An intent without an end is the crash report.</summary>
/// <param name="IsRollback">True when <paramref name="Number"/> counts in the plan of the way back.</param>
public sealed record StepIntended(int Number, bool IsRollback) : JournalEntry;

public sealed record StepDone(int Number, bool IsRollback, Receipt Receipt) : JournalEntry;

/// <param name="Hint">What a person can do or look at.</param>
/// <param name="Evidence">Folder below the state directory with logs, health log and inspect; null when there is none.</param>
public sealed record StepFailed(int Number, bool IsRollback, FailureClass Class, string Reason, string? Hint, string? Evidence) : JournalEntry
{
    /// <summary>The service that failed, where the step is about several; null when it is the step's own subject.</summary>
    public string? Service { get; init; }

    /// <summary>The reason as it reads beside the step: with the service's name where the step does not tell it.</summary>
    public string ReasonOf(Step step) => Service is { } service && service != step.Subject ? $"{service}: {Reason}" : Reason;
}

/// <summary>The run goes back, by this plan; what failed is in quarantine already when the class asks for it.</summary>
public sealed record RollbackStarted(Plan Plan, string Reason) : JournalEntry
{
    /// <summary>Nothing had failed: a person, or the machine on its way down, stopped the run between two steps.</summary>
    public bool WasStopped { get; init; }
}

/// <param name="After">Id of the sealed effective state that holds from now on.</param>
public sealed record RunEnded(RunPhase Phase, string? After, string Summary) : JournalEntry;

/// <summary>After a run went back: the way out that the repository was offered (DESIGN §6.7).</summary>
/// <param name="Branch">On it, the suspects' blocks read as they did when all was well.</param>
/// <param name="Commit">Its full id; null when the repository has no such branch.</param>
/// <param name="Problem">Why it has none; null when it has.</param>
/// <param name="Request">Where the pull request for it is found; null where none was opened.</param>
public sealed record RevertOffered(string Branch, string? Commit, string? Problem, string? Request = null) : JournalEntry;

/// <summary>What asks for a run.</summary>
public static class RunCause
{
    /// <summary>A person, by the verb.</summary>
    public const string Apply = "apply";

    /// <summary>A person who goes back.</summary>
    public const string Rollback = "rollback";

    /// <summary>A person who has what runs already taken over.</summary>
    public const string Adopt = "adopt";

    /// <summary>The loop, because of a commit or a changed input of the host.</summary>
    public const string Commit = "commit";

    /// <summary>The loop, because somebody changed the host.</summary>
    public const string Drift = "drift";
}
