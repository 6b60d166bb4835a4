using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Reporting;

/// <summary>One thing that is so, is not so, or cannot be told, and since when; Kubernetes' form (DESIGN §4).</summary>
/// <param name="Status"><c>True</c>, <c>False</c> or <c>Unknown</c>.</param>
/// <param name="Reason">One word, stable.</param>
/// <param name="Message">For people.</param>
/// <param name="LastTransitionTime">When the status became what it is; null where nobody has watched.</param>
/// <param name="ObservedRevision">The commit that it was computed for.</param>
public sealed record Condition(string Type, string Status, string Reason, string Message, DateTimeOffset? LastTransitionTime = null, string? ObservedRevision = null);

/// <summary>Computes the conditions from a status: none is ever set by hand.</summary>
public static class Conditions
{
    /// <param name="before">The conditions of the look before, whose times are kept where nothing changed.</param>
    public static ValueList<Condition> Of(HostStatus status, DateTimeOffset at, IReadOnlyCollection<Condition> before)
    {
        var found = new List<Condition>
        {
            status.SourceProblem is { } problem ? No("SourceVerified", "SourceFailed", problem) : Yes("SourceVerified", "Fetched", "the branch head was read"),
            status.Drift.Count > 0 ? Yes("Drifted", "HostChanged", string.Join("; ", status.Drift.Select(ChangeText.Of))) : No("Drifted", "AsMade", "the host is as it was made"),
            status.Holds is [var hold, ..] ? Yes("Quarantined", "FailedBefore", hold.Message) : No("Quarantined", "Nothing", "the branch head holds nothing that failed before"),
            status.Stalled is { } stalled ? Yes("Stalled", "NeedsPerson", stalled) : No("Stalled", "Working", "nothing needs a person"),
            status.LockedBy is { } other ? Yes("Locked", "HeldByOther", $"only looking: {other} acts on this engine") : No("Locked", "Free", "nobody else acts on this engine"),
            status.Suspended is { } suspended ? Yes("Suspended", "ByHand", suspended) : No("Suspended", "Nothing", "nothing is suspended"),
        };
        var ready = status is { Sync: Sync.Synced, Health: Health.Healthy, Stalled: null, WatchedRun: null };
        found.Insert(0, ready
            ? Yes("Ready", "SyncedAndHealthy", "the host is on the branch's commit, and healthy")
            : new("Ready", status.Sync is Sync.Unknown ? "Unknown" : "False", ReasonOf(status), $"{status.Sync}, {status.Health}"));

        return
        [
            .. found.Select(condition => condition with
            {
                ObservedRevision = status.Revision,
                LastTransitionTime = before.FirstOrDefault(known => known.Type == condition.Type && known.Status == condition.Status)?.LastTransitionTime ?? at,
            }),
        ];
    }

    private static string ReasonOf(HostStatus status) =>
        status.Stalled is not null ? "Stalled"
        : status.Sync is not Sync.Synced ? status.Sync.ToString()
        : status.WatchedRun is not null ? "Watched"
        : status.Health.ToString();

    private static Condition Yes(string type, string reason, string message) => new(type, "True", reason, message);

    private static Condition No(string type, string reason, string message) => new(type, "False", reason, message);
}
