using System.Threading.Channels;
using HomeIQ.Reconciler.Docker;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Locking;
using Microsoft.Extensions.Logging;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>Keeps a host on its commit: one worker, woken early by hints, made right by the interval (level-triggered).</summary>
/// <remarks>What it decides on is looked up anew in each pass; nothing that matters is true only in its memory.</remarks>
public sealed partial class ReconcileLoop(
    Reconciliation reconciliation, SourceWatch source, EngineWatch engine, Hints hints, LoopSettings settings, TimeProvider time, ILogger<ReconcileLoop> logger)
{
    private readonly Channel<Request> requests = Channel.CreateUnbounded<Request>(new UnboundedChannelOptions { SingleReader = true });
    private volatile PassReport? latest;
    private volatile Action<PassReport>[] listeners = [];

    /// <summary>The newest pass; null before the first one has ended.</summary>
    public PassReport? Latest => latest;

    /// <summary>What is known of the branch.</summary>
    public SourceView Source => source.View;

    /// <summary>Has somebody told after each pass, in order.</summary>
    public void Tell(Action<PassReport> listener) => listeners = [.. listeners, listener];

    /// <summary>Looks at the host now.</summary>
    /// <param name="why">In the operator's words, for the log.</param>
    public void Wake(string why) => hints.Give(why);

    /// <summary>Looks at repository and host now.</summary>
    public void Reconcile()
    {
        source.Ask();
        hints.Give("asked for");
    }

    /// <summary>Has the worker do what a person asked for, between two passes.</summary>
    public async Task<ApplyReport> AskAsync(string what, Func<Reconciliation, CancellationToken, Task<ApplyReport>> deed)
    {
        var request = new Request(what, deed, new(TaskCreationOptions.RunContinuationsAsynchronously));
        if (!requests.Writer.TryWrite(request))
        {
            return new(ApplyResult.Refused, "the daemon is stopping; nothing was touched");
        }

        hints.Give(what);
        return await request.Answer.Task;
    }

    /// <summary>Works until cancelled. A run that is under way then goes back, or is left soaking; nothing is left half done.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        source.Tell(reconciliation.Consider);
        reconciliation.TellOfOffers(() => hints.Give("the repository was offered a branch"));
        var beside = new[] { source.FollowAsync(stop.Token), engine.ListenAsync(stop.Token) };
        try
        {
            var work = WorkAsync(stop.Token);
            var first = await Task.WhenAny([work, .. beside]);
            if (first != work && first.IsFaulted)
            {
                // Without its ears the loop would go on deaf: end it, and let whoever started it start it anew.
                await stop.CancelAsync();
            }

            // The ears end at once; a run that is under way takes its time, and nobody may close the journal or the clone under it.
            await EndedAsync(work);
            await first;
            await work;
        }
        finally
        {
            requests.Writer.TryComplete();
            while (requests.Reader.TryRead(out var left))
            {
                left.Answer.TrySetResult(new(ApplyResult.Refused, "the daemon stopped before it came to this; nothing was touched"));
            }

            await stop.CancelAsync();
            await reconciliation.SettledAsync();
            await Task.WhenAll(beside.Select(EndedAsync));
        }
    }

    private async Task WorkAsync(CancellationToken cancellationToken)
    {
        var failures = 0;
        string? lockedBy = null, waiting = null, unheard = null;
        while (!cancellationToken.IsCancellationRequested)
        {
            var began = time.GetTimestamp();
            var report = await PassAsync(cancellationToken);
            latest = report;
            foreach (var listener in listeners)
            {
                listener(report);
            }

            failures = report.Problem is null ? 0 : failures + 1;
            LogPassed(report.Status?.Sync.ToString() ?? "-", report.Status?.Health.ToString() ?? "-", time.GetElapsedTime(began).TotalMilliseconds);

            if (report.Status is { } seen && seen.LockedBy != lockedBy)
            {
                lockedBy = seen.LockedBy;
                if (lockedBy is null)
                {
                    LogUnlocked();
                }
                else
                {
                    LogLocked(lockedBy);
                }
            }

            if (report.Status?.Waiting is var waits && waits != waiting)
            {
                waiting = waits;
                if (waiting is not null)
                {
                    LogWaiting(waiting);
                }
            }

            if (reconciliation.ForgeProblem is var refused && refused != unheard)
            {
                unheard = refused;
                if (unheard is not null)
                {
                    LogUnheard(unheard);
                }
            }

            if (report.Run is { Result: ApplyResult.Applied or ApplyResult.RolledBack or ApplyResult.Soaking })
            {
                // What was done is looked at once more, at once: a commit or drift may have come meanwhile.
                continue;
            }

            if (await hints.WaitAsync(UntilNext(report, failures), cancellationToken) is { } why)
            {
                LogWoken(why);
            }
        }
    }

    private TimeSpan UntilNext(PassReport report, int failures)
    {
        var wait = failures > 0 ? settings.BackOff(failures) : settings.Around(settings.Interval);
        foreach (var due in new[] { report.Waits is { NeedsPerson: false } waits ? waits.NotBefore : null, report.Next })
        {
            wait = due - time.GetUtcNow() is { } left && left < wait ? left : wait;
        }

        return wait > TimeSpan.Zero ? wait : TimeSpan.FromMilliseconds(1);
    }

    private async Task<PassReport> PassAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (requests.Reader.TryRead(out var request))
            {
                await AnswerAsync(request, cancellationToken);
            }

            return WithCulprit(await reconciliation.PassAsync(source.View, cancellationToken));
        }
        catch (Exception unavailable) when (unavailable is ContainerHostException or JournalException or IOException or LockLostException)
        {
            LogUnavailable(unavailable.Message);
            return new(time.GetUtcNow(), null, null, null, Attempt.Now, unavailable.Message);
        }
    }

    /// <summary>A correction that waits because somebody undoes it: what the engine told of that, as far as it tells.</summary>
    private PassReport WithCulprit(PassReport report)
    {
        if (report is not { Waits.Contested: { } service, Status.Waiting: { } waiting } || engine.LastOf(service) is not { } told)
        {
            return report;
        }

        return report with { Status = report.Status with { Waiting = $"{waiting}; the engine told last: {told}" } };
    }

    private async Task AnswerAsync(Request request, CancellationToken cancellationToken)
    {
        try
        {
            LogAsked(request.What);
            request.Answer.TrySetResult(await request.Deed(reconciliation, cancellationToken));
        }
        catch (Exception failed)
        {
            // Whoever asked is told what the verb would have told; the loop goes on by its own look.
            request.Answer.TrySetException(failed);
        }
    }

    private static async Task EndedAsync(Task task)
    {
        try
        {
            await task;
        }
        catch (OperationCanceledException)
        {
            // That is how they end.
        }
    }

    [LoggerMessage(LogLevel.Debug, "Pass: {Sync}, {Health}, {Milliseconds:0} ms")]
    private partial void LogPassed(string sync, string health, double milliseconds);

    [LoggerMessage(LogLevel.Debug, "Woken: {Why}")]
    private partial void LogWoken(string why);

    [LoggerMessage(LogLevel.Information, "Asked to {What}")]
    private partial void LogAsked(string what);

    [LoggerMessage(LogLevel.Warning, "Only looking: somebody else acts on this engine ({Holder})")]
    private partial void LogLocked(string holder);

    [LoggerMessage(LogLevel.Information, "Nobody else acts on this engine any more")]
    private partial void LogUnlocked();

    [LoggerMessage(LogLevel.Warning, "The forge is told again later: {Problem}")]
    private partial void LogUnheard(string problem);

    [LoggerMessage(LogLevel.Warning, "Waiting: {Why}")]
    private partial void LogWaiting(string why);

    [LoggerMessage(LogLevel.Error, "Cannot look after the host: {Problem}")]
    private partial void LogUnavailable(string problem);

    private sealed record Request(string What, Func<Reconciliation, CancellationToken, Task<ApplyReport>> Deed, TaskCompletionSource<ApplyReport> Answer);
}
