using System.Collections.Concurrent;
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
    /// <summary>What takes a container away from how it was made. A correction starts, creates and joins, so that these are somebody else's, or a run's.</summary>
    private static readonly string[] Disturbing = ["kill", "stop", "die", "destroy", "rename", "update", "pause", "oom"];

    private static readonly string[] NetworkActions = ["destroy", "disconnect", "connect"];

    private readonly ConcurrentDictionary<string, string> disturbed = new(StringComparer.Ordinal);

    /// <summary>What the engine told last of how a service's container was disturbed, in its words and with its time; null when it told nothing. Engines do not tell who asked.</summary>
    public string? LastOf(string service) => disturbed.GetValueOrDefault(service);

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
        if (happened.Kind == "container" && IsOurs(happened) && Disturbing.Contains(happened.Action) && happened.Attributes.TryGetValue(Ownership.ServiceLabel, out var service))
        {
            var how = happened.Attributes.TryGetValue("signal", out var signal) ? $" (signal {signal})" : happened.Attributes.TryGetValue("exitCode", out var code) ? $" (exit code {code})" : "";
            disturbed[service] = $"{happened.Action}{how} of {Name(happened)} at {happened.At:HH:mm:ss}Z";
        }

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
