using HomeIQ.Reconciler.Observed;
using HomeIQ.Reconciler.Planning;
using static HomeIQ.Reconciler.Planning.Table;

namespace HomeIQ.Reconciler.Journaling;

/// <summary>What is tried again by itself, judged by what the journal says of the attempts before.</summary>
public sealed class AttemptsTests
{
    private static readonly Table Stack = Installed(Service("db"), Service("api", "db"), Service("web", "api"), Service("other"));

    /// <summary>The first install, in which api was measured bad.</summary>
    private static readonly RunRecord Failed = FailedOf(Fresh(Service("db"), Service("api", "db"), Service("web", "api"), Service("other")).Plan, "api");

    /// <summary>What it left: api was stopped, web never started, the rest is up.</summary>
    private static readonly Table Left = Stack.Forgotten().Stopped("api").Container("web", web => web with { Status = ContainerStatus.Created });

    [Fact]
    public void What_a_first_install_measured_bad_needs_a_person_although_the_rest_is_up_by_now()
    {
        var attempt = Attempts.For(Left.Plan, [Failed]);

        Assert.True(attempt.NeedsPerson, attempt.Reason);
        Assert.Equal("api failed in run run-1 as it is: never healthy", attempt.Reason);
    }

    [Fact]
    public void It_still_needs_one_after_a_failure_of_the_host_and_after_a_crash()
    {
        var unreachable = Failed with { Id = "run-2", Begun = [.. Failed.Begun.Select(step => step with { Failure = step.Failure! with { Class = FailureClass.Environmental } })] };
        var crashed = Failed with { Id = "run-3", Begun = [], Phase = RunPhase.Cancelled };

        Assert.True(Attempts.For(Left.Plan, [crashed, unreachable, Failed]).NeedsPerson);
        Assert.False(Attempts.For(Left.Plan, [unreachable]).NeedsPerson);
    }

    [Fact]
    public void An_unrelated_commit_does_not_arm_it_again() =>
        Assert.True(Attempts.For(Left.CommitImage("other", "homeiq/other:2.0.0").Plan, [Failed]).NeedsPerson);

    [Fact]
    public void A_mended_service_is_tried_and_so_is_one_that_stands_on_something_else_now()
    {
        Assert.Equal(Attempt.Now, Attempts.For(Left.CommitImage("api", "homeiq/api:1.0.1").Plan, [Failed]));
        Assert.Equal(Attempt.Now, Attempts.For(Left.CommitImage("db", "homeiq/db:1.0.1").Plan, [Failed]));
    }

    [Fact]
    public void Without_the_bad_service_the_rest_is_installed() =>
        Assert.Equal(Attempt.Now, Attempts.For(Left.CommitWithout("api", "web").CommitImage("other", "homeiq/other:2.0.0").Plan, [Failed]));

    [Fact]
    public void A_run_that_fails_again_and_again_is_tried_ever_more_slowly_up_to_the_longest_wait()
    {
        var plan = Stack.CommitImage("api", "homeiq/api:2.0.0").Plan;
        RunRecord Unreachable(int number) => new() { Id = $"run-{number}", StartedAt = Now, EndedAt = Now, Phase = RunPhase.RolledBack, Plan = plan, Summary = "the registry does not answer" };

        var waits = Enumerable.Range(1, 12).Select(failures => Attempts.For(plan, [.. Enumerable.Range(1, failures).Select(Unreachable)]).NotBefore - Now);

        Assert.Equal([10, 20, 40, 80, 160, 320, 640, 900, 900, 900, 900, 900], waits.Select(wait => (int)wait!.Value.TotalSeconds));
        Assert.Equal(Attempts.LongestWait, Attempts.Wait(int.MaxValue));
        Assert.Equal("run run-1 failed, attempt 2 in a row: the registry does not answer", Attempts.For(plan, [Unreachable(1), Unreachable(2)]).Reason);
    }

    [Fact]
    public void A_success_or_another_commit_begins_the_waits_anew()
    {
        var plan = Stack.CommitImage("api", "homeiq/api:2.0.0").Plan;
        var failed = new RunRecord { Id = "run-1", StartedAt = Now, EndedAt = Now, Phase = RunPhase.RolledBack, Plan = plan, Summary = "the registry does not answer" };

        Assert.Equal(Now + Attempts.FirstWait, Attempts.For(plan, [failed, failed with { Phase = RunPhase.Succeeded }, failed]).NotBefore);
        Assert.Equal(Attempt.Now, Attempts.For(Stack.CommitImage("api", "homeiq/api:3.0.0").Plan, [failed, failed]));
    }

    private static RunRecord FailedOf(Plan plan, string service) => new()
    {
        Id = "run-1",
        StartedAt = Now,
        EndedAt = Now,
        Phase = RunPhase.Incomplete,
        Plan = plan,
        Begun =
        [
            .. plan.Steps.Where(step => step.Step is VerifyService && step.Step.Subject == service)
                .Select(step => new BegunStep(step, Now, Now, null, new(step.Number, IsRollback: false, FailureClass.Verification, "never healthy", null, null))),
        ],
    };
}
