using HomeIQ.Reconciler.Changes;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Docker;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Agent.Tests.Docker;

/// <summary>Obligations about networks, shared namespaces and volumes.</summary>
public abstract partial class ContainerHostConformance
{
    [Fact]
    public async Task A_network_can_be_read_back()
    {
        var owner = new Ownership("house", "", "run-1", "abc123", "sha-1");
        var network = new DesiredNetwork(Named("net"))
        {
            Internal = true,
            Labels = new([KeyValuePair.Create("site", "attic")]),
            Pools = [new("10.213.7.0/24", "10.213.7.1")],
        };

        var id = await Host.CreateNetworkAsync(network, owner.ToLabels(), Cancel);
        var seen = Assert.Single(await Host.ListNetworksAsync(Cancel), one => one.Name == network.Name);

        Assert.Equal(id, seen.Id);
        Assert.Equal(network, seen.Settings);
        Assert.Equal(owner, seen.Owner);
    }

    [Fact]
    public async Task A_networks_name_is_given_only_once()
    {
        await Host.CreateNetworkAsync(new(Named("net")), NoLabels, Cancel);

        await FailsAsync(HostFailure.Conflict, () => Host.CreateNetworkAsync(new(Named("net")), NoLabels, Cancel));

        Assert.Single(await Host.ListNetworksAsync(Cancel), network => network.Name == Named("net"));
    }

    [Fact]
    public async Task A_network_is_removed_by_name_or_id_and_can_be_removed_again()
    {
        await Host.CreateNetworkAsync(new(Named("one")), NoLabels, Cancel);
        var two = await Host.CreateNetworkAsync(new(Named("two")), NoLabels, Cancel);

        Assert.True(await Host.RemoveNetworkAsync(Named("one"), Cancel));
        Assert.True(await Host.RemoveNetworkAsync(two, Cancel));
        Assert.False(await Host.RemoveNetworkAsync(Named("one"), Cancel));
        Assert.DoesNotContain(await Host.ListNetworksAsync(Cancel), network => network.Name.StartsWith(Named(""), StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_network_that_a_running_container_uses_is_not_removed()
    {
        await AttachedAsync("a", "net");

        await FailsAsync(HostFailure.Conflict, () => Host.RemoveNetworkAsync(Named("net"), Cancel));
    }

    [Fact]
    public async Task A_container_joins_its_networks_with_the_aliases_asked_for_and_no_others()
    {
        var one = await Host.CreateNetworkAsync(new(Named("one")), NoLabels, Cancel);
        var two = await Host.CreateNetworkAsync(new(Named("two")), NoLabels, Cancel);
        var spec = App() with
        {
            NetworkMode = null,
            Networks = [new(Named("two")) { Aliases = ["db", "web"] }, new(Named("one")) { Aliases = ["web"] }],
        };

        var seen = await LookAsync(await RunAsync("a", spec));

        Assert.Equal([Named("one"), Named("two")], seen.Networks.Select(network => network.Network));
        Assert.Equal([one, two], seen.Networks.Select(network => network.NetworkId));
        Assert.Equal(["web"], seen.Networks[0].Aliases);
        Assert.Equal(["db", "web"], seen.Networks[1].Aliases);
        Assert.All(seen.Networks, network => Assert.NotNull(network.Address));
        Assert.Equal(Named("two"), seen.NetworkMode);
    }

    [Fact]
    public async Task A_container_on_no_network_says_so()
    {
        var seen = await LookAsync(await RunAsync("a", App() with { NetworkMode = "none" }));

        Assert.Equal("none", seen.NetworkMode);
    }

    [Fact]
    public async Task A_container_is_connected_and_disconnected_and_both_can_be_repeated()
    {
        var id = await AttachedAsync("a", "one");
        var two = await Host.CreateNetworkAsync(new(Named("two")), NoLabels, Cancel);
        var attachment = new NetworkAttachment(Named("two")) { Aliases = ["extra"] };

        await Host.ConnectAsync(two, id, attachment, Cancel);
        await Host.ConnectAsync(two, id, attachment, Cancel);
        var connected = await LookAsync(id);
        await Host.DisconnectAsync(two, id, Cancel);
        await Host.DisconnectAsync(two, id, Cancel);
        var disconnected = await LookAsync(id);

        Assert.Equal(["extra"], Assert.Single(connected.Networks, network => network.Network == Named("two")).Aliases);
        Assert.Equal([Named("one")], disconnected.Networks.Select(network => network.Network));
        Assert.Equal(connected.StartedAt, disconnected.StartedAt);
        Assert.NotEqual(connected.Fields, disconnected.Fields);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_container_that_was_taken_off_its_networks_is_as_it_was_made_once_it_is_connected_as_specified(bool running)
    {
        var one = await Host.CreateNetworkAsync(new(Named("one")) { Pools = [new("10.213.9.0/24")] }, NoLabels, Cancel);
        var two = await Host.CreateNetworkAsync(new(Named("two")), NoLabels, Cancel);
        NetworkAttachment[] wanted = [new(Named("one")) { Aliases = ["db", "web"], Ipv4Address = "10.213.9.77" }, new(Named("two")) { Aliases = ["web"] }];
        var spec = App() with { NetworkMode = null, Networks = [.. wanted] };
        var id = running ? await RunAsync("a", spec) : await CreateAsync("a", spec);
        var made = await LookAsync(id);

        await Host.DisconnectAsync(one, id, Cancel);
        await Host.DisconnectAsync(two, id, Cancel);
        Assert.Empty((await LookAsync(id)).Networks);
        await Host.ConnectAsync(two, id, wanted[1], Cancel);
        await Host.ConnectAsync(one, id, wanted[0], Cancel);
        var again = await LookAsync(id);

        Assert.Equal(made.Fields.ToString(), again.Fields.ToString());
        Assert.Equal((made.StartedAt, made.Status), (again.StartedAt, again.Status));
        Assert.Equal(running ? "10.213.9.77" : null, again.Networks[0].Address);
    }

    [Fact]
    public async Task A_published_port_is_there_again_once_the_container_is()
    {
        var network = await Host.CreateNetworkAsync(new(Named("net")), NoLabels, Cancel);
        var port = new PortBinding(8080, "tcp", "127.0.0.1", FreePort());
        var id = await RunAsync("a", App() with { NetworkMode = null, Networks = [new(Named("net"))], Ports = [port] });

        await Host.DisconnectAsync(network, id, Cancel);
        await Host.ConnectAsync(network, id, new(Named("net")), Cancel);

        Assert.Equal([port], (await LookAsync(id)).PublishedPorts);
    }

    [Fact]
    public async Task A_container_that_joins_under_other_names_is_on_the_network_in_another_way()
    {
        var id = await AttachedAsync("a", "net");
        var made = await LookAsync(id);

        await Host.DisconnectAsync(Named("net"), id, Cancel);
        await Host.ConnectAsync(Named("net"), id, new(Named("net")) { Aliases = ["other"] }, Cancel);
        Assert.NotEqual(NetworkFields.Of(made.Fields, Named("net")), NetworkFields.Of((await LookAsync(id)).Fields, Named("net")));

        await Host.DisconnectAsync(Named("net"), id, Cancel);
        await Host.ConnectAsync(Named("net"), id, new(Named("net")) { Aliases = ["web"] }, Cancel);
        Assert.Equal(made.Fields.ToString(), (await LookAsync(id)).Fields.ToString());
    }

    [Fact]
    public async Task An_address_that_is_taken_cannot_be_joined_with()
    {
        var network = await Host.CreateNetworkAsync(new(Named("net")) { Pools = [new("10.213.10.0/24")] }, NoLabels, Cancel);
        await RunAsync("a", App() with { NetworkMode = null, Networks = [new(Named("net")) { Ipv4Address = "10.213.10.7" }] });
        var other = await AttachedAsync("b", "other");

        await FailsAsync(HostFailure.Conflict, () => Host.ConnectAsync(network, other, new(Named("net")) { Ipv4Address = "10.213.10.7" }, Cancel));

        Assert.Equal([Named("other")], (await LookAsync(other)).Networks.Select(joined => joined.Network));
        Assert.DoesNotContain((await LookAsync(other)).Fields.Keys, field => field.StartsWith($"NetworkSettings.Networks.{Named("net")}", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_running_container_joins_a_network_that_was_made_anew_under_the_name()
    {
        var id = await AttachedAsync("a", "net");
        await Host.DisconnectAsync(Named("net"), id, Cancel);
        await Host.RemoveNetworkAsync(Named("net"), Cancel);
        var renewed = await Host.CreateNetworkAsync(new(Named("net")), NoLabels, Cancel);

        await Host.ConnectAsync(renewed, id, new(Named("net")) { Aliases = ["web"] }, Cancel);

        Assert.Equal(renewed, Assert.Single((await LookAsync(id)).Networks).NetworkId);
    }

    [Fact]
    public async Task A_stopped_container_is_connected_and_disconnected_as_well()
    {
        await Host.CreateNetworkAsync(new(Named("one")), NoLabels, Cancel);
        var two = await Host.CreateNetworkAsync(new(Named("two")), NoLabels, Cancel);
        var id = await CreateAsync("a", App() with { NetworkMode = null, Networks = [new(Named("one"))] });

        await Host.ConnectAsync(two, id, new(Named("two")) { Aliases = ["extra"] }, Cancel);
        await Host.StartContainerAsync(id, Cancel);
        await Host.StopContainerAsync(id, null, Cancel);
        await Host.DisconnectAsync(Named("one"), id, Cancel);

        Assert.Equal([Named("two")], (await LookAsync(id)).Networks.Select(network => network.Network));
    }

    [Fact]
    public async Task A_network_that_is_not_there_cannot_be_joined()
    {
        var running = await AttachedAsync("a", "net");
        var created = await CreateAsync("b", App() with { NetworkMode = null, Networks = [new(Named("net"))] });

        await FailsAsync(HostFailure.NotFound, () => Host.ConnectAsync(Unknown, running, new(Named("gone")), Cancel));
        await FailsAsync(HostFailure.NotFound, () => Host.ConnectAsync(Unknown, created, new(Named("gone")), Cancel));
        await FailsAsync(HostFailure.NotFound, () => Host.ConnectAsync(Named("net"), Unknown, new(Named("net")), Cancel));
    }

    [Fact]
    public async Task A_kept_container_cannot_start_after_its_network_was_made_anew_until_it_is_attached_again()
    {
        var id = await AttachedAsync("a", "net");
        await Host.StopContainerAsync(id, null, Cancel);
        await Host.RemoveNetworkAsync(Named("net"), Cancel);
        var renewed = await Host.CreateNetworkAsync(new(Named("net")), NoLabels, Cancel);

        await FailsAsync(HostFailure.Conflict, () => Host.StartContainerAsync(id, Cancel));
        await Host.DisconnectAsync(renewed, id, Cancel);
        await Host.ConnectAsync(renewed, id, new(Named("net")) { Aliases = ["web"] }, Cancel);
        Assert.True(await Host.StartContainerAsync(id, Cancel));

        var seen = await LookAsync(id);
        Assert.Equal((renewed, "web"), (Assert.Single(seen.Networks).NetworkId, Assert.Single(seen.Networks[0].Aliases)));
    }

    [Fact]
    public async Task An_address_that_was_asked_for_is_kept()
    {
        await Host.CreateNetworkAsync(new(Named("net")) { Pools = [new("10.213.8.0/24")] }, NoLabels, Cancel);
        var spec = App() with { NetworkMode = null, Networks = [new(Named("net")) { Ipv4Address = "10.213.8.77" }] };

        var id = await CreateAsync("a", spec);
        var created = Assert.Single((await LookAsync(id)).Networks);
        await Host.StartContainerAsync(id, Cancel);
        var running = Assert.Single((await LookAsync(id)).Networks);

        Assert.Equal(("10.213.8.77", null), (created.StaticIpv4, created.Address));
        Assert.Equal(("10.213.8.77", "10.213.8.77"), (running.StaticIpv4, running.Address));
    }

    [Fact]
    public async Task A_container_lives_in_the_network_of_another()
    {
        var owner = await AttachedAsync("a", "net");

        var guest = await LookAsync(await RunAsync("b", App(("PORT", "9090")) with { NetworkMode = $"container:{owner}" }));

        Assert.Equal($"container:{owner}", guest.NetworkMode);
        Assert.Equal(ContainerStatus.Running, guest.Status);
        Assert.Empty(guest.Networks);
    }

    [Fact]
    public async Task A_volume_can_be_read_back_and_made_again()
    {
        var owner = new Ownership("house", "", "run-1", "abc123", "sha-1");
        var volume = new DesiredVolume(Named("data")) { Labels = new([KeyValuePair.Create("site", "attic")]) };

        await Host.CreateVolumeAsync(volume, owner.ToLabels(), Cancel);
        await Host.CreateVolumeAsync(volume, owner.ToLabels(), Cancel);
        var seen = Assert.Single(await Host.ListVolumesAsync(Cancel), one => one.Name == volume.Name);

        Assert.Equal(volume, seen.Settings);
        Assert.Equal(owner, seen.Owner);
        Assert.NotEmpty(seen.MountPoint);
    }

    [Fact]
    public async Task Mounts_can_be_read_back()
    {
        await Host.CreateVolumeAsync(new(Named("data")), NoLabels, Cancel);
        var spec = App() with
        {
            Mounts = [new(MountKind.Volume, Named("data"), "/data", ReadOnly: true), new(MountKind.Volume, "", "/scratch")],
            Tmpfs = new([KeyValuePair.Create("/run", "")]),
        };

        var mounts = (await LookAsync(await CreateAsync("a", spec))).Mounts;

        Assert.Equal(["/data", "/run", "/scratch"], mounts.Select(mount => mount.Target));
        Assert.Equal(("volume", Named("data"), true), (mounts[0].Kind, mounts[0].Name, mounts[0].ReadOnly));
        Assert.Equal(("tmpfs", ""), (mounts[1].Kind, mounts[1].Name));
        Assert.Equal(("volume", false), (mounts[2].Kind, mounts[2].ReadOnly));
        Assert.NotEmpty(mounts[2].Name);
    }

    [Fact]
    public async Task Volumes_outlive_their_container_the_nameless_ones_too()
    {
        var id = await CreateAsync("a", App() with { Mounts = [new(MountKind.Volume, Named("data"), "/data"), new(MountKind.Volume, "", "/scratch")] });
        var names = (await LookAsync(id)).Mounts.Select(mount => mount.Name).ToList();

        await Host.RemoveContainerAsync(id, Cancel);
        var left = (await Host.ListVolumesAsync(Cancel)).Select(volume => volume.Name).ToList();

        Assert.Equal(2, names.Count);
        Assert.All(names, name => Assert.Contains(name, left));
    }

    /// <summary>A running container with the alias <c>web</c> on a network that is made for it.</summary>
    private async Task<string> AttachedAsync(string name, string network)
    {
        await Host.CreateNetworkAsync(new(Named(network)), NoLabels, Cancel);
        return await RunAsync(name, App() with { NetworkMode = null, Networks = [new(Named(network)) { Aliases = ["web"] }] });
    }
}
