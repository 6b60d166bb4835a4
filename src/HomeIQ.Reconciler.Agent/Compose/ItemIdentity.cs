using HomeIQ.Reconciler.Yaml;

namespace HomeIQ.Reconciler.Compose;

/// <summary>What makes an item of a list the same item in another file. Null for an item that is none of its kind.</summary>
internal static class ItemIdentity
{
    public static string? Text(YamlNode item) => (item as YamlScalar)?.Text;

    /// <summary>The text before an equals sign.</summary>
    public static string? Name(YamlNode item) => Text(item) is { } text ? Before(text, '=') : null;

    public static string? PathKey(YamlNode item) => Value(item, "path");

    /// <summary>The folder inside the container, without the options behind the colon.</summary>
    public static string? Tmpfs(YamlNode item) => Text(item) is { } text ? Before(text, ':') : null;

    public static string? Subnet(YamlNode item) => Value(item, "subnet");

    public static string? Grant(YamlNode item, string folder) => Value(item, "target") switch
    {
        { } target => target.StartsWith('/') ? target : $"{folder}/{target}",
        null => Value(item, "source") is { } source ? $"{folder}/{source}" : null,
    };

    public static string? Mount(YamlNode item) => item is YamlScalar scalar
        ? ShortMount.TargetOf(scalar.Text).TrimEnd('/')
        : Value(item, "target")?.TrimEnd('/');

    public static string? Device(YamlNode item)
    {
        if (Text(item) is not { } text)
        {
            return Value(item, "target") ?? Value(item, "source");
        }

        var parts = text.Split(':');
        return parts.Length == 1 ? parts[0] : parts[1];
    }

    /// <summary>Address, published port, target port and protocol: another published port for the same target is another port.</summary>
    public static string? Port(YamlNode item)
    {
        if (item is YamlMapping)
        {
            return Value(item, "target") is { } target
                ? Port(Value(item, "host_ip"), Value(item, "published"), target, Value(item, "protocol"))
                : null;
        }

        if (Text(item) is not { } text)
        {
            return null;
        }

        var protocol = text.LastIndexOf('/') is >= 0 and var slash ? text[(slash + 1)..] : null;
        var rest = protocol is null ? text : text[..^(protocol.Length + 1)];
        var colon = rest.LastIndexOf(':');
        if (colon < 0)
        {
            return Port(null, null, rest, protocol);
        }

        var published = rest[..colon];
        var address = published.LastIndexOf(':') is >= 0 and var second ? published[..second] : null;
        return Port(address, address is null ? published : published[(address.Length + 1)..], rest[(colon + 1)..], protocol);
    }

    private static string Port(string? address, string? published, string target, string? protocol) =>
        $"{(address is null or "" ? "0.0.0.0" : address.Trim('[', ']'))}:{published}:{target}/{protocol ?? "tcp"}";

    private static string? Value(YamlNode item, string key) => ((item as YamlMapping)?.Find(key) as YamlScalar)?.Text;

    private static string Before(string text, char separator) => text.IndexOf(separator) is >= 0 and var index ? text[..index] : text;
}
