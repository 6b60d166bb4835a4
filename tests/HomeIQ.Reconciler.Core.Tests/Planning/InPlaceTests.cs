using HomeIQ.Reconciler.Changes;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Observed;
using static HomeIQ.Reconciler.Planning.Table;

namespace HomeIQ.Reconciler.Planning;

/// <summary>Drift that is put right while the container stays the same, and drift that is not.</summary>
public sealed class InPlaceTests
{
    private static readonly Table Stack = Installed(
        Service("db"),
        Service("api", "db") with { Spec = Service("api").Spec with { Memory = 512 << 20, Restart = new("on-failure", 3) } });

    private static readonly Table Recorded = Stack.Record("api", new([
        new("HostConfig.Memory", "536870912"), new("HostConfig.MemorySwap", "1073741824"), new("HostConfig.MemoryReservation", "268435456"), new("HostConfig.NanoCpus", "500000000"),
        new("HostConfig.CpuShares", "512"), new("HostConfig.CpuQuota", "20000"), new("HostConfig.CpuPeriod", "100000"), new("HostConfig.CpusetCpus", "0-1"), new("HostConfig.CpusetMems", "0"),
        new("HostConfig.PidsLimit", "100"), new("HostConfig.BlkioWeight", "300"), new("HostConfig.RestartPolicy.Name", "on-failure"), new("HostConfig.RestartPolicy.MaximumRetryCount", "3"),
        new("HostConfig.ReadonlyRootfs", "true"), new("Config.Env.TZ", "UTC"), new("NetworkSettings.Networks.homeiq-network", "attached"), new("NetworkSettings.Networks.homeiq-network.Aliases", "api"),
    ]));

    [Theory]
    [InlineData("HostConfig.Memory", "1")]
    [InlineData("HostConfig.MemorySwap", "-1")]
    [InlineData("HostConfig.MemoryReservation", null)]
    [InlineData("HostConfig.NanoCpus", "1")]
    [InlineData("HostConfig.CpuShares", "1")]
    [InlineData("HostConfig.CpuQuota", "1")]
    [InlineData("HostConfig.CpuPeriod", "1")]
    [InlineData("HostConfig.CpusetCpus", "0")]
    [InlineData("HostConfig.CpusetMems", "1")]
    [InlineData("HostConfig.PidsLimit", "1")]
    [InlineData("HostConfig.BlkioWeight", "1")]
    [InlineData("HostConfig.RestartPolicy.Name", "no")]
    [InlineData("HostConfig.RestartPolicy.MaximumRetryCount", null)]
    public void What_an_engine_can_change_on_a_running_container_is_changed_back(string field, string? value)
    {
        var table = Recorded.Drift("api", field, value);

        Assert.Equal(
            $"""
            1 update homeiq-api {field}
            2 verify api after 1
            3 promote commit-1 after 2
            """,
            table.Steps);
        Assert.Equal($"someone changed its settings: {field} {(value is null ? "removed" : "changed")}", table.Plan.Steps[0].Cause);
        Assert.Empty(table.Plan.Contents);
    }

    [Theory]
    [InlineData("HostConfig.ReadonlyRootfs", null)]
    [InlineData("Config.Env.TZ", "CET")]
    [InlineData("Config.Env.NEW", "1")]
    [InlineData("HostConfig.OomScoreAdj", "7")]
    public void What_no_engine_changes_takes_another_container(string field, string? value) =>
        Assert.True(Recorded.Drift("api", field, value).Plan.Has("create homeiq-api.new"));

    [Theory]
    [InlineData("HostConfig.Memory")]
    [InlineData("HostConfig.CpuShares")]
    [InlineData("HostConfig.CpusetCpus")]
    public void What_was_never_set_cannot_be_unset_again_and_takes_another_container(string field) =>
        Assert.True(Recorded.Forget("api", field).Drift("api", field, "1").Plan.Has("create homeiq-api.new"));

    [Fact]
    public void A_number_of_processes_that_was_never_set_can_be_unset_again()
    {
        Assert.StartsWith("1 update homeiq-api HostConfig.PidsLimit", Recorded.Forget("api", "HostConfig.PidsLimit").Drift("api", "HostConfig.PidsLimit", "9").Steps, StringComparison.Ordinal);
    }

    [Fact]
    public void One_field_that_takes_another_container_takes_the_others_along()
    {
        var plan = Recorded.Drift("api", "HostConfig.Memory", "1").Drift("api", "Config.Env.TZ", "CET").Plan;

        Assert.True(plan.Has("create homeiq-api.new"));
        Assert.DoesNotContain(plan.Steps, step => step.Step is UpdateContainer);
        Assert.Equal("someone changed its container: Config.Env.TZ changed, HostConfig.Memory changed", plan.Cause("start homeiq-api"));
    }

    [Fact]
    public void Memory_goes_back_as_a_pair_since_an_engine_refuses_one_above_the_other()
    {
        var back = ContainerUpdate.Back(Recorded.Effective.Find("api")!.Recorded, ["HostConfig.Memory", "HostConfig.RestartPolicy.Name"]);

        Assert.Equal(new ContainerUpdate { Memory = 512 << 20, MemorySwap = 1 << 30, Restart = new("on-failure", 3) }, back);
    }

    [Fact]
    public void A_container_that_was_taken_off_its_network_joins_it_again()
    {
        var table = Recorded.OffNetwork("api", "homeiq-network");

        Assert.Equal(
            """
            1 reconnect homeiq-api homeiq-network
            2 verify api after 1
            3 promote commit-1 after 2
            """,
            table.Steps);
        Assert.Equal("someone took it off network homeiq-network", table.Plan.Steps[0].Cause);
        Assert.Equal(
            [new("NetworkSettings.Networks.homeiq-network", "attached", null), new("NetworkSettings.Networks.homeiq-network.Aliases", "api", null)],
            Assert.Single(table.Plan.Changes.OfType<ContainerDrifted>()).Fields);
    }

    [Theory]
    [InlineData("Aliases", "api other")]
    [InlineData("Aliases", null)]
    [InlineData("IPAMConfig.IPv4Address", "10.9.0.7")]
    [InlineData("Links", "[\"db:store\"]")]
    public void A_container_that_is_on_its_network_in_another_way_joins_it_anew(string setting, string? value)
    {
        var table = Recorded.Drift("api", $"NetworkSettings.Networks.homeiq-network.{setting}", value);

        Assert.StartsWith("1 reconnect homeiq-api homeiq-network", table.Steps, StringComparison.Ordinal);
        Assert.Equal("it is on network homeiq-network in another way than it was made for", table.Plan.Steps[0].Cause);
    }

    [Theory]
    [InlineData("other")]
    [InlineData("homeiq-network.side")]
    [InlineData("a.b.c")]
    public void A_container_leaves_a_network_that_it_was_not_made_for(string network)
    {
        var table = Recorded.OnNetwork("api", network);

        Assert.Equal(
            $"""
            1 disconnect homeiq-api {network}
            2 verify api after 1
            3 promote commit-1 after 2
            """,
            table.Steps);
        Assert.Equal($"someone put it on network {network}", table.Plan.Steps[0].Cause);
    }

    [Fact]
    public void What_is_put_right_in_place_is_so_before_the_container_runs_again()
    {
        var table = Recorded.Drift("api", "HostConfig.Memory", "1").OffNetwork("api", "homeiq-network").OnNetwork("api", "other").Stopped("api").Container("api", container => container with { Name = "moved" });

        Assert.Equal(
            """
            1 rename moved homeiq-api
            2 update homeiq-api HostConfig.Memory after 1
            3 disconnect homeiq-api other after 2
            4 reconnect homeiq-api homeiq-network after 3
            5 start homeiq-api after 4
            6 verify api after 5
            7 promote commit-1 after 6
            """,
            table.Steps);
    }

    [Fact]
    public void A_paused_container_is_put_right_before_it_goes_on()
    {
        Assert.True(Recorded.Drift("api", "HostConfig.Memory", "1").Container("api", container => container with { Status = ContainerStatus.Paused }).Plan
            .Waits("unpause homeiq-api", "update homeiq-api HostConfig.Memory"));
    }

    [Fact]
    public void What_was_ill_before_is_put_right_and_not_asked_to_be_well()
    {
        var table = Recorded.OffNetwork("api", "homeiq-network").Container("api", container => container with { Health = ContainerHealth.Unhealthy });

        Assert.Equal(
            """
            1 reconnect homeiq-api homeiq-network
            2 promote commit-1 after 1
            """,
            table.Steps);
    }

    [Fact]
    public void A_done_one_shot_is_put_right_and_not_run()
    {
        var job = Installed(Service("job") with { Spec = Service("job").Spec with { Restart = RestartPolicy.No, HealthCheck = null } }).Stopped("job", exitCode: 0);

        Assert.Equal(
            """
            1 disconnect homeiq-job other
            2 promote commit-1 after 1
            """,
            job.OnNetwork("job", "other").Steps);
    }

    [Fact]
    public void A_change_and_drift_of_one_service_are_one_swap()
    {
        var plan = Recorded.Drift("api", "HostConfig.Memory", "1").OffNetwork("api", "homeiq-network").CommitImage("api", "homeiq/api:2.0.0").Plan;

        Assert.DoesNotContain(plan.Steps, step => step.Step is UpdateContainer or ReconnectNetwork);
        Assert.Single(plan.Steps, step => step.Step is CreateContainer);
    }

    [Fact]
    public void What_could_not_be_put_right_in_place_is_made_again()
    {
        var table = Recorded.Drift("api", "HostConfig.Memory", "1");
        var plan = (table with { Situation = table.Situation with { LeftDrifted = [Id("api")] } }).Plan;

        Assert.True(plan.Has("create homeiq-api.new"));
        Assert.Equal("someone changed its container, and it could not be put right in place: HostConfig.Memory changed", plan.Cause("start homeiq-api"));
    }

    [Fact]
    public void Who_caches_an_address_is_restarted_after_what_joined_its_network_anew_and_nobody_else_is()
    {
        var stack = Installed(Service("api"), Service("web") with { Policy = new() { RestartWith = ["api"] } }, Service("other", "api"));

        Assert.Equal(
            """
            1 reconnect homeiq-api homeiq-network
            2 verify api after 1
            3 restart homeiq-web after 2
            4 verify web after 3
            5 promote commit-1 after 4
            """,
            stack.OffNetwork("api", "homeiq-network").Steps);
    }

    [Fact]
    public void Who_shares_its_namespace_runs_on()
    {
        var stack = Installed(Service("vpn"), Service("guest") with { Spec = Service("guest").Spec with { NetworkMode = "service:vpn", Networks = [] } });

        Assert.DoesNotContain(stack.OffNetwork("vpn", "homeiq-network").Plan.Steps, step => step.Step.Subject == "guest");
    }

    [Fact]
    public void A_foreign_container_that_took_the_address_meanwhile_refuses_the_plan()
    {
        var stack = Installed(Service("api") with { Spec = Service("api").Spec with { Networks = [new("homeiq-network") { Aliases = ["api"], Ipv4Address = "10.9.0.7" }] } });
        var taken = Foreign("squatter") with { Networks = [new("homeiq-network", "net-homeiq-network", [], "10.9.0.7", null, null)] };

        Assert.Equal(["address-taken api"], stack.OffNetwork("api", "homeiq-network").Add(taken).Plan.Refusals.Codes());
    }

    [Theory]
    [InlineData(DriftPolicy.Warn)]
    [InlineData(DriftPolicy.Ignore)]
    public void Where_the_policy_says_so_nothing_is_put_right(DriftPolicy policy)
    {
        var stack = Installed(Service("api") with { Policy = new() { Drift = policy } }, Service("db"));
        Table[] drifted =
        [
            stack.OffNetwork("api", "homeiq-network"), stack.OnNetwork("api", "other"), stack.Drift("api", "HostConfig.RestartPolicy.Name", "no"),
        ];

        Assert.All(drifted, table =>
        {
            Assert.Equal("", table.Steps);
            Assert.Equal(policy == DriftPolicy.Warn ? ["drift api"] : [], table.Plan.Warnings.Codes());
            Assert.Equal(policy == DriftPolicy.Warn ? 1 : 0, table.Plan.Changes.Count);
        });
        Assert.DoesNotContain(stack.Observe(observed => observed with { Networks = [] }).Plan.Steps, step => step.Step.Subject == "api");
    }

    [Fact]
    public void Nothing_is_taken_back_of_what_was_put_right()
    {
        var table = Recorded.Drift("api", "HostConfig.Memory", "1").OffNetwork("api", "homeiq-network").OnNetwork("api", "other");

        Assert.Empty(RollbackPlanner.PlanFor(Stacks.Cut(table.Plan, 4, done: true), table.Effective).Steps);
        Assert.Empty(RollbackPlanner.PlanFor(Stacks.Cut(table.Plan, 3), table.Effective).Steps);
    }

    [Fact]
    public void A_secret_setting_is_put_back_without_being_told()
    {
        var table = Recorded.Drift("api", "HostConfig.Memory", "1");
        var secret = table with
        {
            Situation = table.Situation with
            {
                Effective = table.Effective with
                {
                    Services = [.. table.Effective.Services.Select(service => service with { Service = service.Service with { Spec = service.Service.Spec with { SecretFields = ["memory"] } } })],
                },
            },
        };

        Assert.Equal([new FieldChange("HostConfig.Memory", null, null, Secret: true)], Assert.Single(secret.Plan.Changes.OfType<ContainerDrifted>()).Fields);
        Assert.Contains(secret.Plan.Steps, step => step.Step is UpdateContainer);
        Assert.DoesNotContain("536870912", PlanText.Of(secret.Plan) + PlanJson.Write(secret.Plan), StringComparison.Ordinal);
    }
}
