using HomeIQ.Reconciler.Desired;

namespace HomeIQ.Reconciler.Changes;

/// <summary>Two sets of named fields side by side.</summary>
internal static class FieldComparison
{
    /// <summary>An option that the engine itself gives to an overlay network, another for each.</summary>
    private const string GivenByEngine = "com.docker.network.driver.overlay.vxlanid_list";

    /// <summary>The fields that differ, sorted by name; of secret ones only that they differ.</summary>
    public static ValueList<FieldChange> Between(ValueMap<string> was, ValueMap<string> wanted, Func<string, bool>? isSecret = null)
    {
        var fields = new List<FieldChange>();
        foreach (var (name, before) in was)
        {
            var now = wanted.TryGetValue(name, out var value) ? value : null;
            if (now != before)
            {
                fields.Add(Masked(name, before, now, isSecret));
            }
        }

        foreach (var (name, now) in wanted)
        {
            if (!was.ContainsKey(name))
            {
                fields.Add(Masked(name, null, now, isSecret));
            }
        }

        fields.Sort((left, right) => string.CompareOrdinal(left.Field, right.Field));
        return fields.ToValueList();
    }

    public static ValueMap<string> Of(DesiredNetwork network)
    {
        var fields = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["driver"] = network.Driver,
            ["internal"] = $"{network.Internal}",
            ["attachable"] = $"{network.Attachable}",
            ["enable_ipv6"] = $"{network.EnableIpv6}",
            ["ipam.driver"] = network.IpamDriver,
        };

        AddAll(fields, "driver_opts.", network.DriverOptions);
        AddAll(fields, "ipam.options.", network.IpamOptions);
        AddAll(fields, "label.", network.Labels);
        for (var index = 0; index < network.Pools.Count; index++)
        {
            var pool = network.Pools[index];
            fields[$"ipam.config.{index}"] = SpecFields.Words(
                [pool.Subnet ?? "any", pool.Gateway ?? "any", pool.IpRange ?? "any", .. (pool.AuxiliaryAddresses ?? []).Select(pair => $"{pair.Key}={pair.Value}")]);
        }

        return new(fields);
    }

    /// <summary>The fields in which a network of the host differs from what was asked for; addresses that nobody asked for are the engine's own choice.</summary>
    public static ValueList<FieldChange> OfWhatIsSet(DesiredNetwork wanted, DesiredNetwork found)
    {
        var pools = wanted.Pools.Count == 0 ? [] : found.Pools.Select((pool, index) => index < wanted.Pools.Count ? AsFarAs(wanted.Pools[index], pool) : pool).ToValueList();
        return Between(Of(wanted), Of(found with { Pools = pools, DriverOptions = found.DriverOptions.Without(GivenByEngine) }));
    }

    public static ValueMap<string> Of(DesiredVolume volume)
    {
        var fields = new Dictionary<string, string>(StringComparer.Ordinal) { ["driver"] = volume.Driver };
        AddAll(fields, "driver_opts.", volume.DriverOptions);
        AddAll(fields, "label.", volume.Labels);

        return new(fields);
    }

    private static AddressPool AsFarAs(AddressPool wanted, AddressPool found) => new(
        wanted.Subnet is null ? null : found.Subnet,
        wanted.Gateway is null ? null : found.Gateway,
        wanted.IpRange is null ? null : found.IpRange,
        wanted.AuxiliaryAddresses is { Count: > 0 } ? found.AuxiliaryAddresses : null);

    private static FieldChange Masked(string name, string? was, string? wanted, Func<string, bool>? isSecret) =>
        isSecret?.Invoke(name) == true ? new(name, null, null, Secret: true) : new(name, was, wanted);

    private static void AddAll(Dictionary<string, string> fields, string prefix, ValueMap<string> pairs)
    {
        foreach (var (key, value) in pairs)
        {
            fields[prefix + key] = value;
        }
    }
}
