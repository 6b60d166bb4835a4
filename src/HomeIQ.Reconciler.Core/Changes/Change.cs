using System.Text.Json.Serialization;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Changes;

/// <summary>One way in which the host is not what it should be. The cases below are the whole vocabulary.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "change")]
[JsonDerivedType(typeof(ServiceAdded), "service-added")]
[JsonDerivedType(typeof(ServiceChanged), "service-changed")]
[JsonDerivedType(typeof(ServiceRemoved), "service-removed")]
[JsonDerivedType(typeof(PolicyChanged), "policy-changed")]
[JsonDerivedType(typeof(ContainerMissing), "container-missing")]
[JsonDerivedType(typeof(ContainerNotRunning), "container-not-running")]
[JsonDerivedType(typeof(ContainerRenamed), "container-renamed")]
[JsonDerivedType(typeof(ContainerDrifted), "container-drifted")]
[JsonDerivedType(typeof(ContentDrifted), "content-drifted")]
[JsonDerivedType(typeof(OrphanFound), "orphan-found")]
[JsonDerivedType(typeof(NetworkMissing), "network-missing")]
[JsonDerivedType(typeof(NetworkChanged), "network-changed")]
[JsonDerivedType(typeof(NetworkRemoved), "network-removed")]
[JsonDerivedType(typeof(NetworkDrifted), "network-drifted")]
[JsonDerivedType(typeof(VolumeMissing), "volume-missing")]
[JsonDerivedType(typeof(VolumeChanged), "volume-changed")]
[JsonDerivedType(typeof(VolumeReleased), "volume-released")]
public abstract record Change
{
    /// <summary>The service, network or volume that it is about.</summary>
    [JsonIgnore]
    public abstract string Subject { get; }
}

/// <summary>A field whose value differs; secret values are never in here, only that they changed.</summary>
/// <param name="Field">As in <see cref="SpecFields"/> (<c>env.TZ</c>, <c>memory</c>) or, for drift, as the engine names it (<c>HostConfig.Memory</c>).</param>
public sealed record FieldChange(string Field, string? Was, string? Is, bool Secret = false);

/// <summary>The service is new in the desired state.</summary>
public sealed record ServiceAdded(string Service) : Change
{
    public override string Subject => Service;
}

/// <summary>The desired state says something else than what made the container.</summary>
public sealed record ServiceChanged(string Service, ValueList<FieldChange> Fields) : Change
{
    public override string Subject => Service;
}

/// <summary>The effective state has the service, the desired state has not.</summary>
public sealed record ServiceRemoved(string Service) : Change
{
    public override string Subject => Service;
}

/// <summary>Nothing about the container changed, but its policy or its order did.</summary>
public sealed record PolicyChanged(string Service) : Change
{
    public override string Subject => Service;
}

/// <summary>Drift: the service's container is gone.</summary>
public sealed record ContainerMissing(string Service) : Change
{
    public override string Subject => Service;
}

/// <summary>Drift: the container is there but not running as it should.</summary>
public sealed record ContainerNotRunning(string Service, string ContainerId, ContainerStatus Status, int ExitCode) : Change
{
    public override string Subject => Service;
}

/// <summary>Drift: someone gave the container another name.</summary>
public sealed record ContainerRenamed(string Service, string ContainerId, string Was, string Is) : Change
{
    public override string Subject => Service;
}

/// <summary>Drift: the live container differs from its own inspect just after creation.</summary>
public sealed record ContainerDrifted(string Service, string ContainerId, ValueList<FieldChange> Fields) : Change
{
    public override string Subject => Service;
}

/// <summary>Drift: an exported file was edited or is gone, or the container still sees an older one.</summary>
/// <param name="IsRestored">The file itself is right again; the container that runs has not been started since.</param>
public sealed record ContentDrifted(string Service, string Digest, string Target, bool IsRestored = false) : Change
{
    public override string Subject => Service;
}

/// <summary>A container with our instance label that no service of the effective or desired state explains.</summary>
public sealed record OrphanFound(string Service, string ContainerId, string Name) : Change
{
    public override string Subject => Service;
}

/// <param name="IsGone">It was there: that is drift.</param>
public sealed record NetworkMissing(string Network, bool IsGone = false) : Change
{
    public override string Subject => Network;
}

public sealed record NetworkChanged(string Network, ValueList<FieldChange> Fields) : Change
{
    public override string Subject => Network;
}

/// <summary>Drift: someone made a network again, with other settings.</summary>
public sealed record NetworkDrifted(string Network, ValueList<FieldChange> Fields) : Change
{
    public override string Subject => Network;
}

public sealed record NetworkRemoved(string Network) : Change
{
    public override string Subject => Network;
}

/// <param name="IsGone">It was there: that is drift.</param>
public sealed record VolumeMissing(string Volume, bool IsGone = false) : Change
{
    public override string Subject => Volume;
}

/// <summary>A volume's driver or options changed: the engine cannot change a volume, and we never delete one.</summary>
public sealed record VolumeChanged(string Volume, ValueList<FieldChange> Fields) : Change
{
    public override string Subject => Volume;
}

/// <summary>No service names the volume any more; it is kept.</summary>
public sealed record VolumeReleased(string Volume) : Change
{
    public override string Subject => Volume;
}
