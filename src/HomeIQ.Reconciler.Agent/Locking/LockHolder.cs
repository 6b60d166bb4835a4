using System.Globalization;
using HomeIQ.Reconciler.Docker;

namespace HomeIQ.Reconciler.Locking;

/// <summary>A process that holds the lock or would like to: enough to name it to a person, and to tell on its own machine whether it still lives.</summary>
/// <param name="Boot">The kernel's id of its present start; empty where there is none.</param>
/// <param name="Processes">The namespace in which <paramref name="Process"/> counts: a container has its own.</param>
/// <param name="Started">When the process began, in the kernel's count: numbers of processes come again.</param>
/// <param name="State">Which state directory it acts from.</param>
/// <param name="Folder">Where that lies.</param>
/// <param name="Token">Of this one try to hold the lock, and of no other.</param>
public sealed record LockHolder(string Host, string Boot, string Processes, int Process, string Started, string State, string Folder, string Token)
{
    /// <summary>Names the instance that is locked.</summary>
    public const string InstanceLabel = Prefix;

    private const string Prefix = "io.homeiq.lock";

    /// <summary>When it took the lock, by its own clock; null when it has not.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>The name that is taken by something that is no lock of ours; null for a real holder.</summary>
    public string? TakenName { get; private init; }

    /// <summary>Stands for a container that has the lock's name and is none: it is left alone.</summary>
    public static LockHolder Stranger(string name) => new("", "", "", 0, "", "", "", "") { TakenName = name };

    /// <summary>It was at home here, in the same count of processes: whether it lives can be told.</summary>
    public bool IsNear(LockHolder other) => Boot.Length > 0 && Boot == other.Boot && Processes.Length > 0 && Processes == other.Processes;

    /// <summary>An earlier process of the same state directory; only one at a time has that, so it has ended.</summary>
    /// <remarks>Within one start of the machine, and at the same place: a copy of the directory is somebody else.</remarks>
    public bool WasBefore(LockHolder other) => State == other.State && Folder == other.Folder && Boot.Length > 0 && Boot == other.Boot;

    public ValueMap<string> ToLabels(string instance) => new(
    [
        new(InstanceLabel, instance), new($"{Prefix}.host", Host), new($"{Prefix}.boot", Boot), new($"{Prefix}.processes", Processes),
        new($"{Prefix}.process", Process.ToString(CultureInfo.InvariantCulture)), new($"{Prefix}.started", Started), new($"{Prefix}.state", State),
        new($"{Prefix}.folder", Folder), new($"{Prefix}.token", Token), new($"{Prefix}.since", Since?.ToString("O", CultureInfo.InvariantCulture) ?? ""),
    ]);

    /// <summary>Null when these are no labels of a lock on this instance: somebody else's container then, which is left alone.</summary>
    public static LockHolder? FromLabels(ValueMap<string> labels, string instance)
    {
        string Get(string key) => labels.TryGetValue($"{Prefix}.{key}", out var value) ? value : "";

        return labels.ContainsKey(Mark.Label) && labels.TryGetValue(InstanceLabel, out var locked) && locked == instance
            ? new(Get("host"), Get("boot"), Get("processes"), int.TryParse(Get("process"), CultureInfo.InvariantCulture, out var process) ? process : 0, Get("started"), Get("state"), Get("folder"), Get("token"))
            {
                Since = DateTimeOffset.TryParse(Get("since"), CultureInfo.InvariantCulture, DateTimeStyles.None, out var since) ? since : null,
            }
            : null;
    }

    public override string ToString() => TakenName is { } taken
        ? $"a container named {taken} that is no lock of ours"
        : $"process {Process} on {Host}, from {Folder}{(Since is { } since ? $", since {since.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture)} UTC" : "")}";
}
