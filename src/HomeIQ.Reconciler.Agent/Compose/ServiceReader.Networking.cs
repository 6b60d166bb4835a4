using System.Net;
using System.Text.RegularExpressions;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Yaml;

namespace HomeIQ.Reconciler.Compose;

// Networks, ports, names.
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

    private ValueList<PortBinding> Ports()
    {
        foreach (var item in keys.Items("ports"))
        {
            switch (item)
            {
                case YamlScalar scalar:
                    if (keys.Settled(scalar) is { } text)
                    {
                        AddPorts(scalar.Position, text, PortSyntax.Parse(text));
                    }

                    break;
                case YamlMapping map:
                    LongPort(keys.Below(map, "ports"));
                    break;
                default:
                    keys.Wrong(item, "ports", "a list of ports");
                    break;
            }
        }

        return
        [
            .. draft.Ports.Select(published => published.Port).Distinct().OrderBy(port => port.ContainerPort).ThenBy(port => port.Protocol, StringComparer.Ordinal)
                .ThenBy(port => port.HostAddress, StringComparer.Ordinal).ThenBy(port => port.HostPort),
        ];
    }

    private void LongPort(KeyReader reader)
    {
        var target = reader.Typed<(int, int)>("target", "a port from 1 to 65535", PortSyntax.Range, "write the port of the container");
        var published = reader.Typed<(int, int)>("published", "a port from 1 to 65535", text => text is "0" ? (0, 0) : PortSyntax.Range(text), "write the port of the host");
        var protocol = reader.OneOf("protocol", "tcp", "udp", "sctp") ?? "tcp";
        var address = reader.Word("host_ip") ?? "";
        reader.OneOf("mode", "host", "ingress");
        reader.Text("name");
        reader.Text("app_protocol");
        reader.Done();
        if (!reader.Has("target"))
        {
            reader.Error("target", "is missing");
        }

        if (PortSyntax.Address(address) is not { } host)
        {
            reader.Error("host_ip", $"`{address}` is no address of the host");
        }
        else if (target is { } inside)
        {
            AddPorts(reader.Position, $"{target}", PortSyntax.Bind(inside, published is null or (0, 0) ? null : published, host, protocol));
        }
    }

    private void AddPorts(SourcePosition position, string text, (ValueList<PortBinding> Ports, string? Reason) parsed)
    {
        if (parsed.Reason is { } reason)
        {
            Problems.Error(position, $"{keys.Where}.ports", reason.StartsWith($"`{text}`", StringComparison.Ordinal) ? reason : $"in `{text}`, {reason}", PortSyntax.Hint);
        }

        draft.Ports.AddRange(parsed.Ports.Where(port => draft.Ports.All(other => other.Port != port)).Select(port => (port, position)));
    }

    private ValueList<string> Expose()
    {
        var exposed = new HashSet<(int Port, string Protocol)>();
        foreach (var scalar in keys.Scalars("expose"))
        {
            var (rest, protocol) = PortSyntax.Protocol(keys.Settled(scalar) ?? "");
            if (rest.Length == 0)
            {
                continue;
            }

            if (PortSyntax.Range(rest) is { } range && protocol is "tcp" or "udp" or "sctp")
            {
                exposed.UnionWith(Enumerable.Range(range.First, range.Last - range.First + 1).Select(port => (port, protocol)));
            }
            else
            {
                Problems.Error(scalar.Position, $"{keys.Where}.expose", $"`{scalar.Text}` is no port of the container", "write 8086 or 8086/udp");
            }
        }

        return [.. exposed.OrderBy(port => port.Port).ThenBy(port => port.Protocol, StringComparer.Ordinal).Select(port => $"{port.Port}/{port.Protocol}")];
    }

    private string? Host(string key)
    {
        if (keys.Scalar(key) is not { Text.Length: > 0 } scalar || keys.Settled(scalar) is not { } text)
        {
            return null;
        }

        if (text.Length > 253 || !HostForm().IsMatch(text))
        {
            Problems.Error(scalar.Position, $"{keys.Where}.{key}", $"`{text}` is no host name", "letters, digits, `-` and `.`");
        }

        return text;
    }

    private ValueList<string> ExtraHosts() => HostList(keys, "extra_hosts");

    private ValueList<string> HostList(KeyReader reader, string key)
    {
        var hosts = new SortedSet<string>(StringComparer.Ordinal);
        switch (reader.Find(key))
        {
            case null:
                break;
            case YamlSequence:
                foreach (var scalar in reader.Scalars(key))
                {
                    var text = reader.Settled(scalar) ?? "";
                    var cut = text.IndexOf('=', StringComparison.Ordinal) is >= 0 and var equals ? equals : text.IndexOf(':', StringComparison.Ordinal);
                    if (text.Length > 0)
                    {
                        Add(scalar.Position, cut < 0 ? text : text[..cut], cut < 0 ? "" : text[(cut + 1)..]);
                    }
                }

                break;
            case YamlMapping map:
                foreach (var entry in map.Entries)
                {
                    foreach (var value in entry.Value is YamlSequence many ? many.Items : [entry.Value])
                    {
                        if (value is YamlScalar scalar)
                        {
                            Add(scalar.Position, entry.Key.Text, reader.Settled(scalar) ?? "");
                        }
                        else
                        {
                            reader.Wrong(value, $"{key}.{entry.Key.Text}", "an address");
                        }
                    }
                }

                break;
            case { } other:
                reader.Wrong(other, key, "a list or a mapping of host and address");
                break;
        }

        return [.. hosts];

        void Add(SourcePosition position, string host, string address)
        {
            var target = address is "host-gateway" ? address : PortSyntax.Address(address);
            if (host.Length == 0 || target is not { Length: > 0 })
            {
                Problems.Error(position, $"{reader.Where}.{key}", $"`{host}:{address}` is no host with an address", "write name:192.168.1.10 or name:host-gateway");
            }
            else
            {
                hosts.Add($"{host}:{target}");
            }
        }
    }

    private ValueList<string> Addresses(string key)
    {
        foreach (var scalar in keys.Scalars(key, single: true))
        {
            if (keys.Settled(scalar) is { } text && PortSyntax.Address(text) is not { Length: > 0 })
            {
                Problems.Error(scalar.Position, $"{keys.Where}.{key}", $"`{text}` is no address");
            }
        }

        return keys.Texts(key, single: true);
    }

    [GeneratedRegex("^([0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex MacForm();

    [GeneratedRegex("^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex HostForm();
}
