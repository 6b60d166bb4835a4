using HomeIQ.Reconciler.Docker;
using HomeIQ.Reconciler.Journaling;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>Runs that were stopped by a person, and runs of which nothing can be told.</summary>
public sealed class StopTests : IDisposable
{
    private readonly Stage stage = new();

    public StopTests() => Stacks.Publish(stage.Engine);

    public void Dispose() => stage.Dispose();

    [Fact]
    public async Task A_run_that_was_stopped_between_two_steps_three_times_did_not_crash()
    {
        stage.Commit(Stacks.Three());
        await stage.ApplyAsync();
        var picture = stage.Picture;
        stage.Commit(Stacks.Three(api: "1.1.0"));
        for (var times = 0; times < Recovery.CrashLimit; times++)
        {
            using var stop = new CancellationTokenSource();
            stage.Engine.Faults.Meanwhile("rename", 1, stop.Cancel);
            using var process = stage.Begin();
            var report = await process.Reconciliation.ApplyAsync(null, null, refresh: false, watches: true, stop.Token);

            Assert.True(report.Result == ApplyResult.RolledBack, $"{report.Result}: {report.Summary}");
            Assert.True(process.Journal.Find(report.Run!)!.WasStopped);
            Assert.Equal(picture, stage.Picture);
        }

        // One that really goes down is the first.
        using (var process = stage.Begin(new Lifeline { CutWhen = points => points.Contains("after run started") && points[^1] == "after start" }))
        {
            Assert.Null(await process.ApplyUntilCutAsync());
        }

        Assert.Equal(ApplyResult.Applied, (await stage.ApplyAsync()).Result);
    }

    [Fact]
    public async Task A_stop_in_the_middle_of_a_way_back_does_not_cut_it_off()
    {
        stage.Commit(Stacks.Three());
        await stage.ApplyAsync();
        var (picture, ids) = (stage.Picture, await stage.IdsAsync());
        stage.Commit(Stacks.Three(api: "1.9.0-sick"));
        using var stop = new CancellationTokenSource();
        // Forward the old one is set aside and the new one named; the third is the failed one set aside.
        stage.Engine.Faults.Meanwhile("rename", 3, stop.Cancel);
        using var process = stage.Begin();

        var report = await process.Reconciliation.ApplyAsync(null, null, refresh: false, watches: true, stop.Token);

        Assert.True(stop.IsCancellationRequested);
        Assert.True(report.Result == ApplyResult.RolledBack, $"{report.Result}: {report.Summary}");
        Assert.Equal(picture, stage.Picture);
        Assert.True(ids.All((await stage.IdsAsync()).Contains));
        Assert.Empty(process.Journal.Unfinished());
    }

    [Fact]
    public async Task A_first_install_of_which_nothing_can_be_told_is_left_to_a_person_and_not_for_ever()
    {
        stage.Commit(Stacks.Three());
        using (var process = stage.Begin(new Lifeline { CutWhen = points => points[^1] == "after start" }))
        {
            Assert.Null(await process.ApplyUntilCutAsync());
            process.Journal.Append(process.Journal.Unfinished().Single().Id, new PhaseEntered(RunPhase.Unknown));
        }

        stage.Engine.Transcript.Take();
        var told = await stage.ApplyAsync();
        Assert.Equal(ApplyResult.RollbackFailed, told.Result);
        Assert.Contains("cannot be told from the journal", told.Summary, StringComparison.Ordinal);

        using (var daemon = stage.Begin())
        {
            await using var loop = daemon.Loop();
            Assert.True((await loop.PassAfterAsync(TimeSpan.FromHours(1))).Waits.NeedsPerson);
        }

        Assert.Equal("", stage.Engine.Transcript.Take());
        Assert.Equal(ApplyResult.Applied, (await stage.ApplyAsync()).Result);
    }
}
