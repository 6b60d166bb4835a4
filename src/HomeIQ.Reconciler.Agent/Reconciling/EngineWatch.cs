using HomeIQ.Reconciler.Docker;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Locking;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>Turns the engine's events about what is ours into hints for the loop. An event is never believed, only looked after.</summary>
public sealed class EngineWatch(IContainerHost host, string instance, Hints hints, LoopSettings settings, TimeProvider time)
{
    /// <summary>A container that died may be on its way out of the engine: what comes next tells.</summary>
    private static readonly TimeSpan Settle = TimeSpan.FromMilliseconds(150);

    private static readonly string[] ContainerActions = ["destroy", "rename", "update", "pause", "unpause", "oom", "start"];
    private static readonly string[] NetworkActions = ["destroy", "disconnect", "connect"];

    /// <summary>Listens until cancelled; an engine that cannot be reached is tried again, ever more slowly.</summary>
    public async Task ListenAsync(CancellationToken cancellationToken)
    {
        var failures = 0;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await foreach (var happened in host.WatchAsync(since: null, cancellationToken))
                {
                    failures = 0;
                    await HintAsync(happened, cancellationToken);
                }
            }
            catch (Exception unavailable) when (unavailable is ContainerHostException or JournalException or IOException)
            {
                // The pass that looks at engine and journal tells what is wrong with them; here only the next try matters.
                failures++;
                await Task.Delay(settings.BackOff(failures), time, cancellationToken);
            }
        }
    }

    private async Task HintAsync(EngineEvent happened, CancellationToken cancellationToken)
    {
        switch (happened.Kind)
        {
            case "engine":
                hints.Give("the engine is back");
                break;
            case "container" when IsOurs(happened) && happened.Action == "die":
                await Task.Delay(Settle, time, cancellationToken);
                hints.Give($"{Name(happened)} died");
                break;
            case "container" when IsOurs(happened) && (ContainerActions.Contains(happened.Action) || happened.Action.StartsWith("health_status", StringComparison.Ordinal)):
                hints.Give($"{Name(happened)}: {happened.Action}");
                break;
            case "container" when happened.Action == "destroy" && happened.Attributes.TryGetValue(LockHolder.InstanceLabel, out var locked) && locked == instance:
                hints.Give("the lock was let go");
                break;
            case "network" when NetworkActions.Contains(happened.Action):
                hints.Give($"network {Name(happened)}: {happened.Action}");
                break;
            case "volume" when happened.Action == "destroy":
                hints.Give($"volume {happened.ActorId} was removed");
                break;
        }
    }

    private bool IsOurs(EngineEvent happened) => happened.Attributes.TryGetValue(Ownership.InstanceLabel, out var owner) && owner == instance;

    private static string Name(EngineEvent happened) => happened.Attributes.TryGetValue("name", out var name) ? name : happened.ActorId;
}
