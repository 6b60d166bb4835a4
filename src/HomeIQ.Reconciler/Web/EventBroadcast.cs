using System.Collections.Concurrent;
using System.Threading.Channels;
using HomeIQ.Reconciler.Applying;
using HomeIQ.Reconciler.Planning;
using HomeIQ.Reconciler.Reporting;

namespace HomeIQ.Reconciler.Web;

/// <summary>Something that a daemon tells: what happens in a run, how the host stands after a pass, or what a person decided.</summary>
/// <param name="Run">The run that an event belongs to, where that is known.</param>
internal sealed record News(DateTimeOffset At, string? Run = null, RunEvent? Event = null, HostStatus? Status = null, Decision? Decision = null);

/// <summary>Hands what happens to everybody who listens; who is slow or gone holds nobody up.</summary>
internal sealed class EventBroadcast(TimeProvider time) : IProgress<RunEvent>
{
    /// <summary>So much may wait for a slow listener; older news is dropped for newer.</summary>
    private const int Waiting = 1000;

    private readonly ConcurrentDictionary<Channel<News>, bool> listeners = [];
    private volatile string? run;

    public void Report(RunEvent value)
    {
        run = value is RunBegan began ? began.Run : run;
        Tell(new(time.GetUtcNow(), value is RunFinished finished ? finished.Run : run, Event: value));
        run = value is RunFinished ? null : run;
    }

    /// <summary>How the host stood in a pass.</summary>
    public void Report(HostStatus status) => Tell(new(time.GetUtcNow(), Status: status));

    public void Report(Decision decision) => Tell(new(time.GetUtcNow(), Decision: decision));

    /// <summary>Listens until disposed.</summary>
    public Subscription Listen()
    {
        var channel = Channel.CreateBounded<News>(new BoundedChannelOptions(Waiting) { FullMode = BoundedChannelFullMode.DropOldest });
        listeners[channel] = true;
        return new(channel.Reader, () => listeners.TryRemove(channel, out _));
    }

    private void Tell(News news)
    {
        foreach (var listener in listeners.Keys)
        {
            listener.Writer.TryWrite(news);
        }
    }

    public sealed class Subscription(ChannelReader<News> news, Action end) : IDisposable
    {
        public ChannelReader<News> News { get; } = news;

        public void Dispose() => end();
    }
}
