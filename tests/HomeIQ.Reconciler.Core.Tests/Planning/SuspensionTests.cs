using static HomeIQ.Reconciler.Planning.Table;

namespace HomeIQ.Reconciler.Planning;

/// <summary>What a person put off is not done by itself, and nothing else waits for it.</summary>
public sealed class SuspensionTests
{
    private static readonly Table Stack = Installed(Service("db"), Service("api", "db"), Service("web"));

    [Fact]
    public void On_a_suspended_host_nothing_runs_by_itself_and_the_plan_says_so()
    {
        var plan = Suspended(Stack.CommitImage("api", "homeiq/api:2.0.0"), null).Plan;

        Assert.Equal(Verdict.Suspended, plan.VerdictFor(plan.Digest));
        var remark = Assert.Single(plan.Suspensions);
        Assert.Equal("everything is suspended until 2026-11-23 06:00:00Z: the roof is open", remark.Message);
        Assert.Contains("suspended", PlanText.Of(plan), StringComparison.Ordinal);
        Assert.Contains("**Suspended**", PlanMarkdown.Of(plan), StringComparison.Ordinal);
    }

    [Fact]
    public void Drift_of_a_suspended_service_is_told_and_that_of_others_put_right()
    {
        var plan = Suspended(Stack.Stopped("api").Stopped("web"), "api").Plan;

        Assert.Equal(Verdict.Ready, plan.VerdictFor(null));
        Assert.Equal(["web"], plan.Steps.Select(step => step.Step).OfType<StartContainer>().Select(start => start.Service));
        Assert.Contains(plan.Warnings, warning => warning is { Code: "drift", Subject: "api" } && warning.Message.EndsWith("it is suspended", StringComparison.Ordinal));
    }

    [Fact]
    public void A_commit_that_touches_a_suspended_service_waits_as_a_whole()
    {
        var plan = Suspended(Stack.CommitImage("api", "homeiq/api:2.0.0").CommitImage("web", "homeiq/web:2.0.0"), "api").Plan;

        Assert.Equal(Verdict.Suspended, plan.VerdictFor(null));
        Assert.Equal(["api"], plan.Suspensions.Select(remark => remark.Subject));
    }

    [Fact]
    public void A_commit_that_leaves_it_alone_goes_on() =>
        Assert.Equal(Verdict.Ready, Suspended(Stack.CommitImage("web", "homeiq/web:2.0.0"), "api").Plan.VerdictFor(null));

    [Fact]
    public void A_suspension_that_restarts_would_reach_through_another_service_counts_too()
    {
        var stack = Installed(Service("db"), Service("api", "db") with { Policy = new() { RestartWith = ["db"] } });

        Assert.Equal(Verdict.Suspended, Suspended(stack.CommitImage("db", "homeiq/db:2.0.0"), "api").Plan.VerdictFor(null));
    }

    [Fact]
    public void A_repair_does_not_wait_for_a_suspended_service_that_it_would_restart_and_leaves_it_alone()
    {
        var stack = Installed(Service("db"), Service("api", "db") with { Policy = new() { RestartWith = ["db"] } });

        var plan = Suspended(stack.Stopped("db"), "api").Plan;

        Assert.Equal(Verdict.Ready, plan.VerdictFor(null));
        Assert.Equal(["db"], plan.Steps.Select(step => step.Step).OfType<StartContainer>().Select(start => start.Service));
        Assert.DoesNotContain(plan.Steps, step => step.Step is RestartContainer);
        var warning = Assert.Single(plan.Warnings, warning => warning is { Code: "not-restarted", Subject: "api" });
        Assert.Equal("restarts with db, and is left alone: api is suspended until 2026-11-23 06:00:00Z: the roof is open", warning.Message);
        Assert.Contains(stack.Stopped("db").Plan.Steps, step => step.Step is RestartContainer { Service: "api" });
    }

    [Fact]
    public void It_ends_by_itself()
    {
        var late = Suspended(Stack.Stopped("api"), "api");
        late = late.Observe(observed => observed with { At = Now.AddHours(2) });

        Assert.Equal(Verdict.Ready, late.Plan.VerdictFor(null));
        Assert.Empty(late.Plan.Suspensions);
    }

    [Fact]
    public void With_nothing_to_do_there_is_nothing_to_put_off() => Assert.Equal(Verdict.Nothing, Suspended(Stack, null).Plan.VerdictFor(null));

    [Fact]
    public void Content_that_failed_is_held_all_the_same() =>
        Assert.Equal(Verdict.Held, Suspended(Stack.CommitImage("api", "homeiq/api:2.0.0").Quarantined("api"), null).Plan.VerdictFor(null));

    private static Table Suspended(Table table, string? service) =>
        table with { Situation = table.Situation with { Suspensions = [new Suspension(service, Now.AddHours(2), "the roof is open")] } };
}
