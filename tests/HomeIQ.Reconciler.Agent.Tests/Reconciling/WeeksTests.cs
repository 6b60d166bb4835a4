using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Reporting;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>A house that nobody watches, and a branch on which people and bots go on working.</summary>
public sealed class WeeksTests : IAsyncDisposable
{
    private const string Bad = "1.9.0-sick";

    private readonly DaemonStage house = new();

    public ValueTask DisposeAsync() => house.DisposeAsync();

    /// <remarks>
    /// Monday: somebody changes web while the bad api is still in the branch, which is held. Wednesday: the bad api is reverted, and web's change is taken
    /// at once. Friday: the bot commits the bad api again, which is held again. Everything happens in the seventh hour of the day, between two looks.
    /// </remarks>
    [Fact]
    public async Task In_six_weeks_of_other_commits_and_a_bot_that_insists_the_bad_version_is_never_tried_again_and_everything_else_is_taken()
    {
        await house.InstallAsync(Text(), DaemonStage.Rarely);
        var began = house.Stage.Clock.Now;
        Assert.Equal(Sync.Held, (await CommitAsync(Text(api: Bad))).Sync);
        var entry = Assert.Single(house.Stage.Quarantine());

        for (var week = 1; week <= 6; week++)
        {
            var web = week % 2 == 0 ? "1.0.0" : "1.1.0";
            var before = house.Stage.Picture;

            var monday = await CommitAsync(Text(api: Bad, web: web));
            Assert.Equal((Sync.Held, before), (monday.Sync, house.Stage.Picture));
            Assert.Equal(["web"], Assert.Single(monday.Held).Waiting);
            await house.Loop.PassAfterAsync(TimeSpan.FromDays(2));

            var wednesday = await CommitAsync(Text(web: web));
            Assert.Equal((Sync.Synced, Health.Healthy), (wednesday.Sync, wednesday.Health));
            Assert.Contains($"web running healthy house/app:{web}", house.Stage.Picture, StringComparison.Ordinal);
            await house.Loop.PassAfterAsync(TimeSpan.FromDays(2));

            if (week == 3)
            {
                await house.RestartAsync(DaemonStage.Rarely);
            }

            Assert.Equal(Sync.Held, (await CommitAsync(Text(api: Bad, web: web))).Sync);
            await house.Loop.PassAfterAsync(TimeSpan.FromDays(3));
        }

        Assert.True(house.Stage.Clock.Now - began >= TimeSpan.FromDays(42), $"{house.Stage.Clock.Now - began}");
        Assert.Equal(entry, Assert.Single(house.Stage.Quarantine()));
        Assert.Single(house.Stage.Engine.Events, happened => happened.Action == "start" && happened.Attributes["image"] == $"house/app:{Bad}");
        Assert.Equal(
            [.. Enumerable.Repeat(RunPhase.Succeeded, 6), RunPhase.RolledBack, RunPhase.Succeeded],
            house.Runs.Select(run => run.Phase));
        Assert.All(house.Runs.SkipLast(2), run => Assert.Equal(["web"], run.Plan.Contents.Keys));
        Assert.Contains("api running healthy house/app:1.0.0", house.Stage.Picture, StringComparison.Ordinal);
    }

    private static string Text(string api = "1.0.0", string web = "1.0.0") => DaemonStage.Slow(Stacks.Three(api: api, web: web));

    /// <summary>Commits, and comes back with how the host stands when the daemon has nothing more to do about it.</summary>
    private async Task<HostStatus> CommitAsync(string text)
    {
        var seen = house.Loop.Passes.Count;
        var commit = house.Stage.Commit(text);
        house.Loop.Loop.Reconcile();
        var settled = await house.Loop.PassAsync(pass => pass.Run is null && pass.Status?.Revision == commit && pass.Status is { Sync: Sync.Held or Sync.Synced }, seen);
        return settled.Status!;
    }
}
