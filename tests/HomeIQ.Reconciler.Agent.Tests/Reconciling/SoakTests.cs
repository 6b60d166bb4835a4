using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Planning;
using HomeIQ.Reconciler.Reporting;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>A verified commit is watched for a while before it becomes last known-good.</summary>
public sealed class SoakTests : IAsyncDisposable
{
    private readonly Stage stage = new();
    private AgentProcess? daemon;
    private WatchedLoop? loop;

    public SoakTests() => Stacks.Publish(stage.Engine);

    public async ValueTask DisposeAsync()
    {
        if (loop is not null)
        {
            await loop.DisposeAsync();
        }

        stage.Dispose();
    }

    [Fact]
    public async Task A_commit_becomes_last_known_good_only_after_it_was_watched()
    {
        var first = await InstalledAsync();
        var second = stage.Commit(Stacks.Three(api: "1.1.0"));

        var begun = await loop!.PassAsync(pass => pass.Run is { Result: ApplyResult.Soaking });
        var meanwhile = await loop.PassAsync(pass => pass.Status is { WatchedRun: not null });
        var done = await loop.PassAsync(pass => pass.Run is { Result: ApplyResult.Applied });

        Assert.Equal((second, first), (meanwhile.Status!.Effective, meanwhile.Status.LastKnownGood));
        Assert.True(done.At - begun.At >= TimeSpan.FromMinutes(5), $"{done.At - begun.At}");
        var after = await loop.PassAsync(_ => true);
        Assert.Equal((second, second, null), (after.Status!.Effective, after.Status.LastKnownGood, after.Status.WatchedRun));
        Assert.DoesNotContain(".kept-", stage.Picture, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_somebody_stopped_just_before_the_watch_would_end_is_waited_for_and_no_verdict()
    {
        stage.Commit(Stacks.Three());
        await stage.ApplyAsync();
        stage.Soak = "20s";
        stage.Commit(Stacks.Three(api: "1.1.0"));
        using var process = stage.Begin();
        process.Heard = news =>
        {
            if (news is Applying.StepBegan { Step.Step: Soak })
            {
                stage.Clock.At(stage.Clock.Now + TimeSpan.FromSeconds(19), () => stage.Engine.StopByHand("api"));
                stage.Clock.At(stage.Clock.Now + TimeSpan.FromSeconds(50), () => stage.Engine.StartByHand("api"));
            }
        };

        var end = await process.ApplyAsync();

        Assert.True(end.Result == ApplyResult.Applied, end.Summary);
        Assert.Contains("api running", stage.Picture, StringComparison.Ordinal);
        Assert.Contains("house/app:1.1.0", stage.Picture, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("crash")]
    [InlineData("sick")]
    public async Task What_falls_ill_while_it_is_watched_goes_back(string how)
    {
        await InstalledAsync();
        var (before, ids) = (stage.Picture, await stage.IdsAsync());
        stage.Commit(Stacks.Three(api: "1.1.0"));
        await loop!.PassAsync(pass => pass.Status is { WatchedRun: not null });

        if (how == "crash")
        {
            stage.Engine.Crash("api");
        }
        else
        {
            stage.Engine.MakeSick("api");
        }

        var back = await loop.PassAsync(pass => pass.Run is not null);

        Assert.Equal(ApplyResult.RolledBack, back.Run!.Result);
        Assert.Equal(before, stage.Picture);
        Assert.Equal(ids["api"], (await stage.IdsAsync())["api"]);
        Assert.Equal(Sync.Held, (await loop.PassAsync(pass => pass.Status is not null)).Status!.Sync);
        Assert.Equal(["api"], Journal(journal => journal.Quarantine().Single().Contents.Keys.ToList()));
    }

    [Theory]
    [InlineData("web")]
    [InlineData("api")]
    public async Task Drift_is_corrected_meanwhile_and_delays_nothing(string removed)
    {
        await InstalledAsync();
        var second = stage.Commit(Stacks.Three(api: "1.1.0"));
        await loop!.PassAsync(pass => pass.Status is { WatchedRun: not null });

        stage.Engine.RemoveByHand(removed);
        var healed = await loop.PassAsync(pass => pass.Run is { Result: ApplyResult.Applied });
        Assert.Contains($"{removed} running", stage.Picture, StringComparison.Ordinal);
        Assert.NotNull(Journal(journal => journal.Pointers()).Soaking);
        Assert.Equal(RunCause.Drift, Journal(journal => journal.Find(healed.Run!.Run!))!.Cause);

        await loop.PassAsync(pass => pass.Run is { Result: ApplyResult.Applied });
        var after = await loop.PassAsync(pass => pass.Status is { WatchedRun: null });
        Assert.Equal((second, second, Sync.Synced), (after.Status!.Effective, after.Status.LastKnownGood, after.Status.Sync));
    }

    [Fact]
    public async Task What_was_repaired_meanwhile_goes_back_with_the_rest()
    {
        await InstalledAsync();
        var (before, ids) = (stage.Picture, await stage.IdsAsync());
        stage.Commit(Stacks.Three(api: "1.1.0"));
        await loop!.PassAsync(pass => pass.Status is { WatchedRun: not null });
        stage.Engine.RemoveByHand("api");
        await loop.PassAsync(pass => pass.Run is { Result: ApplyResult.Applied });

        stage.Engine.Crash("api");
        var back = await loop.PassAsync(pass => pass.Run is not null);

        Assert.True(back.Run!.Result is ApplyResult.RolledBack, back.Run.Summary);
        Assert.Equal(before, stage.Picture);
        Assert.Equal(ids["api"], (await stage.IdsAsync())["api"]);
    }

    [Fact]
    public async Task An_unrelated_commit_waits_until_the_watch_is_over()
    {
        await InstalledAsync();
        stage.Commit(Stacks.Three(api: "1.1.0"));
        await loop!.PassAsync(pass => pass.Status is { WatchedRun: not null });

        stage.Commit(Stacks.Three(api: "1.1.0", web: "1.1.0"));
        var waiting = await loop.PassAsync(pass => pass.Waits.Reason.Length > 0);
        var first = await loop.PassAsync(pass => pass.Run is not null);
        var second = await loop.PassAsync(pass => pass.Run is not null);

        Assert.Contains("is still being watched", waiting.Waits.Reason, StringComparison.Ordinal);
        Assert.Equal((ApplyResult.Applied, ApplyResult.Soaking), (first.Run!.Result, second.Run!.Result));
    }

    [Fact]
    public async Task A_fix_takes_the_place_of_what_is_watched()
    {
        await InstalledAsync();
        stage.Commit(Stacks.Three(api: "1.1.0"));
        await loop!.PassAsync(pass => pass.Status is { WatchedRun: not null });

        var fix = stage.Commit(Stacks.Three(api: "1.2.0"));
        var superseding = await loop.PassAsync(pass => pass.Run is not null);
        Assert.Equal(ApplyResult.Soaking, superseding.Run!.Result);
        var done = await loop.PassAsync(pass => pass.Run is not null);

        Assert.Equal(ApplyResult.Applied, done.Run!.Result);
        Assert.Equal([RunPhase.Succeeded, RunPhase.Superseded, RunPhase.Succeeded], Journal(journal => journal.Runs(10)).Select(run => run.Phase));
        var after = await loop.PassAsync(_ => true);
        Assert.Equal((fix, fix), (after.Status!.Effective, after.Status.LastKnownGood));
        Assert.DoesNotContain(".kept-", stage.Picture, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_way_back_of_a_fix_leads_through_what_it_superseded()
    {
        var good = await InstalledAsync();
        var (before, ids) = (stage.Picture, await stage.IdsAsync());
        stage.Commit(Stacks.Three(db: "1.1.0", api: "1.1.0"));
        await loop!.PassAsync(pass => pass.Status is { WatchedRun: not null });

        stage.Commit(Stacks.Three(db: "1.1.0", api: "1.9.0-sick"));
        var back = await loop.PassAsync(pass => pass.Run is not null);

        Assert.True(back.Run!.Result is ApplyResult.RolledBack, back.Run.Summary);
        Assert.Equal(before, stage.Picture);
        Assert.Equal(ids, (await stage.IdsAsync()).Where(pair => !pair.Key.Contains(".failed-", StringComparison.Ordinal)).ToDictionary());
        var after = await loop.PassAsync(pass => pass.Status is not null);
        Assert.Equal((good, good, Sync.Held), (after.Status!.Effective, after.Status.LastKnownGood, after.Status.Sync));
    }

    [Fact]
    public async Task A_process_that_dies_while_it_watches_begins_the_watch_anew()
    {
        await InstalledAsync();
        stage.Commit(Stacks.Three(api: "1.1.0"));
        await loop!.PassAsync(pass => pass.Status is { WatchedRun: not null });
        await loop.DisposeAsync();
        daemon!.Dispose();
        var restarted = stage.Clock.Now;

        loop = stage.Begin().Loop();
        var done = await loop.PassAsync(pass => pass.Run is not null);

        Assert.Equal(ApplyResult.Applied, done.Run!.Result);
        Assert.True(done.At - restarted >= TimeSpan.FromMinutes(5), $"{done.At - restarted}");
        Assert.Equal(2, Journal(journal => journal.Runs(10)).Count);
    }

    [Fact]
    public async Task A_first_install_that_falls_ill_is_held_to_nothing()
    {
        stage.Soak = "5m";
        stage.Commit(Stacks.Three());
        loop = stage.Begin().Loop();
        await loop.PassAsync(pass => pass.Status is { WatchedRun: not null });

        stage.Engine.Crash("api");
        var ended = await loop.PassAsync(pass => pass.Run is not null);

        Assert.Equal(ApplyResult.Incomplete, ended.Run!.Result);
        Assert.Equal(new JournalPointers(null, null, null), Journal(journal => journal.Pointers()));
        Assert.Contains("api exited", stage.Picture, StringComparison.Ordinal);
        Assert.Equal(RestartPolicy.No, (await stage.FindAsync("api"))!.Restart);
        Assert.Contains("db running", stage.Picture, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_verb_apply_watches_by_itself()
    {
        stage.Commit(Stacks.Three());
        await stage.ApplyAsync();
        stage.Soak = "2m";
        stage.Commit(Stacks.Three(api: "1.1.0"));
        var began = stage.Clock.Now;

        var report = await stage.ApplyAsync();

        Assert.Equal(ApplyResult.Applied, report.Result);
        Assert.True(stage.Clock.Now - began >= TimeSpan.FromMinutes(2));
        Assert.Null(Journal(journal => journal.Pointers()).Soaking);
    }

    [Fact]
    public async Task A_person_may_go_back_from_what_is_watched()
    {
        await InstalledAsync();
        var before = stage.Picture;
        stage.Commit(Stacks.Three(api: "1.1.0"));
        await loop!.PassAsync(pass => pass.Status is { WatchedRun: not null });

        var report = await loop.Loop.AskAsync("roll back", (reconciliation, cancellationToken) => reconciliation.RollbackAsync(cancellationToken));

        Assert.Equal(ApplyResult.RolledBack, report.Result);
        Assert.Equal(before, stage.Picture);
    }

    /// <returns>The commit that is installed and last known-good; from now on commits are watched for five minutes.</returns>
    private async Task<string> InstalledAsync()
    {
        var commit = stage.Commit(Stacks.Three());
        await stage.ApplyAsync();
        stage.Soak = "5m";
        daemon = stage.Begin();
        loop = daemon.Loop();
        await loop.PassAsync(pass => pass.Status is { Sync: Sync.Synced });
        return commit;
    }

    private T Journal<T>(Func<IJournal, T> read)
    {
        using var reader = stage.Begin();
        return read(reader.Journal);
    }
}
