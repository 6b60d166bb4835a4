using HomeIQ.Reconciler.Planning;
using static HomeIQ.Reconciler.Planning.Table;

namespace HomeIQ.Reconciler.Reporting;

/// <summary>The status in Kubernetes' words: computed, never set, and with the time since when.</summary>
public sealed class ConditionTests
{
    private static readonly Table Stack = Installed(Service("db"), Service("api", "db"));

    private static HostStatus Well => StatusOf(Stack);

    [Fact]
    public void A_host_that_is_well_is_ready_and_nothing_else_is_the_matter() => Assert.Equal(
        """
        Ready True SyncedAndHealthy: the host is on the branch's commit, and healthy
        SourceVerified True Fetched: the branch head was read
        Drifted False AsMade: the host is as it was made
        Quarantined False Nothing: the branch head holds nothing that failed before
        Stalled False Working: nothing needs a person
        Locked False Free: nobody else acts on this engine
        Suspended False Nothing: nothing is suspended
        """,
        TextOf(Conditions.Of(Well, Now, [])), ignoreLineEndingDifferences: true);

    /// <summary>What is the matter, the condition that says so, and what it makes of Ready.</summary>
    public static readonly TheoryData<string, HostStatus, string, string> Matters = new()
    {
        { "a repository that cannot be read", Well with { Sync = Sync.Unknown, SourceProblem = "no route to host" }, "SourceVerified False SourceFailed: no route to host", "Ready Unknown Unknown" },
        { "drift", StatusOf(Stack.Stopped("api")), "Drifted True HostChanged: api: not running (exited with 137)", "Ready False OutOfSync" },
        { "content that failed before", StatusOf(Stack.CommitImage("api", "homeiq/api:2.0.0").Quarantined("api")), "Quarantined True FailedBefore: ", "Ready False Held" },
        { "a way back that failed", Well with { Stalled = "the way back of run r1 failed" }, "Stalled True NeedsPerson: the way back of run r1 failed", "Ready False Stalled" },
        { "somebody else who acts", Well with { LockedBy = "homeiq on attic" }, "Locked True HeldByOther: only looking: homeiq on attic acts on this engine", "Ready True SyncedAndHealthy" },
        { "a suspension", Well with { Suspended = "until 10:00Z: the roof is open" }, "Suspended True ByHand: until 10:00Z: the roof is open", "Ready True SyncedAndHealthy" },
        { "a commit under watch", Well with { WatchedRun = "r2" }, "SourceVerified True", "Ready False Watched" },
        { "a service that is ill", Well with { Health = Health.Degraded }, "SourceVerified True", "Ready False Degraded" },
        { "a commit that is not applied yet", StatusOf(Stack.CommitImage("api", "homeiq/api:2.0.0")), "Quarantined False", "Ready False OutOfSync" },
    };

    [Theory]
    [MemberData(nameof(Matters))]
    public void What_is_the_matter_is_said_by_one_condition_and_counts_for_ready(string what, HostStatus status, string said, string ready)
    {
        Assert.NotEmpty(what);
        var lines = TextOf(Conditions.Of(status, Now, [])).Split('\n');

        Assert.StartsWith(ready, lines[0], StringComparison.Ordinal);
        Assert.Single(lines, line => line.StartsWith(said, StringComparison.Ordinal));
    }

    [Fact]
    public void The_time_of_a_condition_is_kept_while_it_stays_what_it_is()
    {
        var (first, second, third) = (Now, Now.AddMinutes(1), Now.AddMinutes(2));

        var well = Conditions.Of(Well, first, []);
        var ill = Conditions.Of(Well with { Stalled = "the way back of run r1 failed" }, second, well);
        var longer = Conditions.Of(Well with { Stalled = "the way back of run r1 failed, still", SourceProblem = "gone" }, third, ill);

        Assert.Equal((second, second), (SinceOf(ill, "Stalled"), SinceOf(ill, "Ready")));
        Assert.Equal((second, second), (SinceOf(longer, "Stalled"), SinceOf(longer, "Ready")));
        Assert.Equal("the way back of run r1 failed, still", longer.Single(condition => condition.Type == "Stalled").Message);
        Assert.Equal((first, third), (SinceOf(longer, "Drifted"), SinceOf(longer, "SourceVerified")));
    }

    [Fact]
    public void Another_reason_for_the_same_status_is_no_transition()
    {
        var outOfSync = Conditions.Of(Well with { Sync = Sync.OutOfSync }, Now, []);
        var held = Conditions.Of(Well with { Sync = Sync.Held }, Now.AddMinutes(1), outOfSync);

        Assert.Equal(("Held", Now), (held[0].Reason, held[0].LastTransitionTime));
    }

    [Fact]
    public void Each_says_for_which_commit_it_was_computed() =>
        Assert.All(Conditions.Of(Well, Now, []), condition => Assert.Equal(Stack.Desired.Revision, condition.ObservedRevision));

    private static HostStatus StatusOf(Table table) => HostStatus.Of(table.Plan, table.Desired, table.Effective, table.Observed, Instance);

    private static DateTimeOffset? SinceOf(ValueList<Condition> conditions, string type) => conditions.Single(condition => condition.Type == type).LastTransitionTime;

    private static string TextOf(ValueList<Condition> conditions) => string.Join('\n', conditions.Select(condition => $"{condition.Type} {condition.Status} {condition.Reason}: {condition.Message}"));
}
