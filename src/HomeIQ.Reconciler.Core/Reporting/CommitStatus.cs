using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Reporting;

/// <summary>A commit status in the words that all forges share.</summary>
public enum CommitState
{
    Pending,
    Success,
    Failure,
    Error,
}

/// <summary>What Git is told about a commit (DESIGN §6.7).</summary>
/// <param name="Revision">The commit's full id.</param>
/// <param name="Description">One line of at most <see cref="Longest"/> characters; no secret is in it, since none is in a status.</param>
public sealed record CommitStatus(string Revision, CommitState State, string Description)
{
    /// <summary>GitHub takes no more; the others do.</summary>
    public const int Longest = 140;

    /// <summary>What there is to say of the branch's newest commit; null when none was seen.</summary>
    public static CommitStatus? Of(HostStatus status) => status.Revision is not { } revision ? null : status switch
    {
        // A source that does not answer leaves the plan of the last head that it gave.
        { SourceProblem: { } problem, Sync: Sync.Unknown } => new(revision, CommitState.Error, Short(PlaceOf(problem))),
        { Stalled: { } stalled } => new(revision, CommitState.Error, Short($"nothing is changed any more: {stalled}")),
        { Held: [var hold, ..] } => new(revision, CommitState.Failure, Short($"held: {hold.Service} failed: {hold.Reason}")),
        { Sync: Sync.Held } => new(revision, CommitState.Failure, Short($"held: {First(status.Holds)}")),
        { Refusals: [_, ..] } => new(revision, CommitState.Failure, Short($"refused: {First(status.Refusals)}")),
        { WatchedRun: not null } when status.Effective == revision => new(revision, CommitState.Pending, "runs and is watched"),
        { Suspended: { } suspended, Sync: Sync.OutOfSync } => new(revision, CommitState.Pending, Short($"suspended: {suspended}")),
        { Waiting: { } waiting } => new(revision, CommitState.Pending, Short($"waits: {waiting}")),
        { PendingSteps: > 0 } when status.LastKnownGood != revision => new(revision, CommitState.Pending, $"{status.PendingSteps} steps to do"),
        { LastKnownGood: { } good } when good == revision => new(revision, CommitState.Success, "runs: last known-good"),
        // It changes nothing of what runs.
        { Sync: Sync.Synced } => new(revision, CommitState.Success, "nothing to do for it"),
        _ => new(revision, CommitState.Pending, "not on the host yet"),
    };

    /// <summary>Where, and not what: a message may quote a value that is not in Git.</summary>
    private static string PlaceOf(string problem) =>
        problem.IndexOf(": error: ", StringComparison.Ordinal) is > 0 and var end ? $"does not load: {problem[..end]} (homeiq validate says why)" : "does not load (homeiq validate says why)";

    private static string First(ValueList<Remark> remarks) => remarks.Count == 0 ? "" : remarks[0].Message;

    private static string Short(string text)
    {
        var line = text.ReplaceLineEndings(" ").Trim();
        return line.Length <= Longest ? line : line[..(Longest - 1)] + "…";
    }
}
