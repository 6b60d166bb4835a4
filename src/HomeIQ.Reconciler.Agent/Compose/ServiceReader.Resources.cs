using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Yaml;

namespace HomeIQ.Reconciler.Compose;

// Limits and kernel settings.
internal sealed partial class ServiceReader
{
    private static readonly string[] UlimitNames =
    [
        "core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc", "rss", "rtprio", "rttime", "sigpending", "stack",
    ];

    private ContainerSpec Resources(ContainerSpec spec)
    {
        var (limits, reservations) = Deployment();
        var memory = Agreed("mem_limit", keys.Bytes("mem_limit"), limits?.Bytes("memory"), "deploy.resources.limits.memory");
        var reserved = Agreed("mem_reservation", keys.Bytes("mem_reservation"), reservations?.Bytes("memory"), "deploy.resources.reservations.memory");
        var cpus = Agreed("cpus", Cpus(keys), limits is null ? null : Cpus(limits), "deploy.resources.limits.cpus");
        var pids = Agreed("pids_limit", keys.Integer("pids_limit", -1, long.MaxValue), limits?.Integer("pids", -1, long.MaxValue), "deploy.resources.limits.pids");
        limits?.Done();
        ReservationsDone(reservations);
        if (memory is > 0 and < 6L << 20)
        {
            keys.Error(keys.Has("mem_limit") ? "mem_limit" : "deploy", "a memory limit below 6 MiB is refused by the engine", "write 6m or more");
        }

        if (memory > 0 && reserved > memory)
        {
            keys.Error(keys.Has("mem_reservation") ? "mem_reservation" : "deploy", "the memory reservation is larger than the limit", "the limit is the larger of the two");
        }

        return spec with
        {
            Memory = memory ?? 0,
            MemoryReservation = reserved ?? 0,
            MemorySwap = Swap(memory ?? 0),
            MemorySwappiness = keys.Integer("mem_swappiness", 0, 100),
            NanoCpus = (long)((cpus ?? 0) * 1_000_000_000m),
            CpuShares = keys.Integer("cpu_shares", 0, long.MaxValue) ?? 0,
            CpuQuota = Micros("cpu_quota"),
            CpuPeriod = Micros("cpu_period"),
            CpusetCpus = keys.Word("cpuset"),
            PidsLimit = pids is { } limit and > 0 ? limit : 0,
            ShmSize = keys.Bytes("shm_size") ?? 0,
            OomScoreAdjustment = (int)(keys.Integer("oom_score_adj", -1000, 1000) ?? 0),
            OomKillDisable = keys.Flag("oom_kill_disable") ?? false,
            Ulimits = Ulimits(),
            Sysctls = keys.TextMap("sysctls"),
            StorageOptions = keys.TextMap("storage_opt"),
            Devices = Devices(),
            DeviceCgroupRules = [.. keys.Texts("device_cgroup_rules")],
        };
    }

    private (KeyReader? Limits, KeyReader? Reservations) Deployment()
    {
        if (keys.Child("deploy") is not { } deploy)
        {
            return (null, null);
        }

        deploy.Find("replicas");
        if (deploy.Scalar("mode") is { Text: not "replicated" } mode)
        {
            Problems.Error(mode.Position, $"{deploy.Where}.mode", $"`{mode.Text}` is not supported on a single engine", "leave it out");
        }

        deploy.Refuse("restart_policy", "the engine has one restart policy for each container", "use restart");
        deploy.Refuse("labels", "they belong to a Swarm service", "use labels of the service");
        deploy.Refuse("update_config", "the order of an update is the plan's", "see reconciler.yaml");
        deploy.Refuse("rollback_config", "rolling back is the reconciler's own work", "see reconciler.yaml");
        deploy.Refuse("placement", "there is one engine");
        deploy.Refuse("endpoint_mode", "it belongs to Swarm");
        var resources = deploy.Child("resources");
        var limits = resources?.Child("limits");
        var reservations = resources?.Child("reservations");
        resources?.Done();
        deploy.Done();

        return (limits, reservations);
    }

    private void ReservationsDone(KeyReader? reservations)
    {
        if (reservations is not null)
        {
            reservations.Number("cpus");
            reservations.Ignore("cpus", "a single engine does not reserve CPUs");
            reservations.Refuse("devices", "device requests are not mapped", "use devices of the service");
            reservations.Refuse("generic_resources", "they belong to Swarm");
            reservations.Done();
        }
    }

    private T? Agreed<T>(string key, T? own, T? deployed, string other)
        where T : struct, IEquatable<T>
    {
        if (own is { } one && deployed is { } two && !one.Equals(two))
        {
            keys.Error(key, $"contradicts {other}", "keep one of the two");
        }

        return own ?? deployed;
    }

    private static decimal? Cpus(KeyReader reader) =>
        reader.Typed<decimal>("cpus", "a number of CPUs", text => Units.Number(text) is { } number && number >= 0 && number <= 100_000 ? number : null, "write a number, such as 0.5");

    // The engine takes both in microseconds; Compose takes durations, too.
    private long Micros(string key) =>
        keys.Typed<long>(key, "a number of microseconds or a duration", text => Units.Integer(text) is { } number && number >= 0 ? number : (long?)Units.Duration(text)?.TotalMicroseconds, "write 50000 or 50ms") ?? 0;

    private long Swap(long memory)
    {
        var swap = keys.Typed<long>("memswap_limit", "a size or -1", text => text == "-1" ? -1 : Units.Bytes(text), Units.BytesHint) ?? 0;
        if (swap > 0 && memory == 0)
        {
            keys.Error("memswap_limit", "needs a memory limit beside it", "set mem_limit");
        }
        else if (swap > 0 && swap < memory)
        {
            keys.Error("memswap_limit", "is less than the memory limit", "it counts memory and swap together");
        }

        return swap;
    }

    private ValueMap<Ulimit> Ulimits()
    {
        var ulimits = new Dictionary<string, Ulimit>(StringComparer.Ordinal);
        var reader = keys.Child("ulimits");
        foreach (var entry in keys.Find("ulimits") is YamlMapping map ? map.Entries : [])
        {
            reader!.Find(entry.Key.Text);
            if (!UlimitNames.Contains(entry.Key.Text))
            {
                Problems.Error(entry.Key.Position, $"{keys.Where}.ulimits", $"unknown limit `{entry.Key.Text}`", Suggestions.For(entry.Key.Text, UlimitNames));
            }
            else if (entry.Value is YamlMapping pair)
            {
                var both = reader.Below(pair, entry.Key.Text);
                var soft = both.Integer("soft", -1, long.MaxValue);
                var hard = both.Integer("hard", -1, long.MaxValue);
                both.Done();
                if (soft is null || hard is null)
                {
                    Problems.Error(entry.Key.Position, both.Where, "needs both soft and hard");
                }
                else if (hard != -1 && (soft > hard || soft == -1))
                {
                    Problems.Error(entry.Key.Position, both.Where, $"soft, {soft}, is more than hard, {hard}");
                }
                else
                {
                    ulimits[entry.Key.Text] = new(soft.Value, hard.Value);
                }
            }
            else if (reader.Integer(entry.Key.Text, -1, long.MaxValue) is { } single)
            {
                ulimits[entry.Key.Text] = new(single, single);
            }
        }

        return new(ulimits);
    }

    private ValueList<DeviceMapping> Devices()
    {
        var devices = new List<DeviceMapping>();
        foreach (var item in keys.Items("devices"))
        {
            switch (item)
            {
                case YamlScalar scalar when keys.Settled(scalar) is { } text:
                    var parts = text.Split(':');
                    if (parts.Length > 3 || !parts[0].StartsWith('/') || (parts.Length > 1 && !parts[1].StartsWith('/') && !IsPermissions(parts[1])) || (parts.Length == 3 && !IsPermissions(parts[2])))
                    {
                        Problems.Error(item.Position, $"{keys.Where}.devices", $"`{text}` is no device", "write /dev/on-host:/dev/in-container:rwm");
                    }
                    else
                    {
                        var path = parts.Length > 1 && parts[1].StartsWith('/') ? parts[1] : parts[0];
                        devices.Add(new(parts[0], path, parts.Length > 1 && IsPermissions(parts[^1]) ? parts[^1] : "rwm"));
                    }

                    break;
                case YamlMapping map:
                    var reader = keys.Below(map, "devices");
                    if (reader.Word("source") is { } source)
                    {
                        devices.Add(new(source, reader.Word("target") ?? source, reader.Word("permissions") ?? "rwm"));
                    }
                    else
                    {
                        reader.Error("source", "is missing");
                    }

                    reader.Done();
                    break;
                case YamlSequence:
                    keys.Wrong(item, "devices", "a list of devices");
                    break;
            }
        }

        return [.. devices.Distinct().OrderBy(device => device.ContainerPath, StringComparer.Ordinal)];

        static bool IsPermissions(string text) => text.Length is > 0 and <= 3 && text.All(letter => letter is 'r' or 'w' or 'm');
    }
}
