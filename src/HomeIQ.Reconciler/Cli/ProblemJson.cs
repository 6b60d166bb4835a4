using System.Text.Json.Serialization;
using HomeIQ.Reconciler.Desired;

namespace HomeIQ.Reconciler.Cli;

/// <summary><c>validate -o json</c>, stable: camelCase, severities by name.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, WriteIndented = true)]
[JsonSerializable(typeof(Problem[]))]
internal sealed partial class ProblemJson : JsonSerializerContext;
