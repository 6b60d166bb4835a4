using System.Collections.Concurrent;
using HomeIQ.Reconciler.Docker;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Applying;

/// <summary>Wakes whoever waits for news of a container, from one stream of engine events, and knows what was stopped through the engine. Events are hints: every wait has a bound.</summary>
public sealed class EventHub : IAsyncDisposable
{
    /// <summary>The word of an end comes a little after it; that of a stop comes before.</summary>
    private static readonly TimeSpan Late = TimeSpan.FromSeconds(2);

    /// <summary>Signals that tell a process something (hang-up, the users' own, a window's size) and do not end it.</summary>
    private static readonly HashSet<string> Harmless = new(StringComparer.OrdinalIgnoreCase) { "1", "10", "12", "28", "HUP", "USR1", "USR2", "WINCH", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGWINCH" };

    private readonly ConcurrentDictionary<string, TaskCompletionSource> waiting = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, string> stopped = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource end = new();
    private readonly IContainerHost host;
    private readonly TimeProvider time;
    private readonly Task listening;

    public EventHub(IContainerHost host, TimeProvider time)
    {
        (this.host, this.time) = (host, time);
        listening = ListenAsync();
    }

    /// <summary>To be taken before the look whose answer would be waited upon, so that no event falls in between.</summary>
    public Task NextEventOf(string containerId) =>
        waiting.GetOrAdd(containerId, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    /// <summary>Ends with the event, or after the time, whichever comes first.</summary>
    public async Task WaitAsync(Task nextEvent, TimeSpan atMost, CancellationToken cancellationToken)
    {
        using var timer = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny(nextEvent, Task.Delay(atMost, time, timer.Token));
        await timer.CancelAsync();
        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>True for a container that somebody stopped, killed or paused through the engine since it was last started: it did not end by itself.</summary>
    public async Task<bool> WasStoppedAsync(ObservedContainer container, CancellationToken cancellationToken) => container.Status switch
    {
        ContainerStatus.Paused => true,
        ContainerStatus.Exited or ContainerStatus.Dead => stopped.ContainsKey(container.Id) || (await WasStoppedAsync(host, container, cancellationToken) ?? false),
        _ => false,
    };

    /// <summary>The same of one to whose end perhaps nobody listened, by what the engine still tells of it; null when it does not tell any more.</summary>
    public static async Task<bool?> WasStoppedAsync(IContainerHost host, ObservedContainer ended, CancellationToken cancellationToken)
    {
        if (ended is not { StartedAt: { } started, EndedAt: { } at })
        {
            return null;
        }

        var wasStopped = false;
        try
        {
            foreach (var happened in await host.RecallAsync(ended.Id, started, at + Late, cancellationToken))
            {
                switch (happened.Action)
                {
                    case "die":
                        return wasStopped;
                    case "unpause":
                        wasStopped = false;
                        break;
                    default:
                        wasStopped |= IsStop(happened);
                        break;
                }
            }
        }
        catch (ContainerHostException)
        {
            // It cannot be asked; its own failure shows in the next look.
        }

        return null;
    }

    public async ValueTask DisposeAsync()
    {
        await end.CancelAsync();
        await listening;
        end.Dispose();
    }

    private void Note(EngineEvent happened)
    {
        switch (happened.Action)
        {
            case "start" or "unpause":
                stopped.TryRemove(happened.ActorId, out _);
                break;
            case var _ when IsStop(happened):
                stopped[happened.ActorId] = happened.Action;
                break;
        }
    }

    private static bool IsStop(EngineEvent happened) =>
        happened.Action is "stop" or "pause" || (happened.Action is "kill" && !(happened.Attributes.TryGetValue("signal", out var signal) && Harmless.Contains(signal)));

    private async Task ListenAsync()
    {
        try
        {
            await foreach (var happened in host.WatchAsync(since: null, end.Token))
            {
                Note(happened);
                if (waiting.TryRemove(happened.ActorId, out var waiter))
                {
                    waiter.TrySetResult();
                }
            }
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // The run is over.
        }
        catch (ContainerHostException)
        {
            // Without events the bounded waits look by themselves; the engine's own failure shows in those looks.
        }
    }
}
