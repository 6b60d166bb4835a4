using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace HomeIQ.Reconciler.Docker;

/// <content>The stream of events.</content>
public sealed partial class FakeEngine
{
    private readonly List<EngineEvent> happened = [];
    private readonly List<Channel<EngineEvent>> watchers = [];

    /// <summary>Everything that happened to containers so far: proof of what was, and was not, touched.</summary>
    public IReadOnlyList<EngineEvent> Events => Ask(() => happened.ToArray());

    public Task<IReadOnlyList<EngineEvent>> RecallAsync(string containerId, DateTimeOffset since, DateTimeOffset until, CancellationToken cancellationToken) =>
        LookAsync<IReadOnlyList<EngineEvent>>(
            "recall",
            () =>
            {
                var told = happened.Where(known => known.ActorId == containerId && known.At >= since && known.At <= until).ToList();
                return told.FindIndex(known => known.Action == "die") is >= 0 and var end ? [.. told.Take(end + 1)] : told;
            },
            cancellationToken);

    public async IAsyncEnumerable<EngineEvent> WatchAsync(DateTimeOffset? since, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var channel = Channel.CreateUnbounded<EngineEvent>();
        lock (gate)
        {
            foreach (var missed in happened.Concat(markNews).Where(missed => missed.At >= since).OrderBy(missed => missed.At))
            {
                channel.Writer.TryWrite(missed);
            }

            watchers.Add(channel);
        }

        try
        {
            (await Faults.BeforeAsync("watch", clock, cancellationToken))?.After("watch");
            ThrowIfAway();
            await foreach (var news in channel.Reader.ReadAllAsync(cancellationToken))
            {
                yield return news;
            }
        }
        finally
        {
            lock (gate)
            {
                watchers.Remove(channel);
            }
        }
    }

    private void Happened(FakeContainer container, string action, params ReadOnlySpan<(string Key, string Value)> more)
    {
        var attributes = new ValueMap<string>([.. container.Labels, new("name", container.Name), new("image", container.Spec.Image)]);
        foreach (var (key, value) in more)
        {
            attributes = attributes.With(key, value);
        }

        var news = new EngineEvent("container", action, container.Id, attributes, clock.Now);
        happened.Add(news);
        clock.Touch();
        foreach (var watcher in watchers)
        {
            watcher.Writer.TryWrite(news);
        }
    }
}
