using HomeIQ.Reconciler.Contents;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Docker;
using HomeIQ.Reconciler.Observed;
using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Observing;

/// <summary>Looks at the host once and returns what it saw as one value.</summary>
public sealed class Observer(IContainerHost host, ContentStore contents, TimeProvider time)
{
    private const int ImagesAtOnce = 8;

    /// <summary>Asks the engine for all that depends on no commit; whoever reads the commit meanwhile loses no time.</summary>
    public HostLook Begin(CancellationToken cancellationToken) => new(host, cancellationToken);

    /// <param name="look">What was begun before.</param>
    /// <param name="desired">Names the images and host ports that are looked at; null when there is none.</param>
    /// <param name="effective">What the host is held to, and where there is one the earlier state to go back to: their images are looked at by id, whatever their tags mean by now.</param>
    /// <param name="isLocal">The engine runs on this machine, so that its ports are this machine's.</param>
    public async Task<ObservedState> ObserveAsync(HostLook look, DesiredState? desired, IReadOnlyList<EffectiveState> effective, bool isLocal, CancellationToken cancellationToken)
    {
        var references = effective.SelectMany(state => Planner.ImageReferences(null, state)).Union(Planner.ImageReferences(desired, null), StringComparer.Ordinal).ToList();
        var images = new ObservedImage?[references.Count];
        var found = Parallel.ForAsync(0, references.Count, new ParallelOptions { MaxDegreeOfParallelism = ImagesAtOnce, CancellationToken = cancellationToken },
            async (index, within) => images[index] = await host.FindImageAsync(references[index], within));
        await Task.WhenAll([look.Engine, look.Containers, look.Networks, look.Volumes, found]);

        var ports = desired?.Services.SelectMany(service => service.Spec.Ports).Where(port => port.HostPort is not null).Select(port => (port.HostPort!.Value, port.Protocol)).ToList() ?? [];
        List<string> digests = [.. (desired?.Contents.Select(content => content.Digest) ?? [])
            .Concat(effective.SelectMany(state => state.Services).SelectMany(service => service.Service.Spec.Mounts).Select(mount => mount.Content).OfType<string>())
            .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        return new ObservedState
        {
            At = time.GetUtcNow(),
            Engine = await look.Engine,
            Containers = [.. await look.Containers],
            Networks = [.. await look.Networks],
            Volumes = [.. await look.Volumes],
            Images = new(references.Zip(images).Where(pair => pair.Second is not null).Select(pair => KeyValuePair.Create(pair.First, pair.Second!))),
            HostPorts = isLocal && ports.Count > 0 ? HostPorts.Read(ports, await look.Containers) : [],
            IntactContents = [.. digests.Where(contents.IsIntact)],
            StaleReaders = [.. digests.SelectMany(contents.StaleReaders)],
        };
    }
}
