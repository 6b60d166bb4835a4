using HomeIQ.Reconciler.Docker;

namespace HomeIQ.Reconciler.Scenarios.Docker;

/// <summary>The private engine that <c>tests/rig/engine.sh</c> started for these tests.</summary>
internal static class TestEngine
{
    public const string Variable = "HOMEIQ_TEST_ENGINE";

    public static string Endpoint { get; } =
        Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } endpoint
            ? endpoint
            : throw new InvalidOperationException($"{Variable} names no engine: these tests run by tests/run.sh, or inside tests/rig/in-engine.sh DIR");

    public static DockerEngine Open() => new(new() { Endpoint = Endpoint });
}
