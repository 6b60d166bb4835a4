using System.Text.Json;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Docker;

/// <summary>A container's specification read back from the engine's words: what <see cref="ContainerTranslation"/> says, backwards.</summary>
internal static class SpecTranslation
{
    private const int ShortId = 12;

    public static MadeFrom ToMadeFrom(JsonElement inspect, JsonElement? image) => new(ToSpec(inspect), ToImagesShare(image));

    private static ContainerSpec ToSpec(JsonElement inspect)
    {
        var container = InspectTranslation.ToContainer(inspect);
        var host = inspect.At("HostConfig");
        var networks = inspect.At("NetworkSettings").At("Networks");
        return OfConfig(inspect.At("Config")) with
        {
            Image = container.Image,
            Hostname = Hostname(inspect),
            DomainName = Text(inspect.At("Config").At("Domainname")),
            Init = host.At("Init") is { } init ? ((JsonElement?)init).IsTrue() : null,
            ReadOnly = host.At("ReadonlyRootfs").IsTrue(),
            Privileged = host.At("Privileged").IsTrue(),
            Restart = container.Restart,
            Ports = container.Ports,
            Mounts = ToMounts(inspect),
            Tmpfs = host.At("Tmpfs").Map(),
            Networks = [.. networks.Members().OrderBy(network => network.Name, StringComparer.Ordinal).Select(network => ToAttachment(network.Name, network.Value, container.Id))],
            NetworkMode = InspectFields.NetworkModeOf(host),
            IpcMode = Text(host.At("IpcMode")),
            PidMode = Text(host.At("PidMode")),
            UtsMode = Text(host.At("UTSMode")),
            UserNamespaceMode = Text(host.At("UsernsMode")),
            CgroupMode = Text(host.At("CgroupnsMode")),
            CgroupParent = Text(host.At("CgroupParent")),
            ExtraHosts = Sorted(host.At("ExtraHosts")),
            Dns = [.. host.At("Dns").Texts()],
            DnsSearch = [.. host.At("DnsSearch").Texts()],
            DnsOptions = [.. host.At("DnsOptions").Texts()],
            CapAdd = Capabilities(host.At("CapAdd")),
            CapDrop = Capabilities(host.At("CapDrop")),
            SecurityOptions = [.. host.At("SecurityOpt").Texts()],
            GroupAdd = [.. host.At("GroupAdd").Texts()],
            Devices = [.. host.At("Devices").Items().Select(item => (JsonElement?)item).Select(device => new DeviceMapping(
                device.At("PathOnHost").Text(), device.At("PathInContainer").Text(), device.At("CgroupPermissions").Text()))],
            DeviceCgroupRules = [.. host.At("DeviceCgroupRules").Texts()],
            Sysctls = host.At("Sysctls").Map(),
            Ulimits = new(host.At("Ulimits").Items().Select(item => (JsonElement?)item)
                .Select(limit => KeyValuePair.Create(limit.At("Name").Text(), new Ulimit(limit.At("Soft").Number(), limit.At("Hard").Number())))),
            StorageOptions = host.At("StorageOpt").Map(),
            Runtime = Text(host.At("Runtime")),
            Memory = host.At("Memory").Number(),
            MemoryReservation = host.At("MemoryReservation").Number(),
            MemorySwap = host.At("MemorySwap").Number(),
            MemorySwappiness = host.At("MemorySwappiness") is { } swappiness ? ((JsonElement?)swappiness).Number() : null,
            NanoCpus = host.At("NanoCpus").Number(),
            CpuShares = host.At("CpuShares").Number(),
            CpuQuota = host.At("CpuQuota").Number(),
            CpuPeriod = host.At("CpuPeriod").Number(),
            CpusetCpus = Text(host.At("CpusetCpus")),
            CpusetMems = Text(host.At("CpusetMems")),
            PidsLimit = host.At("PidsLimit").Number(),
            ShmSize = host.At("ShmSize").Number(),
            OomScoreAdjustment = (int)host.At("OomScoreAdj").Number(),
            OomKillDisable = host.At("OomKillDisable").IsTrue(),
            Logging = host.At("LogConfig").At("Type").Text() is { Length: > 0 } driver ? new(driver, host.At("LogConfig").At("Config").Map()) : null,
        };
    }

    private static ContainerSpec ToImagesShare(JsonElement? image) => OfConfig(image.At("Config")) with
    {
        Mounts = [.. image.At("Config").At("Volumes").Members().Select(volume => new MountSpec(MountKind.Volume, "", volume.Name)).OrderBy(mount => mount.Target, StringComparer.Ordinal)],
    };

    /// <summary>The part that a container and its image both have.</summary>
    private static ContainerSpec OfConfig(JsonElement? config) => new()
    {
        Image = "",
        Command = Words(config.At("Cmd")),
        Entrypoint = Words(config.At("Entrypoint")),
        Environment = new(config.At("Env").Texts().Select(pair => pair.Split('=', 2)).Select(parts => KeyValuePair.Create(parts[0], parts.Length > 1 ? parts[1] : ""))),
        Labels = new(config.At("Labels").Map().Where(label => !label.Key.StartsWith(Ownership.Prefix, StringComparison.Ordinal))),
        User = Text(config.At("User")),
        WorkingDirectory = Text(config.At("WorkingDir")),
        Tty = config.At("Tty").IsTrue(),
        StdinOpen = config.At("OpenStdin").IsTrue(),
        StopSignal = Text(config.At("StopSignal")),
        StopGracePeriod = config.At("StopTimeout") is { } timeout ? TimeSpan.FromSeconds(((JsonElement?)timeout).Number()) : null,
        HealthCheck = config.At("Healthcheck").At("Test").Texts().FirstOrDefault() is "NONE" ? HealthCheck.Disabled : InspectTranslation.ToHealthCheck(config.At("Healthcheck")),
        Expose = [.. config.At("ExposedPorts").Members().Select(port => port.Name).Order(StringComparer.Ordinal)],
    };

    /// <summary>Binds and volumes as they lie there; those kept in memory, as they were asked for.</summary>
    private static ValueList<MountSpec> ToMounts(JsonElement inspect)
    {
        var found = inspect.At("Mounts").Items().Select(item => (JsonElement?)item)
            .Where(mount => mount.At("Type").Text() is "bind" or "volume")
            .Select(mount => mount.At("Type").Text() == "volume"
                ? new MountSpec(MountKind.Volume, mount.At("Name").Text(), mount.At("Destination").Text(), !mount.At("RW").IsTrue())
                : new MountSpec(MountKind.Bind, mount.At("Source").Text(), mount.At("Destination").Text(), !mount.At("RW").IsTrue())
                {
                    Propagation = mount.At("Propagation").Text() is { Length: > 0 } propagation and not "rprivate" ? propagation : null,
                });
        var inMemory = inspect.At("HostConfig").At("Mounts").Items().Select(item => (JsonElement?)item)
            .Where(mount => mount.At("Type").Text() == "tmpfs")
            .Select(mount => new MountSpec(MountKind.Tmpfs, "", mount.At("Target").Text(), mount.At("ReadOnly").IsTrue())
            {
                TmpfsSize = mount.At("TmpfsOptions").At("SizeBytes").Number(),
                TmpfsMode = mount.At("TmpfsOptions").At("Mode") is { } mode ? (int)((JsonElement?)mode).Number() : null,
            });
        return [.. found.Concat(inMemory).DistinctBy(mount => mount.Target, StringComparer.Ordinal).OrderBy(mount => mount.Target, StringComparer.Ordinal)];
    }

    private static NetworkAttachment ToAttachment(string name, JsonElement? endpoint, string id) => new(name)
    {
        Aliases = InspectTranslation.AliasesOf(endpoint, id),
        Ipv4Address = Text(endpoint.At("IPAMConfig").At("IPv4Address")),
        Ipv6Address = Text(endpoint.At("IPAMConfig").At("IPv6Address")),
        LinkLocalAddresses = [.. endpoint.At("IPAMConfig").At("LinkLocalIPs").Texts()],
        DriverOptions = endpoint.At("DriverOpts").Map(),
    };

    /// <summary>Null where it is the engine's own: the short id, or that of whose network it shares.</summary>
    private static string? Hostname(JsonElement inspect)
    {
        var name = inspect.At("Config").At("Hostname").Text();
        var isOwn = name.Length == 0 || (name.Length == ShortId && inspect.At("Id").Text().StartsWith(name, StringComparison.Ordinal));
        var mode = InspectFields.NetworkModeOf(inspect.At("HostConfig"));
        return isOwn || mode == "host" || mode.StartsWith("container:", StringComparison.Ordinal) ? null : name;
    }

    /// <summary>Some engines write <c>CAP_NET_ADMIN</c> for <c>NET_ADMIN</c>.</summary>
    private static ValueList<string> Capabilities(JsonElement? list) =>
        [.. list.Texts().Select(name => name.StartsWith("CAP_", StringComparison.Ordinal) ? name["CAP_".Length..] : name).Order(StringComparer.Ordinal)];

    private static ValueList<string> Sorted(JsonElement? list) => [.. list.Texts().Order(StringComparer.Ordinal)];

    private static ValueList<string>? Words(JsonElement? list) => list.Texts().ToValueList() is { Count: > 0 } words ? words : null;

    private static string? Text(JsonElement? value) => value.Text() is { Length: > 0 } text ? text : null;
}
