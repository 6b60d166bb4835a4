using System.Text.RegularExpressions;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Yaml;

namespace HomeIQ.Reconciler.Compose;

// Names of hosts, and who resolves them.
internal sealed partial class ServiceReader
{
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

    [GeneratedRegex("^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?$", RegexOptions.ExplicitCapture, 60_000)]
    private static partial Regex HostForm();
}
