namespace HomeIQ.Reconciler.Scenarios;

/// <summary>Classes that have the engine to themselves: their health checks alone are all that a small machine can do.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
