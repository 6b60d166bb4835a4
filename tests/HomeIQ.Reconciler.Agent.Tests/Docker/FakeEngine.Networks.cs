using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Docker;

/// <content>Networks with their attachments, and volumes.</content>
public sealed partial class FakeEngine
{
    public Task<IReadOnlyList<ObservedNetwork>> ListNetworksAsync(CancellationToken cancellationToken) =>
        LookAsync<IReadOnlyList<ObservedNetwork>>(
            "networks",
            () => [.. networks.Values.Select(network => new ObservedNetwork(
                network.Id, network.Settings, Ownership.FromLabels(network.Labels), network.Labels.TryGetValue("com.docker.compose.project", out var project) ? project : null))],
            cancellationToken);

    public Task<IReadOnlyList<ObservedVolume>> ListVolumesAsync(CancellationToken cancellationToken) =>
        LookAsync<IReadOnlyList<ObservedVolume>>(
            "volumes",
            () => [.. volumes.Values.Select(volume => new ObservedVolume(
                volume.Settings,
                MountPoint(volume.Settings.Name),
                Ownership.FromLabels(volume.Labels),
                volume.Labels.TryGetValue("com.docker.compose.project", out var project) ? project : null))],
            cancellationToken);

    public Task<string> CreateNetworkAsync(DesiredNetwork network, ValueMap<string> labels, CancellationToken cancellationToken) =>
        TellAsync("create-network", () => $"create network {network.Name}", () => AddNetwork(network, labels), cancellationToken);

    public Task<bool> RemoveNetworkAsync(string idOrName, CancellationToken cancellationToken) =>
        TellAsync(
            "remove-network",
            () => $"remove network {FindNetwork(idOrName)?.Settings.Name ?? idOrName}",
            () =>
            {
                if (FindNetwork(idOrName) is not { } network)
                {
                    return false;
                }

                if (network.IsPredefined)
                {
                    throw new ContainerHostException(HostFailure.Invalid, $"{network.Settings.Name} is a pre-defined network and cannot be removed");
                }

                if (containers.Values.FirstOrDefault(container => container.IsUp && container.Endpoints.Values.Any(endpoint => endpoint.NetworkId == network.Id)) is { } user)
                {
                    throw Conflict($"error while removing network: network {network.Settings.Name} has active endpoints (name:\"{user.Name}\" id:\"{user.Id[..12]}\")");
                }

                networks.Remove(network.Settings.Name);
                return true;
            },
            cancellationToken);

    public Task ConnectAsync(string networkId, string containerId, NetworkAttachment attachment, CancellationToken cancellationToken) =>
        TellAsync(
            "connect",
            () => $"connect {NameOf(containerId)} to {FindNetwork(networkId)?.Settings.Name ?? networkId} as {string.Join(",", attachment.Aliases)}",
            () =>
            {
                var container = Get(containerId);
                var network = FindNetwork(networkId) ?? throw NoNetwork(networkId);
                return Connect(container, network, attachment);
            },
            cancellationToken);

    public Task DisconnectAsync(string networkId, string containerId, CancellationToken cancellationToken) =>
        TellAsync(
            "disconnect",
            () => $"disconnect {NameOf(containerId)} from {FindNetwork(networkId)?.Settings.Name ?? networkId}",
            () =>
            {
                var container = Get(containerId);
                return Disconnect(container, networkId);
            },
            cancellationToken);

    public Task CreateVolumeAsync(DesiredVolume volume, ValueMap<string> labels, CancellationToken cancellationToken) =>
        TellAsync(
            "create-volume",
            () => $"create volume {volume.Name}",
            () => AddVolume(volume, new([.. volume.Labels, .. labels])),
            cancellationToken);

    private string MountPoint(string volume) => Path.Combine(VolumeFolder ?? "/var/lib/docker/volumes", volume, "_data");

    private bool AddVolume(DesiredVolume volume, ValueMap<string> labels)
    {
        if (VolumeFolder is not null)
        {
            Directory.CreateDirectory(MountPoint(volume.Name));
        }

        return volumes.TryAdd(volume.Name, new FakeVolume(volume, labels));
    }

    /// <summary>Every version brings the data up to itself (<c>MIGRATES</c>): the last line of each file tells which was the last.</summary>
    private void Migrate(FakeContainer container)
    {
        if (VolumeFolder is null || container.Knob("MIGRATES") is null)
        {
            return;
        }

        foreach (var mount in container.Mounts.Where(mount => mount is { Kind: "volume", ReadOnly: false }))
        {
            var file = Path.Combine(MountPoint(mount.Name), "data");
            if (!File.Exists(file) || File.ReadLines(file).Last() != container.Spec.Image)
            {
                File.AppendAllText(file, container.Spec.Image + "\n");
            }
        }
    }

    private bool Connect(FakeContainer container, FakeNetwork network, NetworkAttachment attachment)
    {
        if (container.Endpoints.TryGetValue(network.Settings.Name, out var there) && (there.NetworkId == network.Id || there.NetworkId.Length == 0))
        {
            // Told twice, or by two: the adapter takes it for done.
            return true;
        }

        var before = container.Endpoints.GetValueOrDefault(network.Settings.Name);
        container.Endpoints[network.Settings.Name] = new FakeEndpoint(attachment);
        if (!container.IsUp)
        {
            return true;
        }

        try
        {
            Plug(container);
        }
        catch (ContainerHostException)
        {
            // All of it or nothing.
            container.Endpoints.Remove(network.Settings.Name);
            if (before is not null)
            {
                container.Endpoints[network.Settings.Name] = before;
            }

            throw;
        }

        return true;
    }

    private bool Disconnect(FakeContainer container, string networkId)
    {
        var name = FindNetwork(networkId)?.Settings.Name ?? networkId;
        foreach (var attached in container.Endpoints.Where(pair => pair.Key == name || pair.Value.NetworkId == networkId).Select(pair => pair.Key).ToList())
        {
            container.Endpoints.Remove(attached);
        }

        return true;
    }

    private string AddNetwork(DesiredNetwork network, ValueMap<string> labels)
    {
        if (networks.ContainsKey(network.Name))
        {
            throw Conflict($"network with name {network.Name} already exists");
        }

        var subnets = network.Pools.Select(pool => pool.Subnet).OfType<string>().ToList();
        if (networks.Values.Any(other => other.Settings.Pools.Any(pool => pool.Subnet is { } subnet && subnets.Contains(subnet))))
        {
            throw new ContainerHostException(HostFailure.Invalid, "invalid pool request: Pool overlaps with other one on this address space");
        }

        var id = NewId("network");
        networks[network.Name] = new FakeNetwork(id, network, new([.. network.Labels, .. labels]), made);
        return id;
    }

    /// <summary>Gives a container that starts (or is connected while it runs) its addresses, or none.</summary>
    private void Plug(FakeContainer container)
    {
        foreach (var (name, endpoint) in container.Endpoints)
        {
            var network = endpoint.NetworkId.Length > 0 ? FindNetwork(endpoint.NetworkId) : FindNetwork(name);
            if (network is null)
            {
                throw NetworkGone(endpoint.NetworkId.Length > 0 ? endpoint.NetworkId : name);
            }

            var wanted = endpoint.Wanted.Ipv4Address;
            if (wanted is not null && containers.Values.Any(other => other != container && other.IsUp
                && other.Endpoints.Values.Any(taken => taken.NetworkId == network.Id && taken.Address == wanted)))
            {
                throw Conflict("failed to set up container networking: Address already in use");
            }
        }

        foreach (var (name, endpoint) in container.Endpoints)
        {
            var network = endpoint.NetworkId.Length > 0 ? FindNetwork(endpoint.NetworkId)! : FindNetwork(name)!;
            endpoint.NetworkId = network.Id;
            endpoint.Address ??= endpoint.Wanted.Ipv4Address ?? FreeAddress(network);
        }
    }

    private string FreeAddress(FakeNetwork network)
    {
        var taken = containers.Values.SelectMany(container => container.Endpoints.Values)
            .Where(endpoint => endpoint.NetworkId == network.Id).Select(endpoint => endpoint.Address).ToHashSet(StringComparer.Ordinal);
        var pool = network.Settings.Pools is [{ Subnet: { } subnet }, ..] ? subnet[..subnet.LastIndexOf('.')] : $"172.{17 + (network.Order % 200)}.0";
        return Enumerable.Range(2, 250).Select(last => $"{pool}.{last}").First(address => !taken.Contains(address));
    }

    private FakeNetwork? FindNetwork(string idOrName) =>
        networks.GetValueOrDefault(idOrName) ?? networks.Values.FirstOrDefault(network => network.Id == idOrName);

    private static ContainerHostException NoNetwork(string idOrName) => new(HostFailure.NotFound, $"network {idOrName} not found");

    /// <summary>The container itself is there: it is not in a state to start.</summary>
    private static ContainerHostException NetworkGone(string idOrName) => Conflict($"network {idOrName} not found");
}
