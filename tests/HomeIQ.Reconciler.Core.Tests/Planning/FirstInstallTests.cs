using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Observed;
using static HomeIQ.Reconciler.Planning.Table;

namespace HomeIQ.Reconciler.Planning;

/// <summary>No last known-good yet, or the state directory is lost.</summary>
public sealed class FirstInstallTests
{
    private static readonly Table Stack = Installed(Service("db"), Service("api", "db")).Forgotten();

    [Fact]
    public void Everything_that_a_service_needs_is_made_before_it()
    {
        var service = Service("a") with { Spec = Service("a").Spec with { Mounts = [new(MountKind.Volume, "v", "/v"), new(MountKind.Content, "c", "/c") { Content = "c" }] } };

        Assert.Equal(
            """
            1 pull a homeiq/a:1.0.0
            2 create network homeiq-network
            3 create volume v
            4 export c
            5 create homeiq-a.new after 1,2,3,4
            6 rename homeiq-a.new homeiq-a after 5
            7 start homeiq-a after 6
            8 verify a after 7
            9 promote commit-1 after 8
            """,
            Fresh(service).Steps);
    }

    [Fact]
    public void It_starts_from_nothing() => Assert.Null(Fresh(Service("a")).Plan.From);

    [Fact]
    public void Every_new_service_can_be_quarantined() => Assert.Equal(["a", "b"], Fresh(Service("a"), Service("b")).Plan.Contents.Keys);

    [Fact]
    public void What_already_runs_as_specified_is_taken_as_it_is()
    {
        Assert.Equal("1 promote commit-1", Stack.Steps);
        Assert.Equal("everything runs as it should already", Stack.Plan.Steps[0].Cause);
    }

    public static readonly TheoryData<ContainerStatus, ContainerHealth, int, string> Found = new()
    {
        { ContainerStatus.Running, ContainerHealth.Healthy, 0, "" },
        { ContainerStatus.Running, ContainerHealth.None, 0, "" },
        { ContainerStatus.Running, ContainerHealth.Starting, 0, "verify api" },
        { ContainerStatus.Running, ContainerHealth.Unhealthy, 0, "verify api" },
        { ContainerStatus.Restarting, ContainerHealth.None, 1, "verify api" },
        { ContainerStatus.Exited, ContainerHealth.None, 0, "start homeiq-api, verify api" },
        { ContainerStatus.Exited, ContainerHealth.None, 1, "start homeiq-api, verify api" },
        { ContainerStatus.Created, ContainerHealth.None, 0, "start homeiq-api, verify api" },
        { ContainerStatus.Paused, ContainerHealth.Healthy, 0, "unpause homeiq-api, verify api" },
        { ContainerStatus.Dead, ContainerHealth.None, 0, "keep api, create homeiq-api.new, stop homeiq-api, aside homeiq-api, rename homeiq-api.new homeiq-api, start homeiq-api, verify api" },
    };

    [Theory]
    [MemberData(nameof(Found))]
    public void What_is_there_already_goes_on_from_where_it_is(ContainerStatus status, ContainerHealth health, int exitCode, string steps)
    {
        var plan = Stack.Container("api", container => container with { Status = status, Health = health, ExitCode = exitCode }).Plan;

        Assert.Equal(steps, string.Join(", ", plan.Steps.Where(step => step.Step is not Promote && !step.IsCleanUp).Select(step => ShortText.Of(step.Step))));
    }

    public static readonly TheoryData<ContainerStatus, ContainerHealth, string> Disarmed = new()
    {
        { ContainerStatus.Exited, ContainerHealth.None, "policy unless-stopped homeiq-api, start homeiq-api, verify api" },
        { ContainerStatus.Created, ContainerHealth.None, "policy unless-stopped homeiq-api, start homeiq-api, verify api" },
        { ContainerStatus.Running, ContainerHealth.Healthy, "policy unless-stopped homeiq-api, verify api" },
        { ContainerStatus.Running, ContainerHealth.Unhealthy, "policy unless-stopped homeiq-api, verify api" },
        { ContainerStatus.Dead, ContainerHealth.None, "keep api, create homeiq-api.new, stop homeiq-api, aside homeiq-api, rename homeiq-api.new homeiq-api, start homeiq-api, verify api" },
    };

    [Theory]
    [MemberData(nameof(Disarmed))]
    public void What_a_failed_install_disarmed_is_armed_before_it_starts(ContainerStatus status, ContainerHealth health, string steps)
    {
        var plan = Stack.Container("api", container => container with { Status = status, Health = health, Restart = RestartPolicy.No }).Plan;

        Assert.Equal(steps, string.Join(", ", plan.Steps.Where(step => step.Step is not Promote && !step.IsCleanUp).Select(step => ShortText.Of(step.Step))));
        Assert.True(!plan.Has("start homeiq-api") || status == ContainerStatus.Dead || plan.Waits("start homeiq-api", "policy unless-stopped homeiq-api"));
        Assert.True(plan.Steps.All(step => step.Step is not SetRestartPolicy set || set.Was == RestartPolicy.No));
    }

    [Fact]
    public void A_one_shot_that_is_done_is_done()
    {
        var stack = Installed(Service("job") with { Spec = Service("job").Spec with { Restart = RestartPolicy.No, HealthCheck = null } }).Stopped("job", exitCode: 0).Forgotten();

        Assert.Equal("1 promote commit-1", stack.Steps);
    }

    [Fact]
    public void What_was_made_from_something_else_is_replaced()
    {
        var plan = Stack.CommitSpec("api", spec => spec with { Memory = 1 }).Plan;

        Assert.True(plan.Waits("rename homeiq-api.new homeiq-api", "aside homeiq-api"));
        Assert.False(plan.Has("stop homeiq-db"));
        Assert.Contains(plan.Steps, step => step.Step is SetAside aside && aside.SpecDigest == Stack.Observed.Containers.Single(container => container.Name == "homeiq-api").Owner!.SpecDigest);
    }

    [Fact]
    public void A_container_of_another_instance_is_not_ours_to_take()
    {
        Assert.Equal(
            ["name-taken api"],
            Stack.Container("api", container => container with { Owner = container.Owner! with { Instance = "other" } }).Plan.Refusals.Codes());
    }

    [Fact]
    public void Ours_of_services_that_nobody_remembers_count_as_removals()
    {
        var stack = Installed(Service("a"), Service("b"), Service("c"), Service("d")).Forgotten();

        Assert.Equal(["removals homeiq"], stack.CommitWithout("a", "b", "c").Plan.Approvals.Codes());
        Assert.Empty(stack.CommitWithout("a", "b").Plan.Approvals);
        Assert.True(stack.CommitWithout("a").Plan.Waits("stop homeiq-a", "promote commit-2"));
    }

    [Fact]
    public void An_empty_first_state_is_not_installed_without_asking() => Assert.Equal(["empty homeiq"], Fresh().Plan.Approvals.Codes());

    [Fact]
    public void A_network_and_a_volume_of_that_name_that_nobody_labelled_are_used_as_they_are()
    {
        var service = Service("a") with { Spec = Service("a").Spec with { Mounts = [new(MountKind.Volume, "homeiq_sqlite-data", "/v")] } };
        var plan = Fresh(service)
            .Observe(observed => observed with { Networks = [new("n", new("homeiq-network"), null, "homeiq")], Volumes = [new(new("homeiq_sqlite-data"), "/v", null, "homeiq")] }).Plan;

        Assert.DoesNotContain(plan.Steps, step => step.Step is CreateNetwork or CreateVolume);
        Assert.Empty(plan.Refusals);
        Assert.Equal(["network-taken homeiq-network", "volume-taken homeiq_sqlite-data"], plan.Warnings.Codes());
    }
}
