using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Yaml;

namespace HomeIQ.Reconciler.Compose;

// Ports, published and exposed.
internal sealed partial class ServiceReader
{
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
            AddPorts(reader.Position, reader.Settled(reader.Scalar("target")!) ?? "", PortSyntax.Bind(inside, published is null or (0, 0) ? null : published, host, protocol));
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
}
