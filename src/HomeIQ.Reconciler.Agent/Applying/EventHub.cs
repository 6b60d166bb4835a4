using System.Collections.Concurrent;
using HomeIQ.Reconciler.Docker;

namespace HomeIQ.Reconciler.Applying;

/// <summary>Wakes whoever waits for news of a container, from one stream of engine events. Events are hints: every wait has a bound.</summary>
public sealed class EventHub : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, TaskCompletionSource> waiting = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource end = new();
    private readonly TimeProvider time;
    private readonly Task listening;

    public EventHub(IContainerHost host, TimeProvider time)
    {
        this.time = time;
        listening = ListenAsync(host);
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

    public async ValueTask DisposeAsync()
    {
        await end.CancelAsync();
        await listening;
        end.Dispose();
    }

    private async Task ListenAsync(IContainerHost host)
    {
        try
        {
            await foreach (var happened in host.WatchAsync(since: null, end.Token))
            {
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
