using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace HomeIQ.Reconciler;

/// <summary>Time spans as people write them (<c>1m30s</c>, <c>200ms</c>), without loss.</summary>
public static class Duration
{
    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789.");

    private static readonly (string Unit, long Ticks)[] Units =
    [
        ("ms", TimeSpan.TicksPerMillisecond), ("h", TimeSpan.TicksPerHour), ("m", TimeSpan.TicksPerMinute), ("s", TimeSpan.TicksPerSecond),
    ];

    public static string ToText(TimeSpan span)
    {
        if (span == TimeSpan.Zero)
        {
            return "0s";
        }

        // Decimal throughout: the most negative span has no positive counterpart.
        var ticks = Math.Abs((decimal)span.Ticks);
        var text = new StringBuilder(span < TimeSpan.Zero ? "-" : "");
        var hours = Math.Floor(ticks / TimeSpan.TicksPerHour);
        var minutes = Math.Floor(ticks % TimeSpan.TicksPerHour / TimeSpan.TicksPerMinute);
        var rest = ticks % TimeSpan.TicksPerMinute;

        text.Append(hours > 0 ? $"{hours:0}h" : "").Append(minutes > 0 ? $"{minutes:0}m" : "");
        if (rest > 0)
        {
            var below = rest < TimeSpan.TicksPerSecond;
            text.Append((rest / (below ? TimeSpan.TicksPerMillisecond : TimeSpan.TicksPerSecond)).ToString("0.#######", CultureInfo.InvariantCulture))
                .Append(below ? "ms" : "s");
        }

        return text.ToString();
    }

    /// <summary>Reads what <see cref="ToText"/> writes; null for anything else.</summary>
    public static TimeSpan? Parse(string text)
    {
        var rest = text.AsSpan();
        var negative = rest.StartsWith("-");
        rest = negative ? rest[1..] : rest;
        if (rest.IsEmpty)
        {
            return null;
        }

        var total = 0m;
        while (!rest.IsEmpty)
        {
            var digits = rest.IndexOfAnyExcept(Digits);
            if (digits <= 0 || !decimal.TryParse(rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) || number > long.MaxValue)
            {
                return null;
            }

            rest = rest[digits..];
            var known = false;
            foreach (var (unit, ticks) in Units)
            {
                if (rest.StartsWith(unit))
                {
                    total += number * ticks;
                    rest = rest[unit.Length..];
                    known = true;
                    break;
                }
            }

            if (!known || total > long.MaxValue + 1m)
            {
                return null;
            }
        }

        total = negative ? -total : total;
        return total > long.MaxValue ? null : new TimeSpan((long)total);
    }
}

/// <summary>Writes time spans as <see cref="Duration"/> does.</summary>
public sealed class DurationConverter : JsonConverter<TimeSpan>
{
    public override TimeSpan Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.GetString() is { } text && Duration.Parse(text) is { } span ? span : throw new JsonException("Not a duration such as 1m30s.");

    public override void Write(Utf8JsonWriter writer, TimeSpan value, JsonSerializerOptions options) => writer.WriteStringValue(Duration.ToText(value));
}
