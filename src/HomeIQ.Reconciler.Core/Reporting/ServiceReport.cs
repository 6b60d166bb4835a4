using HomeIQ.Reconciler.Changes;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Observed;
using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Reporting;

/// <summary>One service in full: what is wanted, what is held, what runs, what differs, and why it waits.</summary>
public sealed record ServiceReport
{
    public required ServiceStatus Status { get; init; }

    /// <summary>The image at the branch head; null where the head does not want the service, or could not be read.</summary>
    public string? WantedImage { get; init; }

    /// <summary>The image that the host is held to; null before the first promotion.</summary>
    public string? HeldImage { get; init; }

    /// <summary>Of the registry; null for what was built here.</summary>
    public string? HeldDigest { get; init; }

    public string? HeldImageId { get; init; }

    /// <summary>Null when there is no container.</summary>
    public string? ContainerId { get; init; }

    public ContainerStatus? ContainerStatus { get; init; }

    public string? RunningImageId { get; init; }

    public int RestartCount { get; init; }

    /// <summary>Fields that the branch head would change, a line each.</summary>
    public ValueList<string> Changes { get; init; } = [];

    /// <summary>Fields that somebody changed on the host, a line each.</summary>
    public ValueList<string> Drift { get; init; } = [];

    public ValueList<string> Needs { get; init; } = [];

    /// <summary>Who needs it, directly or not.</summary>
    public ValueList<string> Dependents { get; init; } = [];

    /// <summary>Why it is held, where it is one of those that are suspected.</summary>
    public Hold? Held { get; init; }

    /// <summary>What a person put off, until when and why; null when nothing is.</summary>
    public string? Suspended { get; init; }

    /// <summary>The services of a status, each in full; from the same look that the status was computed from.</summary>
    public static ValueList<ServiceReport> Of(HostStatus status, Plan? plan, DesiredState? desired, EffectiveState? effective, ObservedState observed, IReadOnlyCollection<Suspension> suspensions)
    {
        var known = desired ?? effective?.AsDesired();
        return
        [
            .. status.Services.Select(service =>
            {
                var held = effective?.Find(service.Service);
                var container = observed.Containers.FirstOrDefault(candidate => candidate.Owner?.Instance == status.Instance && candidate.Name == service.Container)
                    ?? observed.Containers.FirstOrDefault(candidate => candidate.Id == held?.ContainerId);
                return new ServiceReport
                {
                    Status = service,
                    WantedImage = desired?.Find(service.Service)?.Spec.Image,
                    HeldImage = held?.Service.Spec.Image,
                    HeldDigest = held?.RepoDigest,
                    HeldImageId = held?.ImageId,
                    ContainerId = container?.Id,
                    ContainerStatus = container?.Status,
                    RunningImageId = container?.ImageId,
                    RestartCount = container?.RestartCount ?? 0,
                    Changes = Lines((plan?.Changes ?? []).Where(change => !ChangeText.IsDrift(change)), service.Service),
                    Drift = Lines(status.Drift, service.Service),
                    Needs = known is null ? [] : Planning.Dependents.NeedsOf(service.Service, known),
                    Dependents = known is null ? [] : Planning.Dependents.Of([service.Service], known),
                    Held = status.Held.FirstOrDefault(hold => hold.Suspects.Any(suspect => suspect.Name == service.Service)),
                    Suspended = suspensions.FirstOrDefault(suspension => (suspension.Service is null || suspension.Service == service.Service) && suspension.Until > observed.At)?.ToText(),
                };
            }),
        ];
    }

    private static ValueList<string> Lines(IEnumerable<Change> changes, string service) =>
        [.. ChangeText.Lines([.. changes.Where(change => change.Subject == service)]).Select(line => line.Trim())];
}
