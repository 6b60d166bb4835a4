using HomeIQ.Reconciler.Desired;

namespace HomeIQ.Reconciler.Changes;

/// <summary>What a container's drift is measured against.</summary>
public static class Recording
{
    /// <summary>After the engine's version changed: what the specification sets stays as it was recorded, the rest is the engine's own and is as it says now.</summary>
    public static ValueMap<string> Again(ContainerSpec spec, ValueMap<string> recorded, ValueMap<string> live) =>
        new(recorded.Where(field => EngineFields.IsSet(spec, field.Key)).Concat(live.Where(field => !EngineFields.IsSet(spec, field.Key))));
}
