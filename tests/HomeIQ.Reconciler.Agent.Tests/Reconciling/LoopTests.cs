using HomeIQ.Reconciler.Docker;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Reporting;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>What the daemon owes to a house that nobody watches, under a clock that runs through weeks in seconds.</summary>
public sealed class LoopTests : IAsyncDisposable
{
    private readonly Stage stage = new();
    private WatchedLoop? loop;

    public LoopTests() => Stacks.Publish(stage.Engine);

    public async ValueTask DisposeAsync()
    {
        if (loop is not null)
        {
            await loop.DisposeAsync();
        }

        stage.Dispose();
    }

    [Fact]
    public async Task A_commit_is_followed()
    {
        await InstalledAsync();

        var commit = stage.Commit(Stacks.Three(api: "1.1.0"));
        var pass = await loop!.PassAsync(pass => pass.Run is not null);

        Assert.Equal(ApplyResult.Applied, pass.Run!.Result);
        Assert.Contains("house/app:1.1.0", stage.Picture, StringComparison.Ordinal);
        var settled = await loop.PassAsync(pass => pass.Status is { Sync: Sync.Synced });
        Assert.Equal(commit, settled.Status!.Effective);
    }

    [Fact]
    public async Task A_removed_container_is_back_long_before_the_next_look()
    {
        await InstalledAsync(Rarely);
        var removed = stage.Clock.Now;

        stage.Engine.RemoveByHand("web");
        var pass = await loop!.PassAsync(pass => pass.Run is not null);

        Assert.Equal(ApplyResult.Applied, pass.Run!.Result);
        var run = pass.Run.Run!;
        using var reader = stage.Begin();
        var record = reader.Journal.Find(run)!;
        Assert.Equal(RunCause.Drift, record.Cause);
        var started = record.Begun.Single(step => step.Planned.Step is Planning.StartContainer { Service: "web" });
        Assert.True(started.EndedAt - removed < Rarely.Interval / 60, $"{started.EndedAt - removed}");
    }

    [Fact]
    public async Task A_bad_commit_is_taken_back_and_never_tried_again_in_weeks()
    {
        await InstalledAsync(Rarely, Slow(Stacks.Three()));
        var before = stage.Picture;

        stage.Commit(Slow(Stacks.Three(api: "1.9.0-sick")));
        loop!.Loop.Reconcile();
        var failed = await loop.PassAsync(pass => pass.Run is not null);
        Assert.Equal(ApplyResult.RolledBack, failed.Run!.Result);
        stage.Engine.Transcript.Take();

        var later = await loop.PassAfterAsync(TimeSpan.FromDays(7));

        Assert.Equal(Sync.Held, later.Status!.Sync);
        Assert.Equal(before, stage.Picture);
        Assert.Equal("", stage.Engine.Transcript.Take());
        Assert.Equal(2, Runs().Count);
    }

    [Fact]
    public async Task Held_is_not_abandoned()
    {
        await InstalledAsync();
        stage.Commit(Stacks.Three(api: "1.9.0-sick"));
        await loop!.PassAsync(pass => pass.Status is { Sync: Sync.Held });

        stage.Engine.RemoveByHand("web");
        var healed = await loop.PassAsync(pass => pass.Run is not null);

        Assert.Equal(ApplyResult.Applied, healed.Run!.Result);
        Assert.Contains("web running", stage.Picture, StringComparison.Ordinal);
        Assert.Equal(RunCause.Drift, Runs()[0].Cause);
        Assert.Equal(Sync.Held, (await loop.PassAfterAsync(TimeSpan.FromMinutes(5))).Status!.Sync);
    }

    [Fact]
    public async Task A_fix_is_taken_at_once()
    {
        await InstalledAsync();
        stage.Commit(Stacks.Three(api: "1.9.0-sick"));
        await loop!.PassAsync(pass => pass.Status is { Sync: Sync.Held });

        stage.Commit(Stacks.Three(api: "1.2.0"));
        var pass = await loop.PassAsync(pass => pass.Run is not null);

        Assert.Equal(ApplyResult.Applied, pass.Run!.Result);
        Assert.Contains("api running healthy house/app:1.2.0", stage.Picture, StringComparison.Ordinal);
    }

    /// <remarks>kustomize-controller#701: the fix waited for the time limit of the check that it mends.</remarks>
    [Fact]
    public async Task A_fix_that_arrives_while_the_bad_commit_is_verified_need_not_wait_for_the_failing_check()
    {
        await InstalledAsync(compose: Patient(Stacks.Three()));
        var ids = await stage.IdsAsync();
        string? fix = null;
        stage.Engine.Faults.Meanwhile("start", 1, () => fix = stage.Commit(Patient(Stacks.Three(api: "1.2.0"))));

        stage.Commit(Patient(Stacks.Three(api: "1.9.0-sick")));
        var back = await loop!.PassAsync(pass => pass.Run is not null);
        var mended = await loop.PassAsync(pass => pass.Run is { Result: ApplyResult.Applied });

        Assert.Equal(ApplyResult.RolledBack, back.Run!.Result);
        Assert.Equal($"rolled back to {Runs()[2].Plan.Revision[..8]}: overtaken by {fix![..8]}, which changes api", back.Run.Summary);
        var check = Runs()[1].Begun.Single(step => step.Planned.Step is Planning.VerifyService { Service: "api" });
        Assert.True(check.EndedAt - check.BegunAt < TimeSpan.FromMinutes(2), $"{check.EndedAt - check.BegunAt}");
        Assert.Empty(stage.Quarantine());
        Assert.Contains("house/app:1.2.0", stage.Picture, StringComparison.Ordinal);
        Assert.Equal([RunPhase.Succeeded, RunPhase.RolledBack, RunPhase.Succeeded], Runs().Select(run => run.Phase));
        Assert.Equal(ids["db"], (await stage.IdsAsync())["db"]);
        Assert.Equal(mended.Run!.Run, Runs()[0].Id);
    }

    [Fact]
    public async Task Commits_that_keep_coming_do_not_keep_each_other_from_being_finished()
    {
        await InstalledAsync(compose: Patient(Stacks.Three()));
        var versions = new Queue<string>(["1.2.0", "1.0.0", "1.1.0", "1.2.0", "1.0.0", "1.1.0"]);
        for (var start = 1; start <= versions.Count; start++)
        {
            stage.Engine.Faults.Meanwhile("start", start, () => stage.Commit(Patient(Stacks.Three(api: versions.Dequeue()))));
        }

        stage.Commit(Patient(Stacks.Three(api: "1.1.0")));
        var second = await loop!.PassAsync(pass => pass.Run is { Result: ApplyResult.Applied });

        Assert.Equal([RunPhase.Succeeded, RunPhase.RolledBack, RunPhase.Succeeded], Runs().Take(3).Select(run => run.Phase));
        Assert.Equal(second.Run!.Run, Runs()[0].Id);
    }

    [Fact]
    public async Task A_commit_that_changes_something_else_waits_until_the_run_under_way_has_ended()
    {
        await InstalledAsync();
        stage.Engine.Faults.Meanwhile("start", 1, () => stage.Commit(Stacks.Three(api: "1.1.0", web: "1.1.0")));

        stage.Commit(Stacks.Three(api: "1.1.0"));
        var first = await loop!.PassAsync(pass => pass.Run is not null);
        var second = await loop.PassAsync(pass => pass.Run is not null);

        Assert.Equal((ApplyResult.Applied, ApplyResult.Applied), (first.Run!.Result, second.Run!.Result));
        Assert.Equal([RunPhase.Succeeded, RunPhase.Succeeded, RunPhase.Succeeded], Runs().Select(run => run.Phase));
    }

    [Fact]
    public async Task An_environmental_failure_is_tried_again_ever_more_slowly()
    {
        await InstalledAsync();
        stage.Engine.Faults.FailAt("create", 1, Fault.Of(HostFailure.Engine));
        stage.Engine.Faults.FailAt("create", 2, Fault.Of(HostFailure.Engine));

        stage.Commit(Stacks.Three(api: "1.1.0"));
        await loop!.PassAsync(pass => pass.Run is { Result: ApplyResult.Applied });

        var tries = Runs().Reverse().Skip(1).ToList();
        Assert.Equal([RunPhase.RolledBack, RunPhase.RolledBack, RunPhase.Succeeded], tries.Select(run => run.Phase));
        Assert.True(tries[1].StartedAt - tries[0].EndedAt >= Attempts.FirstWait);
        Assert.True(tries[2].StartedAt - tries[1].EndedAt >= 2 * Attempts.FirstWait);
    }

    [Fact]
    public async Task A_correction_that_is_undone_again_and_again_stops_and_is_told_in_status_with_what_the_engine_tells()
    {
        await InstalledAsync();
        for (var i = 0; i < Attempts.ContestLimit; i++)
        {
            stage.Engine.StopByHand("web");
            await loop!.PassAsync(pass => pass.Run is { Result: ApplyResult.Applied });
        }

        stage.Engine.StopByHand("web");
        var given = await loop!.PassAsync(pass => pass.Waits.NotBefore is not null);

        Assert.Contains("web was put right 5 times", given.Waits.Reason, StringComparison.Ordinal);
        Assert.Matches("^web was put right 5 times .* somebody else acts on it; tried again at .*Z, or by homeiq apply; the engine told last: (die|kill|stop).* of web at ..:..:..Z$", given.Status!.Waiting);
        using (var reader = stage.Begin())
        {
            Assert.StartsWith(given.Waits.Reason, (await reader.Reconciliation.StatusAsync(TestContext.Current.CancellationToken)).Waiting, StringComparison.Ordinal);
        }

        var again = await loop.PassAsync(pass => pass.Run is not null);
        Assert.True(again.At - given.At >= Attempts.ContestRest - TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task With_the_repository_gone_drift_is_still_corrected()
    {
        await InstalledAsync();
        stage.MoveSourceAway();
        await loop!.PassAsync(pass => pass.Status?.SourceProblem is not null);

        stage.Engine.RemoveByHand("web");
        var healed = await loop.PassAsync(pass => pass.Run is not null);

        Assert.Equal(ApplyResult.Applied, healed.Run!.Result);
        Assert.Contains("web running", stage.Picture, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_repair_moves_no_known_good_state()
    {
        await InstalledAsync();
        stage.Commit(Stacks.Three(api: "1.1.0"));
        await loop!.PassAsync(pass => pass.Run is { Result: ApplyResult.Applied });
        stage.Engine.RemoveByHand("api");
        await loop.PassAsync(pass => pass.Run is { Result: ApplyResult.Applied });

        var back = await loop.Loop.AskAsync("roll back", (reconciliation, cancellationToken) => reconciliation.RollbackAsync(cancellationToken));

        Assert.Equal(ApplyResult.Applied, back.Result);
        Assert.Contains("api running healthy house/app:1.0.0", stage.Picture, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_person_applied_is_not_undone_because_the_loop_has_not_fetched_it_yet()
    {
        await InstalledAsync(Rarely);
        var commit = stage.Commit(Stacks.Three(api: "1.1.0"));

        var report = await loop!.Loop.AskAsync("apply", (reconciliation, cancellationToken) => reconciliation.ApplyAsync(null, null, false, watches: false, cancellationToken));
        var next = await loop.PassAsync(pass => pass.Status is { Sync: Sync.Synced });

        Assert.Equal((ApplyResult.Applied, commit), (report.Result, next.Status!.Effective));
        Assert.Equal(2, Runs().Count);
    }

    [Fact]
    public async Task A_quiet_host_is_left_alone()
    {
        await InstalledAsync(Rarely, Slow(Stacks.Three()));
        stage.Engine.Transcript.Take();

        var later = await loop!.PassAfterAsync(TimeSpan.FromDays(7));

        Assert.Equal(Sync.Synced, later.Status!.Sync);
        Assert.Equal("", stage.Engine.Transcript.Take());
        Assert.Single(Runs());
    }

    [Fact]
    public async Task A_stop_waits_until_the_run_under_way_has_gone_back()
    {
        await InstalledAsync();
        var before = stage.Picture;
        var stopping = new TaskCompletionSource<Task>(TaskCreationOptions.RunContinuationsAsynchronously);
        stage.Engine.Faults.Meanwhile("rename", 1, () => stopping.SetResult(loop!.DisposeAsync().AsTask()));
        stage.Commit(Stacks.Three(api: "1.1.0"));

        await await stopping.Task;

        loop = null;
        Assert.Equal(RunPhase.RolledBack, Runs()[0].Phase);
        Assert.Equal(before, stage.Picture);
    }

    private static LoopSettings Rarely { get; } = new() { Interval = TimeSpan.FromHours(1), FetchInterval = TimeSpan.FromHours(1), Draw = () => 0.5 };

    /// <summary>Health checks so seldom that weeks of them are few.</summary>
    private static string Slow(string compose) => compose.Replace("interval: 1s, timeout: 1s, retries: 3", "interval: 10m, timeout: 1s, retries: 1", StringComparison.Ordinal);

    /// <summary>A verification takes longer than it takes to see a newer commit.</summary>
    private static string Patient(string compose) => compose.Replace("interval: 1s, timeout: 1s, retries: 3", "interval: 5m, timeout: 1s, retries: 10", StringComparison.Ordinal);

    private async Task InstalledAsync(LoopSettings? settings = null, string? compose = null)
    {
        stage.Commit(compose ?? Stacks.Three());
        loop = stage.Begin().Loop(settings);
        var first = await loop.PassAsync(pass => pass.Run is not null);
        Assert.Equal(ApplyResult.Applied, first.Run!.Result);
        await loop.PassAsync(pass => pass.Status is { Sync: Sync.Synced });
    }

    private IReadOnlyList<RunRecord> Runs()
    {
        using var reader = stage.Begin();
        return reader.Journal.Runs(1000);
    }
}
