using HomeIQ.Reconciler.Changes;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Planning;

/// <summary>What the policy has to say about a plan: pins that float or go down, removals, volumes left behind, content that failed before.</summary>
internal static class Judgements
{
    public static void OnPins(Inventory inventory, ServiceWork work, Remarks remarks)
    {
        if (work.Desired is not { Scale: > 0 } desired)
        {
            return;
        }

        var pin = ImagePin.Parse(desired.Spec.Image);
        var before = work.Effective?.Service.Spec.Image;
        if (pin.IsFloating)
        {
            const string hint = "pin a version, or allow floating tags in the policy file";

            // What runs already was let in once; refusing it now would only keep it from being healed.
            if (inventory.Situation.Desired.Policy.FloatingTags == FloatingTags.Refuse && before != desired.Spec.Image)
            {
                remarks.Refuse("floating-tag", work.Name, $"{desired.Spec.Image} can mean another image tomorrow", hint);
            }
            else
            {
                remarks.Warn("floating-tag", work.Name, $"{desired.Spec.Image} can mean another image tomorrow", hint);
            }
        }

        if (before is null || !pin.IsLowerThan(ImagePin.Parse(before)))
        {
            return;
        }

        var message = $"{before} -> {desired.Spec.Image} is a downgrade";
        if (desired.Spec.Mounts.Any(mount => mount is { ReadOnly: false, Kind: MountKind.Bind or MountKind.Volume }) && !desired.Policy.AllowDowngrade)
        {
            remarks.Refuse("downgrade", work.Name, $"{message}, and the service writes to a mount that the older version may not be able to read", "say allow-downgrade in the policy file if it can");
        }
        else
        {
            remarks.Warn("downgrade", work.Name, message);
        }
    }

    /// <summary>A lost state directory changes nothing by itself: what runs here was good to somebody, and there is no way back to it.</summary>
    public static void OnLostState(Inventory inventory, Remarks remarks)
    {
        var situation = inventory.Situation;
        if (situation.IsStateLost)
        {
            var found = situation.Observed.Containers.Count(container => container.Owner?.Instance == situation.Instance);
            remarks.Ask("state-lost", situation.Desired.Project,
                $"{Text.Count(found, "container")} of instance {situation.Instance} are here, and this state directory does not hold what they were made from: it was lost, wholly or in part, or is another one",
                "put the state directory back if there is a copy, or have homeiq adopt --ours rebuild it from what runs; approved, the services are made anew, with nothing to go back to");
        }
    }

    public static void OnRemovals(Inventory inventory, IReadOnlyCollection<string> removed, Remarks remarks)
    {
        var desired = inventory.Situation.Desired;
        var held = Math.Max(inventory.Effective.Count, removed.Count);
        var most = Math.Max(desired.Policy.RemovalsMax, held * desired.Policy.RemovalsShare / 100);

        if (desired.Services.Count == 0)
        {
            remarks.Ask("empty", desired.Project, held switch
            {
                0 => "the desired state is empty: no service is wanted",
                1 => "the desired state is empty: the only service would be removed",
                _ => $"the desired state is empty: all {held} services would be removed",
            });
        }
        else if (removed.Count > most)
        {
            remarks.Ask("removals", desired.Project, $"{removed.Count} of {held} services would be removed, and at most {most} go without asking: {string.Join(", ", removed.Order(StringComparer.Ordinal).Take(10))}{(removed.Count > 10 ? ", ..." : "")}");
        }
    }

    /// <summary>Another volume at the same place: the data stays behind in the old one.</summary>
    public static void OnVolumes(ServiceWork work, Remarks remarks)
    {
        if (work is not { Desired: { } desired, Effective: { } effective } || desired.Spec.Mounts == effective.Service.Spec.Mounts)
        {
            return;
        }

        foreach (var was in effective.Service.Spec.Mounts.Where(mount => mount is { Kind: MountKind.Volume, Source.Length: > 0 }))
        {
            if (desired.Spec.Mounts.FirstOrDefault(mount => mount.Target == was.Target) is { } mount && (mount.Kind != MountKind.Volume || mount.Source != was.Source))
            {
                remarks.Ask(
                    "volume-identity", work.Name, $"{was.Target} would be {mount.Source} instead of the volume {was.Source}: the data stays behind",
                    "move the data first, or say name: for the volume");
            }
        }
    }

    /// <summary>Held exactly while the desired state contains all of what failed together, unless it runs already.</summary>
    public static void OnQuarantine(Inventory inventory, Remarks remarks)
    {
        var digests = new Dictionary<string, string>(StringComparer.Ordinal);
        string? Content(string name) =>
            digests.TryGetValue(name, out var digest) ? digest
            : inventory.Desired.TryGetValue(name, out var service) ? digests[name] = ContentDigest.Of(service, inventory.Key)
            : inventory.Situation.Desired.Networks.FirstOrDefault(network => ContentDigest.NameOf(network) == name) is { } network ? digests[name] = ContentDigest.Of(network, inventory.Key)
            : null;

        bool IsHeldTo(string name, string digest) =>
            inventory.Effective.TryGetValue(name, out var effective) ? ContentDigest.Of(effective.Service, inventory.Key) == digest
            : inventory.Situation.Effective?.Networks.FirstOrDefault(network => ContentDigest.NameOf(network.Network) == name) is { } held && ContentDigest.Of(held.Network, inventory.Key) == digest;

        foreach (var entry in inventory.Situation.Quarantine)
        {
            if (entry.Contents.Count == 0 || entry.Expires <= inventory.Situation.Observed.At || !entry.Contents.All(pair => Content(pair.Key) == pair.Value))
            {
                continue;
            }

            if (entry.Contents.All(pair => IsHeldTo(pair.Key, pair.Value)))
            {
                continue;
            }

            remarks.Hold(
                "quarantined", entry.Service, $"{string.Join(", ", entry.Contents.Keys)} failed as {(entry.Contents.Count == 1 ? "it is" : "they are")} in run {entry.Run} at {entry.At:yyyy-MM-dd HH:mm}: {entry.Reason}",
                $"change {string.Join(" or ", entry.Contents.Keys)}, or revert the change (quarantine {entry.Id})", entry.Id);
        }
    }

    /// <summary>A person put it off: the host as a whole, or one of the services that the plan would touch.</summary>
    public static void OnSuspension(Inventory inventory, IEnumerable<ServiceWork> works, Remarks remarks)
    {
        if (inventory.SuspensionOf(service: null) is { } whole)
        {
            remarks.Suspend(inventory.Situation.Desired.Project, whole.ToText(), "homeiq resume ends it; a person goes on with --force");
        }

        foreach (var work in works.Where(work => work.Move != Move.None))
        {
            if (inventory.SuspensionOf(work.Name) is { } suspension)
            {
                remarks.Suspend(work.Name, suspension.ToText(), $"homeiq resume {work.Name} ends it; a person goes on with --force");
            }
        }
    }

    /// <summary>What is bad before the plan begins is said, so that nobody blames the plan.</summary>
    public static void OnHealth(ServiceWork work, Remarks remarks)
    {
        if (work is { Desired: not null, Effective: not null, Container: { } container } && (container.Health == ContainerHealth.Unhealthy || container.Status == ContainerStatus.Restarting))
        {
            remarks.Warn(
                "unhealthy-before", work.Name,
                container.Status == ContainerStatus.Restarting ? "the engine keeps restarting it already, before this plan" : "it is unhealthy already, before this plan",
                work switch
                {
                    { Move: Move.None } => null,
                    { IsChanged: true } => "what it is changed to has to become healthy all the same, or the plan is taken back",
                    _ => "nothing of its own changes: it may be as ill afterwards, which is told and takes nothing back",
                });
        }
    }

    /// <summary>Nobody can tell whether it works: no health check of its own or of its image, no probe, and no exit code that somebody waits for.</summary>
    public static bool IsUnverified(Inventory inventory, ServiceWork work)
    {
        var desired = work.Desired!;
        if (desired.Policy.Probes.Count > 0 || desired.Spec.Restart.Name == "no")
        {
            return false;
        }

        if (desired.Spec.HealthCheck is { } check)
        {
            return check.IsDisabled;
        }

        var image = work.MakesContainer && work.Effective?.Service.Spec.Image != desired.Spec.Image
            ? inventory.Image(desired.Spec.Image)
            : inventory.ImagesById.GetValueOrDefault(work.Effective?.ImageId ?? work.Container?.ImageId ?? "") ?? inventory.Image(desired.Spec.Image);

        return image is { } known ? !known.HasHealthCheck : work.Container is not { Health: not ContainerHealth.None };
    }
}
