using System.Text;
using System.Text.Json;

namespace HomeIQ.Reconciler.Docker;

/// <summary>Paths with their query, and the JSON that some of their values are.</summary>
internal static class Query
{
    public static string Of(string path, params (string Name, string? Value)[] pairs)
    {
        var query = string.Join('&', pairs.Where(pair => pair.Value is not null).Select(pair => $"{pair.Name}={Uri.EscapeDataString(pair.Value!)}"));
        return query.Length > 0 ? $"{path}?{query}" : path;
    }

    /// <summary>A name as one part of a path; slashes stay, since names of images have them.</summary>
    public static string Part(string name) => string.Join('/', name.Split('/').Select(Uri.EscapeDataString));

    public static string Json(ValueMap<string> map) => Write(writer =>
    {
        writer.WriteStartObject();
        foreach (var (key, value) in map)
        {
            writer.WriteString(key, value);
        }

        writer.WriteEndObject();
    });

    /// <summary>Filters in the engine's form, <c>{"name":["a","b"]}</c>.</summary>
    public static string Filters(params (string Name, string[] Values)[] filters) => Write(writer =>
    {
        writer.WriteStartObject();
        foreach (var (name, values) in filters)
        {
            writer.WriteStartArray(name);
            foreach (var value in values)
            {
                writer.WriteStringValue(value);
            }

            writer.WriteEndArray();
        }

        writer.WriteEndObject();
    });

    public static string Write(Action<Utf8JsonWriter> write)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            write(writer);
        }

        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }
}
