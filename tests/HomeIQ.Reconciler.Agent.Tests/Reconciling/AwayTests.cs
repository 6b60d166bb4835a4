using HomeIQ.Reconciler.Docker;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Planning;
using HomeIQ.Reconciler.Reporting;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>What the daemon does while something that it needs is away, and when it comes back.</summary>
public sealed class AwayTests : IAsyncDisposable
{
    private readonly DaemonStage house = new();

    private FakeEngine Engine => house.Stage.Engine;

    public ValueTask DisposeAsync() => house.DisposeAsync();

    [Fact]
    public async Task An_engine_that_went_away_and_came_back_is_looked_after_again_and_what_drifted_meanwhile_is_put_right()
    {
        await house.InstallAsync(DaemonStage.Slow(Stacks.Three()));
        Engine.GoAway();
        var told = await house.Loop.PassAsync(pass => pass.Problem is not null);
        Engine.RemoveByHand("web");
        await house.Loop.PassAfterAsync(TimeSpan.FromHours(1));
        var seen = house.Loop.Passes.Count;

        Engine.ComeBack();
        var healed = await house.Loop.PassAsync(pass => pass.Run is not null, seen);
        var settled = await house.Loop.PassAsync(pass => pass.Status is { Sync: Sync.Synced }, seen);

        Assert.Contains("cannot connect to the engine", told.Problem, StringComparison.Ordinal);
        Assert.True(healed.Run!.Result == ApplyResult.Applied, healed.Run.Summary);
        Assert.Equal(RunCause.Drift, house.Runs[0].Cause);
        Assert.Contains("web running", house.Stage.Picture, StringComparison.Ordinal);
        Assert.Null(settled.Problem);
    }

    [Fact]
    public async Task After_an_engine_came_back_its_events_are_heard_again()
    {
        await house.InstallAsync(DaemonStage.Slow(Stacks.Three()), DaemonStage.Rarely);
        Engine.GoAway();
        house.Loop.Loop.Wake("the test");
        await house.Loop.PassAsync(pass => pass.Problem is not null);
        Engine.ComeBack();
        await house.Loop.PassAsync(pass => pass.Status is { Sync: Sync.Synced });
        // The ears have a back-off of their own.
        await house.Loop.PassAfterAsync(TimeSpan.FromMinutes(10));
        var removed = house.Stage.Clock.Now;

        Engine.RemoveByHand("web");
        await house.Loop.PassAsync(pass => pass.Run is { Result: ApplyResult.Applied });

        var started = house.Runs[0].Begun.Single(step => step.Planned.Step is StartContainer { Service: "web" });
        Assert.True(started.EndedAt - removed < DaemonStage.Rarely.Interval / 2, $"{started.EndedAt - removed}");
    }

    [Fact]
    public async Task With_the_registry_down_drift_is_still_corrected()
    {
        await house.InstallAsync(DaemonStage.Slow(Stacks.Three()));
        for (var nth = 1; nth <= 500; nth++)
        {
            Engine.Faults.FailAt("pull", nth, HostFailure.RegistryFailed);
        }

        house.Stage.Commit(DaemonStage.Slow(Stacks.Three(api: "1.1.0")));
        var refused = await house.Loop.PassAsync(pass => pass.Run is not null);
        var (seen, pulls) = (house.Loop.Passes.Count, Engine.Faults.Calls("pull"));
        Engine.RemoveByHand("web");
        var healed = await house.Loop.PassAsync(pass => pass.Run is { Result: ApplyResult.Applied }, seen);

        Assert.True(refused.Run!.Result == ApplyResult.RolledBack, refused.Run.Summary);
        Assert.Contains("503", refused.Run.Summary, StringComparison.Ordinal);
        Assert.True(pulls > 0);
        var repair = house.Read(journal => journal.Find(healed.Run!.Run!))!;
        Assert.Equal((RunCause.Drift, RunPhase.Succeeded), (repair.Cause, repair.Phase));
        Assert.DoesNotContain(repair.Begun, step => step.Planned.Step is PullImage);
        Assert.Contains("web running", house.Stage.Picture, StringComparison.Ordinal);
        Assert.Contains("api running healthy house/app:1.0.0", house.Stage.Picture, StringComparison.Ordinal);
        Assert.Empty(house.Stage.Quarantine());
    }
}
