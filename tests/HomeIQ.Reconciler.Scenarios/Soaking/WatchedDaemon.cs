using System.Diagnostics;
using HomeIQ.Reconciler.Applying;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Reporting;
using HomeIQ.Reconciler.Web;

namespace HomeIQ.Reconciler.Scenarios.Soaking;

/// <summary>The real daemon of a house, followed on its socket.</summary>
internal sealed class WatchedDaemon : IAsyncDisposable
{
    /// <summary>Lines of its log that are shown when something is wrong.</summary>
    private const int LastWords = 60;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly Process process;
    private readonly Queue<string> told = new();
    private readonly CancellationTokenSource patience = new();
    private DaemonClient? client;
    private IAsyncEnumerator<News>? news;

    private WatchedDaemon(Process process)
    {
        this.process = process;
        process.ErrorDataReceived += (_, line) => Note(line.Data);
        process.OutputDataReceived += (_, line) => Note(line.Data);
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
    }

    /// <summary>Passes that it told of.</summary>
    public int Passes { get; private set; }

    /// <summary>How its runs ended.</summary>
    public SortedDictionary<RunPhase, int> Runs { get; } = [];

    public static async Task<WatchedDaemon> StartAsync(House house, params string[] arguments)
    {
        var daemon = new WatchedDaemon(house.Start(["run", .. arguments]));
        var watch = Stopwatch.StartNew();
        while ((daemon.client = await DaemonClient.FindAsync(house.State, TestContext.Current.CancellationToken)) is null)
        {
            Assert.False(daemon.process.WaitForExit(20) || watch.Elapsed > Patience, $"the daemon has no socket:\n{daemon.LastTold}");
        }

        daemon.news = daemon.client.FollowAsync(daemon.patience.Token).GetAsyncEnumerator();
        return daemon;
    }

    public string LastTold
    {
        get
        {
            lock (told)
            {
                return string.Join('\n', told);
            }
        }
    }

    public Vitals Vitals => Vitals.Of(process.Id);

    /// <summary>Waits until a look that began after that moment finds the host as it is wanted.</summary>
    /// <param name="missing">What is still otherwise; null when nothing is.</param>
    public async Task<HostStatus> SettledAsync(DateTimeOffset after, Func<HostStatus, Task<string?>> missing)
    {
        patience.CancelAfter(Patience);
        var looks = 0;
        var last = "nothing was told";
        await client!.ReconcileAsync(patience.Token);
        try
        {
            while (await news!.MoveNextAsync())
            {
                if (news.Current.Event is RunFinished finished)
                {
                    Runs[finished.Phase] = Runs.GetValueOrDefault(finished.Phase) + 1;
                }

                if (news.Current.Status is not { } status)
                {
                    continue;
                }

                Passes++;
                if (news.Current.At > after && ++looks < 2)
                {
                    // That one may have looked before: the next one has not.
                    await client.ReconcileAsync(patience.Token);
                }
                else if (looks >= 2 && (last = await missing(status)) is null)
                {
                    patience.CancelAfter(Timeout.InfiniteTimeSpan);
                    return status;
                }
            }
        }
        catch (Exception late) when (late is OperationCanceledException or IOException)
        {
            last = $"{last} ({late.Message})";
        }

        throw new InvalidOperationException($"it did not settle: {last}\n{LastTold}");
    }

    /// <summary>Waits for something that it tells of.</summary>
    public async Task UntilAsync(Func<News, bool> wanted)
    {
        patience.CancelAfter(Patience);
        await client!.ReconcileAsync(patience.Token);
        while (await news!.MoveNextAsync())
        {
            if (wanted(news.Current))
            {
                patience.CancelAfter(Timeout.InfiniteTimeSpan);
                return;
            }
        }
    }

    /// <summary>Tells it to stop, and returns its exit code.</summary>
    public async Task<int> StopAsync()
    {
        House.Run("kill", ["-TERM", $"{process.Id}"], new Dictionary<string, string>());
        await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
        return process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            process.Kill();
            await process.WaitForExitAsync(CancellationToken.None);
        }

        await patience.CancelAsync();
        if (news is not null)
        {
            await news.DisposeAsync();
        }

        client?.Dispose();
        patience.Dispose();
        process.Dispose();
    }

    private void Note(string? line)
    {
        lock (told)
        {
            if (line is not null)
            {
                told.Enqueue(line);
            }

            while (told.Count > LastWords)
            {
                told.Dequeue();
            }
        }
    }
}
