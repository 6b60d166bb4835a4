using HomeIQ.Reconciler.Docker;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>A loop at work, whose passes a test waits for.</summary>
internal sealed class WatchedLoop : IAsyncDisposable
{
    /// <summary>By the wall's clock: a test that waits longer is stuck.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly CancellationTokenSource stop = new();
    private readonly Lock gate = new();
    private readonly List<PassReport> passes = [];
    private readonly List<(Func<PassReport, bool> Wanted, TaskCompletionSource<PassReport> Seen)> waiting = [];
    private readonly List<(Func<PassReport, bool> Wanted, Action Deed)> deeds = [];
    private readonly Task work;
    private readonly VirtualClock clock;

    public WatchedLoop(ReconcileLoop loop, VirtualClock clock)
    {
        Loop = loop;
        this.clock = clock;
        loop.Tell(Note);
        work = Task.Run(() => loop.RunAsync(stop.Token), CancellationToken.None);
    }

    public ReconcileLoop Loop { get; }

    public IReadOnlyList<PassReport> Passes
    {
        get
        {
            lock (gate)
            {
                return [.. passes];
            }
        }
    }

    /// <summary>The first pass from now on that is like that.</summary>
    public Task<PassReport> PassAsync(Func<PassReport, bool> wanted) => PassAsync(wanted, Passes.Count);

    /// <summary>Something happens once, just after the first pass from now on that is like that and before the loop goes on.</summary>
    public void When(Func<PassReport, bool> wanted, Action deed)
    {
        lock (gate)
        {
            deeds.Add((wanted, deed));
        }
    }

    /// <summary>The first pass that is like that, not counting so many at the beginning: none is missed, however late the test comes.</summary>
    public async Task<PassReport> PassAsync(Func<PassReport, bool> wanted, int skip)
    {
        var seen = new TaskCompletionSource<PassReport>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (gate)
        {
            if (passes.Skip(skip).FirstOrDefault(wanted) is { } past)
            {
                return past;
            }

            waiting.Add((wanted, seen));
        }

        try
        {
            var first = await Task.WhenAny(seen.Task, work).WaitAsync(Patience, TestContext.Current.CancellationToken);
            await first;
            return await seen.Task;
        }
        catch (TimeoutException late)
        {
            throw new TimeoutException($"no such pass; the last ones were:\n{string.Join('\n', Passes.TakeLast(5).Select(pass => $"{pass.At:O} {pass.Status?.Sync} {pass.Status?.Health} {pass.Run?.Summary} {pass.Waits.Reason} {pass.Problem}"))}", late);
        }
    }

    /// <summary>The first pass that begins after so much time.</summary>
    public Task<PassReport> PassAfterAsync(TimeSpan time)
    {
        var due = clock.Now + time;
        return PassAsync(pass => pass.At >= due);
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        try
        {
            await work;
        }
        catch (OperationCanceledException)
        {
            // That is how it ends.
        }

        stop.Dispose();
    }

    private void Note(PassReport report)
    {
        lock (gate)
        {
            foreach (var due in deeds.Where(due => due.Wanted(report)).ToList())
            {
                deeds.Remove(due);
                due.Deed();
            }

            passes.Add(report);
            foreach (var (wanted, seen) in waiting.Where(waiter => waiter.Wanted(report)).ToList())
            {
                seen.TrySetResult(report);
            }

            waiting.RemoveAll(waiter => waiter.Seen.Task.IsCompleted);
        }
    }
}
