using HomeIQ.Reconciler.Changes;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Observed;
using static HomeIQ.Reconciler.Planning.Table;

namespace HomeIQ.Reconciler.Planning;

public sealed class DriftTests
{
    private static readonly Table Stack = Installed(
        Service("db") with { Spec = Service("db").Spec with { Mounts = [new(MountKind.Volume, "homeiq_data", "/data")] } },
        Service("api", "db") with { Spec = Service("api").Spec with { Mounts = [new(MountKind.Content, "c1", "/etc/api.conf", true) { Content = "c1" }] } });

    [Fact]
    public void A_container_that_is_gone_is_made_again_from_the_image_that_it_had()
    {
        Assert.Equal(
            """
            1 create homeiq-api.new
            2 rename homeiq-api.new homeiq-api after 1
            3 start homeiq-api after 2
            4 verify api after 3
            5 promote commit-1 after 4
            """,
            Stack.ContainerGone("api").Steps);
        Assert.Contains(Stack.ContainerGone("api").Plan.Steps, step => step.Step is CreateContainer create && create.ImageId == ImageId("homeiq/api:1.0.0"));
        Assert.Equal("its container is gone", Stack.ContainerGone("api").Plan.Cause("start homeiq-api"));
        Assert.Empty(Stack.ContainerGone("api").Plan.Contents);
    }

    [Fact]
    public void A_stop_by_hand_is_taken_back()
    {
        Assert.Equal(
            """
            1 start homeiq-api
            2 verify api after 1
            3 promote commit-1 after 2
            """,
            Stack.Stopped("api").Steps);
        Assert.Equal("it was stopped (exit code 137)", Stack.Stopped("api").Plan.Steps[0].Cause);
    }

    [Fact]
    public void A_container_that_was_never_started_is_started()
    {
        Assert.StartsWith("1 start homeiq-api", Stack.Container("api", container => container with { Status = ContainerStatus.Created }).Steps, StringComparison.Ordinal);
    }

    [Fact]
    public void A_paused_container_goes_on()
    {
        Assert.Equal(
            """
            1 unpause homeiq-api
            2 verify api after 1
            3 promote commit-1 after 2
            """,
            Stack.Container("api", container => container with { Status = ContainerStatus.Paused }).Steps);
    }

    [Fact]
    public void A_renamed_container_gets_its_name_back_and_runs_on()
    {
        Assert.Equal(
            """
            1 rename other homeiq-api
            2 promote commit-1 after 1
            """,
            Stack.Container("api", container => container with { Name = "other" }).Steps);
    }

    [Fact]
    public void A_container_that_was_renamed_and_stopped_is_named_before_it_starts()
    {
        Assert.Equal(
            """
            1 rename other homeiq-api
            2 start homeiq-api after 1
            3 verify api after 2
            4 promote commit-1 after 3
            """,
            Stack.Stopped("api").Container("api", container => container with { Name = "other" }).Steps);
    }

    [Fact]
    public void A_dead_container_is_replaced()
    {
        var plan = Stack.Container("api", container => container with { Status = ContainerStatus.Dead }).Plan;

        Assert.True(plan.Has("aside homeiq-api"));
        Assert.True(plan.Has("create homeiq-api.new"));
        Assert.Equal("its container is dead", plan.Cause("start homeiq-api"));
    }

    [Fact]
    public void A_field_that_no_engine_changes_back_is_taken_back_by_a_swap_with_the_same_image()
    {
        // No limit was set when it was made, and none can be set again.
        var plan = Stack.Container("api", container => container with { Fields = container.Fields.With("HostConfig.Memory", "1") }).Plan;

        Assert.Equal("someone changed its container: HostConfig.Memory added", plan.Cause("start homeiq-api"));
        Assert.True(plan.Waits("rename homeiq-api.new homeiq-api", "aside homeiq-api"));
        Assert.DoesNotContain(plan.Steps, step => step.Step is PullImage);
        Assert.Empty(plan.Contents);
    }

    [Fact]
    public void A_renamed_container_with_a_changed_field_is_replaced_under_the_right_name()
    {
        var plan = Stack.Container("api", container => container with { Name = "other", Fields = container.Fields.With("HostConfig.Memory", "1") }).Plan;

        Assert.True(plan.Has("stop other"));
        Assert.True(plan.Has("aside other"));
        Assert.True(plan.Has("rename homeiq-api.new homeiq-api"));
        Assert.True(plan.Has($"remove homeiq-api.kept-{Id("api")[..6]}"));
        Assert.DoesNotContain(plan.Steps, step => ShortText.Of(step.Step) == "rename other homeiq-api");
    }

    [Fact]
    public void An_edited_file_is_exported_again_and_its_user_started_again()
    {
        var plan = Stack.Observe(observed => observed with { IntactContents = [] }).Plan;

        Assert.Equal(
            """
            1 export c1
            2 restart homeiq-api after 1
            3 verify api after 2
            4 promote commit-1 after 3
            """,
            ShortText.Of(plan));
        Assert.Equal("the file mounted at /etc/api.conf was edited or is gone", plan.Cause("restart homeiq-api"));
        Assert.All(plan.Steps.Select(step => step.Step).OfType<RestartContainer>(), restart => Assert.True(restart.ForDrift));
    }

    [Fact]
    public void A_container_that_still_sees_the_file_from_before_its_restoration_is_started_again()
    {
        var stale = Stack.Container("api", container => container with { StartedAt = Now })
            .Observe(observed => observed with { StaleReaders = [new(Id("api"), Now, "c1")] });

        Assert.Equal(
            """
            1 restart homeiq-api
            2 verify api after 1
            3 promote commit-1 after 2
            """,
            stale.Steps);
        Assert.Equal("", stale.Container("api", container => container with { StartedAt = Now.AddSeconds(1) }).Steps);
    }

    [Fact]
    public void A_stopped_container_is_started_when_the_file_that_it_mounts_is_restored()
    {
        Assert.Equal(
            """
            1 export c1
            2 start homeiq-api after 1
            3 verify api after 2
            4 promote commit-1 after 3
            """,
            Stack.Stopped("api").Observe(observed => observed with { IntactContents = [] }).Steps);
    }

    [Fact]
    public void A_restart_of_what_a_file_was_edited_for_and_of_what_it_depends_on_is_taken_back_with_the_latter()
    {
        var stack = Installed(
            Service("db"),
            Service("api") with { Spec = Service("api").Spec with { Mounts = [new(MountKind.Content, "c1", "/etc/api.conf", true) { Content = "c1" }] }, Policy = new() { RestartWith = ["db"] } });
        var plan = stack.Observe(observed => observed with { IntactContents = [] }).CommitImage("db", "homeiq/db:2.0.0").Plan;

        Assert.False(Assert.Single(plan.Steps.Select(step => step.Step).OfType<RestartContainer>()).ForDrift);
    }

    [Fact]
    public void A_network_that_is_gone_is_made_again_and_its_users_join_it()
    {
        Assert.Equal(
            """
            1 create network homeiq-network
            2 reconnect homeiq-db homeiq-network after 1
            3 verify db after 2
            4 reconnect homeiq-api homeiq-network after 1
            5 verify api after 4
            6 promote commit-1 after 3,5
            """,
            Stack.Observe(observed => observed with { Networks = [] }).Steps);
        Assert.Equal("network homeiq-network is gone and is made again", Stack.Observe(observed => observed with { Networks = [] }).Plan.Cause("reconnect homeiq-db homeiq-network"));
    }

    [Fact]
    public void Users_of_a_network_that_is_gone_that_had_to_stop_for_that_start_on_the_new_one()
    {
        var plan = Stack.Stopped("api").Stopped("db").Observe(observed => observed with { Networks = [] }).Plan;

        Assert.True(plan.Waits("start homeiq-db", "reconnect homeiq-db homeiq-network"));
        Assert.True(plan.Waits("start homeiq-api", "verify db"));
        Assert.DoesNotContain(plan.Steps, step => step.Step is CreateContainer);
    }

    [Fact]
    public void A_network_that_was_made_again_by_hand_is_joined_by_its_users()
    {
        var plan = Stack.Observe(observed => observed with { Networks = [observed.Networks[0] with { Id = "another" }] }).Plan;

        Assert.True(plan.Has("reconnect homeiq-db homeiq-network"));
        Assert.True(plan.Has("reconnect homeiq-api homeiq-network"));
        Assert.DoesNotContain(plan.Steps, step => step.Step is CreateNetwork or ReplaceNetwork or CreateContainer or StopContainer);
    }

    [Fact]
    public void A_network_of_ours_that_was_made_again_with_other_settings_is_replaced()
    {
        var stack = Stack.Observe(observed => observed with { Networks = [observed.Networks[0] with { Id = "another", Settings = observed.Networks[0].Settings with { Internal = true } }] });

        Assert.Equal(["internal"], Assert.Single(stack.Plan.Changes.OfType<NetworkDrifted>()).Fields.Select(field => field.Field));
        Assert.True(stack.Plan.Waits("replace network homeiq-network", "stop homeiq-db"));
        Assert.True(stack.Plan.Waits("start homeiq-db", "replace network homeiq-network"));
        Assert.Equal("someone made it again with other settings: internal changed", stack.Plan.Cause("replace network homeiq-network"));
        Assert.DoesNotContain(stack.Plan.Steps, step => step.Step is CreateContainer or ReconnectNetwork);
        Assert.DoesNotContain("old settings of network", PlanText.Of(stack.Plan), StringComparison.Ordinal);
    }

    [Fact]
    public void A_network_that_somebody_made_in_the_place_of_ours_is_told_and_not_touched()
    {
        var stack = Stack.Observe(observed => observed with
        {
            Networks = [observed.Networks[0] with { Id = "another", Owner = null, Settings = observed.Networks[0].Settings with { Driver = "macvlan" } }],
            Containers = [.. observed.Containers.Select(container => container with { Networks = [container.Networks[0] with { NetworkId = "another" }] })],
        });

        Assert.Equal("", stack.Steps);
        Assert.Equal(["network-drifted homeiq-network"], stack.Plan.Warnings.Codes());
        Assert.Equal([new FieldChange("driver", "bridge", "macvlan")], Assert.Single(stack.Plan.Changes.OfType<NetworkDrifted>()).Fields);
    }

    [Fact]
    public void A_volume_that_is_gone_with_its_data_is_not_replaced_by_an_empty_one_without_asking()
    {
        var plan = Stack.ContainerGone("db").Observe(observed => observed with { Volumes = [] }).Plan;

        Assert.Equal(["volume-lost homeiq_data"], plan.Approvals.Codes());
        Assert.Equal(Verdict.AwaitingApproval, plan.VerdictFor(null));
        Assert.Equal(Verdict.Ready, plan.VerdictFor(plan.Digest));
        Assert.True(plan.Waits("create homeiq-db.new", "create volume homeiq_data"));
    }

    [Fact]
    public void What_drifted_twice_is_mended_once()
    {
        var plan = Stack.Stopped("api").Container("api", container => container with { Fields = container.Fields.With("HostConfig.Memory", "1") }).Plan;

        Assert.Single(plan.Steps, step => step.Step is StartContainer);
        Assert.Equal("it was stopped (exit code 137); someone changed its container: HostConfig.Memory added", plan.Cause("start homeiq-api"));
    }

    [Fact]
    public void Stopped_dependencies_are_proven_before_their_dependents_start()
    {
        Assert.True(Stack.Stopped("db").Stopped("api").Plan.Waits("start homeiq-api", "verify db"));
    }

    [Fact]
    public void A_failed_one_shot_runs_again()
    {
        var stack = Installed(Service("job") with { Spec = Service("job").Spec with { Restart = RestartPolicy.No, HealthCheck = null } });

        Assert.StartsWith("1 start homeiq-job", stack.Stopped("job", exitCode: 1).Steps, StringComparison.Ordinal);
    }

    [Fact]
    public void A_done_one_shot_whose_container_has_to_be_made_again_does_its_task_again()
    {
        var stack = Installed(Service("job") with { Spec = Service("job").Spec with { Restart = RestartPolicy.No, HealthCheck = null } }).Stopped("job", exitCode: 0);

        Assert.True(stack.Drift("job", "Config.Env.NEW", "1").Plan.Waits("start homeiq-job", "rename homeiq-job.new homeiq-job"));
    }

    [Fact]
    public void A_done_one_shot_is_not_woken_for_its_container_s_sake()
    {
        var stack = Installed(Service("job") with { Spec = Service("job").Spec with { Restart = RestartPolicy.No, HealthCheck = null } }, Service("a")).Stopped("job", exitCode: 0);

        Assert.DoesNotContain(stack.CommitNetwork("homeiq-network", network => network with { Internal = true }).Plan.Steps, step => step.Step.Subject == "job");
    }

    [Fact]
    public void A_changed_one_shot_runs_again()
    {
        var stack = Installed(Service("job") with { Spec = Service("job").Spec with { Restart = RestartPolicy.No, HealthCheck = null } }).Stopped("job", exitCode: 0);

        Assert.True(stack.CommitImage("job", "homeiq/job:2.0.0").Plan.Has("start homeiq-job"));
    }

    [Theory]
    [InlineData(DriftPolicy.Warn)]
    [InlineData(DriftPolicy.Ignore)]
    public void Drift_is_left_alone_where_the_policy_says_so(DriftPolicy policy)
    {
        var stack = Installed(Service("api") with { Policy = new() { Drift = policy } });
        Table[] drifted =
        [
            stack.Stopped("api"), stack.ContainerGone("api"), stack.Container("api", container => container with { Name = "other" }),
            stack.Container("api", container => container with { Fields = container.Fields.With("HostConfig.Memory", "1") }),
        ];

        Assert.All(drifted, table =>
        {
            Assert.Equal("", table.Steps);
            Assert.Equal(policy == DriftPolicy.Warn ? ["drift api"] : [], table.Plan.Warnings.Codes());
            Assert.Equal(policy == DriftPolicy.Warn ? 1 : 0, table.Plan.Changes.Count);
        });
    }

    [Theory]
    [InlineData(DriftPolicy.Warn)]
    [InlineData(DriftPolicy.Ignore)]
    public void A_run_leaves_stopped_what_it_found_stopped(DriftPolicy policy)
    {
        var stack = Installed(Service("api") with { Policy = new() { Drift = policy } }, Service("web", "api")).Stopped("api");
        var plan = stack.CommitImage("api", "homeiq/api:2.0.0").CommitImage("web", "homeiq/web:2.0.0").Plan;

        Assert.True(plan.Has("rename homeiq-api.new homeiq-api"));
        Assert.False(plan.Has("start homeiq-api"));
        Assert.False(plan.Has("verify api"));
        Assert.True(plan.Has("verify web"));
    }

    [Fact]
    public void A_stop_by_hand_does_not_outlive_an_upgrade_where_drift_is_corrected()
    {
        Assert.True(Stack.Stopped("api").CommitImage("api", "homeiq/api:2.0.0").Plan.Has("start homeiq-api"));
    }

    [Fact]
    public void Drift_and_change_of_one_service_are_one_swap()
    {
        var plan = Stack.Container("api", container => container with { Fields = container.Fields.With("HostConfig.Memory", "1") }).CommitImage("api", "homeiq/api:2.0.0").Plan;

        Assert.Single(plan.Steps, step => step.Step is CreateContainer);
        Assert.Equal(["api"], plan.Contents.Keys);
    }

    [Fact]
    public void Drift_of_a_removed_service_is_not_mended_first()
    {
        Assert.Equal(
            """
            1 promote commit-2
            """,
            Stack.ContainerGone("api").CommitWithout("api").Steps);
    }

    [Fact]
    public void A_container_of_ours_that_took_the_place_is_replaced()
    {
        var plan = Stack.ContainerGone("api").Add(Leftover("homeiq-api", "api", ContainerStatus.Running)).Plan;

        Assert.Empty(plan.Refusals);
        Assert.True(plan.Waits("rename homeiq-api.new homeiq-api", "aside homeiq-api"));
    }

    [Fact]
    public void A_container_of_somebody_else_that_took_the_place_is_not()
    {
        var plan = Stack.ContainerGone("api").Add(Foreign("homeiq-api")).Plan;

        Assert.Equal(["name-taken api"], plan.Refusals.Codes());
        Assert.DoesNotContain(plan.Steps, step => step.Step is StopContainer or SetAside);
    }

    [Fact]
    public void An_adopted_container_without_our_label_is_known_by_its_id()
    {
        var stack = Stack.Observe(observed => observed with { Containers = [.. observed.Containers.Select(container => container with { Owner = null })] });

        Assert.Equal("", stack.Steps);
        Assert.True(stack.CommitImage("api", "homeiq/api:2.0.0").Plan.Has("aside homeiq-api"));
        Assert.Empty(stack.CommitImage("api", "homeiq/api:2.0.0").Plan.Refusals);
    }

    [Fact]
    public void A_new_engine_version_is_reported()
    {
        var stack = Stack.Observe(observed => observed with { Engine = observed.Engine with { Version = "30.0.0" } });

        Assert.Equal(["engine-changed homeiq"], stack.Plan.Warnings.Codes());
    }
}
