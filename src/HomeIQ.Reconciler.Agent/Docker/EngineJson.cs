using System.Text.Json;

namespace HomeIQ.Reconciler.Docker;

/// <summary>Reading the engine's JSON: what is absent, null or of another kind reads as nothing.</summary>
internal static class EngineJson
{
    public static JsonElement? At(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    public static JsonElement? At(this JsonElement? element, string name) => element?.At(name);

    public static string Text(this JsonElement? element) => element is { ValueKind: JsonValueKind.String } text ? text.GetString() ?? "" : "";

    public static long Number(this JsonElement? element) => element is { ValueKind: JsonValueKind.Number } number && number.TryGetInt64(out var value) ? value : 0;

    public static bool IsTrue(this JsonElement? element) => element is { ValueKind: JsonValueKind.True };

    /// <summary>Null for the engine's year 1, which means never.</summary>
    public static DateTimeOffset? Time(this JsonElement? element) =>
        element is { ValueKind: JsonValueKind.String } text && text.TryGetDateTimeOffset(out var time) && time.Year > 1 ? time : null;

    public static IEnumerable<JsonElement> Items(this JsonElement? element) => element is { ValueKind: JsonValueKind.Array } array ? array.EnumerateArray() : [];

    public static IEnumerable<JsonProperty> Members(this JsonElement? element) => element is { ValueKind: JsonValueKind.Object } map ? map.EnumerateObject() : [];

    public static IEnumerable<string> Texts(this JsonElement? element) => element.Items().Select(item => Text(item));

    public static ValueMap<string> Map(this JsonElement? element) => new(element.Members().Select(pair => KeyValuePair.Create(pair.Name, Text(pair.Value))));
}
