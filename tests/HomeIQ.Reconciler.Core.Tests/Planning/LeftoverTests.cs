using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Observed;
using static HomeIQ.Reconciler.Planning.Table;

namespace HomeIQ.Reconciler.Planning;

public sealed class LeftoverTests
{
    private static readonly Table Stack = Installed(Service("db"), Service("api", "db"));

    [Theory]
    [InlineData("homeiq-api.new")]
    [InlineData("homeiq-api.new-2")]
    [InlineData("homeiq-api.kept-123456")]
    [InlineData("anything")]
    public void What_a_cut_off_run_left_behind_is_removed(string name)
    {
        var plan = Stack.Add(Leftover(name, "api")).Plan;

        Assert.Equal($"1 - remove {name}", ShortText.Of(plan));
        Assert.True(plan.Steps[0].IsCleanUp);
    }

    [Fact]
    public void A_running_one_is_stopped_first()
    {
        Assert.Equal(
            """
            1 - stop homeiq-api.new
            2 - remove homeiq-api.new after 1
            """,
            Stack.Add(Leftover("homeiq-api.new", "api", ContainerStatus.Running)).Steps);
    }

    [Fact]
    public void It_goes_after_promotion_when_there_is_one()
    {
        var plan = Stack.Add(Leftover("homeiq-api.kept-123456", "api")).CommitImage("db", "homeiq/db:2.0.0").Plan;

        Assert.True(plan.Waits("remove homeiq-api.kept-123456", "promote commit-2"));
    }

    [Fact]
    public void What_belongs_to_somebody_else_is_never_touched()
    {
        var stack = Stack.Add(Foreign("homeiq-api.new")).Add(Leftover("homeiq-db.kept-123456", "db") with { Owner = new("other", "db", "r", "c", "d") });

        Assert.Equal("", stack.Steps);
        Assert.DoesNotContain(
            stack.CommitImage("api", "homeiq/api:2.0.0").CommitImage("db", "homeiq/db:2.0.0").Plan.Steps,
            step => step.Step is StopContainer or SetAside or RemoveContainer && step.ToString().Contains("foreign", StringComparison.Ordinal));
    }

    [Fact]
    public void A_temporary_name_that_is_taken_is_not_used_again()
    {
        Assert.True(Stack.Add(Leftover("homeiq-api.new", "api")).CommitImage("api", "homeiq/api:2.0.0").Plan.Has("create homeiq-api.new-2"));
        Assert.True(Stack.Add(Foreign("homeiq-api.new")).CommitImage("api", "homeiq/api:2.0.0").Plan.Has("rename homeiq-api.new-2 homeiq-api"));
    }

    [Fact]
    public void One_that_holds_a_needed_port_is_stopped_before()
    {
        var port = new PortBinding(80, HostPort: 8080);
        var plan = Stack.Add(Leftover("homeiq-web.new", "web", ContainerStatus.Running) with { Ports = [port], PublishedPorts = [port] })
            .CommitSpec("api", spec => spec with { Ports = [port] }).Plan;

        Assert.Empty(plan.Refusals);
        Assert.True(plan.Waits("start homeiq-api", "stop homeiq-web.new"));
        Assert.True(plan.Waits("remove homeiq-web.new", "promote commit-2"));
        Assert.Single(plan.Steps, step => ShortText.Of(step.Step) == "stop homeiq-web.new");
    }

    [Fact]
    public void One_that_bears_a_needed_name_is_set_aside_before()
    {
        var plan = Stack.Add(Leftover("homeiq-web", "old")).Commit(Service("web")).Plan;

        Assert.Empty(plan.Refusals);
        Assert.True(plan.Waits("rename homeiq-web.new homeiq-web", "aside homeiq-web"));
        Assert.True(plan.Has("remove homeiq-web.kept-left-h"));
        Assert.Contains(plan.Steps, step => step.Step is StopContainer { FoundStopped: true });
    }

    [Fact]
    public void A_failed_container_is_kept_until_its_service_gets_another_one()
    {
        var stack = Stack.Add(Leftover("homeiq-api.failed-123456", "api"));

        Assert.DoesNotContain("failed", stack.CommitImage("db", "homeiq/db:2.0.0").Steps, StringComparison.Ordinal);
        Assert.True(stack.CommitImage("api", "homeiq/api:2.0.0").Plan.Waits("remove homeiq-api.failed-123456", "promote commit-2"));
    }
}
