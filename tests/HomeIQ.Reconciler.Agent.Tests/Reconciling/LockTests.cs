using HomeIQ.Reconciler.Docker;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Locking;
using HomeIQ.Reconciler.Reporting;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>Two reconcilers on one engine for the same instance, from two state directories or two machines: never do both act.</summary>
public sealed class LockTests : IDisposable
{
    private readonly Stage stage = new();

    public LockTests() => Stacks.Publish(stage.Engine);

    public void Dispose() => stage.Dispose();

    [Fact]
    public async Task Who_comes_while_another_one_acts_is_told_who_and_touches_nothing()
    {
        stage.Commit(Stacks.Three());
        using var first = stage.Begin();
        using var second = stage.Begin(new Lifeline(), from: "elsewhere");
        ApplyReport? refused = null;
        string? spoken = null;
        stage.Engine.Faults.Meanwhile("start", 1, () =>
        {
            stage.Engine.Transcript.Take();
            refused = Task.Run(() => second.ApplyAsync()).GetAwaiter().GetResult();
            spoken = stage.Engine.Transcript.Take();
        });

        var applied = await first.ApplyAsync();

        Assert.Equal(ApplyResult.Applied, applied.Result);
        Assert.Equal(ApplyResult.Refused, refused!.Result);
        Assert.Contains("process 1 on cellar", refused.Summary, StringComparison.Ordinal);
        Assert.Contains(stage.StateFolder, refused.Summary, StringComparison.Ordinal);
        Assert.Equal("", spoken);
        Assert.Empty(second.Journal.RunIds());
    }

    [Fact]
    public async Task Of_two_that_begin_at_the_same_time_one_acts()
    {
        stage.Commit(Stacks.Three());
        using var first = stage.Begin(new Lifeline(), from: "one");
        using var second = stage.Begin(new Lifeline(), from: "two");

        var reports = await Task.WhenAll(Task.Run(() => first.ApplyAsync()), Task.Run(() => second.ApplyAsync()));

        Assert.Single(reports, report => report.Result == ApplyResult.Applied);
        Assert.Single(first.Journal.RunIds().Concat(second.Journal.RunIds()));
        Assert.Equal(3, (await stage.IdsAsync()).Count);
    }

    [Fact]
    public async Task A_holder_that_was_killed_is_followed_at_once_from_another_state_directory()
    {
        stage.Commit(Stacks.Three());
        using (var killed = stage.Begin(new Lifeline { CutAt = 1 }, from: "elsewhere"))
        {
            Assert.Null(await killed.ApplyUntilCutAsync());
        }

        Assert.Single(stage.Engine.Marks);
        Assert.Equal(ApplyResult.Applied, (await stage.ApplyAsync()).Result);
        Assert.Empty(stage.Engine.Marks);
    }

    [Fact]
    public async Task A_run_whose_lock_is_gone_ends_at_the_next_step_and_is_finished_by_whoever_has_the_lock_next()
    {
        stage.Commit(Stacks.Three());
        await stage.ApplyAsync();
        var ids = await stage.IdsAsync();
        stage.Commit(Stacks.Three(db: "1.1.0"));
        stage.Engine.Transcript.Take();
        stage.Engine.Faults.Meanwhile("rename", 1, () =>
        {
            stage.Engine.PruneMarks();
            stage.LockClock.Advance(new LockSettings().Fresh);
        });

        string run;
        using (var process = stage.Begin())
        {
            var report = await process.ApplyAsync();

            Assert.True(report.Result == ApplyResult.CutOff, $"{report.Result}: {report.Summary}");
            Assert.StartsWith("rename db to", stage.Engine.Transcript.Take().Split('\n')[^1], StringComparison.Ordinal);
            run = Assert.Single(process.Journal.Unfinished()).Id;
            Assert.Equal(run, report.Run);
            Assert.Null(process.Journal.Find(run)!.RollbackPlan);
        }

        Assert.Equal(ApplyResult.Applied, (await stage.ApplyAsync()).Result);
        using var reader = stage.Begin();
        Assert.Equal(RunPhase.RolledBack, reader.Journal.Find(run)!.Phase);
        Assert.Equal(ids["web"], (await stage.IdsAsync())["web"]);
        Assert.Empty(reader.Journal.Quarantine());
    }

    [Fact]
    public async Task A_run_whose_lock_another_machine_took_over_does_nothing_more_and_leaves_the_others_lock()
    {
        stage.Commit(Stacks.Three());
        await stage.ApplyAsync();
        stage.Commit(Stacks.Three(db: "1.1.0"));
        using var other = stage.Begin(new Lifeline(), from: "elsewhere", machine: "attic");
        var spoken = 0;
        stage.Engine.Faults.Meanwhile("rename", 1, () => Task.Run(async () =>
        {
            // It stood still for longer than the lease: its renewals do not come through.
            for (var call = 1; call < 100; call++)
            {
                stage.Engine.Faults.FailAt("turn-mark", call, HostFailure.Unreachable);
            }

            Assert.NotNull(await other.Lock.TryTakeAsync(TestContext.Current.CancellationToken));
            stage.LockClock.Advance(new LockSettings().Lease);
            Assert.Null(await other.Lock.TryTakeAsync(TestContext.Current.CancellationToken));
            stage.Engine.Faults.Clear();
            spoken = stage.Engine.Transcript.Count;
        }).GetAwaiter().GetResult());

        var report = await stage.ApplyAsync();

        Assert.True(report.Result == ApplyResult.CutOff, $"{report.Result}: {report.Summary}");
        Assert.Equal(spoken + 1, stage.Engine.Transcript.Count);
        Assert.True(other.Lock.IsHeld);
        Assert.Equal("attic", LockHolder.FromLabels(Assert.Single(stage.Engine.Marks).Labels, "homeiq")!.Host);
    }

    [Fact]
    public async Task A_run_that_lost_its_lock_three_times_did_not_crash()
    {
        stage.Commit(Stacks.Three());
        await stage.ApplyAsync();
        stage.Commit(Stacks.Three(db: "1.1.0"));
        for (var times = 0; times < Recovery.CrashLimit; times++)
        {
            // First the way back of the time before gives db its name again.
            stage.Engine.Faults.Meanwhile("rename", times == 0 ? 1 : 2, () =>
            {
                stage.Engine.PruneMarks();
                stage.LockClock.Advance(new LockSettings().Fresh);
            });
            Assert.Equal(ApplyResult.CutOff, (await stage.ApplyAsync()).Result);
        }

        Assert.Equal(ApplyResult.Applied, (await stage.ApplyAsync()).Result);
        Assert.Empty(stage.Quarantine());
        using var reader = stage.Begin();
        Assert.Equal(Recovery.CrashLimit, reader.Journal.Runs(10).Count(run => run is { Phase: RunPhase.RolledBack, Failure: not null }));
    }

    [Fact]
    public async Task A_lock_that_is_lost_while_a_commit_is_watched_takes_nothing_back()
    {
        stage.Commit(Stacks.Three());
        await stage.ApplyAsync();
        stage.Soak = "20s";
        stage.Commit(Stacks.Three(api: "1.1.0"));
        using var process = stage.Begin();
        await using var loop = process.Loop();
        await loop.PassAsync(pass => pass.Status is { WatchedRun: not null });

        stage.Engine.PruneMarks();
        stage.LockClock.Advance(new LockSettings().Fresh);
        await loop.PassAsync(pass => pass.Status is { WatchedRun: null, Sync: Reporting.Sync.Synced });

        Assert.Contains("api running healthy house/app:1.1.0", stage.Picture, StringComparison.Ordinal);
        Assert.DoesNotContain(process.Journal.Runs(10), run => run.Phase is RunPhase.RolledBack or RunPhase.RollbackFailed);
    }

    [Fact]
    public async Task A_way_back_whose_lock_is_gone_is_gone_on_with_later()
    {
        stage.Commit(Stacks.Three());
        await stage.ApplyAsync();
        var before = stage.Picture;
        stage.Commit(Stacks.Three(db: "1.9.0-sick"));
        stage.Engine.Faults.Meanwhile("rename", 3, () =>
        {
            stage.Engine.PruneMarks();
            stage.LockClock.Advance(new LockSettings().Fresh);
        });

        var report = await stage.ApplyAsync();
        Assert.True(report.Result == ApplyResult.CutOff, $"{report.Result}: {report.Summary}");
        Assert.NotEqual(before, stage.Picture);

        Assert.Equal(ApplyResult.Held, (await stage.ApplyAsync()).Result);
        Assert.Equal(before, stage.Picture);
    }

    [Fact]
    public async Task A_daemon_looks_on_while_another_one_acts_and_takes_over_when_that_has_ended()
    {
        stage.Commit(Stacks.Three());
        using var first = stage.Begin(new Lifeline(), from: "elsewhere");
        await first.Lock.TryTakeAsync(TestContext.Current.CancellationToken);
        using var second = stage.Begin();
        await using var loop = second.Loop();

        var seen = await loop.PassAsync(pass => pass.Status?.LockedBy is not null);
        var later = await loop.PassAfterAsync(TimeSpan.FromMinutes(10));

        Assert.Equal("", stage.Engine.Transcript.ToString());
        Assert.Contains("process 1 on cellar", later.Status!.LockedBy, StringComparison.Ordinal);
        Assert.Equal(("True", "HeldByOther"), ConditionOf(later));
        Assert.Contains("somebody else acts", later.Waits.Reason, StringComparison.Ordinal);
        Assert.Null(seen.Problem);
        Assert.Equal(Sync.OutOfSync, later.Status.Sync);

        await first.Lock.DisposeAsync();
        var acts = await loop.PassAsync(pass => pass.Run is not null);
        Assert.Equal(ApplyResult.Applied, acts.Run!.Result);
        Assert.Equal(("False", "Free"), ConditionOf(await loop.PassAsync(pass => pass.Run is null)));
        Assert.True(second.Lock.IsHeld);
    }

    [Fact]
    public async Task A_daemon_whose_lock_was_removed_takes_it_anew()
    {
        stage.Commit(Stacks.Three());
        using var process = stage.Begin();
        await using var loop = process.Loop();
        await loop.PassAsync(pass => pass.Status is { Sync: Sync.Synced });

        stage.Engine.PruneMarks();
        stage.LockClock.Advance(new LockSettings().Renewal);
        await loop.PassAsync(_ => stage.Engine.Marks.Count == 1);

        stage.Engine.RemoveByHand("web");
        Assert.Equal(ApplyResult.Applied, (await loop.PassAsync(pass => pass.Run is not null)).Run!.Result);
    }

    [Fact]
    public async Task Looking_takes_no_lock_and_tells_who_has_it()
    {
        stage.Commit(Stacks.Three());
        await stage.ApplyAsync();
        var placed = stage.Engine.Faults.Calls("place-mark");
        using var first = stage.Begin();
        using var second = stage.Begin(new Lifeline(), from: "elsewhere");

        Assert.Null((await second.Reconciliation.StatusAsync(TestContext.Current.CancellationToken)).LockedBy);
        await second.Reconciliation.PlanAsync(null, refresh: false, TestContext.Current.CancellationToken);
        await first.Reconciliation.PlanEffectiveAsync(TestContext.Current.CancellationToken);
        Assert.Equal(placed, stage.Engine.Faults.Calls("place-mark"));
        Assert.Empty(stage.Engine.Marks);

        await first.Lock.TryTakeAsync(TestContext.Current.CancellationToken);
        Assert.Contains(stage.StateFolder, (await second.Reconciliation.StatusAsync(TestContext.Current.CancellationToken)).LockedBy, StringComparison.Ordinal);
        using var reader = stage.Begin();
        Assert.Null((await reader.Reconciliation.StatusAsync(TestContext.Current.CancellationToken)).LockedBy);
    }

    [Fact]
    public async Task A_pass_with_nothing_to_do_asks_nothing_about_the_lock()
    {
        stage.Commit(Stacks.Three());
        using var process = stage.Begin();
        await using var loop = process.Loop();
        await loop.PassAsync(pass => pass.Status is { Sync: Sync.Synced });
        string[] calls = ["place-mark", "find-mark", "turn-mark", "remove-mark"];
        var before = calls.Select(stage.Engine.Faults.Calls).ToList();

        await loop.PassAfterAsync(TimeSpan.FromMinutes(10));

        Assert.Equal(before, calls.Select(stage.Engine.Faults.Calls));
    }

    private static (string Status, string Reason) ConditionOf(PassReport pass) =>
        pass.Status!.Conditions.Single(condition => condition.Type == "Locked") is var found ? (found.Status, found.Reason) : default;
}
