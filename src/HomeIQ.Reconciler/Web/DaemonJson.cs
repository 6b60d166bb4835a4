using System.Text.Json.Serialization;
using HomeIQ.Reconciler.Applying;
using HomeIQ.Reconciler.Planning;
using HomeIQ.Reconciler.Reconciling;
using HomeIQ.Reconciler.Reporting;

namespace HomeIQ.Reconciler.Web;

/// <summary>One line of a daemon's answer: what happens, then how it ended.</summary>
/// <param name="Error">The verb could not be done at all; what it would have printed.</param>
internal sealed record AnswerLine(RunEvent? Event = null, ApplyReport? Report = null, string? Error = null);

/// <summary>What a person asks a daemon for. Only what the verb needs is there.</summary>
internal sealed record Ask(string? Revision = null, string? Approve = null, bool Refresh = false, bool Force = false);

/// <summary>The forms on the wire between the verbs and a daemon, and of its API: camelCase, enums by name.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    IgnoreReadOnlyProperties = true,
    UseStringEnumConverter = true,
    AllowOutOfOrderMetadataProperties = true,
    Converters = [typeof(DurationConverter)])]
[JsonSerializable(typeof(AnswerLine))]
[JsonSerializable(typeof(Ask))]
[JsonSerializable(typeof(Decision))]
[JsonSerializable(typeof(DecisionReport))]
[JsonSerializable(typeof(News))]
[JsonSerializable(typeof(HostEvent))]
[JsonSerializable(typeof(HostStatus))]
[JsonSerializable(typeof(DaemonHealth))]
internal sealed partial class DaemonJson : JsonSerializerContext;

/// <summary>Whether the daemon itself works; not whether the house is well.</summary>
internal sealed record DaemonHealth(string Status, DateTimeOffset? LastPass, string? Problem);
