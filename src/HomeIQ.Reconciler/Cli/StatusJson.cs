using System.Text.Json.Serialization;
using HomeIQ.Reconciler.Reporting;

namespace HomeIQ.Reconciler.Cli;

/// <summary>What looking verbs print with <c>-o json</c>, stable: camelCase, enums by name.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, WriteIndented = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(HostStatus))]
[JsonSerializable(typeof(ServiceReport))]
[JsonSerializable(typeof(ValueList<ServiceReport>))]
[JsonSerializable(typeof(ValueList<Finding>))]
[JsonSerializable(typeof(Hold))]
[JsonSerializable(typeof(ValueList<Hold>))]
internal sealed partial class StatusJson : JsonSerializerContext;
