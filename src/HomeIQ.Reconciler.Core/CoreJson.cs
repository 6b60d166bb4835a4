using System.Text.Json;
using System.Text.Json.Serialization;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Observed;
using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler;

/// <summary>How our values look as JSON: camelCase, enums by name, what is null left out, computed properties left out, nothing by reflection.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    IgnoreReadOnlyProperties = true,
    UseStringEnumConverter = true,
    AllowOutOfOrderMetadataProperties = true,
    Converters = [typeof(DurationConverter)])]
[JsonSerializable(typeof(Plan))]
[JsonSerializable(typeof(Adoption))]
[JsonSerializable(typeof(JournalEntry))]
[JsonSerializable(typeof(RunRecord))]
[JsonSerializable(typeof(ValueList<RunRecord>))]
[JsonSerializable(typeof(Receipt))]
[JsonSerializable(typeof(EffectiveState))]
[JsonSerializable(typeof(DesiredService))]
[JsonSerializable(typeof(ObservedState))]
[JsonSerializable(typeof(Backups.TreeManifest))]
[JsonSerializable(typeof(QuarantineEntry))]
[JsonSerializable(typeof(ValueList<QuarantineEntry>))]
[JsonSerializable(typeof(Decision))]
[JsonSerializable(typeof(ValueMap<string>))]
public sealed partial class CoreJson : JsonSerializerContext
{
    /// <summary>The same for people: indented.</summary>
    public static CoreJson Indented => field ??= new(new JsonSerializerOptions(Default.Options) { WriteIndented = true });
}
