using System.Net;
using HomeIQ.Reconciler.Desired;

namespace HomeIQ.Reconciler.Compose;

/// <summary>What no service can know by itself: clashes of names, ports and addresses, and dependencies that lead nowhere or in a circle.</summary>
internal sealed class CrossChecks(LoadContext context, IReadOnlyList<ServiceDraft> drafts)
{
    private readonly Dictionary<string, DesiredService> services = drafts.ToDictionary(draft => draft.Service.Name, draft => draft.Service, StringComparer.Ordinal);

    private Findings Problems => context.Problems;

    /// <summary>The services without the dependencies that may be missing and are.</summary>
    public IReadOnlyList<DesiredService> Run()
    {
        ContainerNames();
        HostPorts();
        Addresses();
        var checkedServices = drafts.Select(Dependencies).ToList();
        Cycles(checkedServices);

        return checkedServices;
    }

    private static bool Overlap(PortBinding one, PortBinding other) =>
        one.HostPort is not null && one.HostPort == other.HostPort && one.Protocol == other.Protocol
        && (one.HostAddress == other.HostAddress || Covers(one.HostAddress, other.HostAddress) || Covers(other.HostAddress, one.HostAddress));

    // No address is every address of both versions; 0.0.0.0 and :: are every address of theirs.
    private static bool Covers(string wide, string narrow) => wide switch
    {
        "" => true,
        "0.0.0.0" => narrow.Length > 0 && !narrow.Contains(':', StringComparison.Ordinal),
        "::" => narrow.Contains(':', StringComparison.Ordinal),
        _ => false,
    };

    private static string Where(ServiceDraft draft) => $"services.{draft.Service.Name}";

    private void ContainerNames()
    {
        var names = new Dictionary<string, ServiceDraft>(StringComparer.Ordinal);
        foreach (var draft in drafts)
        {
            if (!names.TryAdd(draft.Service.ContainerName, draft))
            {
                var other = names[draft.Service.ContainerName];
                Problems.Error(draft.Positions["container_name"], Where(draft),
                    $"the container name `{draft.Service.ContainerName}` is taken by service `{other.Service.Name}` at {other.Positions["container_name"]}", "a name belongs to one container");
            }
        }
    }

    private void HostPorts()
    {
        var published = new List<(ServiceDraft Draft, PortBinding Port, SourcePosition Position)>();
        foreach (var draft in drafts.Where(draft => draft.Service.Scale > 0))
        {
            foreach (var (port, position) in draft.Ports)
            {
                if (published.Find(other => Overlap(other.Port, port)) is { Draft: { } owner } clash)
                {
                    var who = owner == draft ? "twice by this service, first" : $"already by service `{owner.Service.Name}`";
                    Problems.Error(position, Where(draft), $"host port {Shown(port)} is published {who} at {clash.Position}", "give one of them another host port");
                }
                else
                {
                    published.Add((draft, port, position));
                }
            }
        }

        static string Shown(PortBinding port)
        {
            var address = port.HostAddress.Contains(':', StringComparison.Ordinal) ? $"[{port.HostAddress}]:" : port.HostAddress.Length > 0 ? $"{port.HostAddress}:" : "";

            return $"{address}{port.HostPort}/{port.Protocol}";
        }
    }

    private void Addresses()
    {
        var networks = context.Shared.UsedNetworks.ToDictionary(network => network.Name, StringComparer.Ordinal);
        var taken = new Dictionary<(string Network, string Address), (string Owner, SourcePosition Position)>();
        foreach (var draft in drafts)
        {
            foreach (var (attachment, position) in draft.Attachments)
            {
                foreach (var address in new[] { attachment.Ipv4Address, attachment.Ipv6Address }.OfType<string>())
                {
                    Address(draft, networks[attachment.Network], address, position);
                    if (!taken.TryAdd((attachment.Network, address), (draft.Service.Name, position)))
                    {
                        var (owner, first) = taken[(attachment.Network, address)];
                        Problems.Error(position, Where(draft), $"the address {address} is taken by service `{owner}` at {first}", "an address belongs to one container");
                    }
                }
            }
        }
    }

    private void Address(ServiceDraft draft, DesiredNetwork network, string address, SourcePosition position)
    {
        if (network.External)
        {
            return;
        }

        var subnets = network.Pools.Where(pool => pool.Subnet is not null).Select(pool => IPNetwork.Parse(pool.Subnet!)).ToList();
        if (subnets.Count == 0)
        {
            Problems.Error(position, Where(draft), $"the address {address} needs a subnet of its own on network `{network.Name}`", "set ipam.config.subnet at the network");
        }
        else if (!subnets.Exists(subnet => subnet.Contains(IPAddress.Parse(address))))
        {
            Problems.Error(position, Where(draft), $"the address {address} lies outside the subnet {string.Join(", ", subnets)} of network `{network.Name}`");
        }
        else if (network.Pools.Any(pool => pool.Gateway is { } gateway && PortSyntax.Address(gateway) == address))
        {
            Problems.Error(position, Where(draft), $"the address {address} is the gateway of network `{network.Name}`");
        }
    }

    private DesiredService Dependencies(ServiceDraft draft)
    {
        var service = draft.Service;
        var kept = service.DependsOn.Where(dependency => IsThere(draft, dependency)).ToValueList();

        return service with { DependsOn = kept };
    }

    private bool IsThere(ServiceDraft draft, Dependency dependency)
    {
        var position = draft.Positions.GetValueOrDefault($"depends_on.{dependency.Service}") ?? draft.Service.Position!;
        if (dependency.Service == draft.Service.Name)
        {
            Problems.Error(position, Where(draft), "depends on itself");
            return false;
        }

        if (services.TryGetValue(dependency.Service, out var needed))
        {
            if (dependency.Condition == DependencyCondition.Healthy && needed.Spec.HealthCheck is { IsDisabled: true })
            {
                Problems.Error(position, Where(draft), $"waits for `{dependency.Service}` to be healthy, but its health check is disabled", "use condition: service_started");
            }

            return true;
        }

        var severity = dependency.Required ? Severity.Error : Severity.Warning;
        if (context.AllServices.Contains(dependency.Service))
        {
            // Not required and of another profile is what `required: false` is for.
            if (dependency.Required)
            {
                Problems.Error(position, Where(draft), $"depends on `{dependency.Service}`, whose profile is not active", "activate the profile, or write required: false");
            }
        }
        else
        {
            Problems.Add(position, Where(draft), $"there is no service `{dependency.Service}`", Suggestions.For(dependency.Service, context.AllServices), severity);
        }

        return false;
    }

    private void Cycles(IReadOnlyList<DesiredService> all)
    {
        var byName = all.ToDictionary(service => service.Name, StringComparer.Ordinal);
        var done = new HashSet<string>(StringComparer.Ordinal);
        foreach (var start in all)
        {
            // A walk with its own stack: ten thousand services in a row are no reason to run out of it.
            var path = new List<(string Name, int Next)> { (start.Name, 0) };
            var onPath = new HashSet<string>(StringComparer.Ordinal) { start.Name };
            if (done.Contains(start.Name))
            {
                continue;
            }

            while (path.Count > 0)
            {
                var (current, next) = path[^1];
                var needs = byName[current].DependsOn;
                if (next == needs.Count)
                {
                    path.RemoveAt(path.Count - 1);
                    onPath.Remove(current);
                    done.Add(current);
                    continue;
                }

                path[^1] = (current, next + 1);
                var needed = needs[next].Service;
                if (onPath.Contains(needed))
                {
                    Circle([.. path.Select(step => step.Name).SkipWhile(step => step != needed), needed]);
                }
                else if (!done.Contains(needed))
                {
                    path.Add((needed, 0));
                    onPath.Add(needed);
                }
            }
        }
    }

    private void Circle(IReadOnlyList<string> names)
    {
        var draft = drafts.First(draft => draft.Service.Name == names[0]);
        Problems.Error(draft.Positions.GetValueOrDefault($"depends_on.{names[1]}") ?? draft.Service.Position!, Where(draft),
            $"depends on itself in a circle: {string.Join(" -> ", names)}", "remove one of these dependencies");
    }
}
