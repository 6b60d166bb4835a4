using HomeIQ.Reconciler.Changes;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Planning;

/// <summary>The host that a desired state implies: everything was applied, runs, and nothing else is on it.</summary>
/// <remarks>For pull requests and examples, which know no host. Nothing was recorded at creation, so that fields do not drift.</remarks>
public sealed record ImpliedHost(EffectiveState Effective, ObservedState Observed)
{
    public static ImpliedHost Of(DesiredState state, string instance, ValueList<byte> key)
    {
        var digestKey = key.ToArray();
        var effective = new EffectiveState
        {
            Project = state.Project,
            Revision = state.Revision,
            Services = [.. state.Services.Where(service => service.Scale > 0).Select(service =>
                new EffectiveService(service, SpecDigest.Of(service, digestKey), $"image-{service.Name}", null, $"container-{service.Name}", ValueMap<string>.Empty))],
            Networks = [.. state.Networks.Select(network => new EffectiveNetwork(network, network.Name))],
            Volumes = state.Volumes,
        };

        return new(effective, new ObservedState
        {
            At = DateTimeOffset.UnixEpoch,
            Engine = new("", "", "", "", ""),
            Containers = [.. effective.Services.Select(service => Container(service, effective.Revision, instance))],
            Networks = [.. effective.Networks.Select(network => new ObservedNetwork(network.Id, network.Network, new(instance, "", "", "", "")))],
            Volumes = [.. effective.Volumes.Select(volume => new ObservedVolume(volume, "", new(instance, "", "", "", "")))],
            Images = new(effective.Services.Select(service => KeyValuePair.Create(service.ImageId, new ObservedImage(service.ImageId, [], service.Service.Build?.Digest, HasHealthCheck: false)))),
            IntactContents = [.. state.Contents.Select(content => content.Digest)],
        });
    }

    private static ObservedContainer Container(EffectiveService effective, string revision, string instance)
    {
        var (service, spec) = (effective.Service, effective.Service.Spec);
        return new ObservedContainer
        {
            Id = effective.ContainerId,
            Name = service.ContainerName,
            Image = spec.Image,
            ImageId = effective.ImageId,
            Status = ContainerStatus.Running,
            Owner = new(instance, service.Name, "", revision, effective.SpecDigest),
            Restart = spec.Restart,
            Ports = spec.Ports,
            PublishedPorts = spec.Ports,
            Networks = [.. spec.Networks.Select(network => new ObservedAttachment(network.Network, network.Network, network.Aliases, null, network.Ipv4Address, network.Ipv6Address))],
            NetworkMode = spec.NetworkMode ?? "default",
        };
    }
}
