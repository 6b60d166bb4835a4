using HomeIQ.Reconciler.Changes;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Planning;

/// <summary>What a commit would do to a host that runs another one and has nothing else on it: the plan of a pull request, made without a host.</summary>
public static class CommitPlan
{
    private const string Instance = "pull-request";

    private static readonly ValueList<byte> Key = new(new byte[32]);

    /// <remarks>Nothing of a host is known, so that there is no digest to approve, and images count as not there yet.</remarks>
    public static Plan Between(DesiredState from, DesiredState to)
    {
        var effective = new EffectiveState
        {
            Project = from.Project,
            Revision = from.Revision,
            Services = [.. from.Services.Where(service => service.Scale > 0).Select(service =>
                new EffectiveService(service, SpecDigest.Of(service, Key.ToArray()), $"image-{service.Name}", null, Id(service), ValueMap<string>.Empty))],
            Networks = [.. from.Networks.Select(network => new EffectiveNetwork(network, network.Name))],
            Volumes = from.Volumes,
        };
        var plan = Planner.PlanFor(new Situation
        {
            Desired = to,
            Effective = effective,
            Observed = HostRunning(effective, from),
            Instance = Instance,
            Key = Key,
        });
        return plan with { Digest = "" };
    }

    private static string Id(DesiredService service) => $"container-{service.Name}";

    private static ObservedState HostRunning(EffectiveState effective, DesiredState from) => new()
    {
        At = DateTimeOffset.UnixEpoch,
        Engine = new("", "", "", "", ""),
        Containers = [.. effective.Services.Select(service => new ObservedContainer
        {
            Id = service.ContainerId,
            Name = service.Service.ContainerName,
            Image = service.Service.Spec.Image,
            ImageId = service.ImageId,
            Status = ContainerStatus.Running,
            Owner = new(Instance, service.Service.Name, "", effective.Revision, service.SpecDigest),
            Restart = service.Service.Spec.Restart,
            Ports = service.Service.Spec.Ports,
            PublishedPorts = service.Service.Spec.Ports,
            Networks = [.. service.Service.Spec.Networks.Select(network => new ObservedAttachment(network.Network, network.Network, network.Aliases, null, network.Ipv4Address, network.Ipv6Address))],
            NetworkMode = service.Service.Spec.NetworkMode ?? "default",
        })],
        Networks = [.. effective.Networks.Select(network => new ObservedNetwork(network.Id, network.Network, new(Instance, "", "", "", "")))],
        Volumes = [.. effective.Volumes.Select(volume => new ObservedVolume(volume, "", new(Instance, "", "", "", "")))],
        Images = new(effective.Services.Select(service => KeyValuePair.Create(service.ImageId, new ObservedImage(service.ImageId, [], service.Service.Build?.Digest, HasHealthCheck: false)))),
        IntactContents = [.. from.Contents.Select(content => content.Digest)],
    };
}
