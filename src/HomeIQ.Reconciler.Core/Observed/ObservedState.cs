using System.Text.Json.Serialization;
using HomeIQ.Reconciler.Desired;

namespace HomeIQ.Reconciler.Observed;

/// <summary>The host at one instant, in our words. Looked at once per pass.</summary>
public sealed record ObservedState
{
    public required DateTimeOffset At { get; init; }

    public required EngineFacts Engine { get; init; }

    /// <summary>Every container of the engine, ours or not, sorted by name.</summary>
    public ValueList<ObservedContainer> Containers { get; init; } = [];

    public ValueList<ObservedNetwork> Networks { get; init; } = [];

    public ValueList<ObservedVolume> Volumes { get; init; } = [];

    /// <summary>Reference (as asked for) to image, for the references that the desired or effective state names and the engine has.</summary>
    public ValueMap<ObservedImage> Images { get; init; } = ValueMap<ObservedImage>.Empty;

    /// <summary>Ports on which processes of the host listen, published ports of containers left out; empty when the engine is not on this machine.</summary>
    public ValueList<ListeningPort> HostPorts { get; init; } = [];

    /// <summary>Digests of exported contents that are there and unedited.</summary>
    public ValueList<string> IntactContents { get; init; } = [];

    /// <summary>Containers under which an export was replaced: as long as they are not started again they see the older one.</summary>
    public ValueList<StaleReader> StaleReaders { get; init; } = [];
}

/// <summary>A container that ran when an export was put back under it.</summary>
/// <param name="StartedAt">Of the run that sees the older one, by the engine's clock; only compared for being the same.</param>
public sealed record StaleReader(string ContainerId, DateTimeOffset? StartedAt, string Digest);

/// <summary>The engine that was looked at.</summary>
/// <param name="Id">The engine's own id, stable over restarts.</param>
public sealed record EngineFacts(string Id, string Version, string ApiVersion, string OperatingSystem, string Architecture);

public enum ContainerStatus
{
    Created,
    Running,
    Paused,
    Restarting,
    Removing,
    Exited,
    Dead,
}

public enum ContainerHealth
{
    /// <summary>There is no health check.</summary>
    None,
    Starting,
    Healthy,
    Unhealthy,
}

/// <summary>One container as the engine describes it.</summary>
public sealed record ObservedContainer
{
    public required string Id { get; init; }

    /// <summary>Without the leading slash.</summary>
    public required string Name { get; init; }

    /// <summary>The reference that it was created from.</summary>
    public required string Image { get; init; }

    public required string ImageId { get; init; }

    public required ContainerStatus Status { get; init; }

    public ContainerHealth Health { get; init; }

    /// <summary>Its processes are there, or the engine is about to start them again.</summary>
    [JsonIgnore]
    public bool IsUp => Status is ContainerStatus.Running or ContainerStatus.Paused or ContainerStatus.Restarting;

    /// <summary>Whether it sees the volume's files while it runs.</summary>
    public bool MountsVolume(string name) => Mounts.Any(mount => mount.Kind == "volume" && mount.Name == name);

    /// <summary>The output of the newest health check that ended after <see cref="StartedAt"/>; null when there is none.</summary>
    public string? LastHealthOutput { get; init; }

    /// <summary>How many checks in a row failed since the start.</summary>
    public int FailingStreak { get; init; }

    /// <summary>The health check in force, the image's own included; null when there is none or it is switched off.</summary>
    public HealthCheck? HealthCheck { get; init; }

    public int ExitCode { get; init; }

    public int RestartCount { get; init; }

    /// <summary>By the engine's clock; null when it was never started.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>By the engine's clock; null while it has not ended.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Our labels; null on a container that is not ours.</summary>
    public Ownership? Owner { get; init; }

    /// <summary>The Compose project and service that its labels name, for foreign containers.</summary>
    public string? ComposeProject { get; init; }

    public RestartPolicy Restart { get; init; } = RestartPolicy.No;

    /// <summary>Ports as configured, also while it is stopped.</summary>
    public ValueList<PortBinding> Ports { get; init; } = [];

    /// <summary>Ports as published now; a port that the engine picked carries its number here.</summary>
    public ValueList<PortBinding> PublishedPorts { get; init; } = [];

    public ValueList<ObservedMount> Mounts { get; init; } = [];

    public ValueList<ObservedAttachment> Networks { get; init; } = [];

    /// <summary>As the engine says it: a network's name, <c>host</c>, <c>none</c>, <c>container:ID</c>.</summary>
    public string NetworkMode { get; init; } = "default";

    public string IpcMode { get; init; } = "";

    public string PidMode { get; init; } = "";

    /// <summary>The settings of the inspect, flattened (<c>HostConfig.Memory</c>, <c>Config.Env.TZ</c>); what changes by itself is left out.</summary>
    public ValueMap<string> Fields { get; init; } = ValueMap<string>.Empty;
}

/// <summary>Our labels on a container, network or volume. They hold no tool version and are ignored by the differ.</summary>
public sealed record Ownership(string Instance, string Service, string Run, string Revision, string SpecDigest)
{
    public const string InstanceLabel = "io.homeiq.instance";
    public const string ServiceLabel = "io.homeiq.service";
    public const string RunLabel = "io.homeiq.run";
    public const string RevisionLabel = "io.homeiq.revision";
    public const string SpecLabel = "io.homeiq.spec";

    /// <summary>All labels with this prefix are ours.</summary>
    public const string Prefix = "io.homeiq.";

    /// <summary>The labels as a map, to be put on what we make.</summary>
    public ValueMap<string> ToLabels() => new(
    [
        new(InstanceLabel, Instance), new(ServiceLabel, Service), new(RunLabel, Run), new(RevisionLabel, Revision), new(SpecLabel, SpecDigest),
    ]);

    /// <summary>Null when there is no instance label.</summary>
    public static Ownership? FromLabels(IEnumerable<KeyValuePair<string, string>>? labels)
    {
        var map = new ValueMap<string>(labels ?? []);
        string Get(string key) => map.TryGetValue(key, out var value) ? value : "";

        return map.ContainsKey(InstanceLabel)
            ? new(Get(InstanceLabel), Get(ServiceLabel), Get(RunLabel), Get(RevisionLabel), Get(SpecLabel))
            : null;
    }
}

/// <param name="Kind"><c>bind</c>, <c>volume</c> or <c>tmpfs</c>.</param>
/// <param name="Name">The volume's name (anonymous ones have one, too), empty for other kinds.</param>
public sealed record ObservedMount(string Kind, string Name, string Source, string Target, bool ReadOnly);

/// <param name="Aliases">Names on the network, without the engine's own short id.</param>
public sealed record ObservedAttachment(string Network, string NetworkId, ValueList<string> Aliases, string? Address, string? StaticIpv4, string? StaticIpv6);

public sealed record ObservedNetwork(string Id, DesiredNetwork Settings, Ownership? Owner, string? ComposeProject = null)
{
    public string Name => Settings.Name;
}

public sealed record ObservedVolume(DesiredVolume Settings, string MountPoint, Ownership? Owner, string? ComposeProject = null)
{
    public string Name => Settings.Name;
}

/// <param name="RepoDigests"><c>repo@sha256:…</c>, empty for images that were built here.</param>
/// <param name="BuildDigest">The label that our own builds carry (see <see cref="BuildSpec.Digest"/>); null for others.</param>
public sealed record ObservedImage(string Id, ValueList<string> RepoDigests, string? BuildDigest, bool HasHealthCheck)
{
    public const string BuildLabel = "io.homeiq.build";

    /// <summary><c>repo@sha256:…</c> by which it can be pulled: of this repository when it was pulled from there; null when it was in none.</summary>
    public string? DigestIn(string repository) =>
        RepoDigests.FirstOrDefault(digest => digest.StartsWith($"{repository}@", StringComparison.Ordinal)) ?? (RepoDigests.Count > 0 ? RepoDigests[0] : null);
}

/// <param name="Address">The address listened on; <c>0.0.0.0</c> and <c>::</c> are all of them.</param>
/// <param name="Process">Name and pid when they can be told.</param>
public sealed record ListeningPort(int Port, string Protocol, string Address, string? Process = null);
