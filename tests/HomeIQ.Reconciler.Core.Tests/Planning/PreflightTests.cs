using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Observed;
using static HomeIQ.Reconciler.Planning.Table;

namespace HomeIQ.Reconciler.Planning;

/// <summary>What stands in the way is found before anything moves.</summary>
public sealed class PreflightTests
{
    private static readonly PortBinding Http = new(80, HostPort: 8080);

    [Fact]
    public void A_name_that_somebody_else_s_container_bears_is_refused_with_the_way_out()
    {
        var refusal = Assert.Single(Fresh(Service("a")).Add(Foreign("homeiq-a") with { ComposeProject = "homeiq" }).Plan.Refusals);

        Assert.Equal("a container that is not ours bears the name homeiq-a (Compose project homeiq)", refusal.Message);
        Assert.Contains("adopt", refusal.Hint, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "", true)]
    [InlineData("", "127.0.0.1", true)]
    [InlineData("0.0.0.0", "127.0.0.1", true)]
    [InlineData("127.0.0.1", "0.0.0.0", true)]
    [InlineData("::", "0.0.0.0", true)]
    [InlineData("127.0.0.1", "127.0.0.1", true)]
    [InlineData("127.0.0.1", "127.0.0.2", false)]
    [InlineData("192.168.1.5", "127.0.0.1", false)]
    public void A_port_clashes_where_addresses_overlap(string theirs, string ours, bool clashes)
    {
        var stack = Fresh(Service("a") with { Spec = Service("a").Spec with { Ports = [Http with { HostAddress = ours }] } });

        Assert.Equal(clashes ? ["port-taken a"] : [], stack.Add(Foreign("other", Http with { HostAddress = theirs })).Plan.Refusals.Codes());
        Assert.Equal(clashes ? ["port-taken a"] : [], stack.Observe(observed => observed with { HostPorts = [new(8080, "tcp", theirs, "nginx (42)")] }).Plan.Refusals.Codes());
        Assert.Equal(
            clashes ? ["port-clash b"] : [],
            stack.Commit(Service("b") with { Spec = Service("b").Spec with { Ports = [Http with { HostAddress = theirs }] } }).Plan.Refusals.Codes());
    }

    [Fact]
    public void Another_protocol_or_port_is_no_clash()
    {
        var stack = Fresh(Service("a") with { Spec = Service("a").Spec with { Ports = [Http] } });

        Assert.Empty(stack.Add(Foreign("other", Http with { Protocol = "udp" }, Http with { HostPort = 8081 }, new PortBinding(8080))).Plan.Refusals);
    }

    [Fact]
    public void A_process_of_the_host_is_named()
    {
        var plan = Fresh(Service("a") with { Spec = Service("a").Spec with { Ports = [Http] } }).Observe(observed => observed with { HostPorts = [new(8080, "tcp", "0.0.0.0", "nginx (42)")] }).Plan;

        Assert.Equal("nginx (42) of the host listens on port 8080/tcp", Assert.Single(plan.Refusals).Message);
    }

    [Fact]
    public void A_stopped_container_of_somebody_else_holds_no_port()
    {
        Assert.Empty(Fresh(Service("a") with { Spec = Service("a").Spec with { Ports = [Http] } }).Add(Foreign("other", Http) with { Status = ContainerStatus.Exited }).Plan.Refusals);
    }

    [Fact]
    public void Another_instance_on_the_same_engine_is_somebody_else()
    {
        var other = Foreign("theirs", Http) with { Owner = new("other", "a", "r", "c", "d") };
        var refusal = Assert.Single(Fresh(Service("a") with { Spec = Service("a").Spec with { Ports = [Http] } }).Add(other).Plan.Refusals);

        Assert.Equal("theirs of the instance other publishes host port 8080/tcp", refusal.Message);
    }

    [Fact]
    public void A_port_that_the_service_holds_itself_is_no_clash()
    {
        var stack = Installed(Service("a") with { Spec = Service("a").Spec with { Ports = [Http] } });

        Assert.Empty(stack.CommitImage("a", "homeiq/a:2.0.0").Plan.Refusals);
        Assert.Empty(stack.CommitImage("a", "homeiq/a:2.0.0").Observe(observed => observed with { HostPorts = [new(8080, "tcp", "0.0.0.0", "docker-proxy (9)")] }).Plan.Refusals);
    }

    [Fact]
    public void A_clash_refuses_the_start_of_a_stopped_service_too()
    {
        var stack = Installed(Service("a") with { Spec = Service("a").Spec with { Ports = [Http] } }).Stopped("a").Add(Foreign("other", Http));

        Assert.Equal(["port-taken a"], stack.Plan.Refusals.Codes());
    }

    [Fact]
    public void What_is_not_started_does_not_clash()
    {
        var stack = Installed(Service("a") with { Spec = Service("a").Spec with { Ports = [Http] } }, Service("b")).Add(Foreign("other", Http));

        Assert.Empty(stack.CommitImage("b", "homeiq/b:2.0.0").Plan.Refusals);
    }

    [Fact]
    public void A_port_that_the_engine_picks_never_clashes()
    {
        var any = Service("a") with { Spec = Service("a").Spec with { Ports = [new(80), new(80)] } };

        Assert.Empty(Fresh(any, any with { Name = "b", ContainerName = "b" }).Plan.Refusals);
    }

    [Fact]
    public void Ports_mean_nothing_on_the_host_s_own_network()
    {
        var host = Service("a") with { Spec = Service("a").Spec with { Ports = [Http], NetworkMode = "host", Networks = [] } };

        Assert.Empty(Fresh(host, Service("b") with { Spec = Service("b").Spec with { Ports = [Http] } }).Plan.Refusals);
    }

    [Fact]
    public void Two_services_with_one_container_name_are_refused()
    {
        Assert.Equal(["name-clash b"], Fresh(Service("a") with { ContainerName = "x" }, Service("b") with { ContainerName = "x" }).Plan.Refusals.Codes());
    }

    [Fact]
    public void A_static_address_that_somebody_else_has_is_refused()
    {
        var stack = Fresh(Service("a") with { Spec = Service("a").Spec with { Networks = [new("homeiq-network") { Ipv4Address = "10.0.0.5" }] } });

        Assert.Equal(["address-taken a"], stack.Add(Foreign("other") with { Networks = [new("homeiq-network", "n", [], "10.0.0.5", null, null)] }).Plan.Refusals.Codes());
        Assert.Empty(stack.Add(Foreign("other") with { Networks = [new("homeiq-network", "n", [], "10.0.0.6", null, null)] }).Plan.Refusals);
    }

    [Fact]
    public void A_clash_with_a_container_that_is_only_bounced_stays_a_clash()
    {
        var stack = Installed(Service("a") with { Spec = Service("a").Spec with { Ports = [Http] } }).CommitNetwork("homeiq-network", network => network with { Internal = true });

        Assert.Contains("port-taken b", stack.Desire(stack.Desired with { Services = [.. stack.Desired.Services, Service("b") with { Spec = Service("b").Spec with { Ports = [Http] } }] }).Plan.Refusals.Codes());
    }

    [Fact]
    public void All_clashes_are_told_at_once()
    {
        var plan = Fresh(Service("a") with { Spec = Service("a").Spec with { Ports = [Http] } }, Service("b") with { Spec = Service("b").Spec with { Ports = [new(1, HostPort: 22)] } })
            .Add(Foreign("homeiq-a")).Add(Foreign("x", Http)).Observe(observed => observed with { HostPorts = [new(22, "tcp", "0.0.0.0", "sshd (1)")] }).Plan;

        Assert.Equal(["name-taken a", "port-taken a", "port-taken b"], plan.Refusals.Codes());
    }

    [Fact]
    public void No_plan_touches_what_is_somebody_else_s()
    {
        var plan = Installed(Service("a")).Add(Foreign("homeiq-b", Http)).Add(Foreign("homeiq-a.new")).Commit(Service("b") with { Spec = Service("b").Spec with { Ports = [Http] } }).CommitImage("a", "homeiq/a:2.0.0").Plan;

        Assert.DoesNotContain(plan.Steps, step => step.Step.ToString().Contains("foreign-", StringComparison.Ordinal));
    }
}
