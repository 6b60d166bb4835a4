using HomeIQ.Reconciler.Docker;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Reporting;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>A run has one way back. Where that fails, too, only a person goes on.</summary>
public sealed class StalledTests : IAsyncDisposable
{
    private readonly DaemonStage house = new();

    private FakeEngine Engine => house.Stage.Engine;

    public ValueTask DisposeAsync() => house.DisposeAsync();

    [Fact]
    public async Task After_a_way_back_that_failed_nothing_more_is_changed_by_itself_and_both_errors_are_shown()
    {
        await house.InstallAsync(DaemonStage.Slow(Stacks.Three()), DaemonStage.Rarely);
        await StallAsync();
        var run = house.Runs[0];
        Engine.Transcript.Take();

        Engine.RemoveByHand("web");
        house.Stage.Commit(DaemonStage.Slow(Stacks.Three(api: "1.1.0")));
        var later = await house.Loop.PassAfterAsync(TimeSpan.FromDays(3));

        Assert.Equal(RunPhase.RollbackFailed, run.Phase);
        Assert.Matches("^api: unhealthy: .*; and the way back failed: api: .*internal server error", run.Summary);
        Assert.Equal($"the way back of run {run.Id} failed: {run.Summary}", later.Status!.Stalled);
        var stalled = Assert.Single(later.Status.Conditions, condition => condition.Type == "Stalled");
        Assert.Equal(("True", "NeedsPerson", later.Status.Stalled), (stalled.Status, stalled.Reason, stalled.Message));
        Assert.Equal(("Ready", "False", "Stalled"), (later.Status.Conditions[0].Type, later.Status.Conditions[0].Status, later.Status.Conditions[0].Reason));
        Assert.Equal("", Engine.Transcript.Take());
        Assert.Equal(run.Id, house.Runs[0].Id);
    }

    [Fact]
    public async Task It_stays_so_after_a_restart_of_the_daemon()
    {
        await house.InstallAsync(DaemonStage.Slow(Stacks.Three()), DaemonStage.Rarely);
        await StallAsync();
        Engine.Transcript.Take();

        await house.RestartAsync(DaemonStage.Rarely);
        var later = await house.Loop.PassAfterAsync(TimeSpan.FromDays(1));

        Assert.NotNull(later.Status!.Stalled);
        Assert.Equal("", Engine.Transcript.Take());
    }

    [Fact]
    public async Task A_person_goes_on_with_apply()
    {
        await house.InstallAsync(DaemonStage.Slow(Stacks.Three()), DaemonStage.Rarely);
        await StallAsync();

        var commit = house.Stage.Commit(DaemonStage.Slow(Stacks.Three(api: "1.1.0")));
        var applied = await house.Loop.Loop.AskAsync("apply", (reconciliation, cancellationToken) => reconciliation.ApplyAsync(null, null, false, watches: false, cancellationToken));
        var settled = await house.Loop.PassAsync(pass => pass.Status is { Sync: Sync.Synced });

        Assert.True(applied.Result == ApplyResult.Applied, applied.Summary);
        Assert.Equal((commit, null), (settled.Status!.Effective, settled.Status.Stalled));
        Assert.Contains("api running healthy house/app:1.1.0", house.Stage.Picture, StringComparison.Ordinal);
    }

    /// <summary>A bad version, and an engine that starts nothing any more on the way back, however often it is asked; then it is well again.</summary>
    private async Task StallAsync()
    {
        for (var nth = 2; nth <= 200; nth++)
        {
            Engine.Faults.FailAt("start", nth, Fault.Of(HostFailure.Engine));
        }

        house.Stage.Commit(DaemonStage.Slow(Stacks.Three(api: "1.9.0-sick")));
        house.Loop.Loop.Reconcile();
        var failed = await house.Loop.PassAsync(pass => pass.Run is not null);
        Engine.Faults.Clear();
        Assert.True(failed.Run!.Result == ApplyResult.RollbackFailed, $"{failed.Run.Result}: {failed.Run.Summary}");
        await house.Loop.PassAsync(pass => pass.Status is { Stalled: not null });
    }
}
