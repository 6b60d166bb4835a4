using System.Buffers;
using System.Globalization;
using System.Text;

namespace HomeIQ.Reconciler.Desired;

/// <summary>A specification laid out as named fields in the operator's words (<c>image</c>, <c>env.TZ</c>, <c>mount./app/data</c>): what is compared, shown and digested.</summary>
/// <remarks>
/// What the specification leaves to the image or the engine has no field. Two specifications have the same fields exactly when they
/// make the same container; values are therefore written so that different ones never look alike. <see cref="ContainerSpec.SecretFields"/>
/// says how values are shown and is no field.
/// </remarks>
public static class SpecFields
{
    private static readonly SearchValues<char> Ambiguous = SearchValues.Create(" \"\\\n\r\t");

    public static ValueMap<string> Of(ContainerSpec spec)
    {
        var fields = new List<KeyValuePair<string, string>>(32);

        Identity(spec, fields);
        Process(spec, fields);
        Health(spec.HealthCheck, fields);
        Storage(spec, fields);
        Network(spec, fields);
        Security(spec, fields);
        Resources(spec, fields);

        return new(fields);
    }

    /// <summary>A length of time as people write it: <c>90s</c>, <c>200ms</c>.</summary>
    public static string Text(TimeSpan time) =>
        time.Ticks % TimeSpan.TicksPerSecond == 0 ? $"{time.Ticks / TimeSpan.TicksPerSecond}s"
        : time.Ticks % TimeSpan.TicksPerMillisecond == 0 ? $"{time.Ticks / TimeSpan.TicksPerMillisecond}ms"
        : $"{time.Ticks * 100}ns";

    /// <summary>An amount of memory as people write it: <c>512M</c>, <c>1G</c>.</summary>
    public static string Bytes(long bytes) =>
        bytes <= 0 || bytes % 1024 != 0 ? $"{bytes}"
        : bytes % (1L << 30) == 0 ? $"{bytes >> 30}G"
        : bytes % (1L << 20) == 0 ? $"{bytes >> 20}M"
        : $"{bytes >> 10}K";

    /// <summary>Words side by side, quoted where they would run into each other.</summary>
    public static string Words(IEnumerable<string> words) => string.Join(' ', words.Select(Word));

    private static void Identity(ContainerSpec spec, List<KeyValuePair<string, string>> fields)
    {
        Add(fields, "image", spec.Image);
        Add(fields, "platform", spec.Platform);
        Add(fields, "label.", spec.Labels);
        Add(fields, "hostname", spec.Hostname);
        Add(fields, "domainname", spec.DomainName);
        Add(fields, "runtime", spec.Runtime);
        Add(fields, "restart", spec.Restart == RestartPolicy.No ? null : spec.Restart.ToString());

        if (spec.Logging is { } logging)
        {
            Add(fields, "logging.driver", logging.Driver);
            Add(fields, "logging.options.", logging.Options);
        }
    }

    private static void Process(ContainerSpec spec, List<KeyValuePair<string, string>> fields)
    {
        Add(fields, "command", spec.Command is { } command ? Words(command) : null);
        Add(fields, "entrypoint", spec.Entrypoint is { } entrypoint ? Words(entrypoint) : null);
        Add(fields, "env.", spec.Environment);
        Add(fields, "user", spec.User);
        Add(fields, "working_dir", spec.WorkingDirectory);
        Add(fields, "tty", spec.Tty);
        Add(fields, "stdin_open", spec.StdinOpen);
        Add(fields, "init", spec.Init is { } init ? (init ? "true" : "false") : null);
        Add(fields, "stop_signal", spec.StopSignal);
        Add(fields, "stop_grace_period", spec.StopGracePeriod is { } grace ? Text(grace) : null);
    }

    private static void Health(HealthCheck? health, List<KeyValuePair<string, string>> fields)
    {
        if (health is null)
        {
            return;
        }

        Add(fields, "health.test", Words(health.Test));
        Add(fields, "health.interval", Text(health.Interval));
        Add(fields, "health.timeout", Text(health.Timeout));
        Add(fields, "health.retries", health.Retries.ToString(CultureInfo.InvariantCulture));
        Add(fields, "health.start_period", Text(health.StartPeriod));
        Add(fields, "health.start_interval", health.StartInterval is { } interval ? Text(interval) : null);
    }

    private static void Storage(ContainerSpec spec, List<KeyValuePair<string, string>> fields)
    {
        foreach (var mount in spec.Mounts)
        {
            Add(fields, $"mount.{mount.Target}", Mount(mount));
        }

        Add(fields, "tmpfs.", spec.Tmpfs);
        Add(fields, "devices", spec.Devices.Select(device => device.ToString()));
        Add(fields, "device_cgroup_rules", spec.DeviceCgroupRules);
        Add(fields, "storage_opt.", spec.StorageOptions);
        Add(fields, "read_only", spec.ReadOnly);
    }

    private static string Mount(MountSpec mount)
    {
        var text = new StringBuilder(mount.Kind switch
        {
            MountKind.Bind => "bind",
            MountKind.Volume => "volume",
            MountKind.Tmpfs => "tmpfs",
            MountKind.Content => "content",
            _ => throw new NotSupportedException($"Mount kind {mount.Kind}."),
        });

        void Part(string name, string? value)
        {
            if (value is not null)
            {
                text.Append(' ').Append(name).Append(Word(value));
            }
        }

        Part("", mount.Source.Length > 0 ? mount.Source : null);
        Part("", mount.ReadOnly ? "ro" : null);
        Part("content=", mount.Content);
        Part("seed=", mount.SeedPath);
        Part("propagation=", mount.Propagation);
        Part("nocopy=", mount.NoCopy ? "true" : null);
        Part("create_host_path=", mount.CreateHostPath ? null : "false");
        Part("subpath=", mount.SubPath);
        Part("size=", mount.TmpfsSize > 0 ? Bytes(mount.TmpfsSize) : null);
        Part("mode=", mount.TmpfsMode is { } mode ? Convert.ToString(mode, 8) : null);

        return text.ToString();
    }

    private static void Network(ContainerSpec spec, List<KeyValuePair<string, string>> fields)
    {
        Add(fields, "network_mode", spec.NetworkMode);
        foreach (var network in spec.Networks)
        {
            Add(fields, $"network.{network.Network}", network.Priority == 0 ? "joined" : $"joined, priority {network.Priority}");
            Add(fields, $"network.{network.Network}.aliases", network.Aliases);
            Add(fields, $"network.{network.Network}.ipv4_address", network.Ipv4Address);
            Add(fields, $"network.{network.Network}.ipv6_address", network.Ipv6Address);
            Add(fields, $"network.{network.Network}.mac_address", network.MacAddress);
            Add(fields, $"network.{network.Network}.link_local_ips", network.LinkLocalAddresses);
            Add(fields, $"network.{network.Network}.driver_opts.", network.DriverOptions);
        }

        Add(fields, "ports", spec.Ports.Select(port => port.ToString()).Order(StringComparer.Ordinal));
        Add(fields, "expose", spec.Expose.Order(StringComparer.Ordinal));
        Add(fields, "extra_hosts", spec.ExtraHosts);
        Add(fields, "dns", spec.Dns);
        Add(fields, "dns_search", spec.DnsSearch);
        Add(fields, "dns_opt", spec.DnsOptions);
    }

    private static void Security(ContainerSpec spec, List<KeyValuePair<string, string>> fields)
    {
        Add(fields, "privileged", spec.Privileged);
        Add(fields, "cap_add", spec.CapAdd);
        Add(fields, "cap_drop", spec.CapDrop);
        Add(fields, "security_opt", spec.SecurityOptions);
        Add(fields, "group_add", spec.GroupAdd);
        Add(fields, "ipc", spec.IpcMode);
        Add(fields, "pid", spec.PidMode);
        Add(fields, "uts", spec.UtsMode);
        Add(fields, "userns_mode", spec.UserNamespaceMode);
        Add(fields, "cgroup", spec.CgroupMode);
        Add(fields, "cgroup_parent", spec.CgroupParent);
    }

    private static void Resources(ContainerSpec spec, List<KeyValuePair<string, string>> fields)
    {
        Add(fields, "memory", spec.Memory, Bytes);
        Add(fields, "memory_reservation", spec.MemoryReservation, Bytes);
        Add(fields, "memory_swap", spec.MemorySwap, Bytes);
        Add(fields, "memory_swappiness", spec.MemorySwappiness?.ToString(CultureInfo.InvariantCulture));
        Add(fields, "cpus", spec.NanoCpus, nano => (nano / 1_000_000_000m).ToString("0.#########", CultureInfo.InvariantCulture));
        Add(fields, "cpu_shares", spec.CpuShares);
        Add(fields, "cpu_quota", spec.CpuQuota);
        Add(fields, "cpu_period", spec.CpuPeriod);
        Add(fields, "cpuset", spec.CpusetCpus);
        Add(fields, "cpuset_mems", spec.CpusetMems);
        Add(fields, "pids_limit", spec.PidsLimit);
        Add(fields, "shm_size", spec.ShmSize, Bytes);
        Add(fields, "oom_score_adj", spec.OomScoreAdjustment);
        Add(fields, "oom_kill_disable", spec.OomKillDisable);
        Add(fields, "sysctl.", spec.Sysctls);
        foreach (var (name, limit) in spec.Ulimits)
        {
            Add(fields, $"ulimit.{name}", limit.ToString());
        }
    }

    private static string Word(string word)
    {
        if (word.Length > 0 && !word.AsSpan().ContainsAny(Ambiguous))
        {
            return word;
        }

        return $"\"{word.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
    }

    private static void Add(List<KeyValuePair<string, string>> fields, string name, string? value)
    {
        if (value is not null)
        {
            fields.Add(new(name, value));
        }
    }

    private static void Add(List<KeyValuePair<string, string>> fields, string name, bool value) => Add(fields, name, value ? "true" : null);

    private static void Add(List<KeyValuePair<string, string>> fields, string name, long value, Func<long, string>? text = null) =>
        Add(fields, name, value == 0 ? null : text?.Invoke(value) ?? value.ToString(CultureInfo.InvariantCulture));

    private static void Add(List<KeyValuePair<string, string>> fields, string name, IEnumerable<string> values)
    {
        var text = Words(values);
        Add(fields, name, text.Length > 0 ? text : null);
    }

    private static void Add(List<KeyValuePair<string, string>> fields, string prefix, ValueMap<string> pairs)
    {
        foreach (var (key, value) in pairs)
        {
            fields.Add(new(prefix + key, value));
        }
    }
}
