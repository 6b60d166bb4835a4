using HomeIQ.Reconciler.Changes;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Planning;

/// <summary>Finds what stands in the way before anything moves: names, host ports and addresses that somebody else holds.</summary>
internal sealed class Preflight(Inventory inventory, Remarks remarks)
{
    private const string Adopt = "homeiq adopt takes over what Compose runs; else remove it yourself";

    private readonly HostPorts<ObservedContainer> published = Published(inventory);

    private readonly HostPorts<ListeningPort> listening = Listening(inventory);

    private readonly Dictionary<(string Network, string Address), ObservedContainer> addresses = Addresses(inventory);

    /// <summary>Clashes inside the desired state itself.</summary>
    public void Desired()
    {
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        var ports = new HostPorts<string>();
        foreach (var service in inventory.Desired.Values.Where(service => service.Scale > 0))
        {
            if (!names.TryAdd(service.ContainerName, service.Name))
            {
                remarks.Refuse("name-clash", service.Name, $"{names[service.ContainerName]} names its container {service.ContainerName}, too", "give one of them another container_name");
            }

            foreach (var port in service.Spec.NetworkMode is "host" or "none" ? [] : service.Spec.Ports)
            {
                foreach (var other in ports.Of(port).Distinct(StringComparer.Ordinal))
                {
                    remarks.Refuse("port-clash", service.Name, $"{other} publishes host port {port.HostPort}/{port.Protocol}, too", "publish one of them on another port or address");
                }

                ports.Add(port, service.Name);
            }
        }
    }

    /// <summary>Containers that hold what the service needs to come up: ours, that the plan stops first; whoever else refuses the plan.</summary>
    /// <param name="willStop">Whether the plan stops a container of ours.</param>
    public IEnumerable<ObservedContainer> HoldersInTheWayOf(ServiceWork work, Func<ObservedContainer, bool> willStop)
    {
        var desired = work.Desired!;
        foreach (var port in desired.Spec.NetworkMode is "host" or "none" ? [] : desired.Spec.Ports)
        {
            foreach (var holder in published.Of(port).Where(holder => holder.Id != work.Container?.Id))
            {
                if (inventory.IsOurs(holder) && willStop(holder))
                {
                    yield return holder;
                }
                else
                {
                    remarks.Refuse("port-taken", work.Name, $"{Whose(holder)} publishes host port {port.HostPort}/{port.Protocol}", inventory.IsOurs(holder) ? null : Adopt);
                }
            }

            // The engine's own forwarder listens for a container, which is told apart above.
            foreach (var process in listening.Of(port).Where(process => process.Process?.StartsWith("docker-proxy", StringComparison.Ordinal) != true))
            {
                remarks.Refuse("port-taken", work.Name, $"{process.Process ?? "a process"} of the host listens on port {port.HostPort}/{port.Protocol}", "stop it, or publish another port");
            }
        }

        foreach (var (network, address) in desired.Spec.Networks.SelectMany(attachment => new[] { (attachment.Network, attachment.Ipv4Address), (attachment.Network, attachment.Ipv6Address) }))
        {
            if (address is null || !addresses.TryGetValue((network, address), out var holder) || holder.Id == work.Container?.Id)
            {
                continue;
            }

            if (inventory.IsOurs(holder) && willStop(holder))
            {
                yield return holder;
            }
            else
            {
                remarks.Refuse("address-taken", work.Name, $"{Whose(holder)} has the address {address} on {network}", inventory.IsOurs(holder) ? null : Adopt);
            }
        }
    }

    /// <summary>The container that bears the service's container name, if it is not the service's own; one that is not ours refuses the plan.</summary>
    public ObservedContainer? BearerInTheWayOf(ServiceWork work)
    {
        var name = work.Desired!.ContainerName;
        if (!inventory.ContainersByName.TryGetValue(name, out var bearer) || bearer.Id == work.Container?.Id)
        {
            return null;
        }

        if (inventory.IsOurs(bearer))
        {
            return bearer;
        }

        remarks.Refuse("name-taken", work.Name, $"a container that is not ours bears the name {name}{(bearer.ComposeProject is { } project ? $" (Compose project {project})" : "")}", Adopt);
        return null;
    }

    private string Whose(ObservedContainer container) =>
        container.Owner is { } owner && owner.Instance != inventory.Situation.Instance ? $"{container.Name} of the instance {owner.Instance}"
        : inventory.IsOurs(container) ? container.Name
        : $"{container.Name}, which is not ours,";

    private static HostPorts<ObservedContainer> Published(Inventory inventory)
    {
        var ports = new HostPorts<ObservedContainer>();
        foreach (var container in inventory.Situation.Observed.Containers.Where(container => container.IsUp))
        {
            foreach (var port in container.PublishedPorts.Concat(container.Ports).Where(port => port.HostPort is not null).Distinct())
            {
                ports.Add(port, container);
            }
        }

        return ports;
    }

    private static HostPorts<ListeningPort> Listening(Inventory inventory)
    {
        var ports = new HostPorts<ListeningPort>();
        foreach (var port in inventory.Situation.Observed.HostPorts)
        {
            ports.Add(new PortBinding(0, port.Protocol, port.Address, port.Port), port);
        }

        return ports;
    }

    private static Dictionary<(string Network, string Address), ObservedContainer> Addresses(Inventory inventory)
    {
        var held = new Dictionary<(string, string), ObservedContainer>();
        foreach (var container in inventory.Situation.Observed.Containers.Where(container => container.IsUp))
        {
            foreach (var attachment in container.Networks)
            {
                foreach (var address in new[] { attachment.Address ?? attachment.StaticIpv4, attachment.StaticIpv6 })
                {
                    if (address is { Length: > 0 })
                    {
                        held.TryAdd((attachment.Network, address), container);
                    }
                }
            }
        }

        return held;
    }
}
