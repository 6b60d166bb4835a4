using System.Globalization;
using System.Net;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Observing;

/// <summary>Ports on which processes of this machine listen, from the kernel's own tables.</summary>
internal static class HostPorts
{
    private const string Listening = "0A";

    /// <summary>A bound datagram socket; UDP has no listening state.</summary>
    private const string Bound = "07";

    private static readonly (string File, string Protocol, string State)[] Tables = [("tcp", "tcp", Listening), ("tcp6", "tcp", Listening), ("udp", "udp", Bound), ("udp6", "udp", Bound)];

    /// <summary>Listeners on the ports asked about, except those that a container publishes. The tables are long, and are read only where such ports are left.</summary>
    public static ValueList<ListeningPort> Read(IEnumerable<(int Port, string Protocol)> wanted, IReadOnlyList<ObservedContainer> containers)
    {
        var left = wanted.ToHashSet();
        left.ExceptWith(containers.SelectMany(container => container.PublishedPorts).Where(port => port.HostPort is not null).Select(port => (port.HostPort!.Value, port.Protocol)));
        var found = new List<(ListeningPort Port, string Inode)>();
        foreach (var (file, protocol, state) in Tables)
        {
            var path = $"/proc/net/{file}";
            if (left.All(port => port.Protocol != protocol) || !File.Exists(path))
            {
                continue;
            }

            foreach (var line in File.ReadLines(path).Skip(1))
            {
                if (Parse(line, protocol, state) is { } entry && left.Contains((entry.Port.Port, protocol)))
                {
                    found.Add(entry);
                }
            }
        }

        return [.. found.Select(entry => entry.Port with { Process = ProcessOf(entry.Inode) }).Distinct().OrderBy(port => port.Port).ThenBy(port => port.Address, StringComparer.Ordinal)];
    }

    /// <summary>One line of the table: <c>sl local_address rem_address st … uid timeout inode</c>.</summary>
    internal static (ListeningPort Port, string Inode)? Parse(string line, string protocol, string state)
    {
        var columns = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (columns.Length < 10 || columns[3] != state || columns[1].Split(':') is not [var address, var port])
        {
            return null;
        }

        var bytes = Convert.FromHexString(address);
        for (var word = 0; word < bytes.Length; word += 4)
        {
            // The kernel prints each word of the address in the machine's own byte order.
            Array.Reverse(bytes, word, 4);
        }

        return (new ListeningPort(int.Parse(port, NumberStyles.HexNumber), protocol, new IPAddress(bytes).ToString()), columns[9]);
    }

    /// <summary>Name and id of the process that holds the socket; null when it may not be told.</summary>
    private static string? ProcessOf(string inode)
    {
        var link = $"socket:[{inode}]";
        foreach (var process in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(process), out var pid))
            {
                continue;
            }

            try
            {
                if (Directory.EnumerateFileSystemEntries($"{process}/fd").Any(descriptor => new FileInfo(descriptor).LinkTarget == link))
                {
                    return $"{File.ReadAllText($"{process}/comm").Trim()} (pid {pid})";
                }
            }
            catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
            {
                // The process ended while it was looked at, or is not ours to look into: it stays unnamed.
            }
        }

        return null;
    }
}
