using System.Net;
using System.Net.Sockets;
using HomeIQ.Reconciler.Desired;

namespace HomeIQ.Reconciler.Compose;

/// <summary>Reads ports as Compose writes them: <c>8080</c>, <c>8080:80</c>, <c>127.0.0.1:8080:80/udp</c>, <c>[::1]:8080:80</c>, ranges of the same length.</summary>
internal static class PortSyntax
{
    public const string Hint = "write CONTAINER, HOST:CONTAINER or ADDRESS:HOST:CONTAINER, each with /tcp or /udp if need be";

    /// <returns>The ports, or why the text is none.</returns>
    public static (ValueList<PortBinding> Ports, string? Reason) Parse(string text)
    {
        var (rest, protocol) = Protocol(text);
        if (protocol is not ("tcp" or "udp" or "sctp"))
        {
            return ([], $"`{protocol}` is no protocol: tcp, udp and sctp are");
        }

        var container = rest[(rest.LastIndexOf(':') + 1)..];
        var before = rest.Length > container.Length ? rest[..^(container.Length + 1)] : null;
        if (Range(container) is not { } inside)
        {
            return ([], $"`{container}` is no port from 1 to 65535");
        }

        if (before is null)
        {
            return Bind(inside, null, "", protocol);
        }

        // An address of version 6 has colons of its own, and stands in brackets.
        var cut = before.LastIndexOf(':') is var colon && before.EndsWith(']') ? before.Length : colon;
        var host = cut == before.Length ? "" : before[(cut + 1)..];
        var address = cut < 0 ? "" : before[..cut];
        if (address.Length > 0 && Address(address) is not { } checkedAddress)
        {
            return ([], $"`{address}` is no address of the host");
        }

        var outside = Range(host);
        if (host.Length > 0 && host != "0" && outside is null)
        {
            return ([], $"`{host}` is no port from 1 to 65535");
        }

        return Bind(inside, outside, Address(address) ?? "", protocol);
    }

    /// <summary>The ports of a pair of ranges.</summary>
    public static (ValueList<PortBinding> Ports, string? Reason) Bind((int First, int Last) inside, (int First, int Last)? outside, string address, string protocol)
    {
        var count = inside.Last - inside.First + 1;
        if (outside is { } range && range.Last - range.First + 1 != count)
        {
            return ([], count == 1
                ? "a range of host ports for one port of the container is not supported: the port would be another each time"
                : $"{range.Last - range.First + 1} host ports do not match {count} ports of the container");
        }

        return ([.. Enumerable.Range(0, count).Select(i => new PortBinding(inside.First + i, protocol, address, outside?.First + i))], null);
    }

    /// <summary><c>80</c> or <c>80-89</c>; null when it is neither.</summary>
    public static (int First, int Last)? Range(string text)
    {
        var cut = text.IndexOf('-', StringComparison.Ordinal);
        var first = Port(cut < 0 ? text : text[..cut]);
        var last = cut < 0 ? first : Port(text[(cut + 1)..]);

        return first is { } one && last is { } other && one <= other ? (one, other) : null;
    }

    /// <summary>The address without brackets in its shortest form; the empty text for none; null when it is no address.</summary>
    public static string? Address(string text)
    {
        if (text.Length == 0)
        {
            return "";
        }

        var bare = text is ['[', .. var inner, ']'] ? inner : text;

        return IPAddress.TryParse(bare, out var address) && (address.AddressFamily == AddressFamily.InterNetworkV6 || bare.Count(letter => letter == '.') == 3)
            ? address.ToString()
            : null;
    }

    public static (string Port, string Protocol) Protocol(string text)
    {
        var cut = text.IndexOf('/', StringComparison.Ordinal);

        return cut < 0 ? (text, "tcp") : (text[..cut], text[(cut + 1)..].ToLowerInvariant());
    }

    private static int? Port(string text) =>
        text.Length is > 0 and <= 5 && text.All(char.IsAsciiDigit) && int.Parse(text) is >= 1 and <= 65535 and var port ? port : null;
}
