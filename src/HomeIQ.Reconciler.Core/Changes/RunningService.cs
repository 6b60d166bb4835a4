using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Changes;

/// <summary>The service that a container amounts to which we did not make: the desired one, except in the fields in which the container is another.</summary>
/// <remarks>
/// A field counts as the same when the container has what is asked for; or, where nothing is asked for, what its image or the engine gives by
/// itself. So what is the same is no change afterwards, and what is made again from this makes what ran.
/// </remarks>
public static class RunningService
{
    /// <summary>Compose writes its own bookkeeping on what it makes.</summary>
    private const string ComposeLabel = "com.docker.compose.";
    private const long EnginesSharedMemory = 64L << 20;
    private const string OfService = "service:";
    private const string OfContainer = "container:";

    /// <param name="serviceOf">The service of a container that lends its namespace, by the container's id; null when it is none of these services.</param>
    /// <param name="looksSecret">Tells by the name of a setting that nobody should read its value.</param>
    public static DesiredService Of(DesiredService desired, string containerName, MadeFrom found, Func<string, string?> serviceOf, Func<string, bool> looksSecret)
    {
        var (want, has, image) = (desired.Spec, found.Container, found.Image);
        var environment = Map(want.Environment, has.Environment, image.Environment);
        var spec = want with
        {
            Image = has.Image,
            Command = Either(want.Command, has.Command, image.Command),
            Entrypoint = Either(want.Entrypoint, has.Entrypoint, image.Entrypoint),
            Environment = environment,
            Labels = Map(want.Labels, WithoutBookkeeping(has.Labels), image.Labels),
            User = Either(want.User, has.User, image.User),
            WorkingDirectory = Either(want.WorkingDirectory, has.WorkingDirectory, image.WorkingDirectory, "/"),
            Hostname = has.Hostname,
            DomainName = has.DomainName,
            Tty = has.Tty,
            StdinOpen = has.StdinOpen,
            Init = want.Init == has.Init || (want.Init ?? false) == (has.Init ?? false) ? want.Init : has.Init,
            ReadOnly = has.ReadOnly,
            Privileged = has.Privileged,
            StopSignal = Either(want.StopSignal, has.StopSignal, image.StopSignal, "SIGTERM"),
            StopGracePeriod = Grace(want.StopGracePeriod, has.StopGracePeriod),
            Restart = has.Restart,
            HealthCheck = Either(want.HealthCheck, has.HealthCheck, image.HealthCheck),
            Ports = Same(want.Ports.Select(port => port.ToString()), has.Ports.Select(port => port.ToString())) ? want.Ports : has.Ports,
            Expose = Exposed(want, has, image),
            Mounts = Mounts(want, has, image),
            Tmpfs = has.Tmpfs,
            Networks = Networks(want, has, containerName),
            NetworkMode = Mode(want.NetworkMode, has.NetworkMode, serviceOf),
            IpcMode = Either(want.IpcMode, Mode(want.IpcMode, has.IpcMode, serviceOf), null, "private", "shareable"),
            PidMode = Mode(want.PidMode, has.PidMode, serviceOf),
            UtsMode = has.UtsMode,
            UserNamespaceMode = has.UserNamespaceMode,
            CgroupMode = Either(want.CgroupMode, has.CgroupMode, null, "private", "host"),
            CgroupParent = has.CgroupParent,
            ExtraHosts = Same(want.ExtraHosts, has.ExtraHosts) ? want.ExtraHosts : has.ExtraHosts,
            Dns = has.Dns,
            DnsSearch = has.DnsSearch,
            DnsOptions = has.DnsOptions,
            CapAdd = Same(want.CapAdd, has.CapAdd) ? want.CapAdd : has.CapAdd,
            CapDrop = Same(want.CapDrop, has.CapDrop) ? want.CapDrop : has.CapDrop,
            SecurityOptions = has.Privileged && want.SecurityOptions.Count == 0 ? want.SecurityOptions : has.SecurityOptions,
            GroupAdd = has.GroupAdd,
            Devices = has.Devices,
            DeviceCgroupRules = has.DeviceCgroupRules,
            Sysctls = has.Sysctls,
            Ulimits = has.Ulimits,
            StorageOptions = has.StorageOptions,
            Runtime = Either(want.Runtime, has.Runtime, null, "runc"),
            Memory = has.Memory,
            MemoryReservation = has.MemoryReservation,
            MemorySwap = want.MemorySwap == 0 && (has.MemorySwap == 2 * has.Memory || has.MemorySwap == -1) ? 0 : has.MemorySwap,
            MemorySwappiness = want.MemorySwappiness is null && has.MemorySwappiness is -1 ? null : has.MemorySwappiness,
            NanoCpus = has.NanoCpus,
            CpuShares = has.CpuShares,
            CpuQuota = has.CpuQuota,
            CpuPeriod = has.CpuPeriod,
            CpusetCpus = has.CpusetCpus,
            CpusetMems = has.CpusetMems,
            PidsLimit = want.PidsLimit <= 0 && has.PidsLimit <= 0 ? want.PidsLimit : has.PidsLimit,
            ShmSize = want.ShmSize == 0 && has.ShmSize == EnginesSharedMemory ? 0 : has.ShmSize,
            OomScoreAdjustment = has.OomScoreAdjustment,
            OomKillDisable = has.OomKillDisable,
            Logging = want.Logging is null && has.Logging is { Options.Count: 0 } ? null : has.Logging,
            SecretFields =
            [
                .. want.SecretFields.Concat(environment.Keys.Where(name => !want.Environment.ContainsKey(name) || looksSecret(name)).Select(name => $"env.{name}"))
                    .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal),
            ],
        };
        return desired with { Spec = SpecFields.Of(spec) == SpecFields.Of(want) ? want : spec };
    }

    /// <summary>What was asked for where it was given; and where nothing was, nothing, if it came from the image or the engine.</summary>
    private static T? Either<T>(T? want, T? has, T? image, params ReadOnlySpan<T> byEngine)
        where T : class
    {
        if (Equals(want, has) || has is null)
        {
            return want is null ? null : has;
        }

        if (want is not null || Equals(has, image))
        {
            return want is null ? null : has;
        }

        foreach (var usual in byEngine)
        {
            if (has.Equals(usual))
            {
                return null;
            }
        }

        return has;
    }

    private static ValueMap<string> Map(ValueMap<string> want, ValueMap<string> has, ValueMap<string> image) =>
        new(has.Where(pair => want.ContainsKey(pair.Key) || !image.TryGetValue(pair.Key, out var given) || given != pair.Value));

    private static ValueMap<string> WithoutBookkeeping(ValueMap<string> labels) => new(labels.Where(label => !label.Key.StartsWith(ComposeLabel, StringComparison.Ordinal)));

    /// <summary>The engine waits ten seconds where nobody says anything.</summary>
    private static TimeSpan? Grace(TimeSpan? want, TimeSpan? has) =>
        want == has || (want is { } wanted && has is { } given && Math.Ceiling(wanted.TotalSeconds) == given.TotalSeconds) ? want
        : want is null && has == TimeSpan.FromSeconds(10) ? null
        : has;

    private static ValueList<string> Exposed(ContainerSpec want, ContainerSpec has, ContainerSpec image)
    {
        var published = has.Ports.Concat(want.Ports).Select(port => $"{port.ContainerPort}/{port.Protocol}").ToHashSet(StringComparer.Ordinal);
        var wanted = want.Expose.Select(Port).ToHashSet(StringComparer.Ordinal);
        var given = has.Expose.Select(Port).ToHashSet(StringComparer.Ordinal);
        var byOthers = image.Expose.Select(Port).Concat(published).ToHashSet(StringComparer.Ordinal);
        return wanted.All(port => given.Contains(port) || published.Contains(port)) && given.All(port => wanted.Contains(port) || byOthers.Contains(port))
            ? want.Expose
            : [.. given.Where(port => wanted.Contains(port) || !byOthers.Contains(port)).Order(StringComparer.Ordinal)];

        static string Port(string port) => port.Contains('/', StringComparison.Ordinal) ? port : $"{port}/tcp";
    }

    private static ValueList<MountSpec> Mounts(ContainerSpec want, ContainerSpec has, ContainerSpec image)
    {
        var wanted = want.Mounts.DistinctBy(mount => mount.Target, StringComparer.Ordinal).ToDictionary(mount => mount.Target, StringComparer.Ordinal);
        var declared = image.Mounts.Select(mount => mount.Target).ToHashSet(StringComparer.Ordinal);
        var mounts = new List<MountSpec>();
        foreach (var mount in has.Mounts)
        {
            if (wanted.TryGetValue(mount.Target, out var asked))
            {
                mounts.Add(IsSame(asked, mount) ? asked : mount);
            }
            else if (!(mount.Kind == MountKind.Volume && IsAnonymous(mount.Source) && declared.Contains(mount.Target)))
            {
                mounts.Add(mount);
            }
        }

        return [.. mounts.OrderBy(mount => mount.Target, StringComparer.Ordinal)];
    }

    private static bool IsSame(MountSpec want, MountSpec has) => want.ReadOnly == has.ReadOnly && (want.Kind, has.Kind) switch
    {
        (MountKind.Volume, MountKind.Volume) => want.Source == has.Source || (want.Source.Length == 0 && IsAnonymous(has.Source)),
        (MountKind.Bind, MountKind.Bind) => Path(want.Source) == Path(has.Source) && (want.Propagation ?? "rprivate") == (has.Propagation ?? "rprivate"),

        // An export's name is its content.
        (MountKind.Content, MountKind.Bind) => want.Source == has.Source || has.Source.EndsWith($"/{want.Source}", StringComparison.Ordinal),
        (MountKind.Tmpfs, MountKind.Tmpfs) => want.TmpfsSize == has.TmpfsSize && want.TmpfsMode == has.TmpfsMode,
        _ => false,
    };

    private static string Path(string path) => path.Length > 1 ? path.TrimEnd('/') : path;

    private static bool IsAnonymous(string volume) => volume.Length == 64 && volume.All(char.IsAsciiHexDigitLower);

    private static ValueList<NetworkAttachment> Networks(ContainerSpec want, ContainerSpec has, string containerName)
    {
        // Every mode but that of a network means that there are none.
        if (want.NetworkMode is not null && (has.NetworkMode == want.NetworkMode || IsShared(has.NetworkMode)))
        {
            return [];
        }

        if (IsShared(has.NetworkMode) || has.NetworkMode is "host" or "none")
        {
            return [];
        }

        var wanted = want.Networks.DistinctBy(network => network.Network, StringComparer.Ordinal).ToDictionary(network => network.Network, StringComparer.Ordinal);
        var found = has.Networks.Select(network => wanted.TryGetValue(network.Network, out var asked) && IsSame(asked, network, containerName) ? asked : network).ToList();
        return [.. want.Networks.Where(found.Contains), .. found.Where(network => !want.Networks.Contains(network))];
    }

    /// <summary>Containers answer to their own name anyway, and which hardware address one has is the engine's choice unless it is set.</summary>
    private static bool IsSame(NetworkAttachment want, NetworkAttachment has, string containerName) =>
        Same(want.Aliases.Where(alias => alias != containerName), has.Aliases.Where(alias => alias != containerName))
        && want.Ipv4Address == has.Ipv4Address && want.Ipv6Address == has.Ipv6Address && want.LinkLocalAddresses == has.LinkLocalAddresses
        && want.DriverOptions == has.DriverOptions;

    private static bool IsShared(string? mode) => mode?.StartsWith(OfContainer, StringComparison.Ordinal) is true;

    /// <summary>A namespace of another service by its name; what is a network of its own is no mode.</summary>
    private static string? Mode(string? want, string? has, Func<string, string?> serviceOf)
    {
        if (IsShared(has))
        {
            return serviceOf(has![OfContainer.Length..]) is not { } service ? has
                : want == $"{OfService}{service}" || want?.StartsWith(OfContainer, StringComparison.Ordinal) is not true ? $"{OfService}{service}"
                : want;
        }

        return has == want || has is "host" or "none" or "private" or "shareable" ? has : null;
    }

    private static bool Same(IEnumerable<string> left, IEnumerable<string> right) => left.ToHashSet(StringComparer.Ordinal).SetEquals(right);
}
