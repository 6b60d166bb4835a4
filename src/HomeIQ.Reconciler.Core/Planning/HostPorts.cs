using HomeIQ.Reconciler.Desired;

namespace HomeIQ.Reconciler.Planning;

/// <summary>Who holds which host port. Every question costs as much as there are holders of that one port number.</summary>
internal sealed class HostPorts<THolder>
{
    private readonly Dictionary<(int, string), List<(string Address, THolder Holder)>> holders = [];

    public void Add(PortBinding port, THolder holder)
    {
        if (port.HostPort is not { } number)
        {
            return;
        }

        var key = (number, port.Protocol);
        if (!holders.TryGetValue(key, out var list))
        {
            holders[key] = list = [];
        }

        list.Add((port.HostAddress, holder));
    }

    public IEnumerable<THolder> Of(PortBinding port) =>
        port.HostPort is { } number && holders.TryGetValue((number, port.Protocol), out var list)
            ? list.Where(entry => Overlap(entry.Address, port.HostAddress)).Select(entry => entry.Holder)
            : [];

    /// <summary>All addresses of one family overlap with each of it; no address at all means both families.</summary>
    internal static bool Overlap(string left, string right)
    {
        if (left == right || left.Length == 0 || right.Length == 0)
        {
            return true;
        }

        return IsAll(left) || IsAll(right);
    }

    private static bool IsAll(string address) => address is "0.0.0.0" or "::" or "[::]" or "*";
}
