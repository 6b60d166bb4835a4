using HomeIQ.Reconciler.Desired;

namespace HomeIQ.Reconciler.Changes;

/// <summary>Which fields of an inspect the specification itself has set; the others are the image's and the engine's own, and may differ from one engine version to the next.</summary>
internal static class EngineFields
{
    public static bool IsSet(ContainerSpec spec, string field)
    {
        var parts = field.Split('.', 3);
        if (parts.Length < 2)
        {
            return false;
        }

        var rest = parts.Length > 2 ? parts[2] : "";
        return parts[0] switch
        {
            "Config" => InConfig(spec, parts[1], rest),
            "HostConfig" => InHostConfig(spec, parts[1]),
            "NetworkSettings" or "Mounts" => true,
            _ => false,
        };
    }

    private static bool InConfig(ContainerSpec spec, string field, string rest) => field switch
    {
        "Image" => true,
        "Env" => spec.Environment.ContainsKey(rest),
        "Labels" => spec.Labels.ContainsKey(rest),
        "Cmd" => spec.Command is not null,
        "Entrypoint" => spec.Entrypoint is not null,
        "User" => spec.User is not null,
        "WorkingDir" => spec.WorkingDirectory is not null,
        "Hostname" => spec.Hostname is not null,
        "Domainname" => spec.DomainName is not null,
        "Tty" => spec.Tty,
        "OpenStdin" => spec.StdinOpen,
        "StopSignal" => spec.StopSignal is not null,
        "StopTimeout" => spec.StopGracePeriod is not null,
        "Healthcheck" => spec.HealthCheck is not null,
        "ExposedPorts" => spec.Expose.Count > 0 || spec.Ports.Count > 0,
        _ => false,
    };

    private static bool InHostConfig(ContainerSpec spec, string field) => field switch
    {
        "RestartPolicy" => true,
        "NetworkMode" => spec.NetworkMode is not null,
        "PortBindings" => spec.Ports.Count > 0,
        "Binds" or "Mounts" => spec.Mounts.Count > 0,
        "Tmpfs" => spec.Tmpfs.Count > 0,
        "LogConfig" => spec.Logging is not null,
        "Memory" => spec.Memory != 0,
        "MemoryReservation" => spec.MemoryReservation != 0,
        "MemorySwap" => spec.MemorySwap != 0,
        "MemorySwappiness" => spec.MemorySwappiness is not null,
        "NanoCpus" => spec.NanoCpus != 0,
        "CpuShares" => spec.CpuShares != 0,
        "CpuQuota" => spec.CpuQuota != 0,
        "CpuPeriod" => spec.CpuPeriod != 0,
        "CpusetCpus" => spec.CpusetCpus is not null,
        "CpusetMems" => spec.CpusetMems is not null,
        "PidsLimit" => spec.PidsLimit != 0,
        "ShmSize" => spec.ShmSize != 0,
        "OomScoreAdj" => spec.OomScoreAdjustment != 0,
        "OomKillDisable" => spec.OomKillDisable,
        "IpcMode" => spec.IpcMode is not null,
        "PidMode" => spec.PidMode is not null,
        "UTSMode" => spec.UtsMode is not null,
        "UsernsMode" => spec.UserNamespaceMode is not null,
        "CgroupnsMode" => spec.CgroupMode is not null,
        "CgroupParent" => spec.CgroupParent is not null,
        "ExtraHosts" => spec.ExtraHosts.Count > 0,
        "Dns" => spec.Dns.Count > 0,
        "DnsSearch" => spec.DnsSearch.Count > 0,
        "DnsOptions" => spec.DnsOptions.Count > 0,
        "CapAdd" => spec.CapAdd.Count > 0,
        "CapDrop" => spec.CapDrop.Count > 0,
        "SecurityOpt" => spec.SecurityOptions.Count > 0,
        "GroupAdd" => spec.GroupAdd.Count > 0,
        "Devices" => spec.Devices.Count > 0,
        "DeviceCgroupRules" => spec.DeviceCgroupRules.Count > 0,
        "Sysctls" => spec.Sysctls.Count > 0,
        "Ulimits" => spec.Ulimits.Count > 0,
        "StorageOpt" => spec.StorageOptions.Count > 0,
        "Runtime" => spec.Runtime is not null,
        "Init" => spec.Init is not null,
        "ReadonlyRootfs" => spec.ReadOnly,
        "Privileged" => spec.Privileged,
        _ => false,
    };
}
