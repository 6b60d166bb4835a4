using System.Globalization;
using HomeIQ.Reconciler.Desired;

namespace HomeIQ.Reconciler.Changes;

/// <summary>Settings that an engine changes on a container that stays the same, running or not; null = left as it is.</summary>
/// <remarks>To an engine, zero and empty mean "leave it", too. So what was never set cannot be unset again; the number of processes alone can.</remarks>
public sealed record ContainerUpdate
{
    private const string Host = "HostConfig.";
    private const string RestartName = Host + "RestartPolicy.Name";
    private const string RestartRetries = Host + "RestartPolicy.MaximumRetryCount";

    private static readonly Dictionary<string, Func<ContainerUpdate, string, ContainerUpdate>> Settings = new(StringComparer.Ordinal)
    {
        [Host + "Memory"] = (update, text) => update with { Memory = Number(text) },
        [Host + "MemorySwap"] = (update, text) => update with { MemorySwap = Number(text) },
        [Host + "MemoryReservation"] = (update, text) => update with { MemoryReservation = Number(text) },
        [Host + "NanoCpus"] = (update, text) => update with { NanoCpus = Number(text) },
        [Host + "CpuShares"] = (update, text) => update with { CpuShares = Number(text) },
        [Host + "CpuQuota"] = (update, text) => update with { CpuQuota = Number(text) },
        [Host + "CpuPeriod"] = (update, text) => update with { CpuPeriod = Number(text) },
        [Host + "CpusetCpus"] = (update, text) => update with { CpusetCpus = text },
        [Host + "CpusetMems"] = (update, text) => update with { CpusetMems = text },
        [Host + "PidsLimit"] = (update, text) => update with { PidsLimit = Number(text) },
        [Host + "BlkioWeight"] = (update, text) => update with { BlkioWeight = Number(text) },
    };

    public long? Memory { get; init; }

    public long? MemorySwap { get; init; }

    public long? MemoryReservation { get; init; }

    public long? NanoCpus { get; init; }

    public long? CpuShares { get; init; }

    public long? CpuQuota { get; init; }

    public long? CpuPeriod { get; init; }

    public string? CpusetCpus { get; init; }

    public string? CpusetMems { get; init; }

    /// <summary>0 = no limit.</summary>
    public long? PidsLimit { get; init; }

    public long? BlkioWeight { get; init; }

    public RestartPolicy? Restart { get; init; }

    /// <summary>What puts these fields of an inspect back to what was recorded of the container; null when an update cannot do that for one of them.</summary>
    public static ContainerUpdate? Back(ValueMap<string> recorded, IEnumerable<string> fields)
    {
        var update = new ContainerUpdate();
        foreach (var field in WithCompanions(fields, recorded))
        {
            if (field is RestartName or RestartRetries)
            {
                if (!recorded.TryGetValue(RestartName, out var name))
                {
                    return null;
                }

                update = update with { Restart = new(name, recorded.TryGetValue(RestartRetries, out var retries) ? (int)Number(retries) : 0) };
            }
            else if (!Settings.TryGetValue(field, out var set))
            {
                return null;
            }
            else if (recorded.TryGetValue(field, out var value))
            {
                update = set(update, value);
            }
            else if (field == Host + "PidsLimit")
            {
                update = update with { PidsLimit = 0 };
            }
            else
            {
                return null;
            }
        }

        return update;
    }

    /// <summary>An engine refuses a memory limit above the one for memory and swap together: they go as a pair.</summary>
    private static HashSet<string> WithCompanions(IEnumerable<string> fields, ValueMap<string> recorded)
    {
        var all = fields.ToHashSet(StringComparer.Ordinal);
        if (all.Contains(Host + "Memory") && recorded.ContainsKey(Host + "MemorySwap"))
        {
            all.Add(Host + "MemorySwap");
        }

        return all;
    }

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
