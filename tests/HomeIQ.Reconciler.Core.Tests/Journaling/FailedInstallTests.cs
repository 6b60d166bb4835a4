using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Planning;
using static HomeIQ.Reconciler.Stacks;

namespace HomeIQ.Reconciler.Journaling;

public class FailedInstallTests
{
    [Fact]
    public void What_failed_is_disarmed_and_then_stopped_and_nothing_else_is_touched()
    {
        var plan = Plan([.. Install("db"), .. Install("api"), new StartContainer("old", OldOf("old"))]);
        var run = Failed(Cut(plan, plan.Steps.Count, done: true), 8, 9);

        var stop = FailedInstall.PlanFor(run);

        Assert.True(stop.IsRollback);
        Assert.Equal(
            [
                new SetRestartPolicy("api", new("c0ffee-api", "api"), RestartPolicy.No, null), new StopContainer("api", new("c0ffee-api", "api")),
                new SetRestartPolicy("old", OldOf("old"), RestartPolicy.No, null), new StopContainer("old", OldOf("old")),
            ],
            stop.Steps.Select(step => step.Step));
        Assert.Equal([[], [1], [], [3]], stop.Steps.Select(step => step.After.ToArray()));
        Assert.All(stop.Steps, step => Assert.Equal("it failed: never healthy", step.Cause));
    }

    [Fact]
    public void What_fell_ill_while_it_was_watched_is_disarmed_and_stopped()
    {
        var plan = Plan([.. Install("api"), new Soak(["api"], TimeSpan.FromMinutes(5), LogErrors.Warn)]);
        var run = Failed(Cut(plan, plan.Steps.Count, done: true), plan.Steps.Count);
        run = run with { Begun = [.. run.Begun.SkipLast(1), run.Begun[^1] with { Failure = run.Begun[^1].Failure! with { Service = "api" } }] };

        Assert.Equal(new SetRestartPolicy("api", new("c0ffee-api", "api"), RestartPolicy.No, null), FailedInstall.PlanFor(run).Steps[0].Step);
    }

    [Fact]
    public void What_failed_before_there_was_a_container_needs_nothing()
    {
        var plan = Plan([new PullImage("db", "db:1"), .. Install("api")]);

        Assert.Empty(FailedInstall.PlanFor(Failed(Cut(plan, 1), 1)).Steps);
    }

    [Fact]
    public void What_an_earlier_run_left_and_never_started_is_cleared_away()
    {
        var plan = Plan([.. Install("api")]);
        plan = plan with
        {
            Steps =
            [
                .. plan.Steps,
                new PlannedStep(6, new RemoveContainer("api", new("c0ffee", "api.new")), "left over", [5]) { IsCleanUp = true },
                new PlannedStep(7, new RemoveContainer("lamp", new("decade", "lamp")), "no service explains it", [5]) { IsCleanUp = true },
            ],
        };

        var last = FailedInstall.PlanFor(Failed(Cut(plan, 5, done: true), 5)).Steps[^1];

        Assert.Equal(new RemoveContainer("api", new("c0ffee", "api.new")), last.Step);
        Assert.Empty(last.After);
    }

    private static Step[] Install(string service) => [.. Swap(service)[..1], .. Swap(service)[3..]];

    private static RunRecord Failed(RunRecord run, params int[] numbers) => run with
    {
        Begun =
        [
            .. run.Begun.Select(step => numbers.Contains(step.Planned.Number)
                ? step with { Receipt = null, Failure = new(step.Planned.Number, false, FailureClass.Verification, "never healthy", null, null) }
                : step),
        ],
    };
}
