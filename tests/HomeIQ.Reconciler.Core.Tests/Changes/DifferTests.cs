using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Observed;
using HomeIQ.Reconciler.Planning;
using static HomeIQ.Reconciler.Planning.Table;

namespace HomeIQ.Reconciler.Changes;

public sealed class DifferTests
{
    private static readonly Table Stack = Installed(
        Service("db") with { Spec = Service("db").Spec with { Mounts = [new(MountKind.Volume, "homeiq_data", "/data")] } },
        Service("api", "db") with
        {
            Spec = Service("api").Spec with { Environment = new([new("TZ", "UTC"), new("TOKEN", "s3cret")]), SecretFields = ["env.TOKEN"], Mounts = [new(MountKind.Content, "c1", "/etc/api.conf", true) { Content = "c1" }] },
        });

    [Fact]
    public void A_first_install_adds_everything()
    {
        Assert.Equal("ServiceAdded a, ServiceAdded b, NetworkMissing homeiq-network", Text(Differ.Changes(Fresh(Service("b"), Service("a")).Desired, null)));
    }

    [Fact]
    public void The_same_state_has_no_changes() => Assert.Equal("", Text(Differ.Changes(Stack.Desired, Stack.Effective)));

    [Fact]
    public void An_unrelated_commit_has_no_changes() => Assert.Equal("", Text(Differ.Changes(Stack.CommitNothing().Desired, Stack.Effective)));

    [Fact]
    public void A_service_that_moved_in_its_file_has_not_changed()
    {
        Assert.Equal("", Text(Differ.Changes(Stack.Commit("api", api => api with { Position = new("compose.yaml", 99) }).Desired, Stack.Effective)));
    }

    [Fact]
    public void Every_field_that_differs_is_told_with_both_values()
    {
        var changed = Assert.IsType<ServiceChanged>(Assert.Single(Differ.Changes(
            Stack.CommitSpec("api", spec => spec with { Image = "homeiq/api:2.0.0", Environment = spec.Environment.With("TZ", "CET"), Memory = 1 << 30 }).Desired, Stack.Effective)));

        Assert.Equal(
            [new("env.TZ", "UTC", "CET"), new("image", "homeiq/api:1.0.0", "homeiq/api:2.0.0"), new("memory", null, "1G")],
            changed.Fields);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Of_a_secret_only_the_change_is_told(bool markedBefore)
    {
        var stack = Stack.CommitSpec("api", spec => spec with { Environment = spec.Environment.With("TOKEN", "other"), SecretFields = markedBefore ? [] : spec.SecretFields });
        var changed = Assert.IsType<ServiceChanged>(Assert.Single(Differ.Changes(stack.Desired, Stack.Effective)));

        Assert.Equal([new("env.TOKEN", null, null, Secret: true)], changed.Fields);
    }

    [Fact]
    public void A_removed_secret_is_not_told_either()
    {
        var changed = Assert.IsType<ServiceChanged>(Assert.Single(Differ.Changes(
            Stack.CommitSpec("api", spec => spec with { Environment = spec.Environment.Without("TOKEN"), SecretFields = [] }).Desired, Stack.Effective)));

        Assert.Equal([new("env.TOKEN", null, null, Secret: true)], changed.Fields);
    }

    [Fact]
    public void Another_container_name_is_a_change()
    {
        var changed = Assert.IsType<ServiceChanged>(Assert.Single(Differ.Changes(Stack.Commit("api", api => api with { ContainerName = "api" }).Desired, Stack.Effective)));

        Assert.Equal([new("container_name", "homeiq-api", "api")], changed.Fields);
    }

    [Fact]
    public void A_bound_file_is_compared_by_content()
    {
        var changed = Assert.IsType<ServiceChanged>(Assert.Single(Differ.Changes(
            Stack.CommitSpec("api", spec => spec with { Mounts = [spec.Mounts[0] with { Source = "c2", Content = "c2" }] }).Desired, Stack.Effective)));

        Assert.Equal(["mount./etc/api.conf"], changed.Fields.Select(field => field.Field));
    }

    public static readonly TheoryData<string> PolicyOnly = ["depends_on", "risk", "drift", "probe", "pull", "secret"];

    [Theory]
    [MemberData(nameof(PolicyOnly))]
    public void What_makes_no_other_container_is_a_change_of_policy(string what)
    {
        var stack = Stack.Commit("api", api => what switch
        {
            "depends_on" => api with { DependsOn = [] },
            "risk" => api with { Policy = api.Policy with { Risk = Risk.High } },
            "drift" => api with { Policy = api.Policy with { Drift = DriftPolicy.Warn } },
            "probe" => api with { Policy = api.Policy with { Probes = [new TcpProbe(80)] } },
            "pull" => api with { Pull = PullPolicy.Always },
            _ => api with { Spec = api.Spec with { SecretFields = [] } },
        });

        Assert.Equal("PolicyChanged api", Text(Differ.Changes(stack.Desired, Stack.Effective)));
    }

    [Fact]
    public void The_source_of_an_image_whose_pin_stays_is_no_change()
    {
        Assert.Equal("", Text(Differ.Changes(Stack.Commit("api", api => api with { Build = new() { Context = "api", Dockerfile = "Dockerfile", Digest = "b" } }).Desired, Stack.Effective)));
    }

    [Fact]
    public void A_service_of_scale_0_adds_nothing() => Assert.Equal("", Text(Differ.Changes(Stack.Commit(Service("new") with { Scale = 0 }).Desired, Stack.Effective)));

    [Fact]
    public void A_service_that_is_gone_from_the_desired_state_is_removed_and_its_volume_released()
    {
        Assert.Equal("ServiceRemoved db, VolumeReleased homeiq_data", Text(Differ.Changes(Stack.CommitWithout("db").Desired, Stack.Effective)));
    }

    [Fact]
    public void Networks_are_compared_by_every_setting()
    {
        Func<DesiredNetwork, DesiredNetwork>[] settings =
        [
            network => network with { Driver = "macvlan" },
            network => network with { Internal = true },
            network => network with { Attachable = true },
            network => network with { EnableIpv6 = true },
            network => network with { IpamDriver = "other" },
            network => network with { IpamOptions = new([new("a", "b")]) },
            network => network with { DriverOptions = new([new("com.docker.network.driver.mtu", "1400")]) },
            network => network with { Labels = new([new("a", "b")]) },
            network => network with { Pools = [new("10.9.0.0/24")] },
        ];

        Assert.All(settings, change => Assert.Equal("NetworkChanged homeiq-network", Text(Differ.Changes(Stack.CommitNetwork("homeiq-network", change).Desired, Stack.Effective))));
    }

    [Fact]
    public void A_pool_s_every_setting_counts()
    {
        var with = Stack.CommitNetwork("homeiq-network", network => network with { Pools = [new("10.9.0.0/24", "10.9.0.1", "10.9.0.128/25", new([new("a", "10.9.0.5")]))] });
        var effective = Stack.Effective with { Networks = [new(with.Desired.Networks[0], "n")] };
        var pool = with.Desired.Networks[0].Pools[0];
        AddressPool[] others = [pool with { Subnet = null }, pool with { Gateway = null }, pool with { IpRange = null }, pool with { AuxiliaryAddresses = null }];

        Assert.Equal("", Text(Differ.Changes(with.Desired, effective)));
        Assert.All(others, other => Assert.Equal("NetworkChanged homeiq-network", Text(Differ.Changes(with.CommitNetwork("homeiq-network", network => network with { Pools = [other] }).Desired, effective))));
    }

    [Fact]
    public void A_volume_with_other_options_is_changed()
    {
        var desired = Stack.CommitNothing().Desired;

        Assert.Equal(
            "VolumeChanged homeiq_data",
            Text(Differ.Changes(desired with { Volumes = [desired.Volumes[0] with { DriverOptions = new([new("type", "nfs")]) }] }, Stack.Effective)));
    }

    [Fact]
    public void What_is_external_is_never_changed_made_or_removed()
    {
        var desired = Stack.Desired with { Networks = [new("outside") { External = true }], Volumes = [new("theirs") { External = true }] };
        var effective = Stack.Effective with { Networks = [new(new("outside") { External = true, Internal = true }, "n"), new(new("gone") { External = true }, "m")], Volumes = [] };

        Assert.Equal("", Text(Differ.Changes(desired, effective)));
    }

    [Fact]
    public void An_untouched_host_has_not_drifted() => Assert.Equal("", Drift(Stack));

    public static readonly TheoryData<string, ContainerStatus, int, string> States = new()
    {
        { "unless-stopped", ContainerStatus.Running, 0, "" },
        { "unless-stopped", ContainerStatus.Restarting, 1, "" },
        { "unless-stopped", ContainerStatus.Exited, 0, "ContainerNotRunning api" },
        { "unless-stopped", ContainerStatus.Exited, 137, "ContainerNotRunning api" },
        { "unless-stopped", ContainerStatus.Created, 0, "ContainerNotRunning api" },
        { "unless-stopped", ContainerStatus.Paused, 0, "ContainerNotRunning api" },
        { "unless-stopped", ContainerStatus.Dead, 0, "ContainerNotRunning api" },
        { "unless-stopped", ContainerStatus.Removing, 0, "ContainerMissing api" },
        { "always", ContainerStatus.Exited, 0, "ContainerNotRunning api" },
        { "no", ContainerStatus.Exited, 0, "ContainerNotRunning api" },
        { "no", ContainerStatus.Exited, 1, "ContainerNotRunning api" },
        { "no", ContainerStatus.Created, 0, "ContainerNotRunning api" },
        { "on-failure", ContainerStatus.Exited, 0, "ContainerNotRunning api" },
        { "on-failure", ContainerStatus.Exited, 2, "ContainerNotRunning api" },
    };

    [Theory]
    [MemberData(nameof(States))]
    public void A_container_that_does_not_run_as_it_should_has_drifted(string restart, ContainerStatus status, int exitCode, string drift)
    {
        var stack = Installed(Service("api") with { Spec = Service("api").Spec with { Restart = new(restart) } });

        Assert.Equal(drift, Drift(stack.Container("api", container => container with { Status = status, ExitCode = exitCode })));
    }

    [Theory]
    [InlineData("no", 0, "")]
    [InlineData("on-failure", 0, "")]
    [InlineData("unless-stopped", 0, "ContainerNotRunning api")]
    [InlineData("no", 1, "ContainerNotRunning api")]
    public void What_ended_well_has_done_its_task_where_nobody_asks_for_its_health_or_others_wait_for_its_end(string restart, int exitCode, string drift)
    {
        var spec = Service("api").Spec with { Restart = new(restart) };
        var waits = Service("web") with { DependsOn = [new("api", DependencyCondition.CompletedSuccessfully)] };
        foreach (var stack in (Table[])[Installed(Service("api") with { Spec = spec with { HealthCheck = null } }), Installed(Service("api") with { Spec = spec }, waits)])
        {
            Assert.Equal(drift, Drift(stack.Container("api", container => container with { Status = ContainerStatus.Exited, ExitCode = exitCode })));
        }
    }

    [Fact]
    public void A_container_that_is_gone_is_missing() => Assert.Equal("ContainerMissing api", Drift(Stack.ContainerGone("api")));

    [Fact]
    public void A_container_of_the_same_name_made_by_another_hand_does_not_stand_for_it()
    {
        Assert.Equal("ContainerMissing api", Drift(Stack.ContainerGone("api").Add(Foreign("homeiq-api"))));
    }

    [Fact]
    public void A_renamed_container_is_known_by_its_id()
    {
        var renamed = Assert.IsType<ContainerRenamed>(Assert.Single(DriftOf(Stack.Container("api", container => container with { Name = "other" }))));

        Assert.Equal(("homeiq-api", "other"), (renamed.Was, renamed.Is));
    }

    [Fact]
    public void An_update_of_a_field_that_nobody_set_is_seen()
    {
        var drifted = Assert.IsType<ContainerDrifted>(Assert.Single(DriftOf(Field(Stack, "HostConfig.Memory", "268435456"))));

        Assert.Equal([new("HostConfig.Memory", null, "268435456")], drifted.Fields);
    }

    [Fact]
    public void A_network_that_was_disconnected_is_seen()
    {
        Assert.Equal("ContainerDrifted api", Drift(Field(Stack, "NetworkSettings.Networks.homeiq-network", null)));
    }

    [Fact]
    public void A_network_that_was_made_again_by_hand_has_lost_its_containers()
    {
        var stack = Stack.Observe(observed => observed with { Networks = [observed.Networks[0] with { Id = "another" }] });

        Assert.Equal("ContainerDrifted api, ContainerDrifted db", Drift(stack));
    }

    [Theory]
    [InlineData("Config.Labels.io.homeiq.run")]
    [InlineData("Config.Labels.io.homeiq.revision")]
    public void Our_own_labels_are_no_drift(string field) => Assert.Equal("", Drift(Field(Stack, field, "anything")));

    [Theory]
    [InlineData("Config.Labels.theirs")]
    [InlineData("Config.Labels.io.homeiqx")]
    public void Labels_of_others_are(string field) => Assert.Equal("ContainerDrifted api", Drift(Field(Stack, field, "anything")));

    [Fact]
    public void A_secret_that_drifted_is_not_told()
    {
        var fields = DriftOf(Field(Field(Stack, "Config.Env.TOKEN", "other"), "Config.Cmd", "run --token s3cret")).OfType<ContainerDrifted>().Single().Fields;

        Assert.All(fields, field => Assert.True(field is { Secret: true, Was: null, Is: null }, field.ToString()));
        Assert.Equal(2, fields.Count);
    }

    [Fact]
    public void After_a_change_of_the_engine_s_version_fields_that_nobody_set_are_no_drift()
    {
        var newer = Stack.Observe(observed => observed with { Engine = observed.Engine with { Version = "30.0.0" } });

        Assert.Equal("", Drift(Field(newer, "HostConfig.Memory", "268435456")));
        Assert.Equal("", Drift(Field(newer, "HostConfig.NewThing", "default")));
        Assert.Equal("ContainerDrifted api", Drift(Field(newer, "Config.Env.TZ", "CET")));
        Assert.Equal("ContainerDrifted api", Drift(Field(newer, "HostConfig.RestartPolicy.Name", "no")));
    }

    [Fact]
    public void An_edited_export_is_drift_of_every_service_that_mounts_it()
    {
        var drifted = Assert.IsType<ContentDrifted>(Assert.Single(DriftOf(Stack.Observe(observed => observed with { IntactContents = [] }))));

        Assert.Equal(("api", "c1", "/etc/api.conf"), (drifted.Service, drifted.Digest, drifted.Target));
    }

    [Fact]
    public void A_service_of_scale_0_needs_no_container()
    {
        Assert.Equal("", Drift(Installed(Service("api") with { Scale = 0 })));
    }

    [Theory]
    [InlineData("homeiq-api.new")]
    [InlineData("homeiq-api.kept-123456")]
    [InlineData("anything")]
    public void Our_containers_that_nothing_explains_are_orphans(string name)
    {
        Assert.Equal("OrphanFound api", Drift(Stack.Add(Leftover(name, "api"))));
    }

    [Fact]
    public void A_failed_container_that_was_kept_is_none() => Assert.Equal("", Drift(Stack.Add(Leftover("homeiq-api.failed-123456", "api"))));

    [Fact]
    public void Containers_of_others_and_of_other_instances_are_none()
    {
        var other = Leftover("theirs", "api") with { Owner = new("other", "api", "r", "c", "d") };

        Assert.Equal("", Drift(Stack.Add(Foreign("anything")).Add(other)));
    }

    [Fact]
    public void Networks_and_volumes_that_are_gone_are_missing()
    {
        Assert.Equal("NetworkMissing homeiq-network, VolumeMissing homeiq_data", Drift(Stack.Observe(observed => observed with { Networks = [], Volumes = [] })));
    }

    /// <summary>What somebody wrote when the network was made again, and the field that tells it.</summary>
    public static readonly TheoryData<Func<DesiredNetwork, DesiredNetwork>, string> Remade = new()
    {
        { network => network with { Driver = "macvlan" }, "driver" },
        { network => network with { Internal = true }, "internal" },
        { network => network with { Attachable = true }, "attachable" },
        { network => network with { EnableIpv6 = true }, "enable_ipv6" },
        { network => network with { IpamDriver = "other" }, "ipam.driver" },
        { network => network with { DriverOptions = new([new("mtu", "1400")]) }, "driver_opts.mtu" },
        { network => network with { Labels = new([new("site", "attic")]) }, "label.site" },
        { network => network with { Pools = [new("10.9.0.0/24", "10.9.0.1")] }, "" },
        { network => network with { DriverOptions = new([new("com.docker.network.driver.overlay.vxlanid_list", "4097")]) }, "" },
    };

    [Theory]
    [MemberData(nameof(Remade))]
    public void A_network_that_was_made_again_is_compared_by_what_was_asked_for(Func<DesiredNetwork, DesiredNetwork> change, string field)
    {
        Table Made(string id) => Stack.Observe(observed => observed with { Networks = [observed.Networks[0] with { Id = id, Settings = change(observed.Networks[0].Settings) }] });
        string Fields(Table stack) => string.Join(' ', DriftOf(stack).OfType<NetworkDrifted>().SelectMany(drifted => drifted.Fields).Select(changed => changed.Field));

        Assert.Equal(field, Fields(Made("another")));

        // A network cannot be changed: under its own id it only says more than was asked for.
        Assert.Equal("", Fields(Made("net-homeiq-network")));
    }

    [Fact]
    public void Addresses_of_a_network_that_was_made_again_count_as_far_as_they_were_asked_for()
    {
        var asked = Stack.CommitNetwork("homeiq-network", network => network with { Pools = [new("10.9.0.0/24")] }).Desired.Networks[0];
        string Fields(params AddressPool[] pools) => string.Join(' ', Differ.Drift(
            Stack.Effective with { Services = [], Networks = [new(asked, "known")] },
            Stack.Observed with { Networks = [new("another", asked with { Pools = [.. pools] }, Ours(""))] },
            Instance).OfType<NetworkDrifted>().SelectMany(drifted => drifted.Fields).Select(changed => changed.Field));

        Assert.Equal("", Fields(new AddressPool("10.9.0.0/24", "10.9.0.1")));
        Assert.Equal("ipam.config.0", Fields(new AddressPool("10.8.0.0/24", "10.8.0.1")));
        Assert.Equal("ipam.config.1", Fields(new AddressPool("10.9.0.0/24"), new AddressPool("fd00::/64")));
        Assert.Equal("ipam.config.0", Fields());
    }

    private static Table Field(Table stack, string field, string? value) => stack.Container(
        "api", container => container with { Fields = value is null ? container.Fields.Without(field) : container.Fields.With(field, value) });

    private static ValueList<Change> DriftOf(Table stack) => Differ.Drift(stack.Effective, stack.Observed, Instance);

    private static string Drift(Table stack) => Text(DriftOf(stack));

    private static string Text(IEnumerable<Change> changes) => string.Join(", ", changes.Select(change => $"{change.GetType().Name} {change.Subject}"));
}
