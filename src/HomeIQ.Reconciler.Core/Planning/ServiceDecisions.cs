using HomeIQ.Reconciler.Changes;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Planning;

/// <summary>Decides for each service by itself what is done with its container; what follows from it for others is decided afterwards.</summary>
internal sealed class ServiceDecisions(Inventory inventory, IReadOnlyDictionary<string, List<Change>> changes, Remarks remarks)
{
    public ServiceWork For(DesiredService desired)
    {
        var effective = inventory.Effective.GetValueOrDefault(desired.Name);
        var work = new ServiceWork(desired.Name, desired, effective, ContainerOf(desired.Name, effective?.Service ?? desired, effective));

        if (desired.Scale == 0)
        {
            if (work.Container is not null)
            {
                work.IsChanged = effective?.Service.Scale > 0;
                work.Raise(Move.Remove, "scale 0: wanted, but not running");
            }
        }
        else if (effective is null || effective.Service.Scale == 0)
        {
            Install(work, desired, effective is null ? "new in the desired state" : "scale 0 -> 1");
        }
        else
        {
            Update(work, desired, effective);
            Correct(work, desired, effective);
        }

        return work;
    }

    public ServiceWork ForRemoved(EffectiveService effective)
    {
        var work = new ServiceWork(effective.Service.Name, null, effective, ContainerOf(effective.Service.Name, effective.Service, effective)) { IsChanged = true };
        if (work.Container is not null)
        {
            work.Raise(Move.Remove, "removed from the desired state");
        }

        return work;
    }

    private ObservedContainer? ContainerOf(string name, DesiredService service, EffectiveService? effective)
    {
        if (effective is not null && inventory.ContainersById.TryGetValue(effective.ContainerId, out var held))
        {
            return held;
        }

        // Not the one that was recorded; but ours, for this service, and in its place.
        return inventory.ContainersByName.TryGetValue(service.ContainerName, out var bearer) && inventory.IsOurs(bearer) && bearer.Owner?.Service == name ? bearer : null;
    }

    /// <summary>Nothing is known about the service: what already runs as specified is taken as it is.</summary>
    private void Install(ServiceWork work, DesiredService desired, string cause)
    {
        work.IsChanged = true;
        if (work.Container is not { } found)
        {
            work.Raise(Move.Create, cause);
        }
        else if (found.Owner?.SpecDigest != work.SpecDigest(inventory))
        {
            work.Raise(Move.Replace, $"{cause}: the container that is there was made from something else");
        }
        else
        {
            var (move, why) = found.Status switch
            {
                ContainerStatus.Dead or ContainerStatus.Removing => (Move.Replace, "its container is dead"),
                ContainerStatus.Paused => (Move.Unpause, "its container is paused"),
                ContainerStatus.Created or ContainerStatus.Exited when !inventory.IsCompleted(found, desired) => (Move.Start, "its container is there, stopped"),
                ContainerStatus.Restarting => (Move.Verify, "its container is there, restarting"),
                ContainerStatus.Running when found.Health is ContainerHealth.Starting or ContainerHealth.Unhealthy => (Move.Verify, "its container is there, and not proven yet"),
                _ => (Move.None, ""),
            };

            if (move != Move.None)
            {
                work.Raise(move, $"{cause}; {why}");
            }

            if (work.Move != Move.Replace && found.Restart != desired.Spec.Restart)
            {
                work.Rearm = true;
                work.Raise(work.Move == Move.None ? Move.Adjust : Move.None, $"its restart policy is {found.Restart} instead of {desired.Spec.Restart}");
            }
        }
    }

    private void Update(ServiceWork work, DesiredService desired, EffectiveService effective)
    {
        foreach (var change in Changes(desired.Name).OfType<ServiceChanged>())
        {
            var fields = SameImage(desired, effective) ? change.Fields.Where(field => field.Field != "image").ToValueList() : change.Fields;
            if (fields.Count > 0)
            {
                work.IsChanged = true;
                work.Raise(Move.Replace, Describe(fields));
            }
        }

        if (OtherImage(desired, effective) is { } sealedImage)
        {
            work.IsChanged = true;
            work.Raise(Move.Replace, $"{desired.Spec.Image} meant another image then: {sealedImage}");
        }

        if (inventory.Situation.Refresh && desired.Build is null && desired.Pull != PullPolicy.Never && ImagePin.Parse(desired.Spec.Image).Digest is null)
        {
            work.Raise(Move.Replace, $"asked to refresh {desired.Spec.Image}");
        }
    }

    /// <summary>On the way to a sealed state: the image that the same words meant in it, when that is another one and can be had; else null.</summary>
    private string? OtherImage(DesiredService desired, EffectiveService effective)
    {
        if (inventory.Situation.GoesBackTo?.Find(desired.Name) is not { ImageId.Length: > 0 } target || target.ImageId == effective.ImageId || target.Service.Spec.Image != effective.Service.Spec.Image)
        {
            return null;
        }

        return (target.RepoDigest, effective.RepoDigest) is ({ } then, { } now)
            ? then == now ? null : then
            : inventory.HasImage(target.ImageId) ? target.ImageId : null;
    }

    /// <summary>A digest was added to the pin, or taken away, and means the image that runs already.</summary>
    private bool SameImage(DesiredService desired, EffectiveService effective)
    {
        var pin = ImagePin.Parse(desired.Spec.Image);
        if (!pin.DiffersOnlyInDigest(ImagePin.Parse(effective.Service.Spec.Image)) || desired.Spec.Platform != effective.Service.Spec.Platform)
        {
            return false;
        }

        return pin.Digest is null
            ? inventory.Image(desired.Spec.Image) is { } image ? image.Id == effective.ImageId : effective.ImageId.Length > 0
            : effective.RepoDigest?.EndsWith($"@{pin.Digest}", StringComparison.Ordinal) == true || inventory.Image(desired.Spec.Image)?.Id == effective.ImageId;
    }

    private void Correct(ServiceWork work, DesiredService desired, EffectiveService effective)
    {
        var policy = inventory.DriftOf(desired);
        foreach (var change in Changes(desired.Name))
        {
            if (change is ContainerDrifted drifted && policy == DriftPolicy.Correct && WayInPlace(work, effective, drifted) is { } adjustment)
            {
                Adjust(work, adjustment, drifted);
                continue;
            }

            if (Correction(change, work) is not { } correction)
            {
                continue;
            }

            if (policy == DriftPolicy.Correct)
            {
                work.RenameBack |= change is ContainerRenamed;
                if (change is ContentDrifted content)
                {
                    work.Restore.Add(content.Digest);
                }

                work.Raise(correction.Move, correction.Cause);
            }
            else if (policy == DriftPolicy.Warn)
            {
                remarks.Warn("drift", desired.Name, $"{correction.Cause}; {(inventory.SuspensionOf(desired.Name) is null ? "its policy is to warn" : "it is suspended")}");
            }

            if (change is ContainerNotRunning && policy != DriftPolicy.Correct)
            {
                work.LeaveStopped = true;
            }
        }

        // A one-shot that is done is not run again because of something that others did to it.
        if (!work.IsChanged && work.Container is { } live && inventory.IsCompleted(live, desired))
        {
            work.LeaveStopped = true;
        }

        // Something else bears the container's name, so that a new one is made in its place.
        if (work.RenameBack && work.Move == Move.Replace)
        {
            work.RenameBack = false;
        }
    }

    /// <summary>Null when only another container puts it right.</summary>
    private InPlace? WayInPlace(ServiceWork work, EffectiveService effective, ContainerDrifted drifted) =>
        work.Container is { } live && live.Id == drifted.ContainerId && !inventory.LeftDrifted.Contains(live.Id) ? InPlace.For(effective, live, drifted.Fields) : null;

    private static void Adjust(ServiceWork work, InPlace adjustment, ContainerDrifted drifted)
    {
        work.Adjustment = adjustment;
        if (adjustment.Settings.Count > 0)
        {
            var settings = adjustment.Settings.ToHashSet(StringComparer.Ordinal);
            work.Raise(Move.Adjust, $"someone changed its settings: {Describe(drifted.Fields.Where(field => settings.Contains(field.Field)).ToValueList())}");
        }

        foreach (var network in adjustment.Rejoin)
        {
            var isOn = work.Container!.Networks.Any(joined => joined.Network == network);
            work.Raise(Move.Adjust, isOn ? $"it is on network {network} in another way than it was made for" : $"someone took it off network {network}");
        }

        foreach (var network in adjustment.Leave)
        {
            work.Raise(Move.Adjust, $"someone put it on network {network}");
        }
    }

    private (Move Move, string Cause)? Correction(Change change, ServiceWork work) => change switch
    {
        ContainerMissing => (Move.Replace, "its container is gone"),
        ContainerNotRunning { Status: ContainerStatus.Dead } => (Move.Replace, "its container is dead"),
        ContainerNotRunning { Status: ContainerStatus.Paused } => (Move.Unpause, "someone paused it"),
        ContainerNotRunning { Status: ContainerStatus.Created } => (Move.Start, "its container was never started"),
        ContainerNotRunning stopped => (Move.Start, $"it was stopped (exit code {stopped.ExitCode})"),
        ContainerRenamed renamed => (Move.None, $"someone renamed {renamed.Was} to {renamed.Is}"),
        ContainerDrifted drifted when inventory.LeftDrifted.Contains(drifted.ContainerId) =>
            (Move.Replace, $"someone changed its container, and it could not be put right in place: {Describe(drifted.Fields)}"),
        ContainerDrifted drifted => (Move.Replace, $"someone changed its container: {Describe(drifted.Fields)}"),

        // A bind holds the file that was there at the start, and a program has read it then: only a start shows it the restored one.
        ContentDrifted { IsRestored: true } content => (Seeing(work), $"it has not been started since the file mounted at {content.Target} was put back"),
        ContentDrifted content => (Seeing(work), $"the file mounted at {content.Target} was edited or is gone"),
        _ => null,
    };

    private static Move Seeing(ServiceWork work) => work.IsRunning ? Move.Restart : Move.None;

    /// <summary>The image in full, the rest by name: <c>image a:1 -> a:2, env.TZ, ports</c>.</summary>
    internal static string Describe(ValueList<FieldChange> fields)
    {
        const int most = 5;
        var words = fields.OrderBy(field => field.Field == "image" ? 0 : 1).Select(field => field switch
        {
            { Field: "image" or "scale", Secret: false } => $"{field.Field} {field.Was} -> {field.Is}",
            { Secret: true } => $"{field.Field} (secret)",
            { Was: null } => $"{field.Field} added",
            { Is: null } => $"{field.Field} removed",
            _ => $"{field.Field} changed",
        }).ToList();

        return words.Count <= most ? string.Join(", ", words) : $"{string.Join(", ", words.Take(most - 1))} and {words.Count - most + 1} more";
    }

    private List<Change> Changes(string service) => changes.GetValueOrDefault(service) ?? [];
}
