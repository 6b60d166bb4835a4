using System.Text.Json;
using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Journaling;

/// <summary>Journal entries as JSON. The time of an entry is kept beside it, not in it.</summary>
public static class JournalJson
{
    public static string Write(JournalEntry entry) => JsonSerializer.Serialize(entry, CoreJson.Default.JournalEntry);

    /// <summary>What cannot be read was written by a newer version, or is damaged: it counts as a phase that nobody knows, from which no run goes forward.</summary>
    public static JournalEntry Read(string json, DateTimeOffset at)
    {
        try
        {
            return JsonDefaults.Read(json, CoreJson.Default.JournalEntry) is { } entry
                ? entry with { At = at }
                : new PhaseEntered(RunPhase.Unknown) { At = at };
        }
        catch (Exception exception) when (exception is JsonException or NotSupportedException)
        {
            return new PhaseEntered(RunPhase.Unknown) { At = at };
        }
    }

    public static string Write(QuarantineEntry entry) => JsonSerializer.Serialize(entry, CoreJson.Default.QuarantineEntry);

    /// <exception cref="JsonException">It is no quarantine entry.</exception>
    public static QuarantineEntry ReadQuarantine(string json) =>
        JsonDefaults.Read(json, CoreJson.Default.QuarantineEntry) ?? throw new JsonException("A quarantine entry is missing.");

    public static string Write(Decision decision) => JsonSerializer.Serialize(decision, CoreJson.Default.Decision);

    /// <exception cref="JsonException">It is no decision.</exception>
    public static Decision ReadDecision(string json, DateTimeOffset at) =>
        (JsonDefaults.Read(json, CoreJson.Default.Decision) ?? throw new JsonException("A decision is missing.")) with { At = at };
}
