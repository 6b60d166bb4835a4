using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Observed;
using static HomeIQ.Reconciler.Planning.Table;

namespace HomeIQ.Reconciler.Planning;

/// <summary>What only one container can have at a time goes from hand to hand: first let go, then taken.</summary>
public class HandOverTests
{
    [Theory]
    [InlineData(MountKind.Volume, "data")]
    [InlineData(MountKind.Bind, "/srv/data")]
    public void A_service_under_a_new_name_writes_only_after_the_old_one_has_stopped(MountKind kind, string source)
    {
        var plan = Installed(Writing("old", kind, source)).CommitWithout("old").Commit(Writing("fresh", kind, source)).Plan;

        var stop = plan.Steps.Single(step => step.Step is StopContainer { Service: "old" });
        var start = plan.Steps.Single(step => step.Step is StartContainer { Service: "fresh" });
        Assert.Contains(stop.Number, Before(plan, start.Number));
    }

    [Fact]
    public void Services_that_share_a_volume_by_design_do_not_wait_for_each_other()
    {
        var plan = Installed(Writing("a", MountKind.Volume, "data"), Writing("b", MountKind.Volume, "data")).CommitImage("a", "homeiq/a:2.0.0").Plan;

        Assert.DoesNotContain(plan.Steps, step => step.Step.Subject == "b" && step.Step is StopContainer or RestartContainer);
    }

    [Fact]
    public void A_left_over_container_stops_before_its_volume_is_written_by_another()
    {
        var installed = Installed(Writing("a", MountKind.Volume, "data"));
        var leftover = installed.Observed.Containers[0] with { Id = "left-over", Name = "homeiq-forgotten", Owner = new(Instance, "forgotten", "run", "commit-0", "digest") };
        var plan = installed.Observe(observed => observed with { Containers = [.. observed.Containers, leftover] }).CommitImage("a", "homeiq/a:2.0.0").Plan;

        var stop = plan.Steps.Single(step => step.Step is StopContainer { Container.Id: "left-over" });
        Assert.Contains(stop.Number, Before(plan, plan.Steps.Single(step => step.Step is StartContainer { Service: "a" }).Number));
    }

    [Fact]
    public void A_static_IPv6_address_is_handed_over_like_any_other()
    {
        static DesiredService At(string name) => Service(name) is var service ? service with { Spec = service.Spec with { Networks = [new("homeiq-network") { Ipv6Address = "fd00::7" }] } } : null!;
        var installed = Installed(At("old"));
        installed = installed.Observe(observed => observed with { Containers = [.. observed.Containers.Select(container => container with { Networks = [.. container.Networks.Select(network => network with { StaticIpv6 = "fd00::7" })] })] });
        var plan = installed.CommitWithout("old").Commit(At("fresh")).Plan;

        Assert.Contains(
            plan.Steps.Single(step => step.Step is StopContainer { Service: "old" }).Number,
            Before(plan, plan.Steps.Single(step => step.Step is StartContainer { Service: "fresh" }).Number));
    }

    [Fact]
    public void Who_waits_for_a_task_waits_until_it_has_been_done()
    {
        var job = Service("job");
        job = job with { Spec = job.Spec with { HealthCheck = null, Restart = RestartPolicy.No } };
        var plan = Fresh(job, Service("app") with { DependsOn = [new("job", DependencyCondition.CompletedSuccessfully)] }).Plan;

        Assert.True(plan.Steps.Select(step => step.Step).OfType<VerifyService>().Single(step => step.Service == "job").Completes);
        Assert.False(plan.Steps.Select(step => step.Step).OfType<VerifyService>().Single(step => step.Service == "app").Completes);
    }

    [Fact]
    public void A_task_that_others_wait_for_is_not_done_while_it_runs()
    {
        var task = new ObservedContainer { Id = "x", Name = "job", Image = "i", ImageId = "i", Status = ContainerStatus.Running };
        HealthState Of(ObservedContainer container, TimeSpan waited) => HealthVerdict.Of(container, null, waited, 0, null, completes: true).State;

        Assert.Equal(HealthState.Waiting, Of(task, TimeSpan.FromMinutes(9)));
        Assert.Equal(HealthState.Failed, Of(task, HealthVerdict.TaskLimit));
        Assert.Equal(HealthState.Passed, Of(task with { Status = ContainerStatus.Exited }, TimeSpan.Zero));
        Assert.Equal(HealthState.Failed, Of(task with { Status = ContainerStatus.Exited, ExitCode = 1 }, TimeSpan.Zero));
        Assert.Equal(HealthState.Passed, HealthVerdict.Of(task, null, HealthVerdict.Settle, 0, null).State);
    }

    [Fact]
    public void Who_shares_a_namespace_is_restarted_when_its_provider_started_again_by_itself()
    {
        var guest = Service("guest");
        guest = guest with { Spec = guest.Spec with { Networks = [], NetworkMode = "service:vpn" } };
        var stack = Installed(Service("vpn"), guest);

        Assert.Equal("", stack.Container("guest", container => container with { StartedAt = Now }).Container("vpn", container => container with { StartedAt = Now.AddHours(-5) }).Steps);
        var plan = stack.Container("vpn", container => container with { StartedAt = Now, RestartCount = 1 }).Container("guest", container => container with { StartedAt = Now.AddHours(-5) }).Plan;
        Assert.Equal(["restart guest", "verify guest"], plan.Steps.Select(step => step.Step).Where(step => step is RestartContainer or VerifyService).Select(StepText.Of));
    }

    private static DesiredService Writing(string name, MountKind kind, string source) =>
        Service(name) is var service ? service with { Spec = service.Spec with { Mounts = [new(kind, source, "/data")] } } : null!;

    private static HashSet<int> Before(Plan plan, int number)
    {
        var open = new Stack<int>([number]);
        var seen = new HashSet<int>();
        while (open.TryPop(out var next))
        {
            foreach (var after in plan.Steps[next - 1].After.Where(seen.Add))
            {
                open.Push(after);
            }
        }

        return seen;
    }
}
