using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Changes;

/// <summary>Compares one live container after the other with what was recorded when it was made.</summary>
internal sealed class DriftFinder
{
    /// <summary>Begins the name of what the recorded fields cannot tell of a network.</summary>
    public const string Attachment = "network.";
    private const string OfService = "service:";
    private const string OfContainer = "container:";

    private readonly Dictionary<string, ObservedContainer> containers;

    /// <summary>Service to the id of its container.</summary>
    private readonly Dictionary<string, string> held;
    private readonly Dictionary<string, ObservedNetwork> networks;
    private readonly IReadOnlySet<string> tasks;
    private readonly HashSet<string> intact;
    private readonly HashSet<StaleReader> stale;
    private readonly bool engineChanged;

    public DriftFinder(EffectiveState effective, ObservedState observed)
    {
        containers = observed.Containers.ToDictionary(container => container.Id, StringComparer.Ordinal);
        held = effective.Services.ToDictionary(service => service.Service.Name, service => service.ContainerId, StringComparer.Ordinal);
        networks = observed.Networks.DistinctBy(network => network.Name, StringComparer.Ordinal).ToDictionary(network => network.Name, StringComparer.Ordinal);
        tasks = CompletedTask.AwaitedAmong(effective.Services.Select(service => service.Service));
        intact = observed.IntactContents.ToHashSet(StringComparer.Ordinal);
        stale = [.. observed.StaleReaders];
        engineChanged = effective.EngineVersion.Length > 0 && effective.EngineVersion != observed.Engine.Version;
    }

    public IEnumerable<Change> Find(EffectiveService effective)
    {
        var service = effective.Service;
        if (service.Scale == 0)
        {
            yield break;
        }

        if (!containers.TryGetValue(effective.ContainerId, out var live) || live.Status == ContainerStatus.Removing)
        {
            yield return new ContainerMissing(service.Name);
            yield break;
        }

        if (!IsAsItShouldBe(live, service))
        {
            yield return new ContainerNotRunning(service.Name, live.Id, live.Status, live.ExitCode);
        }

        if (live.Name != service.ContainerName)
        {
            yield return new ContainerRenamed(service.Name, live.Id, service.ContainerName, live.Name);
        }

        if (Fields(effective, live, engineChanged) is { Count: > 0 } fields)
        {
            yield return new ContainerDrifted(service.Name, live.Id, fields);
        }

        foreach (var mount in service.Spec.Mounts)
        {
            if (mount is { Kind: MountKind.Content, Content: { } digest } && (!intact.Contains(digest) || SeesAnOlderOne(live, digest)))
            {
                yield return new ContentDrifted(service.Name, digest, mount.Target, IsRestored: intact.Contains(digest));
            }
        }
    }

    /// <summary>A bind holds what lay at its path when the container started.</summary>
    private bool SeesAnOlderOne(ObservedContainer live, string digest) => live.IsUp && stale.Contains(new(live.Id, live.StartedAt, digest));

    // A container that the engine is itself restarting is left to it.
    private bool IsAsItShouldBe(ObservedContainer live, DesiredService service) =>
        live.Status is ContainerStatus.Running or ContainerStatus.Restarting || CompletedTask.Is(live, service.Spec, tasks.Contains(service.Name));

    private ValueList<FieldChange> Fields(EffectiveService effective, ObservedContainer live, bool onlyThoseSet)
    {
        var secrets = SecretText.Of(effective.Service.Spec);
        var recorded = effective.Recorded.Count == 0 || effective.Recorded == live.Fields
            ? Enumerable.Empty<FieldChange>()
            : FieldComparison.Between(effective.Recorded, live.Fields)
                .Where(field => !field.Field.StartsWith("Config.Labels." + Ownership.Prefix, StringComparison.Ordinal))
                .Where(field => !onlyThoseSet || EngineFields.IsSet(effective.Service.Spec, field.Field));

        return recorded.Concat(Attachments(effective, live)).Concat(Namespaces(effective.Service.Spec, live)).Select(secrets.Hide).ToValueList();
    }

    /// <summary>What the recorded fields cannot tell: that a network of the same name is another one now.</summary>
    private IEnumerable<FieldChange> Attachments(EffectiveService effective, ObservedContainer live)
    {
        var spec = effective.Service.Spec;
        if (spec.NetworkMode is not null || spec.Networks.Count == 0 || live.Status == ContainerStatus.Dead)
        {
            yield break;
        }

        foreach (var wanted in spec.Networks)
        {
            // A network that is gone is a change of its own, and takes its users along.
            if (!networks.TryGetValue(wanted.Network, out var network))
            {
                continue;
            }

            var joined = live.Networks.FirstOrDefault(candidate => candidate.Network == wanted.Network);
            if (joined is { NetworkId.Length: > 0 } && joined.NetworkId != network.Id)
            {
                yield return new(Attachment + wanted.Network, "joined", "joined to a network of that name that is gone");
            }
            else if (joined is null && !effective.Recorded.ContainsKey(NetworkFields.Presence(wanted.Network)))
            {
                yield return new(Attachment + wanted.Network, "joined", null);
            }
        }
    }

    /// <summary>Nor that a container lives in the namespace of one that was made again since.</summary>
    private IEnumerable<FieldChange> Namespaces(ContainerSpec spec, ObservedContainer live)
    {
        foreach (var (field, wanted, mode) in new[] { ("network_mode", spec.NetworkMode, live.NetworkMode), ("ipc", spec.IpcMode, live.IpcMode), ("pid", spec.PidMode, live.PidMode) })
        {
            if (wanted?.StartsWith(OfService, StringComparison.Ordinal) is true && mode.StartsWith(OfContainer, StringComparison.Ordinal)
                && held.GetValueOrDefault(wanted[OfService.Length..]) is { } provider && containers.ContainsKey(provider) && mode[OfContainer.Length..] != provider)
            {
                yield return new(field, wanted, "of a container that was there before");
            }
        }
    }
}
