using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Docker.DotNet.Models;

namespace HomeIQ.Reconciler.Agent.Tests.Docker;

/// <summary>A request as the text that the engine gets, written by the library's own rules as far as they matter here.</summary>
internal static class EngineText
{
    private static readonly JsonSerializerOptions Options = new()
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new Nanoseconds(), new Policy() },
    };

    /// <summary>What stands at a path, names joined by dots; <c>nothing</c> when there is nothing.</summary>
    public static string Of(CreateContainerParameters parameters, string path)
    {
        var node = JsonSerializer.SerializeToNode(parameters, Options);
        foreach (var name in path.Split('.'))
        {
            node = node is JsonObject map ? map[name] : null;
        }

        return node?.ToJsonString(Options) ?? "nothing";
    }

    private sealed class Nanoseconds : JsonConverter<TimeSpan>
    {
        public override TimeSpan Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => throw new NotSupportedException();

        public override void Write(Utf8JsonWriter writer, TimeSpan value, JsonSerializerOptions options) => writer.WriteNumberValue(value.Ticks * 100);
    }

    private sealed class Policy : JsonConverter<RestartPolicyKind>
    {
        public override RestartPolicyKind Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => throw new NotSupportedException();

        public override void Write(Utf8JsonWriter writer, RestartPolicyKind value, JsonSerializerOptions options) => writer.WriteStringValue(value switch
        {
            RestartPolicyKind.OnFailure => "on-failure",
            RestartPolicyKind.UnlessStopped => "unless-stopped",
            RestartPolicyKind.Always => "always",
            _ => "no",
        });
    }
}
