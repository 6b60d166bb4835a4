using HomeIQ.Reconciler.Docker;
using HomeIQ.Reconciler.Git;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>How long is waited for what does not answer. Runs that fail have theirs in the journal: AttemptsTests.</summary>
public sealed class BackOffTests : IDisposable
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly VirtualClock clock = new();
    private readonly Waits waits;

    public BackOffTests() => waits = new(clock);

    public void Dispose() => clock.Dispose();

    [Theory]
    [InlineData(0, 54)]
    [InlineData(0.5, 60)]
    [InlineData(1, 66)]
    public void Waits_are_drawn_around_their_length(double drawn, int seconds) =>
        Assert.Equal(seconds * Second, new LoopSettings { Draw = () => drawn }.Around(TimeSpan.FromMinutes(1)));

    [Fact]
    public void Without_a_draw_of_their_own_no_two_hosts_wait_alike()
    {
        var drawn = Enumerable.Range(0, 100).Select(_ => new LoopSettings().Around(TimeSpan.FromMinutes(1))).ToList();

        Assert.All(drawn, wait => Assert.InRange(wait, 54 * Second, 66 * Second));
        Assert.True(drawn.Distinct().Count() > 50, $"{drawn.Distinct().Count()} of 100");
    }

    [Fact]
    public void A_wait_doubles_with_each_failure_up_to_the_longest_however_many_there_are()
    {
        var settings = new LoopSettings { Draw = () => 0.5 };

        Assert.Equal([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300], Enumerable.Range(1, 11).Select(failures => (int)settings.BackOff(failures).TotalSeconds));
        Assert.Equal(settings.LongestBackOff, settings.BackOff(int.MaxValue));
    }

    [Fact]
    public async Task An_engine_that_is_away_is_asked_ever_more_slowly_up_to_the_longest_wait()
    {
        await using var engine = new FakeEngine(clock);
        engine.GoAway();

        await WaitAsync(settings => new EngineWatch(engine, "home", new Hints(clock), settings, clock).ListenAsync);

        waits.AreEverLonger();
        Assert.True(engine.Faults.Calls("watch") >= Waits.Enough);
    }

    [Fact]
    public async Task A_source_that_is_away_is_asked_ever_more_slowly_up_to_the_longest_wait()
    {
        var root = Directory.CreateTempSubdirectory("homeiq-away-").FullName;
        try
        {
            using var source = GitSource.Open(new GitSettings { Url = Path.Combine(root, "nowhere"), Directory = Path.Combine(root, "clone"), Branch = "main" });

            await WaitAsync(settings => new SourceWatch(source, new Hints(clock), settings, clock).FollowAsync);
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }

        waits.AreEverLonger();
    }

    [Fact]
    public async Task The_loop_looks_after_an_engine_that_is_away_ever_more_slowly_up_to_the_longest_wait()
    {
        await using var house = new DaemonStage();
        await house.InstallAsync(DaemonStage.Slow(Stacks.Three()), new() { FetchInterval = TimeSpan.FromDays(1), LongestBackOff = Waits.Longest, Draw = () => 0.5 });
        house.Loop.When(_ => true, house.Stage.Engine.GoAway);
        await house.Loop.PassAsync(pass => pass.Problem is not null);
        await house.Loop.PassAfterAsync(20 * Waits.Longest);

        var failed = house.Loop.Passes.SkipWhile(pass => pass.Problem is null).Select(pass => pass.At).ToList();
        Waits.AreEverLonger(failed);
    }

    /// <summary>Lets somebody wait in vain often enough.</summary>
    private async Task WaitAsync(Func<LoopSettings, Func<CancellationToken, Task>> waiter)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var settings = new LoopSettings { LongestBackOff = Waits.Longest, Draw = waits.Draw };
        var waiting = Task.Run(() => waiter(settings)(stop.Token), CancellationToken.None);
        await Task.WhenAny(waits.Over, waiting).WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    /// <summary>When somebody drew a wait, by the clock that runs on while he waits.</summary>
    private sealed class Waits(VirtualClock clock)
    {
        public const int Enough = 12;

        public static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);

        private readonly TaskCompletionSource over = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly List<DateTimeOffset> drawn = [];

        public Task Over => over.Task;

        public double Draw()
        {
            lock (drawn)
            {
                drawn.Add(clock.Now);
                if (drawn.Count == Enough)
                {
                    over.SetResult();
                }
            }

            return 0.5;
        }

        public void AreEverLonger()
        {
            lock (drawn)
            {
                AreEverLonger([.. drawn]);
            }
        }

        public static void AreEverLonger(IReadOnlyList<DateTimeOffset> asked)
        {
            var between = asked.Zip(asked.Skip(1), (earlier, later) => later - earlier).ToList();
            var text = string.Join(", ", between);
            Assert.True(between.Count >= Enough - 1, text);
            Assert.True(between.Index().All(wait => wait.Item >= Second * Math.Min(60, Math.Pow(2, wait.Index))), text);
            Assert.True(between.Contains(Longest), text);
        }
    }
}
