namespace HomeIQ.Reconciler.Desired;

/// <summary>A commit as a value: what should run, and how change is to be made.</summary>
public sealed record DesiredState
{
    /// <summary>The Compose project name; part of every default name of containers, networks and volumes.</summary>
    public required string Project { get; init; }

    /// <summary>The commit's full id, or a description when there is none (a plain folder).</summary>
    public required string Revision { get; init; }

    /// <summary>Services of the active profiles, sorted by name.</summary>
    public ValueList<DesiredService> Services { get; init; } = [];

    /// <summary>Networks that services use, sorted by real name.</summary>
    public ValueList<DesiredNetwork> Networks { get; init; } = [];

    /// <summary>Named volumes that services use, sorted by real name.</summary>
    public ValueList<DesiredVolume> Volumes { get; init; } = [];

    /// <summary>Files and folders of the commit that containers mount read-only, sorted by digest.</summary>
    public ValueList<BoundContent> Contents { get; init; } = [];

    public Policy Policy { get; init; } = new();

    /// <summary>Values that came from outside Git: never to be shown or logged. Not part of the stored state.</summary>
    public ValueList<string> Secrets { get; init; } = [];

    /// <summary>Name to service; computed once per state.</summary>
    public DesiredService? Find(string service) => Services.FirstOrDefault(candidate => candidate.Name == service);
}

/// <summary>One service: the container that should exist for it, and what it needs before it may start.</summary>
public sealed record DesiredService
{
    public required string Name { get; init; }

    public required string ContainerName { get; init; }

    public required ContainerSpec Spec { get; init; }

    /// <summary>Null for a service whose image is pulled.</summary>
    public BuildSpec? Build { get; init; }

    public PullPolicy Pull { get; init; } = PullPolicy.Missing;

    /// <summary>Sorted by service.</summary>
    public ValueList<Dependency> DependsOn { get; init; } = [];

    /// <summary>0 = wanted, but not running (no container); 1 = one container.</summary>
    public int Scale { get; init; } = 1;

    public ServicePolicy Policy { get; init; } = new();

    /// <summary>Where the service stands in the desired state; outside equality and digests.</summary>
    public SourcePosition? Position { get; init; }

    public bool Equals(DesiredService? other) =>
        other is not null && Name == other.Name && ContainerName == other.ContainerName && Spec == other.Spec && Build == other.Build
        && Pull == other.Pull && DependsOn == other.DependsOn && Scale == other.Scale && Policy == other.Policy;

    public override int GetHashCode() => HashCode.Combine(Name, ContainerName, Spec.Image);
}

/// <summary>Compose's pull policies as far as they differ here: <c>missing</c> (the default), <c>always</c>, <c>never</c>, <c>build</c>.</summary>
public enum PullPolicy
{
    Missing,
    Always,
    Never,
    Build,
}

public enum DependencyCondition
{
    Started,
    Healthy,
    CompletedSuccessfully,
}

/// <summary>A service that has to be there first.</summary>
/// <param name="Restart">Restart the dependent after the dependency was restarted or re-created.</param>
/// <param name="Required">False: a missing or failed dependency is only a warning.</param>
public sealed record Dependency(string Service, DependencyCondition Condition, bool Restart = false, bool Required = true);

/// <summary>How an image is made from the commit's own tree.</summary>
public sealed record BuildSpec
{
    /// <summary>Path of the context inside the commit, <c>/</c>-separated, without leading or trailing slash; empty = the root.</summary>
    public required string Context { get; init; }

    /// <summary>Path of the Dockerfile inside the commit.</summary>
    public required string Dockerfile { get; init; }

    public string? DockerfileInline { get; init; }

    public string? Target { get; init; }

    public ValueMap<string> Arguments { get; init; } = ValueMap<string>.Empty;

    public ValueMap<string> Labels { get; init; } = ValueMap<string>.Empty;

    public string? Network { get; init; }

    public ValueList<string> ExtraHosts { get; init; } = [];

    public long ShmSize { get; init; }

    public bool NoCache { get; init; }

    public bool Pull { get; init; }

    /// <summary>Digest over context tree, Dockerfile and all of the above: what the image is made from.</summary>
    public required string Digest { get; init; }
}

/// <summary>A network by its real name.</summary>
public sealed record DesiredNetwork(string Name)
{
    /// <summary>Made and kept by somebody else: it must exist, and is never changed.</summary>
    public bool External { get; init; }

    public string Driver { get; init; } = "bridge";

    public ValueMap<string> DriverOptions { get; init; } = ValueMap<string>.Empty;

    public bool Internal { get; init; }

    public bool Attachable { get; init; }

    public bool EnableIpv6 { get; init; }

    public string IpamDriver { get; init; } = "default";

    public ValueMap<string> IpamOptions { get; init; } = ValueMap<string>.Empty;

    public ValueList<AddressPool> Pools { get; init; } = [];

    public ValueMap<string> Labels { get; init; } = ValueMap<string>.Empty;
}

/// <summary>One <c>ipam.config</c> entry of a network.</summary>
public sealed record AddressPool(string? Subnet, string? Gateway = null, string? IpRange = null, ValueMap<string>? AuxiliaryAddresses = null);

/// <summary>A volume by its real name.</summary>
public sealed record DesiredVolume(string Name)
{
    /// <summary>Made and kept by somebody else: it must exist, and is never made.</summary>
    public bool External { get; init; }

    public string Driver { get; init; } = "local";

    public ValueMap<string> DriverOptions { get; init; } = ValueMap<string>.Empty;

    public ValueMap<string> Labels { get; init; } = ValueMap<string>.Empty;
}

/// <summary>A file or folder of the commit, or an inline text of the desired state, that is exported for containers to mount.</summary>
/// <param name="Digest">Digest of names, modes and bytes: also the name of the export below the content root.</param>
/// <param name="Path">Its path inside the commit; null for an inline text or a host secret, whose bytes are <paramref name="Text"/>.</param>
/// <param name="Mode">Permission bits of the exported file; null = 0644, or what the commit says.</param>
public sealed record BoundContent(string Digest, string? Path, string? Text = null, bool Secret = false, int? Mode = null);
