using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Changes;

/// <summary>Finds the ways in which two states differ. Both comparisons go field by field.</summary>
public static class Differ
{
    /// <summary>What the desired state asks for that is not what the host is held to: services by name, then networks, then volumes.</summary>
    public static ValueList<Change> Changes(DesiredState desired, EffectiveState? effective)
    {
        var changes = new List<Change>();
        var was = (effective?.Services ?? []).ToDictionary(service => service.Service.Name, service => service.Service, StringComparer.Ordinal);
        var wanted = desired.Services.Select(service => service.Name).ToHashSet(StringComparer.Ordinal);

        changes.AddRange(desired.Services.Select(service => Compare(was.GetValueOrDefault(service.Name), service)).OfType<Change>());
        changes.AddRange(was.Keys.Where(name => !wanted.Contains(name)).Select(name => new ServiceRemoved(name)));
        changes.Sort((left, right) => string.CompareOrdinal(left.Subject, right.Subject));

        changes.AddRange(Networks(desired, effective));
        changes.AddRange(Volumes(desired, effective));

        return changes.ToValueList();
    }

    /// <summary>What happened to the host behind our back: live containers, networks and volumes against what was recorded when they were made.</summary>
    public static ValueList<Change> Drift(EffectiveState effective, ObservedState observed, string instance)
    {
        var host = new DriftFinder(effective, observed);
        var known = effective.Services.Select(service => service.ContainerId).ToHashSet(StringComparer.Ordinal);
        var networks = observed.Networks.DistinctBy(network => network.Name, StringComparer.Ordinal).ToDictionary(network => network.Name, StringComparer.Ordinal);
        var volumes = observed.Volumes.Select(volume => volume.Name).ToHashSet(StringComparer.Ordinal);

        return
        [
            .. effective.Services.SelectMany(host.Find),
            .. observed.Containers
                .Where(container => container.Owner?.Instance == instance && !known.Contains(container.Id) && !ContainerNames.IsFailed(container.Name))
                .Select(container => new OrphanFound(container.Owner!.Service, container.Id, container.Name)),
            .. effective.Networks
                .Where(network => !network.Network.External && !networks.ContainsKey(network.Network.Name))
                .Select(network => new NetworkMissing(network.Network.Name, IsGone: true)),
            .. effective.Networks.Select(network => Drifted(network, networks.GetValueOrDefault(network.Network.Name))).OfType<Change>(),
            .. effective.Volumes
                .Where(volume => !volume.External && !volumes.Contains(volume.Name))
                .Select(volume => new VolumeMissing(volume.Name, IsGone: true)),
        ];
    }

    /// <summary>A network cannot be changed: only one that was made again by hand can differ.</summary>
    public static NetworkDrifted? Drifted(EffectiveNetwork known, ObservedNetwork? found) =>
        found is not null && !known.Network.External && known.Id.Length > 0 && found.Id != known.Id
        && FieldComparison.OfWhatIsSet(known.Network, found.Settings) is { Count: > 0 } fields
            ? new(known.Network.Name, fields)
            : null;

    /// <summary>The fields in which two services' containers differ, sorted by name; of secret ones only that they differ.</summary>
    internal static ValueList<FieldChange> Fields(DesiredService was, DesiredService wanted)
    {
        if (was.ContainerName == wanted.ContainerName && was.Scale == wanted.Scale && was.Spec == wanted.Spec)
        {
            return [];
        }

        return FieldComparison.Between(
            WithScale(was), WithScale(wanted), field => was.Spec.SecretFields.Contains(field) || wanted.Spec.SecretFields.Contains(field));
    }

    private static ValueMap<string> WithScale(DesiredService service) => new(SpecDigest.Fields(service).Append(new("scale", $"{service.Scale}")));

    private static Change? Compare(DesiredService? was, DesiredService wanted)
    {
        if (was is null)
        {
            // Wanted, but not running: nothing is there to be added, and nothing is sealed for it.
            return wanted.Scale > 0 ? new ServiceAdded(wanted.Name) : null;
        }

        // What an image is built from counts when its pin changes. Under an unchanged pin the source that runs stays sealed, and a newer one is only noted.
        return Fields(was, wanted) is { Count: > 0 } fields ? new ServiceChanged(wanted.Name, fields)
            : was.Equals(wanted with { Build = was.Build }) ? null
            : new PolicyChanged(wanted.Name);
    }

    private static IEnumerable<Change> Networks(DesiredState desired, EffectiveState? effective)
    {
        var was = (effective?.Networks ?? []).ToDictionary(network => network.Network.Name, network => network.Network, StringComparer.Ordinal);
        var wanted = desired.Networks.Select(network => network.Name).ToHashSet(StringComparer.Ordinal);

        foreach (var network in desired.Networks.Where(network => !network.External))
        {
            if (!was.TryGetValue(network.Name, out var before))
            {
                yield return new NetworkMissing(network.Name);
            }
            else if (!before.External && FieldComparison.Between(FieldComparison.Of(before), FieldComparison.Of(network)) is { Count: > 0 } fields)
            {
                yield return new NetworkChanged(network.Name, fields);
            }
        }

        foreach (var network in was.Values.Where(network => !network.External && !wanted.Contains(network.Name)))
        {
            yield return new NetworkRemoved(network.Name);
        }
    }

    private static IEnumerable<Change> Volumes(DesiredState desired, EffectiveState? effective)
    {
        var was = (effective?.Volumes ?? []).ToDictionary(volume => volume.Name, StringComparer.Ordinal);
        var wanted = desired.Volumes.Select(volume => volume.Name).ToHashSet(StringComparer.Ordinal);

        foreach (var volume in desired.Volumes.Where(volume => !volume.External))
        {
            if (!was.TryGetValue(volume.Name, out var before))
            {
                yield return new VolumeMissing(volume.Name);
            }
            else if (!before.External && FieldComparison.Between(FieldComparison.Of(before), FieldComparison.Of(volume)) is { Count: > 0 } fields)
            {
                yield return new VolumeChanged(volume.Name, fields);
            }
        }

        foreach (var volume in was.Values.Where(volume => !volume.External && !wanted.Contains(volume.Name)))
        {
            yield return new VolumeReleased(volume.Name);
        }
    }
}
