using HomeIQ.Reconciler.Docker;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Planning;
using HomeIQ.Reconciler.Reporting;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>What the repository is offered after a commit went back.</summary>
public sealed class RevertBranchTests : IDisposable
{
    private readonly Stage stage = new();

    public RevertBranchTests() => Stacks.Publish(stage.Engine);

    public void Dispose() => stage.Dispose();

    [Fact]
    public async Task The_branch_puts_the_suspect_back_and_keeps_all_else_and_merging_it_restarts_nothing_of_it()
    {
        stage.Commit(Stacks.Three());
        await stage.ApplyAsync();
        var bad = stage.Commit(Stacks.Three(db: "1.0.0", api: "1.9.0-sick", more: Stacks.Lonely()));

        var back = await stage.ApplyAsync();

        Assert.Equal(ApplyResult.RolledBack, back.Result);
        var branch = $"homeiq/revert-{bad[..8]}";
        Assert.Contains(back.Problems, told => told.Message.Contains(branch, StringComparison.Ordinal));
        Assert.Equal(Stacks.Three(more: Stacks.Lonely()), stage.Text(branch));
        Assert.Equal((branch, null), (Offer()!.Branch, Offer()!.Problem));

        var ids = await stage.IdsAsync();
        var merged = stage.Merge(branch);
        var report = await stage.ApplyAsync();
        Assert.Equal((ApplyResult.Applied, merged), (report.Result, report.Plan!.Revision));
        var after = await stage.IdsAsync();
        Assert.All((string[])["db", "api", "web"], name => Assert.Equal(ids[name], after[name]));
        Assert.Contains("lonely running healthy", stage.Picture, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_branch_that_is_followed_is_not_written_to()
    {
        stage.Commit(Stacks.Three());
        await stage.ApplyAsync();
        stage.Commit(Stacks.Three(api: "1.9.0-sick"));

        Assert.Equal(ApplyResult.RolledBack, (await stage.ApplyAsync()).Result);

        Assert.Null(Offer()!.Problem);
        Assert.Equal(Stacks.Three(api: "1.9.0-sick"), stage.Text("main"));
    }

    [Fact]
    public async Task Where_an_input_of_the_host_did_it_there_is_only_the_report()
    {
        File.WriteAllText(stage.EnvFile, "TAG=1.0.0\n");
        stage.Commit(Stacks.Three(api: "${TAG}"));
        await stage.ApplyAsync();
        File.WriteAllText(stage.EnvFile, "TAG=1.9.0-sick\n");
        var bad = stage.Commit(Stacks.Three(api: "${TAG}"));

        Assert.Equal(ApplyResult.RolledBack, (await stage.ApplyAsync()).Result);

        Assert.Null(stage.Text($"homeiq/revert-{bad[..8]}"));
        Assert.Contains("an input of this host", Offer()!.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_loop_offers_what_a_process_that_died_could_not()
    {
        stage.Commit(Stacks.Three());
        await stage.ApplyAsync();
        var bad = stage.Commit(Stacks.Three(api: "1.9.0-sick"));
        using (var dying = stage.Begin(new Lifeline { CutWhen = points => points[^1] == "after run ended RolledBack" }))
        {
            Assert.Null(await dying.ApplyUntilCutAsync());
        }

        var process = stage.Begin();
        await using var loop = process.Loop();
        await loop.PassAsync(pass => pass.Status is { Sync: Sync.Held } && process.Journal.Runs(1)[0].Offer is not null);

        Assert.Equal(Stacks.Three(), stage.Text($"homeiq/revert-{bad[..8]}"));
    }

    [Fact]
    public async Task The_loops_status_tells_of_the_branch_as_soon_as_it_is_there()
    {
        stage.Commit(Stacks.Three());
        await stage.ApplyAsync();
        await using var loop = stage.Begin().Loop(DaemonStage.Rarely);
        await loop.PassAsync(pass => pass.Status is { Sync: Sync.Synced });
        var began = stage.Clock.Now;

        var bad = stage.Commit(Stacks.Three(api: "1.9.0-sick"));
        loop.Loop.Reconcile();
        var told = await loop.PassAsync(pass => pass.Status is { Held: [{ WaysOut: [var way, ..] }, ..] } && way.StartsWith($"merge the branch homeiq/revert-{bad[..8]}", StringComparison.Ordinal));

        Assert.True(told.At - began < TimeSpan.FromMinutes(10), $"{told.At - began}");
    }

    [Fact]
    public async Task A_repository_that_does_not_take_it_is_told_and_asked_again_later()
    {
        stage.Commit(Stacks.Three());
        await stage.ApplyAsync();
        var bad = stage.Commit(Stacks.Three(api: "1.9.0-sick"));
        // Where a branch is called so, none can be called homeiq/….
        stage.Branch("homeiq");
        var process = stage.Begin();
        await using var loop = process.Loop(new LoopSettings { Interval = TimeSpan.FromMinutes(10), FetchInterval = TimeSpan.FromMinutes(10), Draw = () => 0.5 });
        await loop.PassAsync(pass => pass.Status is { Sync: Sync.Held } && process.Journal.Runs(1)[0].Offer is { Problem: not null });

        stage.Unbranch("homeiq");
        var taken = await loop.PassAsync(_ => process.Journal.Runs(1)[0].Offer is { Problem: null });

        Assert.Equal(Stacks.Three(), stage.Text($"homeiq/revert-{bad[..8]}"));
        Assert.True(taken.At - process.Journal.Runs(1)[0].EndedAt >= TimeSpan.FromHours(1), $"{taken.At}");
    }

    private RevertOffered? Offer()
    {
        using var process = stage.Begin();
        return process.Journal.Runs(10).Single(run => run.Phase == RunPhase.RolledBack).Offer;
    }
}
