using System.Diagnostics;
using HomeIQ.Reconciler.Journaling;

namespace HomeIQ.Reconciler.Locking;

/// <summary>What the kernel tells of processes of this machine; nothing where it has no <c>/proc</c>, and then only the lease counts.</summary>
public static class LocalProcess
{
    /// <summary>This process, as a holder of locks.</summary>
    public static LockHolder Describe(StateDirectory state) => new(
        Environment.MachineName, Boot(), Namespace(), Environment.ProcessId, StartOf(Environment.ProcessId) ?? "", state.Id(), state.Root, Guid.NewGuid().ToString("N"));

    /// <summary>Certain that it has ended: it was a process of this machine as this one sees them, and is none any more.</summary>
    public static bool HasEnded(LockHolder holder) =>
        holder.Boot.Length > 0 && holder.Boot == Boot() && holder.Processes.Length > 0 && holder.Processes == Namespace()
        && (!IsThere(holder.Process) || (Read($"/proc/{holder.Process}/stat") is not null && StartOf(holder.Process) != holder.Started));

    /// <summary>Asked of the kernel and not of <c>/proc</c>, which may hide processes of other users.</summary>
    private static bool IsThere(int process)
    {
        try
        {
            using var found = Process.GetProcessById(process);
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private static string Boot() => Read("/proc/sys/kernel/random/boot_id")?.Trim() ?? "";

    private static string Namespace()
    {
        try
        {
            return new FileInfo("/proc/self/ns/pid").LinkTarget ?? "";
        }
        catch (Exception unknown) when (unknown is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    /// <summary>Null when there is no such process, or only its name for whoever started it to take notice of.</summary>
    private static string? StartOf(int process)
    {
        // After the name, which may hold anything, come the state and eighteen numbers before the start.
        const int startAfterName = 19;
        var stat = Read($"/proc/{process}/stat");
        return stat?[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries) is { Length: > startAfterName } fields && fields[0] is not ("Z" or "X")
            ? fields[startAfterName]
            : null;
    }

    private static string? Read(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
