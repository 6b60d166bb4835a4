namespace HomeIQ.Reconciler.Docker;

/// <content>Marks. They are in no picture and no transcript, and their calls are not counted among those that change something: who holds the lock is another story.</content>
public sealed partial class FakeEngine
{
    private readonly Dictionary<string, FakeMark> marks = new(StringComparer.Ordinal);
    private readonly List<EngineEvent> markNews = [];
    private int marksMade;

    public Task<string?> PlaceMarkAsync(string name, ValueMap<string> labels, CancellationToken cancellationToken) =>
        MarkAsync<string?>(
            "place-mark",
            () =>
            {
                if (Find(name) is not null || marks.Values.Any(mark => mark.Name == name))
                {
                    return null;
                }

                // A count of its own: ids of containers are the same with and without a lock.
                var id = NewMarkId();
                marks[id] = new(name, labels.With(Mark.Label, ""));
                Tell(id, "create");
                return id;
            },
            cancellationToken);

    public Task<Mark?> FindMarkAsync(string name, CancellationToken cancellationToken) =>
        MarkAsync(
            "find-mark",
            () => marks.Where(pair => pair.Value.Name == name).Select(pair => new Mark(pair.Key, pair.Value.Labels, pair.Value.Count)).FirstOrDefault()
                ?? (Find(name) is { } container && container.Name == name ? new Mark(container.Id, container.Labels, container.Restart.MaximumRetries) : null),
            cancellationToken);

    public Task<bool> TurnMarkAsync(string markId, int count, CancellationToken cancellationToken) =>
        MarkAsync(
            "turn-mark",
            () =>
            {
                if (!marks.TryGetValue(markId, out var mark))
                {
                    return false;
                }

                marks[markId] = mark with { Count = count };
                Tell(markId, "update");
                return true;
            },
            cancellationToken);

    public Task<bool> RemoveMarkAsync(string markId, CancellationToken cancellationToken) => MarkAsync("remove-mark", () => DropMark(markId), cancellationToken);

    /// <summary>As with <c>docker container prune</c>.</summary>
    public void PruneMarks() => Ask(() => marks.Keys.ToList().TrueForAll(DropMark));

    /// <summary>The marks that there are now.</summary>
    public IReadOnlyList<Mark> Marks => Ask(() => marks.Select(pair => new Mark(pair.Key, pair.Value.Labels, pair.Value.Count)).ToList());

    private bool IsMarked(string name) => marks.Values.Any(mark => mark.Name == name);

    private bool DropMark(string id)
    {
        if (!marks.ContainsKey(id))
        {
            return false;
        }

        Tell(id, "destroy");
        return marks.Remove(id);
    }

    private string NewMarkId() => Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes($"{seed} mark {marksMade++}")));

    private void Tell(string markId, string action)
    {
        var news = new EngineEvent("container", action, markId, marks[markId].Labels.With("name", marks[markId].Name), clock.Now);
        markNews.Add(news);
        clock.Touch();
        foreach (var watcher in watchers)
        {
            watcher.Writer.TryWrite(news);
        }
    }

    private async Task<T> MarkAsync<T>(string call, Func<T> deed, CancellationToken cancellationToken)
    {
        await Task.Yield();
        clock.Touch();
        cancellationToken.ThrowIfCancellationRequested();
        var fault = await Faults.BeforeAsync(call, clock, cancellationToken);
        var answer = Ask(deed);
        fault?.After(call);
        return answer;
    }

    private sealed record FakeMark(string Name, ValueMap<string> Labels, int Count = 0);
}
