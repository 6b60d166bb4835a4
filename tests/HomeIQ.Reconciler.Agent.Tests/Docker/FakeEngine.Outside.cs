using HomeIQ.Reconciler.Changes;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Docker;

/// <content>What other people, other programs and bad luck do to the engine. None of it is in the transcript.</content>
public sealed partial class FakeEngine
{
    private readonly HashSet<(int Port, string Protocol)> hostPorts = [];
    private volatile bool isAway;

    /// <summary>The engine cannot be reached any more: calls fail, streams break. Its containers run on.</summary>
    public void GoAway() => Ask(() =>
    {
        isAway = true;
        foreach (var watcher in watchers)
        {
            watcher.Writer.TryComplete(Unreachable());
        }

        return true;
    });

    public void ComeBack() => isAway = false;

    /// <summary>A process of the host listens on a port, or stops to.</summary>
    public void OccupyPort(int port, bool occupied = true) => Ask(() => occupied ? hostPorts.Add((port, "tcp")) : hostPorts.Remove((port, "tcp")));

    /// <summary>Somebody else's container, started.</summary>
    public string RunForeign(string name, string image, ValueList<PortBinding>? ports = null, string? network = null, ValueList<MountSpec>? mounts = null) => Ask(() =>
    {
        var attachments = network is null ? ValueList<NetworkAttachment>.Empty : [new NetworkAttachment(network) { Aliases = [name] }];
        var id = Create(name, new ContainerSpec { Image = image, Ports = ports ?? [], Networks = attachments, Mounts = mounts ?? [] }, FindImage(image)!.Id, ValueMap<string>.Empty);
        Start(Get(id));
        return id;
    });

    /// <summary>The container's process ends, as by a crash: its restart policy has a say.</summary>
    public void Crash(string name, int exitCode = 137) => Ask(() =>
    {
        Exit(Get(name), exitCode);
        return true;
    });

    public void StopByHand(string name) => Ask(() => Stop(Get(name), 0));

    public void StartByHand(string name) => Ask(() => Start(Get(name)));

    public void RenameByHand(string name, string to) => Ask(() => Rename(Get(name), to));

    public void RemoveByHand(string name) => Ask(() =>
    {
        var container = Get(name);
        if (container.IsUp)
        {
            End(container, 137);
        }

        Drop(container);
        return true;
    });

    /// <summary>As with <c>docker update</c>.</summary>
    public void UpdateByHand(string name, ContainerUpdate update) => Ask(() => Update(Get(name), update));

    /// <summary>As with <c>docker network connect</c>.</summary>
    public void ConnectByHand(string name, string network, params string[] aliases) => Ask(() => Connect(Get(name), FindNetwork(network)!, new(network) { Aliases = [.. aliases] }));

    /// <summary>As with <c>docker network disconnect</c>.</summary>
    public void DisconnectByHand(string name, string network) => Ask(() => Disconnect(Get(name), network));

    /// <summary>As with <c>docker network create</c>.</summary>
    public void AddNetworkByHand(string name) => Ask(() => AddNetwork(new(name), ValueMap<string>.Empty));

    /// <summary>Somebody makes a network again with our labels and other settings, and takes along who is on it.</summary>
    public void ReplaceNetworkByHand(string name, Func<DesiredNetwork, DesiredNetwork> change) => Ask(() =>
    {
        var was = networks[name];
        networks[name] = was with { Id = NewId("network"), Settings = change(was.Settings) };
        foreach (var container in containers.Values.Where(container => container.Endpoints.ContainsKey(name)))
        {
            container.Endpoints[name] = new FakeEndpoint(container.Endpoints[name].Wanted);
            if (container.IsUp)
            {
                Plug(container);
            }
        }

        return true;
    });

    public void RemoveNetworkByHand(string name) => Ask(() => networks.Remove(name));

    public void RemoveImageByHand(string reference) => Ask(() => FindImage(reference) is { } image && images.Remove(image.Id));

    /// <summary>Images without a name that no container uses are gone.</summary>
    public void PruneImages() => Ask(() =>
    {
        foreach (var image in images.Values.Where(image => image.Tags.Count == 0 && !IsUsed(image.Id)).ToList())
        {
            images.Remove(image.Id);
        }

        return true;
    });

    public void Pause(string name) => Ask(() =>
    {
        Get(name).Status = ContainerStatus.Paused;
        Happened(Get(name), "pause");
        return true;
    });

    /// <summary>A file appears in the container's own part of the disk, or goes.</summary>
    public void Touch(string name, string file, bool there = true) => Ask(() => there ? Get(name).Files.TryAdd(file, "") : Get(name).Files.Remove(file));

    /// <summary>The application writes lines into its log.</summary>
    public void Say(string name, IEnumerable<string> lines) => Ask(() =>
    {
        Get(name).Logs.AddRange(lines.Select(line => (clock.Now, line)));
        return true;
    });

    /// <summary>The application in the container answers 503 from now on, or is well again.</summary>
    public void MakeSick(string name, bool sick = true) => Ask(() => sick ? Get(name).Files.TryAdd("/tmp/sick", "") : Get(name).Files.Remove("/tmp/sick"));

    /// <summary>Containers that run in the namespace of a provider that has ended or started again since: they have lost their interface.</summary>
    public IReadOnlyList<string> Stranded => Ask(() => containers.Values
        .Where(container => container is { IsUp: true, Joined: not null })
        .Where(container => Find(container.Joined!.Value.Id) is not { IsUp: true } provider || provider.Life != container.Joined.Value.Life)
        .Select(container => container.Name)
        .ToList());

    /// <summary>Every container in one line: name, status, image, health.</summary>
    public string Picture => Ask(() => string.Join('\n', containers.Values.OrderBy(container => container.Name, StringComparer.Ordinal).Select(container =>
        $"{container.Name} {container.Status.ToString().ToLowerInvariant()}{(container.Health == ContainerHealth.None || !container.IsUp ? "" : $" {container.Health.ToString().ToLowerInvariant()}")} {container.Spec.Image}")));

    private void ThrowIfAway()
    {
        if (isAway)
        {
            throw Unreachable();
        }
    }

    private static ContainerHostException Unreachable() => new(HostFailure.Unreachable, "cannot connect to the engine");

    /// <summary>Everything that runs leave in an engine, a line each: containers with what they are on, networks, the names that keep images, marks. Volumes are <see cref="Volumes"/>.</summary>
    public IReadOnlyList<string> Inventory => Ask(() => (string[])
    [
        .. containers.Values.OrderBy(container => container.Name, StringComparer.Ordinal).Select(container =>
            $"container {container.Name} {container.Status.ToString().ToLowerInvariant()}{(container.Health == ContainerHealth.None || !container.IsUp ? "" : $" {container.Health.ToString().ToLowerInvariant()}")} {container.Spec.Image} restart={container.Restart} memory={container.Spec.Memory} on {string.Join(' ', container.Endpoints.Select(endpoint => $"{endpoint.Key}({string.Join(',', endpoint.Value.Wanted.Aliases)})"))}"),
        .. networks.Values.Where(network => !network.IsPredefined).OrderBy(network => network.Settings.Name, StringComparer.Ordinal).Select(network =>
            $"network {network.Settings.Name} {string.Join(' ', network.Settings.Pools.Select(pool => pool.Subnet))}"),
        .. images.Values.SelectMany(image => image.Tags).Where(tag => tag.StartsWith("homeiq-keep/", StringComparison.Ordinal)).Order(StringComparer.Ordinal).Select(tag => $"tag {tag}"),
        .. marks.Values.Select(mark => $"mark {mark.Name}").Order(StringComparer.Ordinal),
    ]);

    public IReadOnlyList<string> Volumes => Ask(() => volumes.Keys.ToList());
}
