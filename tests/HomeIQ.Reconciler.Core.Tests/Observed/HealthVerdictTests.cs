using HomeIQ.Reconciler.Desired;

namespace HomeIQ.Reconciler.Observed;

/// <summary>What a container that ended with 0 is said to be.</summary>
public class HealthVerdictTests
{
    private static readonly HealthCheck Check = new(["CMD", "true"], TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1), 3, TimeSpan.Zero);

    [Theory]
    [InlineData("no")]
    [InlineData("on-failure")]
    public void A_service_that_is_asked_for_its_health_and_ended_is_not_healthy(string restart)
    {
        var verdict = Of(Ended(restart), Check);

        Assert.Equal((HealthState.Failed, Trouble.Stopped, "it ended with exit code 0"), (verdict.State, verdict.Trouble, verdict.Reason));
    }

    [Theory]
    [InlineData("no")]
    [InlineData("on-failure")]
    public void A_task_that_is_done_has_passed(string restart)
    {
        Assert.Equal(HealthState.Passed, Of(Ended(restart), null).State);
        Assert.Equal(HealthState.Passed, Of(Ended(restart), HealthCheck.Disabled).State);
        Assert.Equal(HealthState.Passed, HealthVerdict.Of(Ended(restart), spec: null, TimeSpan.Zero, 0, null).State);
    }

    [Fact]
    public void A_task_whose_image_alone_has_a_health_check_has_passed() =>
        Assert.Equal(HealthState.Passed, Of(Ended("no") with { HealthCheck = Check }, null).State);

    [Fact]
    public void A_task_that_others_wait_for_has_passed_whoever_asks_for_its_health() =>
        Assert.Equal(HealthState.Passed, Of(Ended("no"), Check, completes: true).State);

    [Theory]
    [InlineData("always")]
    [InlineData("unless-stopped")]
    public void A_service_that_is_always_to_run_and_ended_is_not_healthy(string restart) =>
        Assert.Equal(HealthState.Failed, Of(Ended(restart), null).State);

    [Fact]
    public void The_check_of_the_image_is_waited_for_where_the_service_has_none()
    {
        var starting = Ended("no") with { Status = ContainerStatus.Running, Health = ContainerHealth.Starting, HealthCheck = Check };

        Assert.Equal(HealthState.Waiting, HealthVerdict.Of(starting, Spec(null), HealthVerdict.Settle, 0, null).State);
        Assert.Equal(HealthState.Passed, HealthVerdict.Of(starting, Spec(HealthCheck.Disabled), HealthVerdict.Settle, 0, null).State);
    }

    private static HealthVerdict Of(ObservedContainer container, HealthCheck? check, bool completes = false) =>
        HealthVerdict.Of(container, Spec(check) with { Restart = container.Restart }, TimeSpan.Zero, 0, null, completes);

    private static ContainerSpec Spec(HealthCheck? check) => new() { Image = "i", HealthCheck = check };

    private static ObservedContainer Ended(string restart) =>
        new() { Id = "x", Name = "app", Image = "i", ImageId = "i", Status = ContainerStatus.Exited, ExitCode = 0, Restart = new(restart) };
}
