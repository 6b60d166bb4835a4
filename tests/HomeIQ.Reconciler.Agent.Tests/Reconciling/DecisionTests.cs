using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Planning;
using HomeIQ.Reconciler.Reporting;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>What a person decides beside commits, and what the loop makes of it.</summary>
public sealed class DecisionTests : IAsyncDisposable
{
    private readonly Stage stage = new();
    private AgentProcess? daemon;
    private WatchedLoop? loop;

    public DecisionTests() => Stacks.Publish(stage.Engine);

    public async ValueTask DisposeAsync()
    {
        if (loop is not null)
        {
            await loop.DisposeAsync();
        }

        stage.Dispose();
    }

    [Fact]
    public async Task A_suspended_host_is_neither_repaired_nor_upgraded_until_the_time_is_over()
    {
        await InstalledAsync();
        var until = stage.Clock.Now.AddMinutes(10);
        Take(new Suspension(null, until, "the roof is open"));
        await loop!.PassAsync(pass => pass.Status?.Suspended is not null);

        stage.Engine.StopByHand("web");
        stage.Commit(Stacks.Three(api: "1.1.0"));
        var waiting = await loop.PassAsync(pass => pass is { Run: null, Waits.NotBefore: not null });
        Assert.Equal(until, waiting.Waits.NotBefore);
        Assert.Equal("True", waiting.Status!.Conditions.Single(condition => condition.Type == "Suspended").Status);

        var done = await loop.PassAsync(pass => pass.Run is not null);
        Assert.True(done.At >= until, $"{done.At:O}");
        Assert.Contains("house/app:1.1.0", stage.Picture, StringComparison.Ordinal);
        Assert.Contains("web running", stage.Picture, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("stopped")]
    [InlineData("removed")]
    public async Task A_suspended_service_is_let_alone_and_its_neighbours_are_looked_after(string how)
    {
        await InstalledAsync();
        Take(new Suspension("web", stage.Clock.Now.AddDays(30), "debugging"));
        if (how == "stopped")
        {
            stage.Engine.StopByHand("web");
        }
        else
        {
            stage.Engine.RemoveByHand("web");
        }

        await loop!.PassAsync(pass => pass.Status is { Sync: Sync.OutOfSync });

        stage.Engine.RemoveByHand("api");
        await loop.PassAsync(pass => pass.Run is { Result: ApplyResult.Applied });
        Assert.Contains("api running", stage.Picture, StringComparison.Ordinal);
        Assert.DoesNotContain("web running", stage.Picture, StringComparison.Ordinal);

        Take(new Resumption("web"));
        await loop.PassAsync(pass => pass.Run is { Result: ApplyResult.Applied });
        Assert.Contains("web running", stage.Picture, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_persons_apply_is_told_and_goes_on_by_force()
    {
        stage.Commit(Stacks.Three());
        await stage.ApplyAsync();
        using var process = stage.Begin();
        process.Decisions.Take(new Suspension(null, stage.Clock.Now.AddHours(2), "the roof is open"));
        stage.Commit(Stacks.Three(api: "1.1.0"));

        var told = await process.ApplyAsync();
        Assert.Equal(ApplyResult.Suspended, told.Result);
        Assert.Contains("the roof is open", told.Summary, StringComparison.Ordinal);
        Assert.Contains("house/app:1.0.0", stage.Picture, StringComparison.Ordinal);

        var forced = await process.Reconciliation.ApplyAsync(null, null, refresh: false, watches: true, TestContext.Current.CancellationToken, force: true);
        Assert.Equal(ApplyResult.Applied, forced.Result);
    }

    [Fact]
    public async Task A_commit_under_watch_is_neither_trusted_nor_taken_back_while_it_is_suspended()
    {
        await InstalledAsync();
        stage.Soak = "1m";
        DateTimeOffset until = default;
        loop!.Loop.Tell(pass =>
        {
            // Between two passes: the clock would run past the watch before anybody else could.
            if (pass.Run is { Result: ApplyResult.Soaking })
            {
                until = stage.Clock.Now.AddMinutes(3);
                daemon!.Decisions.Take(new Suspension("api", until, "debugging"));
            }
        });
        stage.Commit(Stacks.Three(api: "1.1.0"));

        var promoted = await loop.PassAsync(pass => pass.Run is { Result: not ApplyResult.Soaking });

        Assert.Equal(ApplyResult.Applied, promoted.Run!.Result);
        Assert.True(promoted.At >= until + TimeSpan.FromMinutes(1), $"{promoted.At:O}");
    }

    [Fact]
    public async Task An_approved_plan_is_begun_by_the_loop_once()
    {
        await InstalledAsync();
        stage.Commit("services: {}\n");
        var asked = await loop!.PassAsync(pass => pass.Plan is { Approvals.Count: > 0 });
        Assert.Null(asked.Run);

        Assert.False(Take(new Approval("nonsense")).IsTaken);
        Assert.True(Take(new Approval(asked.Plan!.Digest)).IsTaken);
        var done = await loop.PassAsync(pass => pass.Run is not null);

        Assert.Equal(ApplyResult.Applied, done.Run!.Result);
        Assert.Empty(daemon!.Journal.Standing());
        Assert.DoesNotContain("running", stage.Picture, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_release_lets_what_failed_be_tried_again()
    {
        await InstalledAsync();
        stage.Commit(Stacks.Three(api: "1.9.0-sick"));
        var held = await loop!.PassAsync(pass => pass.Status is { Sync: Sync.Held });
        var hold = Assert.Single(held.Status!.Held);
        Assert.Equal(("api", "house/app:1.9.0-sick"), (hold.Service, Assert.Single(hold.Suspects).Image));
        Assert.True(Directory.Exists(Path.Combine(stage.StateFolder, hold.Evidence!)));
        Assert.Equal(["web"], hold.Dependents);

        Assert.False(Take(new Release("q-nothing")).IsTaken);
        Assert.True(Take(new Release(hold.Quarantine)).IsTaken);

        Assert.Equal(ApplyResult.RolledBack, (await loop.PassAsync(pass => pass.Run is not null)).Run!.Result);
        Assert.Equal([new Release(hold.Quarantine)], daemon!.Journal.Decisions(10).Select(decision => decision with { At = default }));
    }

    [Fact]
    public async Task What_makes_no_sense_is_refused_and_leaves_no_trace()
    {
        await InstalledAsync();

        Assert.False(Take(new Suspension("wbe", stage.Clock.Now.AddHours(1), "a typo")).IsTaken);
        Assert.False(Take(new Suspension(null, stage.Clock.Now, "over already")).IsTaken);
        Assert.False(Take(new Resumption(null)).IsTaken);
        Assert.Empty(daemon!.Journal.Decisions(10));
    }

    private DecisionReport Take(Decision decision)
    {
        var report = daemon!.Decisions.Take(decision);
        loop!.Loop.Wake("a person decided");
        return report;
    }

    private async Task InstalledAsync()
    {
        stage.Commit(Stacks.Three());
        daemon = stage.Begin();
        loop = daemon.Loop();
        await loop.PassAsync(pass => pass.Run is { Result: ApplyResult.Applied });
        await loop.PassAsync(pass => pass.Status is { Sync: Sync.Synced });
    }
}
