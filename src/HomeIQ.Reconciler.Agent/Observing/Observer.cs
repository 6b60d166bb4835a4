using HomeIQ.Reconciler.Contents;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Docker;
using HomeIQ.Reconciler.Observed;
using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Observing;

/// <summary>Looks at the host once and returns what it saw as one value.</summary>
public sealed class Observer(IContainerHost host, ContentStore contents, TimeProvider time)
{
    /// <param name="desired">Names the images and host ports that are looked at; null when there is none.</param>
    /// <param name="effective">What the host is held to, and where there is one the earlier state to go back to: their images are looked at by id, whatever their tags mean by now.</param>
    /// <param name="isLocal">The engine runs on this machine, so that its ports are this machine's.</param>
    public async Task<ObservedState> ObserveAsync(DesiredState? desired, IReadOnlyList<EffectiveState> effective, bool isLocal, CancellationToken cancellationToken)
    {
        var engine = host.DescribeAsync(cancellationToken);
        var containers = host.ListContainersAsync(cancellationToken);
        var networks = host.ListNetworksAsync(cancellationToken);
        var volumes = host.ListVolumesAsync(cancellationToken);
        var references = effective.SelectMany(state => Planner.ImageReferences(null, state))
            .Union(Planner.ImageReferences(desired, null), StringComparer.Ordinal)
            .Select(async reference => (Reference: reference, Image: await host.FindImageAsync(reference, cancellationToken)))
            .ToList();
        await Task.WhenAll([engine, containers, networks, volumes, .. references]);

        var ports = desired?.Services.SelectMany(service => service.Spec.Ports).Where(port => port.HostPort is not null).Select(port => (port.HostPort!.Value, port.Protocol)).ToList() ?? [];
        List<string> digests = [.. (desired?.Contents.Select(content => content.Digest) ?? [])
            .Concat(effective.SelectMany(state => state.Services).SelectMany(service => service.Service.Spec.Mounts).Select(mount => mount.Content).OfType<string>())
            .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        return new ObservedState
        {
            At = time.GetUtcNow(),
            Engine = await engine,
            Containers = [.. await containers],
            Networks = [.. await networks],
            Volumes = [.. await volumes],
            Images = new(references.Select(task => task.Result).Where(found => found.Image is not null).Select(found => KeyValuePair.Create(found.Reference, found.Image!))),
            HostPorts = isLocal && ports.Count > 0 ? HostPorts.Read(ports, await containers) : [],
            IntactContents = [.. digests.Where(contents.IsIntact)],
            StaleReaders = [.. digests.SelectMany(contents.StaleReaders)],
        };
    }
}
