using HomeIQ.Reconciler.Changes;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Planning;

/// <summary>Changes in words, grouped by what they are about, field by field as was and is.</summary>
public static class ChangeText
{
    private const string Secret = "(secret, changed)";

    /// <summary>One line without fields: <c>influxdb: image, memory changed</c>; for lists, logs and headlines.</summary>
    public static string Of(Change change) => Text.Clean(FieldsOf(change) is { Count: > 0 } fields
        ? $"{Name(change)}: {Text.Join([.. fields.Select(field => field.Field)], 4)} {(IsDrift(change) ? "drifted" : "changed")}"
        : $"{Name(change)}: {What(change)}");

    /// <summary>True when the host moved, false when the desired state did.</summary>
    public static bool IsDrift(Change change) =>
        change is ContainerMissing or ContainerNotRunning or ContainerRenamed or ContainerDrifted or ContentDrifted or OrphanFound or NetworkDrifted
            or NetworkMissing { IsGone: true } or VolumeMissing { IsGone: true };

    /// <summary>True for drift of a service's own container, for which the service's policy says what is done.</summary>
    internal static bool IsOfContainer(Change change) =>
        change is ContainerMissing or ContainerNotRunning or ContainerRenamed or ContainerDrifted or ContentDrifted;

    /// <summary>The image of a service before and after; null when the change leaves it.</summary>
    public static FieldChange? ImageOf(ServiceChanged change) => change.Fields.FirstOrDefault(field => field.Field == "image");

    /// <summary>Every change with its fields, a line each.</summary>
    public static IEnumerable<string> Lines(IReadOnlyList<Change> changes)
    {
        if (changes.Count == 0)
        {
            yield break;
        }

        var names = Math.Min(32, changes.Max(change => Name(change).Length));
        var fields = Math.Min(40, changes.SelectMany(FieldsOf).Select(field => field.Field.Length).DefaultIfEmpty(0).Max());
        foreach (var change in changes.GroupBy(Name, StringComparer.Ordinal).SelectMany(group => group))
        {
            yield return Text.Clean($"  {Sign(change)} {Name(change).PadRight(names)}  {What(change)}");
            foreach (var line in FieldsOf(change).SelectMany(field => FieldLines(field, fields)))
            {
                yield return line;
            }
        }
    }

    /// <summary>Each field in a line, or two where it is long: was and is.</summary>
    internal static IEnumerable<string> FieldLines(IReadOnlyCollection<FieldChange> fields)
    {
        var names = Math.Min(40, fields.Select(field => field.Field.Length).DefaultIfEmpty(0).Max());
        return fields.SelectMany(field => FieldLines(field, names));
    }

    internal static string Was(FieldChange field) => field.Secret ? "(secret)" : Value(field.Was);

    internal static string Is(FieldChange field) => field.Secret ? Secret : Value(field.Is);

    internal static IReadOnlyList<FieldChange> FieldsOf(Change change) => change switch
    {
        ServiceChanged changed => changed.Fields,
        ContainerDrifted drifted => drifted.Fields,
        NetworkChanged changed => changed.Fields,
        NetworkDrifted drifted => drifted.Fields,
        VolumeChanged changed => changed.Fields,
        _ => [],
    };

    internal static string Name(Change change) => change switch
    {
        NetworkMissing or NetworkChanged or NetworkRemoved or NetworkDrifted => $"network {change.Subject}",
        VolumeMissing or VolumeChanged or VolumeReleased => $"volume {change.Subject}",
        _ => change.Subject,
    };

    internal static string What(Change change) => change switch
    {
        ServiceAdded => "new",
        ServiceChanged => "changed",
        ServiceRemoved => "removed from the desired state (its volumes stay)",
        PolicyChanged => "policy or order changed, the container stays as it is",
        ContainerMissing => "its container is gone",
        ContainerNotRunning stopped => stopped.Status switch
        {
            ContainerStatus.Exited => $"not running (exited with {stopped.ExitCode})",
            ContainerStatus.Paused => "paused",
            ContainerStatus.Created => "not running (never started)",
            ContainerStatus.Restarting => $"restarting again and again (exited with {stopped.ExitCode})",
            ContainerStatus.Dead => "dead (the engine could not remove it)",
            _ => $"not running ({stopped.Status.ToString().ToLowerInvariant()})",
        },
        ContainerRenamed renamed => $"renamed by hand: {renamed.Was} -> {renamed.Is}",
        ContainerDrifted => "changed by hand",
        ContentDrifted { IsRestored: true } content => $"the file behind {content.Target} was put back, but the container has not been started since",
        ContentDrifted content => $"the file behind {content.Target} was edited or is gone",
        OrphanFound orphan => $"left over: {orphan.Name}",
        NetworkMissing { IsGone: true } or VolumeMissing { IsGone: true } => "gone",
        NetworkMissing or VolumeMissing => "not there yet",
        NetworkDrifted => "made again by hand with other settings",
        NetworkChanged => "changed",
        NetworkRemoved => "no service uses it any more",
        VolumeChanged => "changed (a volume is never made anew)",
        VolumeReleased => "no service uses it any more; it is kept",
        _ => throw new NotSupportedException($"No words for {change.GetType().Name}."),
    };

    private static char Sign(Change change) => change switch
    {
        _ when IsDrift(change) => '!',
        ServiceAdded or NetworkMissing or VolumeMissing => '+',
        ServiceRemoved or NetworkRemoved or VolumeReleased => '-',
        _ => '~',
    };

    private static IEnumerable<string> FieldLines(FieldChange field, int names)
    {
        var name = Text.Clean(field.Field).PadRight(names);
        if (field.Secret)
        {
            return [$"      {name}  {Secret}"];
        }

        var was = Value(field.Was);
        var now = Value(field.Is);
        return 6 + names + 2 + was.Length + 4 + now.Length <= Text.Width
            ? [$"      {name}  {was} -> {now}"]
            : [$"      {name}  was {was}", $"      {new string(' ', names)}  is  {now}"];
    }

    private static string Value(string? value) => value switch { null => "(not set)", "" => "(empty)", _ => Text.Clean(value) };
}
