using HomeIQ.Reconciler.Docker;
using HomeIQ.Reconciler.Journaling;
using Microsoft.Data.Sqlite;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>What a run owes beyond its order of calls.</summary>
public sealed class RunTests : IDisposable
{
    private readonly Stage stage = new();

    public RunTests() => Stacks.Publish(stage.Engine);

    public void Dispose() => stage.Dispose();

    [Fact]
    public async Task In_sync_nothing_is_done()
    {
        await InstallAsync();

        Assert.Equal(ApplyResult.NothingToDo, (await stage.ApplyAsync()).Result);
        Assert.Equal("", stage.Engine.Transcript.Take());
    }

    [Fact]
    public async Task What_an_engine_of_another_version_says_more_is_no_drift_before_and_after_the_next_promotion()
    {
        await InstallAsync();
        var ids = await stage.IdsAsync();
        stage.Engine.Facts = stage.Engine.Facts with { Version = "30.0.0" };
        stage.Engine.NewFields = new([new("HostConfig.NewThing", "default")]);
        Assert.Equal(ApplyResult.NothingToDo, (await stage.ApplyAsync()).Result);

        stage.Commit(Stacks.Three(web: "1.1.0"));
        Assert.Equal(ApplyResult.Applied, (await stage.ApplyAsync()).Result);
        Assert.Equal(ApplyResult.NothingToDo, (await stage.ApplyAsync()).Result);
        Assert.Equal(["api", "db"], ids.Where((await stage.IdsAsync()).Contains).Select(pair => pair.Key).Order(StringComparer.Ordinal));

        // From then on they count like any other.
        stage.Engine.NewFields = new([new("HostConfig.NewThing", "by hand")]);
        Assert.Equal(ApplyResult.Applied, (await stage.ApplyAsync()).Result);
    }

    [Fact]
    public async Task A_rollback_puts_back_a_file_of_the_earlier_commit_that_somebody_removed_without_asking_the_repository()
    {
        string Compose(string level) => Stacks.Lamp.Replace("LEVEL", level, StringComparison.Ordinal);
        stage.Write("desired-state/lamp.conf", "bright");
        stage.Commit(Compose("1"));
        Assert.Equal(ApplyResult.Applied, (await stage.ApplyAsync()).Result);
        var bright = Assert.Single(Directory.GetFiles(stage.ContentFolder));
        stage.Write("desired-state/lamp.conf", "dim");
        stage.Commit(Compose("2"));
        Assert.Equal(ApplyResult.Applied, (await stage.ApplyAsync()).Result);

        File.Delete(bright);
        using var process = stage.Begin();
        stage.MoveSourceAway();
        var report = await process.Reconciliation.RollbackAsync(Cancel);

        Assert.Equal(ApplyResult.Applied, report.Result);
        Assert.Equal("bright", await File.ReadAllTextAsync(bright, Cancel));
    }

    [Fact]
    public async Task Looking_changes_nothing_and_takes_no_lock()
    {
        await InstallAsync();
        stage.Commit(Stacks.Three(api: "1.1.0"));
        var before = stage.Engine.Events.Count;
        using var acting = stage.Begin();
        await acting.ApplyAsync();
        var after = stage.Engine.Events.Count;
        stage.Engine.Transcript.Take();

        using var looking = stage.Begin();
        stage.Commit(Stacks.Three(api: "1.2.0"));
        Assert.Equal(Planning.Verdict.Ready, (await looking.Reconciliation.PlanAsync(null, refresh: false, Cancel)).Plan!.VerdictFor(null));
        await looking.Reconciliation.StatusAsync(Cancel);
        Assert.Empty((await looking.Reconciliation.PlanEffectiveAsync(Cancel)).Plan!.Changes);

        Assert.True(after > before);
        Assert.Equal(after, stage.Engine.Events.Count);
        Assert.Equal("", stage.Engine.Transcript.Take());
        Assert.Equal(ApplyResult.Refused, (await looking.ApplyAsync()).Result);
    }

    [Fact]
    public async Task What_is_gone_and_to_be_left_alone_keeps_nobody_from_an_upgrade()
    {
        stage.Policy = "services: { db: { drift: ignore } }";
        await InstallAsync();
        stage.Engine.RemoveByHand("db");

        stage.Commit(Stacks.Three(web: "1.1.0"));
        var report = await stage.ApplyAsync();

        Assert.True(report.Result is ApplyResult.Applied, report.Summary);
        Assert.DoesNotContain("db ", stage.Picture, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_commit_that_goes_back_to_what_runs_needs_no_restart()
    {
        await InstallAsync();
        var ids = await stage.IdsAsync();
        stage.Commit(Stacks.Three(api: "1.9.0-sick"));
        Assert.Equal(ApplyResult.RolledBack, (await stage.ApplyAsync()).Result);
        Assert.Equal(ApplyResult.Held, (await stage.ApplyAsync()).Result);
        stage.Engine.Transcript.Take();

        stage.Commit(Stacks.Three());
        var report = await stage.ApplyAsync();

        Assert.True(report.Result is ApplyResult.NothingToDo or ApplyResult.Applied, report.Summary);
        Assert.DoesNotContain("start ", stage.Engine.Transcript.Take());
        Assert.True(ids.All((await stage.IdsAsync()).Contains));
    }

    [Fact]
    public async Task An_unrelated_commit_that_still_contains_what_failed_is_held()
    {
        await InstallAsync();
        stage.Commit(Stacks.Three(api: "1.9.0-sick"));
        await stage.ApplyAsync();
        stage.Engine.Transcript.Take();

        stage.Commit(Stacks.Three(api: "1.9.0-sick", web: "1.1.0"));
        Assert.Equal(ApplyResult.Held, (await stage.ApplyAsync()).Result);
        Assert.Equal("", stage.Engine.Transcript.Take());

        stage.Commit(Stacks.Three(api: "1.1.0", web: "1.1.0"));
        Assert.Equal(ApplyResult.Applied, (await stage.ApplyAsync()).Result);
    }

    [Fact]
    public async Task The_third_crash_on_the_same_content_is_a_verdict_on_it()
    {
        await InstallAsync();
        stage.Commit(Stacks.Three(api: "1.1.0"));
        for (var crash = 0; crash < 3; crash++)
        {
            using var process = stage.Begin(new Lifeline { CutWhen = points => points.Contains("after run started") && points[^1] == "after start" });
            Assert.Null(await process.ApplyUntilCutAsync());
        }

        var report = await stage.ApplyAsync();

        Assert.True(report.Result == ApplyResult.Held, report.Summary);
        Assert.Contains("api running healthy house/app:1.0.0", stage.Picture);
    }

    [Fact]
    public async Task A_kept_container_that_somebody_removed_is_made_again_from_its_sealed_specification()
    {
        await InstallAsync();
        var old = (await stage.IdsAsync())["api"];
        var revision = stage.Commit(Stacks.Three());
        stage.Commit(Stacks.Three(api: "1.9.0-sick"));
        stage.Engine.Faults.Meanwhile("start", 1, () => stage.Engine.RemoveByHand($"api.kept-{old[..6]}"));

        var report = await stage.ApplyAsync();

        Assert.True(report.Result == ApplyResult.RolledBack, report.Summary);
        Assert.Contains("api running healthy house/app:1.0.0", stage.Picture);
        Assert.NotEqual<object>(old, (await stage.IdsAsync())["api"]);
        Assert.NotEqual(ApplyResult.RolledBack, (await stage.ApplyAsync(revision)).Result);
        stage.Engine.Transcript.Take();
        Assert.Equal(ApplyResult.NothingToDo, (await stage.ApplyAsync(revision)).Result);
    }

    [Fact]
    public async Task A_person_goes_back_and_what_was_left_stays_away()
    {
        await InstallAsync();
        stage.Commit(Stacks.Three(api: "1.1.0"));
        Assert.Equal(ApplyResult.Applied, (await stage.ApplyAsync()).Result);

        using (var process = stage.Begin())
        {
            var report = await process.Reconciliation.RollbackAsync(Cancel);
            Assert.True(report.Result == ApplyResult.Applied, report.Summary);
        }

        Assert.Contains("api running healthy house/app:1.0.0", stage.Picture);
        Assert.Equal(ApplyResult.Held, (await stage.ApplyAsync()).Result);
        stage.Commit(Stacks.Three(api: "1.2.0"));
        Assert.Equal(ApplyResult.Applied, (await stage.ApplyAsync()).Result);
    }

    [Fact]
    public async Task What_crashes_of_ours_is_put_back_at_once_and_told()
    {
        foreach (var parallel in (int[])[1, 4])
        {
            using var house = new Stage { Parallel = parallel };
            Stacks.Publish(house.Engine);
            house.Commit(Stacks.Three());
            await house.ApplyAsync();
            var (ids, picture) = (await house.IdsAsync(), house.Picture);
            house.Commit(Stacks.Three(db: "1.1.0", api: "1.1.0", web: "1.1.0"));
            house.Engine.Faults.Meanwhile("rename", 2, () => throw new InvalidOperationException("a bug of ours"));

            await Assert.ThrowsAsync<InvalidOperationException>(() => house.ApplyAsync());

            Assert.Equal(picture, house.Picture);
            Assert.True(ids.All((await house.IdsAsync()).Contains));
            Assert.Equal(ApplyResult.Applied, (await house.ApplyAsync()).Result);
        }
    }

    [Fact]
    public async Task A_call_that_gives_up_by_itself_is_no_cancelled_run()
    {
        await InstallAsync();
        var picture = stage.Picture;
        stage.Commit(Stacks.Three(api: "1.1.0"));
        stage.Engine.Faults.Meanwhile("rename", 2, () => throw new TaskCanceledException("the library gave up"));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stage.ApplyAsync());

        Assert.Equal(picture, stage.Picture);
        using var process = stage.Begin();
        Assert.Empty(process.Journal.Unfinished());
    }

    [Fact]
    public async Task A_network_is_made_anew_although_somebody_removes_a_kept_container_meanwhile()
    {
        stage.Commit(Stacks.Network("10.77.1.0/24"));
        await stage.ApplyAsync();
        stage.Commit(Stacks.Network("10.77.1.0/24", two: "1.9.0-sick"));
        Assert.Equal(ApplyResult.RolledBack, (await stage.ApplyAsync()).Result);
        var kept = stage.Engine.Picture.Split('\n').Single(line => line.Contains(".failed-", StringComparison.Ordinal)).Split(' ')[0];

        stage.Commit(Stacks.Network("10.77.2.0/24"));
        stage.Engine.Faults.Meanwhile("disconnect", 1, () => stage.Engine.RemoveByHand(kept));
        var report = await stage.ApplyAsync();

        Assert.True(report.Result == ApplyResult.Applied, report.Summary);
        Assert.Contains("(gone) from house_inner FAILED", stage.Engine.Transcript.Take());
    }

    [Fact]
    public async Task Without_a_journal_no_run_starts()
    {
        await InstallAsync();
        using (var connection = new SqliteConnection($"Data Source={Path.Combine(stage.StateFolder, "journal.db")};Pooling=False"))
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = "CREATE TRIGGER full BEFORE INSERT ON runs BEGIN SELECT RAISE(ABORT, 'the disk is full'); END";
            command.ExecuteNonQuery();
        }

        stage.Commit(Stacks.Three(api: "1.1.0"));
        var refused = await Assert.ThrowsAsync<JournalException>(() => stage.ApplyAsync());

        Assert.Contains("the disk is full", refused.Message);
        Assert.Equal("", stage.Engine.Transcript.Take());
    }

    [Theory]
    [InlineData("pull")]
    [InlineData("build")]
    public async Task A_registry_that_asks_to_wait_is_asked_four_times(string call)
    {
        await MoveOnAsync(call);
        var (asked, began) = (stage.Engine.Faults.Calls(call), stage.Clock.Now);
        Throttle(call, times: 3);

        var report = await stage.ApplyAsync();

        Assert.True(report.Result is ApplyResult.Applied, report.Summary);
        Assert.Equal(4, stage.Engine.Faults.Calls(call) - asked);
        Assert.True(stage.Clock.Now - began >= TimeSpan.FromSeconds(2 + 4 + 8), $"it waited {stage.Clock.Now - began} in all");
    }

    [Theory]
    [InlineData("pull")]
    [InlineData("build")]
    public async Task A_registry_that_asks_to_wait_once_more_is_no_verdict_and_nothing_is_touched(string call)
    {
        await MoveOnAsync(call);
        var (picture, ids) = (stage.Picture, await stage.IdsAsync());
        Throttle(call, times: 4);

        var report = await stage.ApplyAsync();

        Assert.True(report.Result is ApplyResult.RolledBack, $"{report.Result}: {report.Summary}");
        Assert.Contains("toomanyrequests", report.Summary, StringComparison.Ordinal);
        Assert.Equal(picture, stage.Picture);
        Assert.Equal(ids, await stage.IdsAsync());
        Assert.DoesNotContain("stop ", stage.Engine.Transcript.Take(), StringComparison.Ordinal);
        Assert.Empty(stage.Quarantine());
        Assert.Equal(ApplyResult.Applied, (await stage.ApplyAsync()).Result);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private async Task InstallAsync()
    {
        stage.Commit(Stacks.Three());
        Assert.Equal(ApplyResult.Applied, (await stage.ApplyAsync()).Result);
        stage.Engine.Transcript.Take();
    }

    /// <summary>A commit that needs an image that has to be pulled, or built.</summary>
    private async Task MoveOnAsync(string call)
    {
        string Compose(string version)
        {
            stage.Write("desired-state/maker/Dockerfile", $"FROM house/app:1.0.0\nENV VERSION={version}\n");
            return call == "build" ? Stacks.Built(version) : Stacks.Three(web: version);
        }

        stage.Engine.AddImage("house/app:1.0.0");
        stage.Commit(Compose("1.0.0"));
        Assert.Equal(ApplyResult.Applied, (await stage.ApplyAsync()).Result);
        stage.Engine.Transcript.Take();
        stage.Commit(Compose("1.1.0"));
    }

    private void Throttle(string call, int times)
    {
        for (var nth = 1; nth <= times; nth++)
        {
            stage.Engine.Faults.FailAt(call, nth, HostFailure.Throttled);
        }
    }
}
