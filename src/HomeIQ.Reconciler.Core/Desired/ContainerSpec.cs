namespace HomeIQ.Reconciler.Desired;

/// <summary>Everything that a container is created with, resolved: real names of volumes and networks, defaults filled in, nothing left to interpolate.</summary>
/// <remarks>
/// Two specifications that mean the same container are equal: the loader writes defaults out (a health check's
/// interval) or leaves them out (an empty list), always in the same way. Null means "the image's or the engine's own".
/// </remarks>
public sealed record ContainerSpec
{
    /// <summary>The pinned reference as the desired state writes it, <c>repo:tag</c> or <c>repo:tag@sha256:…</c>.</summary>
    public required string Image { get; init; }

    public string? Platform { get; init; }

    public ValueList<string>? Command { get; init; }

    public ValueList<string>? Entrypoint { get; init; }

    public ValueMap<string> Environment { get; init; } = ValueMap<string>.Empty;

    public ValueMap<string> Labels { get; init; } = ValueMap<string>.Empty;

    public string? User { get; init; }

    public string? WorkingDirectory { get; init; }

    public string? Hostname { get; init; }

    public string? DomainName { get; init; }

    public bool Tty { get; init; }

    public bool StdinOpen { get; init; }

    public bool? Init { get; init; }

    public bool ReadOnly { get; init; }

    public bool Privileged { get; init; }

    public string? StopSignal { get; init; }

    /// <summary>How long a stop may take before the kill; null = the engine's 10 s.</summary>
    public TimeSpan? StopGracePeriod { get; init; }

    public RestartPolicy Restart { get; init; } = RestartPolicy.No;

    /// <summary>Null = the image's own, if it has one.</summary>
    public HealthCheck? HealthCheck { get; init; }

    public ValueList<PortBinding> Ports { get; init; } = [];

    /// <summary>Ports opened to other containers only, as <c>8086/tcp</c>.</summary>
    public ValueList<string> Expose { get; init; } = [];

    /// <summary>Sorted by target.</summary>
    public ValueList<MountSpec> Mounts { get; init; } = [];

    /// <summary>Target to options (<c>size=64m,mode=1777</c>, or empty).</summary>
    public ValueMap<string> Tmpfs { get; init; } = ValueMap<string>.Empty;

    /// <summary>Sorted by priority (highest first), then name; empty when <see cref="NetworkMode"/> is set.</summary>
    public ValueList<NetworkAttachment> Networks { get; init; } = [];

    /// <summary><c>host</c>, <c>none</c>, <c>service:NAME</c> or <c>container:NAME</c>; null = the attachments.</summary>
    public string? NetworkMode { get; init; }

    /// <summary><c>host</c>, <c>shareable</c>, <c>private</c>, <c>service:NAME</c> or <c>container:NAME</c>.</summary>
    public string? IpcMode { get; init; }

    public string? PidMode { get; init; }

    public string? UtsMode { get; init; }

    public string? UserNamespaceMode { get; init; }

    public string? CgroupMode { get; init; }

    public string? CgroupParent { get; init; }

    /// <summary><c>name:address</c>, as the engine takes it; sorted.</summary>
    public ValueList<string> ExtraHosts { get; init; } = [];

    public ValueList<string> Dns { get; init; } = [];

    public ValueList<string> DnsSearch { get; init; } = [];

    public ValueList<string> DnsOptions { get; init; } = [];

    /// <summary>Sorted.</summary>
    public ValueList<string> CapAdd { get; init; } = [];

    /// <summary>Sorted.</summary>
    public ValueList<string> CapDrop { get; init; } = [];

    public ValueList<string> SecurityOptions { get; init; } = [];

    public ValueList<string> GroupAdd { get; init; } = [];

    public ValueList<DeviceMapping> Devices { get; init; } = [];

    public ValueList<string> DeviceCgroupRules { get; init; } = [];

    public ValueMap<string> Sysctls { get; init; } = ValueMap<string>.Empty;

    public ValueMap<Ulimit> Ulimits { get; init; } = ValueMap<Ulimit>.Empty;

    public ValueMap<string> StorageOptions { get; init; } = ValueMap<string>.Empty;

    public string? Runtime { get; init; }

    /// <summary>Bytes; 0 = no limit, here and below.</summary>
    public long Memory { get; init; }

    public long MemoryReservation { get; init; }

    /// <summary>Bytes of memory and swap together; -1 = unlimited swap.</summary>
    public long MemorySwap { get; init; }

    public long? MemorySwappiness { get; init; }

    /// <summary>Billionths of a CPU.</summary>
    public long NanoCpus { get; init; }

    public long CpuShares { get; init; }

    public long CpuQuota { get; init; }

    public long CpuPeriod { get; init; }

    public string? CpusetCpus { get; init; }

    public string? CpusetMems { get; init; }

    public long PidsLimit { get; init; }

    public long ShmSize { get; init; }

    public int OomScoreAdjustment { get; init; }

    public bool OomKillDisable { get; init; }

    /// <summary>Null = the engine's default driver without options.</summary>
    public Logging? Logging { get; init; }

    /// <summary>
    /// Names of fields (as in <see cref="SpecFields"/>, e.g. <c>env.TOKEN</c>) whose value came in any part from outside Git, or whose key says that it is secret.
    /// </summary>
    public ValueList<string> SecretFields { get; init; } = [];
}

/// <summary>When the engine itself starts a container again: <c>no</c>, <c>always</c>, <c>unless-stopped</c> or <c>on-failure</c>.</summary>
public sealed record RestartPolicy(string Name, int MaximumRetries = 0)
{
    public static readonly RestartPolicy No = new("no");

    public override string ToString() => MaximumRetries > 0 ? $"{Name}:{MaximumRetries}" : Name;
}

/// <summary>The health check of a container, defaults written out (interval 30 s, timeout 30 s, retries 3, start period 0).</summary>
/// <param name="Test">The engine's form: <c>CMD</c>, <c>CMD-SHELL</c> or <c>NONE</c> first.</param>
public sealed record HealthCheck(
    ValueList<string> Test, TimeSpan Interval, TimeSpan Timeout, int Retries, TimeSpan StartPeriod, TimeSpan? StartInterval = null)
{
    public static readonly HealthCheck Disabled = new(["NONE"], TimeSpan.Zero, TimeSpan.Zero, 0, TimeSpan.Zero);

    public bool IsDisabled => Test is ["NONE", ..];

    /// <summary>How long a container may be <c>starting</c> before that is a verdict (the time the engine itself can need).</summary>
    public TimeSpan Bound => StartPeriod + ((Retries + 1) * (Interval + Timeout));
}

/// <summary>A port of the container published on the host; no host port = the engine picks one.</summary>
public sealed record PortBinding(int ContainerPort, string Protocol = "tcp", string HostAddress = "", int? HostPort = null)
{
    public override string ToString() =>
        $"{(HostAddress.Length > 0 ? $"{HostAddress}:" : "")}{HostPort?.ToString() ?? "*"}->{ContainerPort}/{Protocol}";
}

public enum MountKind
{
    /// <summary>A path of the host that belongs to the operator.</summary>
    Bind,

    /// <summary>A named volume; an empty source is an anonymous one.</summary>
    Volume,

    Tmpfs,

    /// <summary>A file or folder of the commit, exported by content.</summary>
    Content,
}

/// <summary>One mount of a container.</summary>
/// <param name="Source">Real volume name, absolute host path, or for <see cref="MountKind.Content"/> the path of the export below the content root.</param>
public sealed record MountSpec(MountKind Kind, string Source, string Target, bool ReadOnly = false)
{
    /// <summary>Digest of the exported content; null for other kinds.</summary>
    public string? Content { get; init; }

    /// <summary>Seed of a writable relative bind: its path in the commit, copied once when the host has nothing there.</summary>
    public string? SeedPath { get; init; }

    public string? Propagation { get; init; }

    public bool NoCopy { get; init; }

    /// <summary>False: a missing host path is an error instead of a new folder.</summary>
    public bool CreateHostPath { get; init; } = true;

    public string? SubPath { get; init; }

    public long TmpfsSize { get; init; }

    public int? TmpfsMode { get; init; }

    public override string ToString() => $"{(Source.Length > 0 ? Source : "(anonymous)")}:{Target}{(ReadOnly ? ":ro" : "")}";
}

/// <summary>A network that the container joins, by the network's real name.</summary>
public sealed record NetworkAttachment(string Network)
{
    /// <summary>Names on that network, the service's own name among them; sorted.</summary>
    public ValueList<string> Aliases { get; init; } = [];

    public string? Ipv4Address { get; init; }

    public string? Ipv6Address { get; init; }

    public string? MacAddress { get; init; }

    public ValueList<string> LinkLocalAddresses { get; init; } = [];

    public ValueMap<string> DriverOptions { get; init; } = ValueMap<string>.Empty;

    public int Priority { get; init; }
}

public sealed record DeviceMapping(string HostPath, string ContainerPath, string Permissions = "rwm")
{
    public override string ToString() => $"{HostPath}:{ContainerPath}:{Permissions}";
}

public sealed record Ulimit(long Soft, long Hard)
{
    public override string ToString() => Soft == Hard ? $"{Soft}" : $"{Soft}:{Hard}";
}

public sealed record Logging(string Driver, ValueMap<string> Options);
