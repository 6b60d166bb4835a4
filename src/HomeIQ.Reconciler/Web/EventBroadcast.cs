using System.Collections.Concurrent;
using System.Threading.Channels;
using HomeIQ.Reconciler.Applying;

namespace HomeIQ.Reconciler.Web;

/// <summary>Hands what happens in runs to everybody who listens; who is slow or gone holds nobody up.</summary>
internal sealed class EventBroadcast : IProgress<RunEvent>
{
    /// <summary>So much may wait for a slow listener; older news is dropped for newer.</summary>
    private const int Waiting = 1000;

    private readonly ConcurrentDictionary<Channel<RunEvent>, bool> listeners = [];

    public void Report(RunEvent value)
    {
        foreach (var listener in listeners.Keys)
        {
            listener.Writer.TryWrite(value);
        }
    }

    /// <summary>Listens until disposed.</summary>
    public Subscription Listen()
    {
        var channel = Channel.CreateBounded<RunEvent>(new BoundedChannelOptions(Waiting) { FullMode = BoundedChannelFullMode.DropOldest });
        listeners[channel] = true;
        return new(channel.Reader, () => listeners.TryRemove(channel, out _));
    }

    public sealed class Subscription(ChannelReader<RunEvent> events, Action end) : IDisposable
    {
        public ChannelReader<RunEvent> Events { get; } = events;

        public void Dispose() => end();
    }
}
