using System.Globalization;

namespace HomeIQ.Reconciler.Scenarios.Soaking;

/// <summary>What a process has in its hands at one moment, by <c>/proc</c>.</summary>
/// <param name="Memory">Resident, in MiB.</param>
/// <param name="Open">What its file descriptors lead to, sockets included; code is left out, which is loaded when it is first needed and stays.</param>
internal sealed record Vitals(double Memory, IReadOnlyList<string> Open, int Threads)
{
    public int Files => Open.Count;

    public int Sockets => Open.Count(target => target.StartsWith("socket:", StringComparison.Ordinal));

    public static Vitals Of(int process)
    {
        var said = File.ReadLines($"/proc/{process}/status").Select(line => line.Split(':', 2)).ToDictionary(pair => pair[0], pair => pair[1].Trim(), StringComparer.Ordinal);
        var open = Directory.EnumerateFileSystemEntries($"/proc/{process}/fd").Select(Target).Where(target => !IsCode(target)).ToList();
        return new(
            double.Parse(said["VmRSS"].Split(' ')[0], CultureInfo.InvariantCulture) / 1024,
            open,
            int.Parse(said["Threads"], CultureInfo.InvariantCulture));
    }

    public override string ToString() => $"{Memory:0.0} MiB, {Files} files open, {Sockets} of them sockets, {Threads} threads";

    private static bool IsCode(string target) => target.EndsWith(".dll", StringComparison.Ordinal) || target.Contains(".so", StringComparison.Ordinal);

    private static string Target(string descriptor)
    {
        try
        {
            return new FileInfo(descriptor).LinkTarget ?? "";
        }
        catch (IOException)
        {
            // Closed in between.
            return "";
        }
    }
}
