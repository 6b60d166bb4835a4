using System.Net;
using System.Text.RegularExpressions;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Yaml;

namespace HomeIQ.Reconciler.Compose;

// The networks that it joins, and as whom.
internal sealed partial class ServiceReader
{
    private ContainerSpec Networking(ContainerSpec spec)
    {
        var mode = NetworkMode();
        var mac = MacAddress(keys);
        var networks = Attachments(mode, mac);
        var result = spec with
        {
            NetworkMode = mode,
            Networks = networks,
            Ports = Ports(),
            Expose = Expose(),
            Hostname = Host("hostname"),
            DomainName = Host("domainname"),
            ExtraHosts = ExtraHosts(),
            Dns = Addresses("dns"),
            DnsSearch = keys.Texts("dns_search", single: true),
            DnsOptions = keys.Texts("dns_opt", single: true),
        };
        if (mode is not null)
        {
            Incompatible(mode, mac);
        }

        return result;
    }

    // What the engine would refuse, or take and not do.
    private void Incompatible(string mode, string? mac)
    {
        var shared = mode is not ("host" or "none");
        var because = shared ? $"network_mode: {mode} is the other container's network" : $"network_mode: {mode} has none";
        foreach (var key in (ReadOnlySpan<string>)["ports", "networks"])
        {
            if (keys.Has(key))
            {
                keys.Error(key, mode == "host" && key == "ports" ? "network_mode: host publishes every port already" : key == "networks" ? $"stands beside network_mode: {mode}" : because,
                    $"keep either {key} or network_mode");
            }
        }

        foreach (var key in shared ? (ReadOnlySpan<string>)["hostname", "expose", "extra_hosts", "dns", "dns_search", "dns_opt"] : [])
        {
            if (keys.Has(key))
            {
                keys.Error(key, because, "set it at that container");
            }
        }

        if (mac is not null)
        {
            keys.Error("mac_address", because);
        }
    }

    private string? NetworkMode()
    {
        if (keys.Find("network_mode") is YamlScalar { Text: "bridge" or "default" } scalar)
        {
            Problems.Error(scalar.Position, $"{keys.Where}.network_mode", $"`{scalar.Text}` is not supported: on the engine's default bridge services do not find each other", "leave it out, or name a network under networks");
            return null;
        }

        return Namespace("network_mode", "host", "none");
    }

    private ValueList<NetworkAttachment> Attachments(string? mode, string? mac)
    {
        var attachments = new List<NetworkAttachment>();
        switch (keys.Find("networks"))
        {
            case null when mode is null && !keys.Has("network_mode"):
                Attach(name with { Text = SharedObjects.DefaultNetwork }, null);
                break;
            case null:
                break;
            case YamlSequence:
                foreach (var scalar in keys.Scalars("networks"))
                {
                    Attach(scalar, null);
                }

                break;
            case YamlMapping map:
                foreach (var entry in map.Entries)
                {
                    if (entry.Value is YamlMapping or YamlScalar { IsNull: true })
                    {
                        Attach(entry.Key, entry.Value as YamlMapping);
                    }
                    else
                    {
                        keys.Wrong(entry.Value, $"networks.{entry.Key.Text}", "a mapping");
                    }
                }

                break;
            case { } other:
                keys.Wrong(other, "networks", "a list or a mapping of networks");
                break;
        }

        var sorted = attachments.OrderByDescending(attachment => attachment.Priority).ThenBy(attachment => attachment.Network, StringComparer.Ordinal).ToList();
        if (mac is not null && sorted is [{ MacAddress: null } first, ..])
        {
            sorted[0] = first with { MacAddress = mac };
        }

        return [.. sorted];

        void Attach(YamlScalar key, YamlMapping? settings)
        {
            var attachment = Attachment(key, settings);
            if (context.Shared.UseNetwork(key.Text) is not { } network)
            {
                Problems.Error(key.Position, $"{keys.Where}.networks", $"there is no network `{key.Text}`",
                    Suggestions.For(key.Text, context.Shared.NetworkKeys) ?? $"define it under networks at the top: {key.Text}:");
            }
            else if (attachments.All(other => other.Network != network))
            {
                attachment = attachment with { Network = network };
                attachments.Add(attachment);
                draft.Attachments.Add((attachment, key.Position));
            }
        }
    }

    private NetworkAttachment Attachment(YamlScalar key, YamlMapping? settings)
    {
        var own = new NetworkAttachment("") { Aliases = [name.Text] };
        if (settings is null)
        {
            return own;
        }

        var reader = keys.Below(settings, $"networks.{key.Text}");
        var attachment = own with
        {
            Aliases = [.. reader.Texts("aliases").Append(name.Text).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)],
            Ipv4Address = Address(reader, "ipv4_address", System.Net.Sockets.AddressFamily.InterNetwork),
            Ipv6Address = Address(reader, "ipv6_address", System.Net.Sockets.AddressFamily.InterNetworkV6),
            MacAddress = MacAddress(reader),
            LinkLocalAddresses = [.. reader.Texts("link_local_ips").Order(StringComparer.Ordinal)],
            DriverOptions = reader.TextMap("driver_opts"),
            Priority = (int)(reader.Integer("priority", int.MinValue, int.MaxValue) ?? 0),
        };
        reader.Refuse("gw_priority", "engines below version 28 do not know it", "use priority");
        reader.Refuse("interface_name", "engines below version 28 do not know it");
        reader.Done();

        return attachment;
    }

    private string? Address(KeyReader reader, string key, System.Net.Sockets.AddressFamily family)
    {
        if (reader.Scalar(key) is not { } scalar || reader.Settled(scalar) is not { } text)
        {
            return null;
        }

        if (PortSyntax.Address(text) is { } address && IPAddress.Parse(address).AddressFamily == family)
        {
            return address;
        }

        Problems.Error(scalar.Position, $"{reader.Where}.{key}", $"`{text}` is no address of IP version {(family == System.Net.Sockets.AddressFamily.InterNetwork ? 4 : 6)}");
        return null;
    }

    private string? MacAddress(KeyReader reader)
    {
        if (reader.Scalar("mac_address") is not { } scalar || reader.Settled(scalar) is not { } text)
        {
            return null;
        }

        if (!MacForm().IsMatch(text))
        {
            Problems.Error(scalar.Position, $"{reader.Where}.mac_address", $"`{text}` is no MAC address", "write six pairs: 02:42:ac:11:00:02");
        }

        return text.ToLowerInvariant().Replace('-', ':');
    }

    [GeneratedRegex("^([0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}$", RegexOptions.ExplicitCapture, 60_000)]
    private static partial Regex MacForm();
}
