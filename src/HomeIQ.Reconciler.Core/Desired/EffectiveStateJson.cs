using System.Text.Json;

namespace HomeIQ.Reconciler.Desired;

/// <summary>The effective state as JSON: what is sealed in the state directory. It holds secret values.</summary>
public static class EffectiveStateJson
{
    public static byte[] Write(EffectiveState state) => JsonSerializer.SerializeToUtf8Bytes(state, CoreJson.Default.EffectiveState);

    /// <exception cref="JsonException">It is no effective state, or one of a newer version.</exception>
    public static EffectiveState Read(ReadOnlySpan<byte> json) =>
        JsonDefaults.Read(json, CoreJson.Default.EffectiveState) ?? throw new JsonException("An effective state is missing.");
}
