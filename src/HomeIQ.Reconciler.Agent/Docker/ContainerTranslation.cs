using HomeIQ.Reconciler.Changes;
using HomeIQ.Reconciler.Desired;
using Models = Docker.DotNet.Models;

namespace HomeIQ.Reconciler.Docker;

/// <summary>A container's specification in the engine's words.</summary>
internal static class ContainerTranslation
{
    /// <param name="image">Reference or id of the image to use.</param>
    public static Models.CreateContainerParameters ToCreate(
        string name, ContainerSpec spec, string image, ValueMap<string> ours, EngineApi api, string? contentRoot)
    {
        api.Require(spec);
        return new()
        {
            Name = name,
            Platform = spec.Platform,
            Image = image,
            Cmd = ToList(spec.Command)!,
            Entrypoint = ToList(spec.Entrypoint)!,
            Env = [.. spec.Environment.Select(pair => $"{pair.Key}={pair.Value}")],
            Labels = ToDictionary([.. spec.Labels, .. ours]),
            User = spec.User ?? "",
            WorkingDir = spec.WorkingDirectory ?? "",
            Hostname = spec.Hostname ?? "",
            Domainname = spec.DomainName ?? "",
            Tty = spec.Tty,
            OpenStdin = spec.StdinOpen,
            StopSignal = spec.StopSignal,
            // Whole seconds are all that the engine knows.
            StopTimeout = spec.StopGracePeriod is { } grace ? TimeSpan.FromSeconds(Math.Ceiling(grace.TotalSeconds)) : null,
            Healthcheck = ToHealthcheck(spec.HealthCheck),
            ExposedPorts = ToExposedPorts(spec),
            HostConfig = ToHostConfig(spec, api, contentRoot),
            NetworkingConfig = ToNetworking(spec, api),
        };
    }

    /// <summary>The networks that this engine cannot take at create and that are joined before the start instead.</summary>
    public static IEnumerable<NetworkAttachment> LaterNetworks(ContainerSpec spec, EngineApi api) =>
        spec.NetworkMode is not null || api.TakesSeveralNetworksAtCreate ? [] : spec.Networks.Skip(1);

    public static Models.EndpointSettings ToEndpoint(NetworkAttachment attachment)
    {
        var hasAddress = attachment.Ipv4Address is not null || attachment.Ipv6Address is not null || attachment.LinkLocalAddresses.Count > 0;
        return new()
        {
            Aliases = [.. attachment.Aliases],
            DriverOpts = ToDictionary(attachment.DriverOptions),
            MacAddress = attachment.MacAddress ?? "",
            IPAMConfig = hasAddress
                ? new()
                {
                    IPv4Address = attachment.Ipv4Address ?? "",
                    IPv6Address = attachment.Ipv6Address ?? "",
                    LinkLocalIPs = attachment.LinkLocalAddresses.Count > 0 ? [.. attachment.LinkLocalAddresses] : null,
                }
                : null,
        };
    }

    /// <summary>The body of an update: what it does not name, the engine leaves as it is.</summary>
    public static string ToUpdate(ContainerUpdate update) => Query.Write(writer =>
    {
        void Number(string name, long? value)
        {
            if (value is { } number)
            {
                writer.WriteNumber(name, number);
            }
        }

        void Text(string name, string? value)
        {
            if (value is not null)
            {
                writer.WriteString(name, value);
            }
        }

        writer.WriteStartObject();
        Number("Memory", update.Memory);
        Number("MemorySwap", update.MemorySwap);
        Number("MemoryReservation", update.MemoryReservation);
        Number("NanoCpus", update.NanoCpus);
        Number("CpuShares", update.CpuShares);
        Number("CpuQuota", update.CpuQuota);
        Number("CpuPeriod", update.CpuPeriod);
        Text("CpusetCpus", update.CpusetCpus);
        Text("CpusetMems", update.CpusetMems);
        Number("PidsLimit", update.PidsLimit);
        Number("BlkioWeight", update.BlkioWeight);
        if (update.Restart is { } restart)
        {
            writer.WriteStartObject("RestartPolicy");
            writer.WriteString("Name", restart.Name);
            writer.WriteNumber("MaximumRetryCount", restart.MaximumRetries);
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
    });

    private static Models.HostConfig ToHostConfig(ContainerSpec spec, EngineApi api, string? contentRoot)
    {
        var (binds, mounts) = MountTranslation.ToEngine(spec.Mounts, api, contentRoot);
        return new()
        {
            Binds = binds,
            Mounts = mounts,
            Tmpfs = spec.Tmpfs.Count > 0 ? ToDictionary(spec.Tmpfs) : null,
            PortBindings = ToPortBindings(spec.Ports),
            NetworkMode = spec.NetworkMode ?? (spec.Networks is [var first, ..] ? first.Network : ""),
            IpcMode = spec.IpcMode ?? "",
            PidMode = spec.PidMode ?? "",
            UTSMode = spec.UtsMode ?? "",
            UsernsMode = spec.UserNamespaceMode ?? "",
            CgroupnsMode = spec.CgroupMode ?? "",
            CgroupParent = spec.CgroupParent ?? "",
            RestartPolicy = new() { Name = ToKind(spec.Restart.Name), MaximumRetryCount = spec.Restart.MaximumRetries },
            LogConfig = spec.Logging is { } logging ? new() { Type = logging.Driver, Config = ToDictionary(logging.Options) } : null!,
            Init = spec.Init,
            ReadonlyRootfs = spec.ReadOnly,
            Privileged = spec.Privileged,
            ExtraHosts = [.. spec.ExtraHosts],
            DNS = [.. spec.Dns],
            DNSSearch = [.. spec.DnsSearch],
            DNSOptions = [.. spec.DnsOptions],
            CapAdd = [.. spec.CapAdd],
            CapDrop = [.. spec.CapDrop],
            SecurityOpt = [.. spec.SecurityOptions],
            GroupAdd = [.. spec.GroupAdd],
            Devices = [.. spec.Devices.Select(device => new Models.DeviceMapping
            {
                PathOnHost = device.HostPath, PathInContainer = device.ContainerPath, CgroupPermissions = device.Permissions,
            })],
            DeviceCgroupRules = [.. spec.DeviceCgroupRules],
            Sysctls = spec.Sysctls.Count > 0 ? ToDictionary(spec.Sysctls) : null,
            Ulimits = [.. spec.Ulimits.Select(pair => new Models.Ulimit { Name = pair.Key, Soft = pair.Value.Soft, Hard = pair.Value.Hard })],
            StorageOpt = spec.StorageOptions.Count > 0 ? ToDictionary(spec.StorageOptions) : null,
            Runtime = spec.Runtime,
            Memory = spec.Memory,
            MemoryReservation = spec.MemoryReservation,
            MemorySwap = spec.MemorySwap,
            MemorySwappiness = spec.MemorySwappiness,
            NanoCPUs = spec.NanoCpus,
            CPUShares = spec.CpuShares,
            CPUQuota = spec.CpuQuota,
            CPUPeriod = spec.CpuPeriod,
            CpusetCpus = spec.CpusetCpus ?? "",
            CpusetMems = spec.CpusetMems ?? "",
            PidsLimit = spec.PidsLimit == 0 ? null : spec.PidsLimit,
            ShmSize = spec.ShmSize,
            OomScoreAdj = spec.OomScoreAdjustment,
            OomKillDisable = spec.OomKillDisable ? true : null,
        };
    }

    private static Models.HealthcheckConfig? ToHealthcheck(HealthCheck? check) => check switch
    {
        null => null,
        { IsDisabled: true } => new() { Test = ["NONE"] },
        _ => new()
        {
            Test = [.. check.Test],
            Interval = check.Interval,
            Timeout = check.Timeout,
            Retries = check.Retries,
            StartPeriod = check.StartPeriod,
            StartInterval = check.StartInterval,
        },
    };

    private static Dictionary<string, Models.EmptyStruct>? ToExposedPorts(ContainerSpec spec)
    {
        var ports = spec.Ports.Select(Key).Concat(spec.Expose.Select(port => port.Contains('/', StringComparison.Ordinal) ? port : $"{port}/tcp")).Distinct(StringComparer.Ordinal);
        var exposed = ports.ToDictionary(port => port, _ => default(Models.EmptyStruct), StringComparer.Ordinal);
        return exposed.Count > 0 ? exposed : null;
    }

    private static Dictionary<string, IList<Models.PortBinding>> ToPortBindings(ValueList<PortBinding> ports) =>
        ports.GroupBy(Key, StringComparer.Ordinal).ToDictionary(
            group => group.Key,
            group => (IList<Models.PortBinding>)[.. group.Select(port => new Models.PortBinding
            {
                HostIP = port.HostAddress, HostPort = port.HostPort?.ToString() ?? "",
            })],
            StringComparer.Ordinal);

    private static Models.NetworkingConfig? ToNetworking(ContainerSpec spec, EngineApi api)
    {
        if (spec.NetworkMode is not null || spec.Networks.Count == 0)
        {
            return null;
        }

        var atCreate = api.TakesSeveralNetworksAtCreate ? spec.Networks : spec.Networks.Take(1);
        return new() { EndpointsConfig = atCreate.ToDictionary(attachment => attachment.Network, ToEndpoint, StringComparer.Ordinal) };
    }

    private static Models.RestartPolicyKind ToKind(string name) => name switch
    {
        "no" or "" => Models.RestartPolicyKind.No,
        "always" => Models.RestartPolicyKind.Always,
        "unless-stopped" => Models.RestartPolicyKind.UnlessStopped,
        "on-failure" => Models.RestartPolicyKind.OnFailure,
        _ => throw new ContainerHostException(HostFailure.Invalid, $"'{name}' is no restart policy"),
    };

    private static string Key(PortBinding port) => $"{port.ContainerPort}/{port.Protocol}";

    private static List<string>? ToList(ValueList<string>? items) => items is null ? null : [.. items];

    private static Dictionary<string, string> ToDictionary(IEnumerable<KeyValuePair<string, string>> pairs)
    {
        var dictionary = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in pairs)
        {
            dictionary[key] = value;
        }

        return dictionary;
    }
}
