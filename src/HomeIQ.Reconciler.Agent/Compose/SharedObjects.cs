using System.Net;
using System.Text.RegularExpressions;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Yaml;

namespace HomeIQ.Reconciler.Compose;

/// <summary>What stands at the top beside the services: networks, volumes, secrets and configs, and which of them services use.</summary>
internal sealed partial class SharedObjects
{
    public const string DefaultNetwork = "default";

    private readonly Findings problems;
    private readonly Dictionary<string, DesiredNetwork> networks = new(StringComparer.Ordinal);
    private readonly Dictionary<string, DesiredVolume> volumes = new(StringComparer.Ordinal);
    private readonly HashSet<string> usedNetworks = new(StringComparer.Ordinal);
    private readonly HashSet<string> usedVolumes = new(StringComparer.Ordinal);

    public SharedObjects(KeyReader root, string project)
    {
        problems = root.Problems;
        foreach (var (key, reader) in Each(root, "networks"))
        {
            networks[key] = Network(reader, key, project);
        }

        foreach (var (key, reader) in Each(root, "volumes"))
        {
            volumes[key] = Volume(reader, key, project);
        }

        networks.TryAdd(DefaultNetwork, new($"{project}_{DefaultNetwork}"));
        Secrets = Files(root, "secrets");
        Configs = Files(root, "configs");
    }

    public IEnumerable<string> NetworkKeys => networks.Keys;

    public IEnumerable<string> VolumeKeys => volumes.Keys;

    /// <summary>The definitions by name, each with one of <c>file, environment, content</c>.</summary>
    public IReadOnlyDictionary<string, KeyReader> Secrets { get; }

    public IReadOnlyDictionary<string, KeyReader> Configs { get; }

    /// <summary>Sorted by real name, without those that nobody uses.</summary>
    public IEnumerable<DesiredNetwork> UsedNetworks => Used(networks, usedNetworks, network => network.Name);

    public IEnumerable<DesiredVolume> UsedVolumes => Used(volumes, usedVolumes, volume => volume.Name);

    /// <summary>The real name; null when there is no such network.</summary>
    public string? UseNetwork(string key)
    {
        usedNetworks.Add(key);

        return networks.GetValueOrDefault(key)?.Name;
    }

    /// <summary>The real name; null when there is no such volume.</summary>
    public string? UseVolume(string key)
    {
        usedVolumes.Add(key);

        return volumes.GetValueOrDefault(key)?.Name;
    }

    private static IEnumerable<T> Used<T>(Dictionary<string, T> all, HashSet<string> used, Func<T, string> nameOf) =>
        all.Where(pair => used.Contains(pair.Key)).Select(pair => pair.Value).DistinctBy(nameOf, StringComparer.Ordinal).OrderBy(nameOf, StringComparer.Ordinal);

    private static IEnumerable<(string Key, KeyReader Reader)> Each(KeyReader root, string section)
    {
        foreach (var entry in root.Entries(section))
        {
            switch (entry.Value)
            {
                case YamlMapping map:
                    yield return (entry.Key.Text, root.Below(map, $"{section}.{entry.Key.Text}"));
                    break;
                case YamlScalar { IsNull: true }:
                    yield return (entry.Key.Text, root.Below(new YamlMapping([], entry.Key.Position), $"{section}.{entry.Key.Text}"));
                    break;
                default:
                    root.Wrong(entry.Value, $"{section}.{entry.Key.Text}", "a mapping");
                    break;
            }
        }
    }

    private string RealName(KeyReader reader, string key, string project, bool external, string? legacy)
    {
        var name = reader.Word("name") ?? legacy ?? (external ? key : $"{project}_{key}");
        if (!Unresolved.Has(name) && !NameForm().IsMatch(name))
        {
            problems.Error(reader.Has("name") ? reader.At("name") : reader.Position, reader.Where, $"`{name}` is no name for the engine", "letters, digits, `.`, `_` and `-`, beginning with a letter or digit");
        }

        return name;
    }

    private static (bool External, string? Name) External(KeyReader reader)
    {
        if (reader.Find("external") is YamlMapping)
        {
            var legacy = reader.Child("external")!;
            var name = legacy.Word("name");
            legacy.Done();
            return (true, name);
        }

        return (reader.Flag("external") ?? false, null);
    }

    private static void OnlyName(KeyReader reader)
    {
        foreach (var entry in reader.Mapping.Entries)
        {
            if (entry.Key.Text is not ("name" or "external") && !entry.Key.Text.StartsWith("x-", StringComparison.Ordinal) && reader.Has(entry.Key.Text))
            {
                reader.Problems.Error(entry.Key.Position, reader.Where, $"`{entry.Key.Text}` stands beside `external: true`", "who made it decides: leave only name here");
            }
        }
    }

    private DesiredNetwork Network(KeyReader reader, string key, string project)
    {
        var (external, legacy) = External(reader);
        var name = RealName(reader, key, project, external, legacy);
        if (external)
        {
            OnlyName(reader);
            return new(name) { External = true };
        }

        var driver = reader.Word("driver") ?? "bridge";
        if (driver is "host" or "none" or "null")
        {
            reader.Error("driver", $"`{driver}` is no network of its own", $"use network_mode: {(driver == "host" ? "host" : "none")} at the service");
        }

        if (reader.Flag("enable_ipv4") is false)
        {
            reader.Error("enable_ipv4", "networks without IP version 4 are not supported");
        }

        var network = new DesiredNetwork(name)
        {
            Driver = driver,
            DriverOptions = reader.TextMap("driver_opts"),
            Internal = reader.Flag("internal") ?? false,
            Attachable = reader.Flag("attachable") ?? false,
            EnableIpv6 = reader.Flag("enable_ipv6") ?? false,
            Labels = reader.TextMap("labels"),
        };
        if (reader.Child("ipam") is { } ipam)
        {
            network = network with
            {
                IpamDriver = ipam.Word("driver") ?? "default",
                IpamOptions = ipam.TextMap("options"),
                Pools = [.. ipam.Items("config").Select(item => Pool(ipam, item)).OfType<AddressPool>().OrderBy(pool => pool.Subnet, StringComparer.Ordinal)],
            };
            ipam.Done();
        }

        reader.Done();

        return network;
    }

    private AddressPool? Pool(KeyReader ipam, YamlNode item)
    {
        if (item is not YamlMapping map)
        {
            ipam.Wrong(item, "config", "a list of mappings with subnet");
            return null;
        }

        var reader = ipam.Below(map, "config");
        var subnet = Network(reader, "subnet");
        var range = Network(reader, "ip_range");
        var gateway = reader.Word("gateway");
        if (gateway is not null && !Unresolved.Has(gateway) && (PortSyntax.Address(gateway) is not { } address || (subnet is { } net && !net.Contains(IPAddress.Parse(address)))))
        {
            reader.Error("gateway", $"`{gateway}` is no address of the subnet");
        }

        if (subnet is { } outer && range is { } inner && (!outer.Contains(inner.BaseAddress) || inner.PrefixLength < outer.PrefixLength))
        {
            reader.Error("ip_range", $"{inner} does not lie in the subnet {outer}");
        }

        var auxiliary = reader.TextMap("aux_addresses");
        reader.Done();

        return new(subnet?.ToString(), gateway, range?.ToString(), auxiliary.Count == 0 ? null : auxiliary);
    }

    private IPNetwork? Network(KeyReader reader, string key)
    {
        if (reader.Scalar(key) is not { } scalar || reader.Settled(scalar) is not { } text)
        {
            return null;
        }

        // A base address with host bits set is what the engine would refuse, too.
        if (IPNetwork.TryParse(text, out var network))
        {
            return network;
        }

        problems.Error(scalar.Position, $"{reader.Where}.{key}", $"`{text}` is no subnet", "write 172.28.0.0/16");
        return null;
    }

    private DesiredVolume Volume(KeyReader reader, string key, string project)
    {
        var (external, legacy) = External(reader);
        var name = RealName(reader, key, project, external, legacy);
        if (external)
        {
            OnlyName(reader);
            return new(name) { External = true };
        }

        var volume = new DesiredVolume(name)
        {
            Driver = reader.Word("driver") ?? "local",
            DriverOptions = reader.TextMap("driver_opts"),
            Labels = reader.TextMap("labels"),
        };
        reader.Done();

        return volume;
    }

    private static Dictionary<string, KeyReader> Files(KeyReader root, string section)
    {
        var files = new Dictionary<string, KeyReader>(StringComparer.Ordinal);
        foreach (var (key, reader) in Each(root, section))
        {
            files[key] = reader;
            reader.Refuse("driver", "it belongs to Swarm");
            reader.Refuse("template_driver", "it belongs to Swarm");
            reader.Refuse("labels", "they belong to Swarm");
            reader.Word("name");
            if (External(reader).External)
            {
                reader.Problems.Error(reader.At("external"), reader.Where, "`external` is not supported: it belongs to Swarm", "use file or environment");
            }
            else if (new[] { "file", "environment", "content" }.Count(reader.Has) != 1)
            {
                reader.Problems.Error(reader.Position, reader.Where, "needs exactly one of file, environment, content");
            }

            reader.Done();
        }

        return files;
    }

    [GeneratedRegex("^[a-zA-Z0-9][a-zA-Z0-9_.-]*$", RegexOptions.None, 60_000)]
    private static partial Regex NameForm();
}
