using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>A forced push is followed and flagged, and no rule is weaker for it (DESIGN §11, Git).</summary>
public sealed class RewrittenHistoryTests : IDisposable
{
    private readonly Stage stage = new();

    public RewrittenHistoryTests() => Stacks.Publish(stage.Engine);

    public void Dispose() => stage.Dispose();

    [Fact]
    public async Task It_is_followed_and_told_until_the_host_is_on_the_new_history()
    {
        await RunAsync(Stacks.Three(), Stacks.Three(api: "1.1.0"));
        Assert.Empty((await PlanAsync()).Warnings);

        stage.TakeBackCommit();
        stage.Commit(Stacks.Three(api: "1.2.0"));

        // However often somebody looks: the host still runs what is in nobody's history.
        foreach (var plan in (Plan[])[await PlanAsync(), await PlanAsync()])
        {
            Assert.Equal(("history-rewritten", "main", Verdict.Ready), (Assert.Single(plan.Warnings).Code, plan.Warnings[0].Subject, plan.VerdictFor(null)));
            Assert.Contains("the commit that this host runs is not part of it any more", plan.Warnings[0].Message, StringComparison.Ordinal);
        }

        Assert.Equal(ApplyResult.Applied, (await stage.ApplyAsync()).Result);
        Assert.Contains("api running healthy house/app:1.2.0", stage.Picture, StringComparison.Ordinal);
        Assert.Empty((await PlanAsync()).Warnings);
    }

    [Fact]
    public async Task A_lower_version_of_a_service_that_writes_is_refused_like_any_downgrade()
    {
        await RunAsync(Stacks.Three(), Stacks.Three(db: "1.1.0"));

        stage.TakeBackCommit();

        var plan = await PlanAsync();
        Assert.Contains("history-rewritten", plan.Warnings.Select(warning => warning.Code));
        Assert.Equal(("downgrade", "db"), (Assert.Single(plan.Refusals).Code, plan.Refusals[0].Subject));
        Assert.Equal(ApplyResult.Refused, (await stage.ApplyAsync()).Result);
        Assert.Equal("", stage.Engine.Transcript.Take());
    }

    [Fact]
    public async Task Services_that_are_gone_with_it_are_removed_only_with_an_approval()
    {
        await RunAsync(Stacks.Three(), Stacks.Three(more: $"{Stacks.Lonely("one")}\n{Stacks.Lonely("two")}\n{Stacks.Lonely("three")}"));

        stage.TakeBackCommit();

        var plan = await PlanAsync();
        Assert.Contains("history-rewritten", plan.Warnings.Select(warning => warning.Code));
        Assert.Equal("removals", Assert.Single(plan.Approvals).Code);
        Assert.Equal(ApplyResult.AwaitingApproval, (await stage.ApplyAsync()).Result);
        Assert.Equal("", stage.Engine.Transcript.Take());
    }

    [Fact]
    public async Task What_a_verb_applied_before_the_daemon_fetched_it_is_no_rewritten_history()
    {
        await RunAsync(Stacks.Three());
        var process = stage.Begin();
        await using var loop = process.Loop(new LoopSettings { FetchInterval = TimeSpan.FromDays(1), Draw = () => 0.5 });
        await loop.PassAsync(pass => pass.Status is { Sync: Reporting.Sync.Synced });

        var newer = stage.Commit(Stacks.Three(api: "1.1.0"));
        Assert.Equal(ApplyResult.Applied, (await loop.Loop.AskAsync("apply", (reconciliation, token) => reconciliation.ApplyAsync(null, null, refresh: false, watches: false, token))).Result);

        var after = await loop.PassAsync(pass => pass.Status?.Effective == newer);
        Assert.Empty(after.Status!.Warnings);
    }

    private async Task RunAsync(params string[] commits)
    {
        foreach (var compose in commits)
        {
            stage.Commit(compose);
        }

        Assert.Equal(ApplyResult.Applied, (await stage.ApplyAsync()).Result);
        stage.Engine.Transcript.Take();
    }

    private async Task<Plan> PlanAsync()
    {
        using var process = stage.Begin();
        return (await process.Reconciliation.PlanAsync(revision: null, refresh: false, TestContext.Current.CancellationToken)).Plan!;
    }
}
