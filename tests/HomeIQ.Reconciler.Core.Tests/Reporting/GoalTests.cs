using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Reporting;

public sealed class GoalTests
{
    private static readonly HostStatus Fine = new()
    {
        Project = "house",
        Instance = "home",
        Sync = Sync.Synced,
        Health = Health.Healthy,
        Revision = "aaaa1111",
        Effective = "aaaa1111",
        Conditions = [new("Ready", "True", "SyncedAndHealthy", "")],
    };

    private static readonly HostStatus Held = Fine with { Sync = Sync.Held, Revision = "bbbb2222", Holds = [new("quarantined", "api", "api failed", null, "q-1")], Conditions = [new("Ready", "False", "Held", "")] };

    [Theory]
    [InlineData(GoalKind.Synced)]
    [InlineData(GoalKind.Healthy)]
    [InlineData(GoalKind.Ready)]
    public void A_host_that_is_well_is_where_everybody_waits_for_it(GoalKind kind)
    {
        Assert.Equal(GoalState.Reached, new Goal(kind, null).For(Fine).State);
        Assert.Equal(GoalState.Reached, new Goal(kind, "aaaa").For(Fine).State);
    }

    [Fact]
    public void What_was_there_before_does_not_pass_for_another_commit() =>
        Assert.Equal(GoalState.Ahead, new Goal(GoalKind.Ready, "cccc").For(Fine).State);

    [Fact]
    public void A_held_head_does_not_come_by_itself()
    {
        Assert.Equal((GoalState.OutOfReach, "api failed"), new Goal(GoalKind.Synced, null).For(Held));
        Assert.Equal(GoalState.OutOfReach, new Goal(GoalKind.Ready, "bbbb").For(Held).State);
        Assert.Equal(GoalState.OutOfReach, new Goal(GoalKind.Healthy, "bbbb").For(Held).State);
    }

    [Fact]
    public void A_fix_that_is_on_its_way_may_still_come() => Assert.Equal(GoalState.Ahead, new Goal(GoalKind.Synced, "cccc").For(Held).State);

    [Fact]
    public void A_held_host_may_be_healthy_and_may_become_so()
    {
        Assert.Equal(GoalState.Reached, new Goal(GoalKind.Healthy, null).For(Held).State);
        Assert.Equal(GoalState.Ahead, new Goal(GoalKind.Healthy, null).For(Held with { Health = Health.Degraded }).State);
    }

    [Fact]
    public void Where_a_person_is_needed_nobody_waits_in_vain() =>
        Assert.Equal((GoalState.OutOfReach, "the way back failed"), new Goal(GoalKind.Ready, "cccc").For(Fine with { Stalled = "the way back failed" }));

    [Fact]
    public void A_watched_commit_is_synced_and_not_ready()
    {
        var watched = Fine with { WatchedRun = "run-7", Conditions = [new("Ready", "False", "Watched", "")] };

        Assert.Equal(GoalState.Reached, new Goal(GoalKind.Synced, "aaaa").For(watched).State);
        Assert.Equal((GoalState.Ahead, "Synced, Healthy, run run-7 is still watched"), new Goal(GoalKind.Ready, "aaaa").For(watched));
    }
}
