using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Reporting;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>A stage on which a daemon of ours looks after what was installed.</summary>
internal sealed class DaemonStage : IAsyncDisposable
{
    private AgentProcess? process;
    private WatchedLoop? loop;

    public DaemonStage() => Stacks.Publish(Stage.Engine);

    /// <summary>Looks so seldom that weeks are few looks.</summary>
    public static LoopSettings Rarely { get; } = new() { Interval = TimeSpan.FromHours(6), FetchInterval = TimeSpan.FromHours(6), Draw = () => 0.5 };

    public Stage Stage { get; } = new();

    public WatchedLoop Loop => loop ?? throw new InvalidOperationException("nothing is installed");

    /// <summary>What happened in the process that looks after it now.</summary>
    public IReadOnlyList<Applying.RunEvent> Events => [.. process!.Events];

    /// <summary>Newest first.</summary>
    public IReadOnlyList<RunRecord> Runs => Read(journal => journal.Runs(1000));

    /// <summary>Health checks so seldom that weeks of them are few.</summary>
    public static string Slow(string compose) => compose.Replace("interval: 1s, timeout: 1s, retries: 3", "interval: 10m, timeout: 1s, retries: 1", StringComparison.Ordinal);

    /// <returns>The commit that is installed and last known-good.</returns>
    public async Task<string> InstallAsync(string? compose = null, LoopSettings? settings = null)
    {
        var commit = Stage.Commit(compose ?? Stacks.Three());
        Begin(settings);
        var first = await Loop.PassAsync(pass => pass.Run is not null);
        Assert.True(first.Run!.Result == ApplyResult.Applied, first.Run.Summary);
        await Loop.PassAsync(pass => pass.Status is { Sync: Sync.Synced });
        return commit;
    }

    /// <summary>The daemon ends as it should, and another one begins.</summary>
    public async Task RestartAsync(LoopSettings? settings = null)
    {
        await Loop.DisposeAsync();
        process!.Dispose();
        Begin(settings);
    }

    public T Read<T>(Func<IJournal, T> read)
    {
        using var reader = Stage.Begin();
        return read(reader.Journal);
    }

    public async ValueTask DisposeAsync()
    {
        if (loop is not null)
        {
            await loop.DisposeAsync();
        }

        Stage.Dispose();
    }

    private void Begin(LoopSettings? settings)
    {
        process = Stage.Begin();
        loop = process.Loop(settings);
    }
}
