using HomeIQ.Reconciler.Changes;
using HomeIQ.Reconciler.Desired;

namespace HomeIQ.Reconciler.Planning;

/// <summary>What is done with networks and volumes: made when missing, networks replaced when changed; nothing that is not ours is touched, and no volume is ever removed.</summary>
internal sealed class Ground(Inventory inventory, Remarks remarks)
{
    public List<(DesiredNetwork Network, string Cause)> Create { get; } = [];

    public List<(DesiredNetwork From, DesiredNetwork To, string Cause)> Replace { get; } = [];

    public List<DesiredNetwork> Remove { get; } = [];

    public List<(DesiredVolume Volume, string Cause)> Volumes { get; } = [];

    /// <summary>Networks that were there, are gone, and are made again.</summary>
    public HashSet<string> MadeAgain { get; } = new(StringComparer.Ordinal);

    public HashSet<string> Replaced { get; } = new(StringComparer.Ordinal);

    public void Decide(IEnumerable<Change> changes)
    {
        var changed = changes.OfType<NetworkChanged>().Select(change => (change.Network, change.Fields)).ToDictionary(StringComparer.Ordinal);
        var drifted = changes.OfType<NetworkDrifted>().Select(change => (change.Network, change.Fields)).ToDictionary(StringComparer.Ordinal);
        var was = (inventory.Situation.Effective?.Networks ?? []).ToDictionary(network => network.Network.Name, network => network.Network, StringComparer.Ordinal);
        foreach (var network in inventory.Situation.Desired.Networks)
        {
            DecideNetwork(network, was.GetValueOrDefault(network.Name), changed.GetValueOrDefault(network.Name), drifted.GetValueOrDefault(network.Name));
        }

        foreach (var removed in changes.OfType<NetworkRemoved>())
        {
            if (inventory.Networks.TryGetValue(removed.Network, out var found) && inventory.IsOurs(found.Owner))
            {
                Remove.Add(was[removed.Network]);
            }
        }

        var held = (inventory.Situation.Effective?.Volumes ?? []).Select(volume => volume.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var volume in inventory.Situation.Desired.Volumes)
        {
            DecideVolume(volume, held.Contains(volume.Name));
        }

        foreach (var change in changes)
        {
            if (change is VolumeReleased released)
            {
                remarks.Warn("volume-released", released.Volume, "no service names the volume any more; it is kept with its data", "remove it by hand when the data is not needed");
            }
            else if (change is VolumeChanged { Fields: var fields } volume)
            {
                if (fields.All(field => field.Field.StartsWith("label.", StringComparison.Ordinal)))
                {
                    remarks.Warn("volume-changed", volume.Volume, "labels of a volume cannot be changed; it stays as it is");
                }
                else
                {
                    remarks.Refuse("volume-changed", volume.Volume, $"a volume cannot be changed and is never removed ({ServiceDecisions.Describe(fields)})", "give the new one another name, and move the data");
                }
            }
        }
    }

    private void DecideNetwork(DesiredNetwork network, DesiredNetwork? was, ValueList<FieldChange>? changed, ValueList<FieldChange>? drifted)
    {
        if (!inventory.Networks.TryGetValue(network.Name, out var found))
        {
            if (network.External)
            {
                remarks.Refuse("network-missing", network.Name, "the external network is not there", "create it, or take external: true away");
                return;
            }

            Create.Add((network, was is null ? "new in the desired state" : "the network is gone"));
            if (was is not null)
            {
                MadeAgain.Add(network.Name);
            }

            return;
        }

        if (network.External || inventory.IsOurs(found.Owner))
        {
            if (was is not null && (changed ?? drifted) is { } fields)
            {
                Replace.Add((was, network, changed is null ? $"someone made it again with other settings: {ServiceDecisions.Describe(fields)}" : ServiceDecisions.Describe(fields)));
                Replaced.Add(network.Name);
                RefuseForeignUsers(network.Name);
            }

            return;
        }

        if (found.Owner is { } owner)
        {
            remarks.Refuse("network-taken", network.Name, $"the network belongs to the instance {owner.Instance}", "give it another name, or make it external");
        }
        else if (changed is not null)
        {
            remarks.Refuse("network-taken", network.Name, "its settings change, but it was not made by this instance", "change it by hand, or give it another name");
        }
        else if (drifted is not null)
        {
            remarks.Warn(
                "network-drifted", network.Name, $"someone made it again with other settings ({ServiceDecisions.Describe(drifted)}) and without our label, so that it is not ours to replace: it is used as it is",
                "remove it, and it is made again as the desired state says");
        }
        else if (was is null)
        {
            remarks.Warn("network-taken", network.Name, "a network of that name is there and was not made by this instance: it is used as it is");
        }
    }

    private void RefuseForeignUsers(string network)
    {
        foreach (var container in inventory.Situation.Observed.Containers.Where(container => !inventory.IsOurs(container)))
        {
            if (container.Networks.Any(attachment => attachment.Network == network))
            {
                remarks.Refuse("network-in-use", network, $"it is to be replaced, but {container.Name}, which is not ours, is on it", $"disconnect {container.Name} first");
            }
        }
    }

    private void DecideVolume(DesiredVolume volume, bool isHeld)
    {
        if (!inventory.Volumes.TryGetValue(volume.Name, out var found))
        {
            if (volume.External)
            {
                remarks.Refuse("volume-missing", volume.Name, "the external volume is not there", "create it, or take external: true away");
                return;
            }

            Volumes.Add((volume, isHeld ? "the volume is gone" : "new in the desired state"));
            if (isHeld)
            {
                remarks.Ask("volume-lost", volume.Name, "the volume is gone, and its data with it: an empty one would be made", "restore the volume first, if there is a backup");
            }
        }
        else if (!volume.External && found.Owner is { } owner && !inventory.IsOurs(owner))
        {
            remarks.Refuse("volume-taken", volume.Name, $"the volume belongs to the instance {owner.Instance}", "give it another name, or make it external");
        }
        else if (!volume.External && found.Owner is null && !isHeld)
        {
            remarks.Warn("volume-taken", volume.Name, "a volume of that name is there and was not made by this instance: it is used with the data that it holds");
        }
    }
}
