using System.Text.Json;
using System.Text.RegularExpressions;

namespace HomeIQ.Reconciler.Agent.Tests.Policies;

/// <summary>Judges a JSON document by a schema, for the keywords that ours uses; an unknown keyword is an error of the test.</summary>
internal sealed class SchemaJudge(string schema)
{
    private readonly JsonElement root = JsonDocument.Parse(schema).RootElement;

    public bool Accepts(string document) => Accepts(root, JsonDocument.Parse(document).RootElement);

    private bool Accepts(JsonElement schema, JsonElement value) => schema.EnumerateObject().All(keyword => keyword.Name switch
    {
        "$schema" or "title" or "description" or "$defs" => true,
        "$ref" => Accepts(Definition(keyword.Value.GetString()!), value),
        "const" => Same(keyword.Value, value),
        "enum" => keyword.Value.EnumerateArray().Any(one => Same(one, value)),
        "type" => keyword.Value.ValueKind == JsonValueKind.Array ? keyword.Value.EnumerateArray().Any(type => Is(type.GetString()!, value)) : Is(keyword.Value.GetString()!, value),
        "oneOf" => keyword.Value.EnumerateArray().Count(one => Accepts(one, value)) == 1,
        "required" => value.ValueKind != JsonValueKind.Object || keyword.Value.EnumerateArray().All(name => value.TryGetProperty(name.GetString()!, out _)),
        "properties" => value.ValueKind != JsonValueKind.Object || value.EnumerateObject().All(one => !keyword.Value.TryGetProperty(one.Name, out var inner) || Accepts(inner, one.Value)),
        "additionalProperties" => value.ValueKind != JsonValueKind.Object || value.EnumerateObject().Where(one => !Names(schema).Contains(one.Name)).All(one => Additional(keyword.Value, one.Value)),
        "propertyNames" => value.ValueKind != JsonValueKind.Object || value.EnumerateObject().All(one => Accepts(keyword.Value, JsonSerializer.SerializeToElement(one.Name))),
        "minProperties" => value.ValueKind != JsonValueKind.Object || value.EnumerateObject().Count() >= keyword.Value.GetInt32(),
        "items" => value.ValueKind != JsonValueKind.Array || value.EnumerateArray().All(item => Accepts(keyword.Value, item)),
        "minItems" => value.ValueKind != JsonValueKind.Array || value.GetArrayLength() >= keyword.Value.GetInt32(),
        "uniqueItems" => value.ValueKind != JsonValueKind.Array || value.EnumerateArray().Select(Text).Distinct().Count() == value.GetArrayLength(),
        "minLength" => value.ValueKind != JsonValueKind.String || value.GetString()!.Length >= keyword.Value.GetInt32(),
        "maxLength" => value.ValueKind != JsonValueKind.String || value.GetString()!.Length <= keyword.Value.GetInt32(),
        "minimum" => value.ValueKind != JsonValueKind.Number || Number(value) >= Number(keyword.Value),
        "maximum" => value.ValueKind != JsonValueKind.Number || Number(value) <= Number(keyword.Value),
        "pattern" => value.ValueKind != JsonValueKind.String || Matches(keyword.Value.GetString()!, value.GetString()!),
        _ => throw new NotSupportedException($"The schema uses {keyword.Name}."),
    });

    private bool Additional(JsonElement rule, JsonElement value) => rule.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => Accepts(rule, value),
    };

    private static HashSet<string> Names(JsonElement schema) => schema.TryGetProperty("properties", out var properties) ? [.. properties.EnumerateObject().Select(one => one.Name)] : [];

    private JsonElement Definition(string reference) => reference.Split('/').Skip(1).Aggregate(root, (at, name) => at.GetProperty(name));

    private static bool Same(JsonElement one, JsonElement other) => one.ValueKind == other.ValueKind && Text(one) == Text(other);

    private static string Text(JsonElement value) => value.ValueKind == JsonValueKind.Number ? $"{Number(value):R}" : value.GetRawText();

    // In JSON Schema the dollar is the very end of the text; here it would also stand before a last line break.
    private static bool Matches(string pattern, string text) => Regex.IsMatch(text, pattern.EndsWith('$') ? $"{pattern[..^1]}\\z" : pattern, RegexOptions.None, TimeSpan.FromSeconds(5));

    // Numbers beyond every limit of ours are all the same here.
    private static double Number(JsonElement value) => double.Clamp(value.GetDouble(), -1e300, 1e300);

    private static bool Is(string type, JsonElement value) => type switch
    {
        "object" => value.ValueKind == JsonValueKind.Object,
        "array" => value.ValueKind == JsonValueKind.Array,
        "string" => value.ValueKind == JsonValueKind.String,
        "number" => value.ValueKind == JsonValueKind.Number,
        "integer" => value.ValueKind == JsonValueKind.Number && double.IsInteger(Number(value)),
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        _ => throw new NotSupportedException($"The schema uses type {type}."),
    };
}
