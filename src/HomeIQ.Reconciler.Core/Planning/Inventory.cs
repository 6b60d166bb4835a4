using HomeIQ.Reconciler.Changes;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Planning;

/// <summary>A situation with indexes, so that every question of the planner is answered by one look.</summary>
internal sealed class Inventory
{
    private readonly byte[] key;
    private IReadOnlySet<string>? tasks;

    public Inventory(Situation situation)
    {
        Situation = situation;
        key = [.. situation.Key];
        Desired = situation.Desired.Services.ToDictionary(service => service.Name, StringComparer.Ordinal);
        Effective = (situation.Effective?.Services ?? []).ToDictionary(service => service.Service.Name, StringComparer.Ordinal);
        ByContainerName = situation.Desired.Services.DistinctBy(service => service.ContainerName, StringComparer.Ordinal)
            .ToDictionary(service => service.ContainerName, service => service.Name, StringComparer.Ordinal);
        ContainersById = situation.Observed.Containers.ToDictionary(container => container.Id, StringComparer.Ordinal);
        ContainersByName = situation.Observed.Containers.DistinctBy(container => container.Name, StringComparer.Ordinal)
            .ToDictionary(container => container.Name, StringComparer.Ordinal);
        Networks = situation.Observed.Networks.DistinctBy(network => network.Name, StringComparer.Ordinal)
            .ToDictionary(network => network.Name, StringComparer.Ordinal);
        Volumes = situation.Observed.Volumes.ToDictionary(volume => volume.Name, StringComparer.Ordinal);
        ImagesById = situation.Observed.Images.Values.DistinctBy(image => image.Id, StringComparer.Ordinal)
            .ToDictionary(image => image.Id, StringComparer.Ordinal);
        LeftDrifted = situation.LeftDrifted.ToHashSet(StringComparer.Ordinal);
        IntactContents = situation.Observed.IntactContents.ToHashSet(StringComparer.Ordinal);
        Adopted = (situation.Effective?.Services ?? []).Select(service => service.ContainerId).ToHashSet(StringComparer.Ordinal);
    }

    public Situation Situation { get; }

    public ReadOnlySpan<byte> Key => key;

    public Dictionary<string, DesiredService> Desired { get; }

    public Dictionary<string, EffectiveService> Effective { get; }

    public Dictionary<string, ObservedContainer> ContainersById { get; }

    public Dictionary<string, ObservedContainer> ContainersByName { get; }

    public Dictionary<string, ObservedNetwork> Networks { get; }

    public Dictionary<string, ObservedVolume> Volumes { get; }

    public Dictionary<string, ObservedImage> ImagesById { get; }

    public HashSet<string> IntactContents { get; }

    /// <summary>Containers for which there is no way in place.</summary>
    public HashSet<string> LeftDrifted { get; }

    /// <summary>Container name to service.</summary>
    public Dictionary<string, string> ByContainerName { get; }

    private HashSet<string> Adopted { get; }

    /// <summary>What a person put off and has not ended yet; null when nothing is, or when the service is not among it.</summary>
    /// <param name="service">Null for what holds for the whole host.</param>
    public Suspension? SuspensionOf(string? service) => Situation.Suspensions.FirstOrDefault(suspension => suspension.Service == service && suspension.Until > Situation.Observed.At);

    /// <summary>The host is held to this very commit already: what there is to do was not asked for by a commit.</summary>
    public bool IsRepair => Situation.Effective?.Revision == Situation.Desired.Revision;

    /// <summary>How drift of a service is dealt with now: nobody touches one that is suspended.</summary>
    public DriftPolicy DriftOf(DesiredService service) => SuspensionOf(service.Name) is not null && service.Policy.Drift == DriftPolicy.Correct ? DriftPolicy.Warn : service.Policy.Drift;

    /// <summary>Ours by label, or held by id in the effective state (an adopted container has no label).</summary>
    public bool IsOurs(ObservedContainer container) => container.Owner?.Instance == Situation.Instance || Adopted.Contains(container.Id);

    /// <summary>Only our own label makes a network or volume ours.</summary>
    public bool IsOurs(Ownership? owner) => owner?.Instance == Situation.Instance;

    public ObservedImage? Image(string reference) => Situation.Observed.Images.TryGetValue(reference, out var image) ? image : null;

    /// <summary>True when the engine still has the image: listed, or under a running container.</summary>
    public bool HasImage(string imageId, ObservedContainer? user = null) =>
        ImagesById.ContainsKey(imageId) || Image(imageId) is not null
        || (user is { IsUp: true } && user.ImageId == imageId);

    /// <summary>Desired services whose namespaces this one shares: a network, an IPC or a PID namespace.</summary>
    public IEnumerable<string> Providers(DesiredService service) => Providers(service, ByContainerName);

    /// <inheritdoc cref="Providers(DesiredService)"/>
    public static IEnumerable<string> Providers(DesiredService service, IReadOnlyDictionary<string, string> byContainerName)
    {
        foreach (var mode in new[] { service.Spec.NetworkMode, service.Spec.IpcMode, service.Spec.PidMode })
        {
            if (mode is null)
            {
                continue;
            }

            if (mode.StartsWith("service:", StringComparison.Ordinal))
            {
                yield return mode["service:".Length..];
            }
            else if (mode.StartsWith("container:", StringComparison.Ordinal) && byContainerName.TryGetValue(mode["container:".Length..], out var name))
            {
                yield return name;
            }
        }
    }

    /// <summary>Desired services after whose restart or re-creation this one has to restart, because the operator says so.</summary>
    public static IEnumerable<string> RestartsWith(DesiredService service) =>
        service.Policy.RestartWith.Concat(service.DependsOn.Where(dependency => dependency.Restart).Select(dependency => dependency.Service));

    /// <summary>Whether a service waits until this one has done its task.</summary>
    public bool MustComplete(string service) => (tasks ??= CompletedTask.AwaitedAmong(Situation.Desired.Services)).Contains(service);

    /// <summary>A one-shot that ended well.</summary>
    public bool IsCompleted(ObservedContainer live, DesiredService service) => CompletedTask.Is(live, service.Spec, MustComplete(service.Name));
}
