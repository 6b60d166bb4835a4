namespace HomeIQ.Reconciler.Desired;

/// <summary>What the host is held to: a desired state as it was resolved on this host, with what was made from it. Sealed in the state directory.</summary>
public sealed record EffectiveState
{
    public required string Project { get; init; }

    public required string Revision { get; init; }

    /// <summary>The engine's version when the containers' fields were recorded.</summary>
    public string EngineVersion { get; init; } = "";

    /// <summary>Sorted by name.</summary>
    public ValueList<EffectiveService> Services { get; init; } = [];

    public ValueList<EffectiveNetwork> Networks { get; init; } = [];

    public ValueList<DesiredVolume> Volumes { get; init; } = [];

    /// <summary>Where the files and folders of the commit that containers mount are to be had from.</summary>
    public ValueList<BoundContent> Contents { get; init; } = [];

    /// <summary>How change is made while the host is held to it; without a watch, since what worked before need not show it again.</summary>
    public Policy Policy { get; init; } = new() { Soak = SoakPolicy.None };

    /// <summary>What was there before us and was taken over; handed on from one state to the next.</summary>
    public ValueList<Adopted> Adopted { get; init; } = [];

    public EffectiveService? Find(string service) => Services.FirstOrDefault(candidate => candidate.Service.Name == service);

    /// <summary>The desired state that it stands for: nothing to build, nothing to pull.</summary>
    public DesiredState AsDesired() => new()
    {
        Project = Project,
        Revision = Revision,
        Services = [.. Services.Select(service => service.Service with { Pull = PullPolicy.Missing })],
        Networks = [.. Networks.Select(network => network.Network)],
        Volumes = Volumes,
        Policy = Policy,
        Contents = Contents,
        Secrets = [.. Services.SelectMany(service => service.Service.Spec.SecretFields
            .Where(field => field.StartsWith("env.", StringComparison.Ordinal))
            .Select(field => service.Service.Spec.Environment.TryGetValue(field["env.".Length..], out var value) ? value : "")).Distinct(StringComparer.Ordinal)],
    };
}

/// <summary>A service as it was made: the specification, the image it resolved to, the container, and its inspect right after creation.</summary>
/// <param name="Recorded">The fields of the inspect just after creation: what drift is measured against.</param>
public sealed record EffectiveService(
    DesiredService Service, string SpecDigest, string ImageId, string? RepoDigest, string ContainerId, ValueMap<string> Recorded);

public sealed record EffectiveNetwork(DesiredNetwork Network, string Id);

/// <summary>Something that is ours although it does not say so: it was made by somebody else, or by us before the state directory was lost. Labels cannot be changed.</summary>
/// <param name="Id">Of a container or network; a volume's name.</param>
/// <param name="Service">Empty for networks and volumes.</param>
/// <param name="Run">The adoption.</param>
public sealed record Adopted(string Id, string Service, string Run, string Revision, string SpecDigest);
