using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Reporting;

/// <summary>What somebody waits for.</summary>
public enum GoalKind
{
    /// <summary>The host is on the branch's commit, or on the one that was named.</summary>
    Synced,

    /// <summary>Every service is healthy.</summary>
    Healthy,

    /// <summary>Both, watched to the end, and nothing needs a person.</summary>
    Ready,
}

public enum GoalState
{
    Reached,
    Ahead,

    /// <summary>It does not come by itself any more: a person or another commit is needed.</summary>
    OutOfReach,
}

/// <summary>A state of the host that somebody waits for, and how far off it is.</summary>
/// <param name="Commit">The beginning of a commit's id; null for whatever the branch head is.</param>
public sealed record Goal(GoalKind Kind, string? Commit)
{
    /// <returns>Where it stands, and why, in the operator's words.</returns>
    public (GoalState State, string Reason) For(HostStatus status)
    {
        var isThere = Commit is null || Is(status.Effective);
        var reached = isThere && Kind switch
        {
            GoalKind.Synced => Commit is null ? status.Sync is Sync.Synced : status.Drift.Count == 0,
            GoalKind.Healthy => status.Health is Health.Healthy,
            _ => status.Conditions.Any(condition => condition is { Type: "Ready", Status: "True" }),
        };
        if (reached)
        {
            return (GoalState.Reached, $"{(status.Effective is { } effective ? $"on {PlanText.Revision(effective)}, " : "")}{status.Sync}, {status.Health}");
        }

        // Another head may still be on its way here: what stands in the way of that one says nothing.
        var isHead = Commit is null || Is(status.Revision);
        var obstacle = Kind is GoalKind.Healthy && isThere ? null
            : status.Stalled is { } stalled ? stalled
            : !isHead ? null
            : status.Holds is [var hold, ..] ? hold.Message
            : status.Refusals is [var refusal, ..] ? $"{refusal.Subject}: {refusal.Message}"
            : null;
        return obstacle is not null ? (GoalState.OutOfReach, obstacle) : (GoalState.Ahead, Waits(status, isThere));
    }

    private static string Waits(HostStatus status, bool isThere) =>
        $"{status.Sync}, {status.Health}"
        + (isThere ? "" : $", on {(status.Effective is { } effective ? PlanText.Revision(effective) : "nothing yet")}")
        + (status.WatchedRun is { } watched ? $", run {watched} is still watched" : "")
        + (status.Suspended is { } suspended ? $", {suspended}" : "");

    private bool Is(string? revision) => revision?.StartsWith(Commit!, StringComparison.Ordinal) == true;
}
