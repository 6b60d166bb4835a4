using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Git;
using HomeIQ.Reconciler.Observed;
using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Reconciling;


/// <summary>A plan with all that it was made from; no plan when the desired state has errors.</summary>
public sealed record Planned(Revision? Revision, ISourceTree? Tree, DesiredState? Desired, EffectiveState? Effective, ObservedState? Observed, Plan? Plan, ValueList<Problem> Problems);

/// <summary>How a mutating verb ended.</summary>
public enum ApplyResult
{
    /// <summary>The host was in sync already.</summary>
    NothingToDo,

    /// <summary>Done, verified and promoted.</summary>
    Applied,

    /// <summary>Done and verified; it is watched for a while before it is promoted.</summary>
    Soaking,

    /// <summary>It failed, and everything that it changed was put back.</summary>
    RolledBack,

    /// <summary>A first install in which something failed: the rest stays up, nothing is promoted.</summary>
    Incomplete,

    /// <summary>The way back failed, too: a person is needed.</summary>
    RollbackFailed,

    /// <summary>It ended between two steps, because it may act no longer: whoever acts next from this state directory finishes it.</summary>
    CutOff,

    Held,

    /// <summary>A person put it off; nothing was touched.</summary>
    Suspended,
    AwaitingApproval,
    Refused,

    /// <summary>The desired state has errors; nothing was touched.</summary>
    Invalid,
}

/// <param name="Run">Id of the run; null when none was begun.</param>
/// <param name="Summary">One sentence for people.</param>
public sealed record ApplyReport(ApplyResult Result, string Summary, string? Run = null, Plan? Plan = null)
{
    public ValueList<Problem> Problems { get; init; } = [];

    public string? Hint { get; init; }
}
