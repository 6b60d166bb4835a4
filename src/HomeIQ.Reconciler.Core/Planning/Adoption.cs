using HomeIQ.Reconciler.Changes;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Planning;

/// <summary>What an adoption puts on record: what runs, service by service, and in which fields that is not what the commit says. Nothing is moved by it.</summary>
/// <param name="IsOurs">A lost state directory is rebuilt from our own labels; else what Compose runs is taken over.</param>
/// <param name="Missing">Services of the commit that have no container.</param>
/// <param name="Networks">Those that become ours as they are; volumes alike.</param>
/// <param name="Notes">What a person should know of it.</param>
/// <param name="Refusals">Why nothing may be recorded.</param>
public sealed record Adoption(
    string Project, string Revision, bool IsOurs, ValueList<AdoptedService> Services, ValueList<string> Missing, ValueList<string> Networks, ValueList<string> Volumes,
    ValueList<Remark> Notes, ValueList<Remark> Refusals);

/// <summary>A service whose container is adopted.</summary>
/// <param name="Fields">Was: as it runs. Is: as the commit says. What the next apply changes.</param>
public sealed record AdoptedService(string Service, string ContainerId, string Container, string Image, string ImageId, ContainerStatus Status, ValueList<FieldChange> Fields);

/// <summary>All that an adoption is made from.</summary>
public sealed record AdoptionSituation
{
    public required DesiredState Desired { get; init; }

    /// <summary>With the images of all containers by their ids.</summary>
    public required ObservedState Observed { get; init; }

    public required string Instance { get; init; }

    public required ValueList<byte> Key { get; init; }

    /// <inheritdoc cref="Adoption.IsOurs"/>
    public bool IsOurs { get; init; }

    /// <summary>What the containers were made from, by their ids.</summary>
    public ValueMap<MadeFrom> Made { get; init; } = ValueMap<MadeFrom>.Empty;

    /// <summary>Tells by the name of a setting that nobody should read its value.</summary>
    public Func<string, bool> LooksSecret { get; init; } = _ => false;
}
