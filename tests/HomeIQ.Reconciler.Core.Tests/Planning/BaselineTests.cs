using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Observed;
using static HomeIQ.Reconciler.Planning.Table;

namespace HomeIQ.Reconciler.Planning;

/// <summary>Who is asked before anything stops, so that what fails already is not blamed on the plan.</summary>
public sealed class BaselineTests
{
    private static readonly ServicePolicy Probed = new() { Probes = [new TcpProbe(80), new ExecProbe(["true"])] };

    private static readonly Table Stack = Installed(
        Service("db") with { Policy = Probed }, Service("api", "db") with { Policy = Probed with { RestartWith = ["db"] } }, Service("web", "api") with { Policy = Probed }, Service("bare"));

    [Fact]
    public void What_is_interrupted_is_asked_when_all_is_in_hand_and_nothing_has_stopped()
    {
        var plan = Stack.CommitImage("db", "homeiq/db:1.1.0").Plan;

        Assert.Equal(
            $"""
            1 pull db homeiq/db:1.1.0
            2 keep db
            3 create homeiq-db.new after 1
            4 ask homeiq-db after 2,3
            5 ask homeiq-api after 2,3
            6 stop homeiq-db after 4,5
            7 aside homeiq-db after 6
            8 rename homeiq-db.new homeiq-db after 3,7
            9 start homeiq-db after 8
            10 verify db after 9
            11 restart homeiq-api after 4,5,10
            12 verify api after 11
            13 promote commit-2 after 12
            14 - remove homeiq-db.kept-{Id("db")[..6]} after 13
            """,
            ShortText.Of(plan));
        Assert.Equal([1, 2, 3, 4, 5], plan.Preparation.Select(step => step.Number));
        Assert.Contains(plan.Steps, step => step.Step == new TakeBaseline("db", new(Id("db"), "homeiq-db"), Probes: 2));
    }

    [Fact]
    public void The_probes_of_the_state_before_count()
    {
        Assert.False(Stack.Commit("bare", was => was with { Policy = Probed, Spec = was.Spec with { Image = "homeiq/bare:2.0.0" } }).Plan.Has("ask homeiq-bare"));
        Assert.True(Stack.Commit("web", was => was with { Policy = new(), Spec = was.Spec with { Image = "homeiq/web:2.0.0" } }).Plan.Has("ask homeiq-web"));
    }

    [Fact]
    public void Whoever_goes_is_asked_too_because_it_may_have_to_come_back()
    {
        Assert.True(Stack.CommitWithout("web").Plan.Has("ask homeiq-web"));
    }

    [Fact]
    public void What_does_not_run_cannot_be_asked()
    {
        Assert.DoesNotContain(Fresh(Service("web") with { Policy = Probed }).Plan.Steps, step => step.Step is TakeBaseline);
        Assert.False(Stack.Stopped("web").CommitImage("web", "homeiq/web:1.1.0").Plan.Has("ask homeiq-web"));
        Assert.False(Stack.Container("web", container => container with { Status = ContainerStatus.Paused }).CommitImage("web", "homeiq/web:1.1.0").Plan.Has("ask homeiq-web"));
        Assert.False(Stack.ContainerGone("web").CommitImage("web", "homeiq/web:1.1.0").Plan.Has("ask homeiq-web"));
    }

    [Theory]
    [InlineData(ContainerStatus.Running, ContainerHealth.Unhealthy)]
    [InlineData(ContainerStatus.Restarting, ContainerHealth.Starting)]
    public void What_is_ill_is_noted_although_nothing_else_is_asked_of_it(ContainerStatus status, ContainerHealth health)
    {
        var plan = Stack.Container("bare", container => container with { Status = status, Health = health }).CommitImage("bare", "homeiq/bare:1.1.0").Plan;

        Assert.Equal("note the health of bare before anything stops", StepText.Of(Assert.Single(plan.Steps, step => step.Step is TakeBaseline).Step));
        Assert.False(Stack.CommitImage("bare", "homeiq/bare:1.1.0").Plan.Has("ask homeiq-bare"));
    }

    [Fact]
    public void A_network_that_is_replaced_first_waits_for_the_questions()
    {
        var plan = Stack.CommitNetwork("homeiq-network", network => network with { Internal = true }).Plan;

        Assert.True(plan.Waits(step => step is StopContainer or ReplaceNetwork, step => step is TakeBaseline));
        Assert.True(plan.Together("ask homeiq-db", "ask homeiq-web"));
    }
}
