using System.Text.Json;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Observed;
using Models = Docker.DotNet.Models;

namespace HomeIQ.Reconciler.Docker;

/// <summary>Networks, volumes and images between the engine's words and ours.</summary>
internal static class ObjectTranslation
{
    private const string ComposeProjectLabel = "com.docker.compose.project";

    public static ObservedNetwork ToNetwork(JsonElement network)
    {
        var labels = network.At("Labels").Map();
        var ipam = network.At("IPAM");
        var settings = new DesiredNetwork(network.At("Name").Text())
        {
            Driver = network.At("Driver").Text(),
            DriverOptions = network.At("Options").Map(),
            Internal = network.At("Internal").IsTrue(),
            Attachable = network.At("Attachable").IsTrue(),
            EnableIpv6 = network.At("EnableIPv6").IsTrue(),
            IpamDriver = ipam.At("Driver").Text() is { Length: > 0 } driver ? driver : "default",
            IpamOptions = ipam.At("Options").Map(),
            Pools = [.. ipam.At("Config").Items().Select(ToPool)],
            Labels = WithoutOurs(labels),
        };
        return new(network.At("Id").Text(), settings, Ownership.FromLabels(labels), ComposeProjectOf(labels));
    }

    public static ObservedVolume ToVolume(JsonElement volume)
    {
        var labels = volume.At("Labels").Map();
        var settings = new DesiredVolume(volume.At("Name").Text())
        {
            Driver = volume.At("Driver").Text(),
            DriverOptions = volume.At("Options").Map(),
            Labels = WithoutOurs(labels),
        };
        return new(settings, volume.At("Mountpoint").Text(), Ownership.FromLabels(labels), ComposeProjectOf(labels));
    }

    public static ObservedImage ToImage(JsonElement image)
    {
        var config = image.At("Config");
        return new(
            image.At("Id").Text(),
            [.. image.At("RepoDigests").Texts().Order(StringComparer.Ordinal)],
            config.At("Labels").Map().TryGetValue(ObservedImage.BuildLabel, out var digest) ? digest : null,
            config.At("Healthcheck").At("Test").Texts().FirstOrDefault() is { Length: > 0 } and not "NONE");
    }

    public static Models.NetworksCreateParameters ToCreate(DesiredNetwork network, ValueMap<string> ours) => new()
    {
        Name = network.Name,
        Driver = network.Driver,
        Options = ToDictionary(network.DriverOptions),
        Internal = network.Internal,
        Attachable = network.Attachable,
        EnableIPv6 = network.EnableIpv6,
        Labels = ToDictionary([.. network.Labels, .. ours]),
        IPAM = new()
        {
            Driver = network.IpamDriver,
            Options = ToDictionary(network.IpamOptions),
            Config = [.. network.Pools.Select(pool => new Models.IPAMConfig
            {
                Subnet = pool.Subnet ?? "",
                Gateway = pool.Gateway ?? "",
                IPRange = pool.IpRange ?? "",
                AuxAddress = pool.AuxiliaryAddresses is { Count: > 0 } auxiliary ? ToDictionary(auxiliary) : null,
            })],
        },
    };

    public static Models.VolumesCreateParameters ToCreate(DesiredVolume volume, ValueMap<string> ours) => new()
    {
        Name = volume.Name,
        Driver = volume.Driver,
        DriverOpts = ToDictionary(volume.DriverOptions),
        Labels = ToDictionary([.. volume.Labels, .. ours]),
    };

    private static AddressPool ToPool(JsonElement pool)
    {
        var auxiliary = pool.At("AuxiliaryAddresses").Map();
        return new(
            NullIfEmpty(pool.At("Subnet").Text()), NullIfEmpty(pool.At("Gateway").Text()), NullIfEmpty(pool.At("IPRange").Text()),
            auxiliary.Count > 0 ? auxiliary : null);
    }

    private static ValueMap<string> WithoutOurs(ValueMap<string> labels) =>
        new(labels.Where(label => !label.Key.StartsWith(Ownership.Prefix, StringComparison.Ordinal)));

    private static string? ComposeProjectOf(ValueMap<string> labels) => labels.TryGetValue(ComposeProjectLabel, out var project) ? project : null;

    private static Dictionary<string, string> ToDictionary(IEnumerable<KeyValuePair<string, string>> pairs)
    {
        var dictionary = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in pairs)
        {
            dictionary[key] = value;
        }

        return dictionary;
    }

    private static string? NullIfEmpty(string text) => text.Length > 0 ? text : null;
}
