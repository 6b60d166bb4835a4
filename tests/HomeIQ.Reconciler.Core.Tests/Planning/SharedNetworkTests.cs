using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Observed;
using static HomeIQ.Reconciler.Planning.Table;

namespace HomeIQ.Reconciler.Planning;

/// <summary>Networks that change, namespaces that are shared, addresses that are cached.</summary>
public sealed class SharedNetworkTests
{
    private static readonly Table Stack = Installed(
        Service("db"), Service("api", "db"), Service("web", "api"), Service("alone") with { Spec = Service("alone").Spec with { Networks = [new("other")] } });

    /// <summary>A VPN whose network another service lives in.</summary>
    private static readonly Table Vpn = Installed(Service("vpn"), User("client", spec => spec with { NetworkMode = "service:vpn", Networks = [] }));

    [Fact]
    public void Who_lives_in_the_namespace_of_a_container_that_was_made_again_since_is_made_again()
    {
        Assert.Empty(Joined(Id("vpn")).Plan.Steps);
        Assert.Equal("someone changed its container: network_mode changed", Joined("gone").Plan.Cause("start homeiq-client"));
        Assert.False(Joined("gone").Plan.Has("stop homeiq-vpn"));

        static Table Joined(string provider) => Vpn.Container("client", container => container with { NetworkMode = $"container:{provider}" });
    }

    [Fact]
    public void A_replaced_network_is_let_go_by_dependents_first_and_taken_up_by_dependencies_first()
    {
        Assert.Equal(
            """
            1 stop homeiq-web
            2 stop homeiq-api after 1
            3 stop homeiq-db after 2
            4 replace network homeiq-network after 1,2,3
            5 start homeiq-db after 3,4
            6 verify db after 5
            7 start homeiq-api after 2,4,6
            8 verify api after 7
            9 start homeiq-web after 1,4,8
            10 verify web after 9
            11 promote commit-2 after 10
            """,
            Stack.CommitNetwork("homeiq-network", network => network with { Internal = true }).Steps);
    }

    [Fact]
    public void A_service_that_changes_with_its_network_is_swapped_around_it()
    {
        var plan = Stack.CommitImage("api", "homeiq/api:2.0.0").CommitNetwork("homeiq-network", network => network with { Internal = true }).Plan;

        Assert.True(plan.Waits("replace network homeiq-network", "stop homeiq-api"));
        Assert.True(plan.Waits("start homeiq-api", "replace network homeiq-network"));
        Assert.True(plan.Waits("stop homeiq-web", "create homeiq-api.new"));
    }

    [Fact]
    public void An_address_of_the_new_range_is_asked_for_when_the_range_is_there()
    {
        var plan = Stack
            .CommitSpec("api", spec => spec with { Networks = [new("homeiq-network") { Ipv4Address = "10.9.0.5" }] })
            .CommitNetwork("homeiq-network", network => network with { Pools = [new("10.9.0.0/24")] }).Plan;

        Assert.Empty(plan.Refusals);
        Assert.True(plan.Waits("create homeiq-api.new", "replace network homeiq-network"));
        Assert.Equal(["keep api"], plan.Preparation.Select(step => ShortText.Of(step.Step)));
    }

    [Fact]
    public void What_is_stopped_stays_stopped_around_a_replaced_network()
    {
        var stack = Installed(Service("db"), Service("api", "db") with { Policy = new() { Drift = DriftPolicy.Ignore } }).Stopped("api");
        var plan = stack.CommitNetwork("homeiq-network", network => network with { Internal = true }).Plan;

        Assert.True(plan.Has("start homeiq-db"));
        Assert.DoesNotContain(plan.Steps, step => step.Step.Subject == "api");
    }

    [Fact]
    public void A_network_with_a_container_of_somebody_else_is_not_replaced()
    {
        var stack = Stack.Add(Foreign("guest") with { Networks = [new("homeiq-network", "net-homeiq-network", [], "172.18.0.9", null, null)] });

        Assert.Equal(["network-in-use homeiq-network"], stack.CommitNetwork("homeiq-network", network => network with { Internal = true }).Plan.Refusals.Codes());
        Assert.Equal("", stack.Steps);
    }

    [Fact]
    public void A_network_that_was_not_made_by_us_is_not_replaced()
    {
        var stack = Stack.Observe(observed => observed with { Networks = [.. observed.Networks.Select(network => network with { Owner = null })] });

        Assert.Equal(["network-taken homeiq-network"], stack.CommitNetwork("homeiq-network", network => network with { Internal = true }).Plan.Refusals.Codes());
    }

    [Fact]
    public void A_network_or_volume_of_another_instance_is_refused()
    {
        var theirs = new Ownership("other", "", "r", "c", "");
        var plan = Fresh(Service("a") with { Spec = Service("a").Spec with { Mounts = [new(MountKind.Volume, "v", "/v")] } })
            .Observe(observed => observed with { Networks = [new("n", new("homeiq-network"), theirs)], Volumes = [new(new("v"), "/v", theirs)] }).Plan;

        Assert.Equal(["network-taken homeiq-network", "volume-taken v"], plan.Refusals.Codes());
    }

    [Fact]
    public void External_networks_and_volumes_have_to_be_there()
    {
        var stack = Fresh(Service("a"));
        var desired = stack.Desired with { Networks = [new("outside") { External = true }], Volumes = [new("theirs") { External = true }] };

        Assert.Equal(["network-missing outside", "volume-missing theirs"], stack.Desire(desired).Plan.Refusals.Codes());
        Assert.Empty(stack.Desire(desired).Observe(observed => observed with { Networks = [new("n", new("outside"), null)], Volumes = [new(new("theirs"), "/v", null)] }).Plan.Refusals);
    }

    [Theory]
    [InlineData("network")]
    [InlineData("ipc")]
    [InlineData("pid")]
    [InlineData("container")]
    public void Users_of_a_namespace_are_made_again_when_its_provider_is(string how)
    {
        var plan = Installed(Service("vpn"), Shares(how)).CommitImage("vpn", "homeiq/vpn:2.0.0").Plan;

        Assert.True(plan.Waits("create homeiq-client.new", "create homeiq-vpn.new"));
        Assert.True(plan.Waits("stop homeiq-vpn", "stop homeiq-client"));
        Assert.True(plan.Waits("start homeiq-client", "start homeiq-vpn"));
        Assert.Equal("it shares a namespace of vpn, which is made anew", plan.Cause("start homeiq-client"));
        Assert.Equal(["vpn"], plan.Contents.Keys);
    }

    [Theory]
    [InlineData("network")]
    [InlineData("ipc")]
    [InlineData("pid")]
    [InlineData("container")]
    public void Users_of_a_namespace_restart_when_its_provider_starts_again(string how)
    {
        var plan = Installed(Service("vpn"), Shares(how)).Stopped("vpn").Plan;

        Assert.True(plan.Waits("restart homeiq-client", "start homeiq-vpn"));
        Assert.True(plan.Waits("verify client", "restart homeiq-client"));
        Assert.DoesNotContain(plan.Steps, step => step.Step is CreateContainer);
    }

    [Fact]
    public void A_provider_that_is_gone_takes_its_users_along() => Assert.True(Vpn.ContainerGone("vpn").Plan.Has("aside homeiq-client"));

    [Fact]
    public void A_user_that_changes_leaves_its_provider_alone()
    {
        var plan = Vpn.CommitImage("client", "homeiq/client:2.0.0").Plan;

        Assert.DoesNotContain(plan.Steps, step => step.Step.Subject == "vpn");
    }

    [Fact]
    public void A_user_of_a_user_is_made_again_too()
    {
        var plan = Installed(Service("vpn"), User("client", spec => spec with { NetworkMode = "service:vpn", Networks = [] }), User("probe", spec => spec with { PidMode = "service:client" }))
            .CommitImage("vpn", "homeiq/vpn:2.0.0").Plan;

        Assert.True(plan.Waits("create homeiq-probe.new", "create homeiq-client.new"));
        Assert.True(plan.Waits("stop homeiq-client", "stop homeiq-probe"));
    }

    [Fact]
    public void On_a_first_install_the_user_comes_after_its_provider()
    {
        var plan = Fresh(User("a-client", spec => spec with { NetworkMode = "service:vpn", Networks = [] }), Service("vpn")).Plan;

        Assert.True(plan.Waits("create homeiq-a-client.new", "create homeiq-vpn.new"));
        Assert.True(plan.Waits("start homeiq-a-client", "start homeiq-vpn"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Who_caches_an_address_restarts_after_the_proof_and_before_its_own(bool byPolicy)
    {
        var plan = Installed(Service("api"), Caching("web", byPolicy)).CommitImage("api", "homeiq/api:2.0.0").Plan;

        Assert.Equal(
            $"""
            1 pull api homeiq/api:2.0.0
            2 keep api
            3 create homeiq-api.new after 1
            4 stop homeiq-api after 2,3
            5 aside homeiq-api after 4
            6 rename homeiq-api.new homeiq-api after 3,5
            7 start homeiq-api after 6
            8 verify api after 7
            9 restart homeiq-web after 2,3,8
            10 verify web after 9
            11 promote commit-2 after 10
            12 - remove homeiq-api.kept-{Id("api")[..6]} after 11
            """,
            ShortText.Of(plan));
        Assert.Equal("restarts with api", plan.Cause("restart homeiq-web"));
    }

    [Fact]
    public void Who_restarts_takes_along_who_restarts_with_it()
    {
        var plan = Installed(Service("api"), Caching("web", true), Service("edge") with { Policy = new() { RestartWith = ["web"] } }, Service("bystander", "web"))
            .CommitImage("api", "homeiq/api:2.0.0").Plan;

        Assert.True(plan.Waits("restart homeiq-edge", "verify web"));
        Assert.DoesNotContain(plan.Steps, step => step.Step.Subject == "bystander");
    }

    [Fact]
    public void Who_is_swapped_itself_starts_after_the_proof_instead()
    {
        var plan = Installed(Service("api"), Caching("web", true)).CommitImage("api", "homeiq/api:2.0.0").CommitImage("web", "homeiq/web:2.0.0").Plan;

        Assert.True(plan.Waits("start homeiq-web", "verify api"));
        Assert.DoesNotContain(plan.Steps, step => step.Step is RestartContainer);
    }

    [Fact]
    public void It_also_restarts_when_drift_was_corrected()
    {
        Assert.True(Installed(Service("api"), Caching("web", true)).Stopped("api").Plan.Waits("restart homeiq-web", "verify api"));
    }

    [Fact]
    public void Who_does_not_run_is_not_restarted()
    {
        var stack = Installed(Service("api"), Caching("web", true) with { Policy = new() { RestartWith = ["api"], Drift = DriftPolicy.Ignore } }).Stopped("web");

        Assert.DoesNotContain(stack.CommitImage("api", "homeiq/api:2.0.0").Plan.Steps, step => step.Step.Subject == "web");
    }

    [Theory]
    [InlineData(ContainerStatus.Paused)]
    public void An_unpaused_or_renamed_service_has_kept_its_address(ContainerStatus status)
    {
        var stack = Installed(Service("api"), Caching("web", true));

        Assert.DoesNotContain(stack.Container("api", container => container with { Status = status }).Plan.Steps, step => step.Step is RestartContainer);
        Assert.DoesNotContain(stack.Container("api", container => container with { Name = "x" }).Plan.Steps, step => step.Step is RestartContainer);
    }

    [Fact]
    public void No_restart_before_the_preparation_is_done()
    {
        var plan = Installed(Service("api"), Caching("web", true), Service("z")).Stopped("api").CommitImage("z", "homeiq/z:2.0.0").Plan;

        Assert.True(plan.Waits("restart homeiq-web", "create homeiq-z.new"));
    }

    private static DesiredService User(string name, Func<ContainerSpec, ContainerSpec> share) => Service(name) with { Spec = share(Service(name).Spec) };

    private static DesiredService Shares(string how) => User("client", spec => how switch
    {
        "network" => spec with { NetworkMode = "service:vpn", Networks = [] },
        "container" => spec with { NetworkMode = "container:homeiq-vpn", Networks = [] },
        "ipc" => spec with { IpcMode = "service:vpn" },
        _ => spec with { PidMode = "service:vpn" },
    });

    private static DesiredService Caching(string name, bool byPolicy) => byPolicy
        ? Service(name) with { Policy = new() { RestartWith = ["api"] } }
        : Service(name) with { DependsOn = [new("api", DependencyCondition.Healthy, Restart: true)] };
}
