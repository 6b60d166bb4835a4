using HomeIQ.Reconciler.Changes;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Observed;
using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Reporting;

/// <summary>Whether the host is what the branch says (DESIGN §4).</summary>
public enum Sync
{
    Synced,
    OutOfSync,
    Held,
    Unknown,
}

/// <summary>From best to worst; the whole is the worst of its parts.</summary>
public enum Health
{
    Healthy,
    Suspended,
    Progressing,
    Missing,
    Degraded,
    Unknown,
}

/// <param name="Detail">What there is to say about it: the last health output, an exit code, drift; empty when all is well.</param>
/// <param name="Verified">False: neither a health check nor a probe stands behind the word healthy.</param>
public sealed record ServiceStatus(
    string Service, string Container, string Image, Sync Sync, Health Health, string Detail, DateTimeOffset? Since, bool Verified);

/// <summary>How the host stands: the one value that <c>status</c>, page and API show.</summary>
public sealed record HostStatus
{
    public required string Project { get; init; }

    public required string Instance { get; init; }

    public required Sync Sync { get; init; }

    public required Health Health { get; init; }

    /// <summary>The newest commit of the branch that was seen; null when the repository could not be read.</summary>
    public string? Revision { get; init; }

    public string? Effective { get; init; }

    public string? LastKnownGood { get; init; }

    public ValueList<ServiceStatus> Services { get; init; } = [];

    /// <summary>The host against what it is held to.</summary>
    public ValueList<Change> Drift { get; init; } = [];

    /// <summary>The branch head against what the host is held to.</summary>
    public int PendingSteps { get; init; }

    public ValueList<Remark> Holds { get; init; } = [];

    /// <summary>The same explained: since when, what failed with its evidence, what waits behind it, the ways out.</summary>
    public ValueList<Hold> Held { get; init; } = [];

    public ValueList<Remark> Warnings { get; init; } = [];

    public ValueList<Remark> Refusals { get; init; } = [];

    /// <summary>The status in Kubernetes' words; <c>Ready</c> first.</summary>
    public ValueList<Condition> Conditions { get; init; } = [];

    /// <summary>A run that was cut off: the next start of a mutating verb finishes it.</summary>
    public string? UnfinishedRun { get; init; }

    /// <summary>Somebody acts from this state directory now: an unfinished run is under way, not cut off.</summary>
    public bool IsRunUnderWay { get; init; }

    /// <summary>Who else acts on this engine for this instance, so that from here is only looked; null when nobody does.</summary>
    public string? LockedBy { get; init; }

    /// <summary>A run that is verified and watched: the host is held to its state, which is not last known-good yet.</summary>
    public string? WatchedRun { get; init; }

    /// <summary>Why nothing more is changed by itself until a person acts; null while it is.</summary>
    public string? Stalled { get; init; }

    /// <summary>Why what should be done is not done yet, and when it is tried again; null when nothing waits.</summary>
    public string? Waiting { get; init; }

    /// <summary>Volumes that this instance made and that nothing wants any more: data is never thrown away. Sorted.</summary>
    public ValueList<string> KeptVolumes { get; init; } = [];

    /// <summary>What a person put off, until when and why; null when nothing is.</summary>
    public string? Suspended { get; init; }

    /// <summary>Digests of plans that a person approved and that did not run yet.</summary>
    public ValueList<string> Approved { get; init; } = [];

    /// <summary>Why the branch head could not be looked at; null when it could.</summary>
    public string? SourceProblem { get; init; }

    /// <summary>Computes the status from one look; asks nobody.</summary>
    public static HostStatus Of(Plan? plan, DesiredState? desired, EffectiveState? effective, ObservedState observed, string instance)
    {
        var told = effective is null ? [] : Differ.Drift(effective, observed, instance);
        var drift = told.Where(change => PolicyOf(change.Subject, desired, effective) != DriftPolicy.Ignore || !ChangeText.IsOfContainer(change)).ToValueList();
        var drifted = drift.Select(change => change.Subject).ToHashSet(StringComparer.Ordinal);
        var changed = plan?.Changes.Select(change => change.Subject).ToHashSet(StringComparer.Ordinal) ?? [];
        var containers = observed.Containers.Where(container => container.Owner?.Instance == instance).ToLookup(container => container.Name, StringComparer.Ordinal);
        var held = plan is { Holds.Count: > 0 };
        var wanted = (desired?.Volumes ?? []).Concat(effective?.Volumes ?? []).Select(volume => volume.Name).ToHashSet(StringComparer.Ordinal);
        var known = (effective?.Services.Select(service => service.Service) ?? [])
            .Concat(desired?.Services ?? [])
            .DistinctBy(service => service.Name)
            .OrderBy(service => service.Name, StringComparer.Ordinal)
            .ToList();
        var tasks = CompletedTask.AwaitedAmong(known);
        var services = known.Select(service =>
        {
            var container = containers[service.ContainerName].FirstOrDefault();
            var (health, detail) = HealthOf(container, service.Spec, tasks.Contains(service.Name));
            var sync = plan is null ? Sync.Unknown
                : drifted.Contains(service.Name) ? Sync.OutOfSync
                : !changed.Contains(service.Name) ? Sync.Synced
                : held ? Sync.Held : Sync.OutOfSync;
            return new ServiceStatus(
                service.Name, service.ContainerName, container?.Image ?? service.Spec.Image, sync, health, detail, container?.StartedAt,
                container?.HealthCheck is not null || service.Policy.Probes.Count > 0);
        }).ToValueList();

        return new HostStatus
        {
            Project = desired?.Project ?? effective?.Project ?? "",
            Instance = instance,
            Sync = plan is null ? Sync.Unknown : held ? Sync.Held : plan.IsEmpty && plan.Refusals.Count == 0 && drift.Count == 0 ? Sync.Synced : Sync.OutOfSync,
            Health = services.Count == 0 ? Health.Unknown : services.Max(service => service.Health),
            Revision = desired?.Revision,
            Effective = effective?.Revision,
            LastKnownGood = effective?.Revision,
            Services = services,
            Drift = drift,
            PendingSteps = plan?.Steps.Count ?? 0,
            Holds = plan?.Holds ?? [],
            Warnings = plan?.Warnings ?? [],
            Refusals = plan?.Refusals ?? [],
            KeptVolumes = [.. observed.Volumes.Where(volume => volume.Owner?.Instance == instance && !wanted.Contains(volume.Name)).Select(volume => volume.Name).Order(StringComparer.Ordinal)],
        };
    }

    /// <summary>The same with why what should be done waits.</summary>
    public HostStatus With(Attempt waits, DateTimeOffset at) => waits.IsDue(at) ? this : this with
    {
        Waiting = waits.NeedsPerson ? $"{waits.Reason}; not by itself any more: homeiq apply" : $"{waits.Reason}; tried again at {waits.NotBefore:yyyy-MM-dd HH:mm:ss}Z, or by homeiq apply",
        Stalled = Stalled ?? (waits.NeedsPerson ? waits.Reason : null),
    };

    /// <summary>The same with what a person decided and still holds at that moment.</summary>
    public HostStatus With(IReadOnlyCollection<Decision> standing, DateTimeOffset at)
    {
        var suspensions = standing.OfType<Suspension>().Where(suspension => suspension.Until > at).OrderBy(suspension => suspension.Service, StringComparer.Ordinal).ToList();
        return this with
        {
            Suspended = suspensions.Count == 0 ? null : string.Join("; ", suspensions.Select(suspension => suspension.ToText())),
            Approved = [.. standing.OfType<Approval>().Select(approval => approval.Digest).Order(StringComparer.Ordinal)],
        };
    }

    private static DriftPolicy? PolicyOf(string service, DesiredState? desired, EffectiveState? effective) =>
        (desired?.Find(service) ?? effective?.Find(service)?.Service)?.Policy.Drift;

    private static (Health Health, string Detail) HealthOf(ObservedContainer? container, ContainerSpec spec, bool isAwaited) => container switch
    {
        null => (Health.Missing, "no container"),
        not null when CompletedTask.Is(container, spec, isAwaited) => (Health.Healthy, "completed"),
        { Status: ContainerStatus.Exited or ContainerStatus.Dead } => (Health.Degraded, $"ended with exit code {container.ExitCode}"),
        { Status: ContainerStatus.Restarting } => (Health.Degraded, $"restarting, exit code {container.ExitCode}, {container.RestartCount} times"),
        { Status: ContainerStatus.Paused } => (Health.Suspended, "paused"),
        { Status: ContainerStatus.Created or ContainerStatus.Removing } => (Health.Degraded, "not running"),
        { Health: ContainerHealth.Unhealthy } => (Health.Degraded, container.LastHealthOutput ?? "unhealthy"),
        { Health: ContainerHealth.Starting } => (Health.Progressing, container.LastHealthOutput ?? "starting"),
        _ => (Health.Healthy, ""),
    };
}
