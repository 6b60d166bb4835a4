using HomeIQ.Reconciler.Forges;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Reporting;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>What Git is told while a branch is followed (DESIGN §6.7).</summary>
public sealed class CommitStatusTests : IDisposable
{
    private readonly StandInForge forge = new(ForgeKind.Gitea);
    private readonly Stage stage = new();

    public CommitStatusTests()
    {
        Stacks.Publish(stage.Engine);
        stage.Forge = forge.Settings(instance: new AgentSettings().Instance);
    }

    public void Dispose()
    {
        stage.Dispose();
        forge.Dispose();
    }

    [Fact]
    public async Task A_bad_commit_turns_red_with_a_pull_request_that_leads_out_and_its_merge_turns_green()
    {
        var good = stage.Commit(Stacks.Three());
        var process = stage.Begin();
        await using var loop = process.Loop();
        await loop.PassAsync(_ => Said(good, "success"));

        var bad = stage.Commit(Stacks.Three(api: "1.9.0-sick"));
        await loop.PassAsync(_ => Said(bad, "failure"));
        var branch = $"homeiq/revert-{bad[..8]}";
        var told = await loop.PassAsync(pass => pass.Status is { Held: [{ WaysOut: [var way, ..] }, ..] } && way.Contains(forge.Root, StringComparison.Ordinal));

        Assert.Contains($"{bad} homeiq/homeiq failure: held: api failed: ", Of(bad)[^1], StringComparison.Ordinal);
        Assert.StartsWith($"{branch} onto main: Put api back as in ", Assert.Single(forge.Requests), StringComparison.Ordinal);
        Assert.StartsWith($"merge {process.Journal.Runs(1)[0].Offer!.Request}, branch {branch}: it puts api back", told.Status!.Held[0].WaysOut[0], StringComparison.Ordinal);

        var merged = stage.Merge(branch);
        await loop.PassAsync(_ => Said(merged, "success"));
        Assert.Equal([$"{good} homeiq/homeiq success: runs: last known-good"], Of(good)[^1..]);
    }

    [Fact]
    public async Task A_commit_that_does_not_load_is_an_error_with_file_and_line()
    {
        stage.Commit(Stacks.Three());
        await stage.ApplyAsync();
        var broken = stage.Commit("services:\n  web:\n    image: web:1.0.0\n    imge: x\n");
        using var process = stage.Begin();
        await using var loop = process.Loop();

        await loop.PassAsync(_ => Said(broken, "error"));

        Assert.EndsWith("does not load: desired-state/compose.yaml:4:5 (homeiq validate says why)", Of(broken)[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_source_that_does_not_answer_is_no_fault_of_the_commit()
    {
        var commit = stage.Commit(Stacks.Three());
        using var process = stage.Begin();
        await using var loop = process.Loop();
        await loop.PassAsync(_ => Said(commit, "success"));

        stage.MoveSourceAway();
        await loop.PassAsync(pass => pass.Status is { SourceProblem: not null });
        await loop.PassAfterAsync(TimeSpan.FromMinutes(5));

        Assert.True(Said(commit, "success"), string.Join('\n', forge.Statuses));
    }

    [Fact]
    public async Task While_a_commit_is_watched_it_is_pending()
    {
        stage.Commit(Stacks.Three());
        await stage.ApplyAsync();
        stage.Soak = "30m";
        var watched = stage.Commit(Stacks.Three(api: "1.2.0"));
        using var process = stage.Begin();
        await using var loop = process.Loop();

        await loop.PassAsync(_ => Said(watched, "success"));

        Assert.Contains($"{watched} homeiq/homeiq pending: runs and is watched", Of(watched));
        Assert.Equal(Of(watched).Distinct(StringComparer.Ordinal), Of(watched));
    }

    [Fact]
    public async Task A_forge_that_is_down_keeps_nobody_from_working_and_is_told_later()
    {
        forge.Instead = (503, "");
        var commit = stage.Commit(Stacks.Three());
        using var process = stage.Begin();
        await using var loop = process.Loop();
        await loop.PassAsync(pass => pass.Status is { Sync: Sync.Synced, Health: Health.Healthy } && process.Reconciliation.ForgeProblem is not null);
        Assert.Empty(forge.Statuses);

        forge.Instead = null;
        await loop.PassAsync(_ => Said(commit, "success"));

        Assert.Null(process.Reconciliation.ForgeProblem);
    }

    [Fact]
    public async Task Without_a_daemon_the_verb_tells_and_says_when_it_was_not_heard()
    {
        var good = stage.Commit(Stacks.Three());
        Assert.Equal(ApplyResult.Applied, (await stage.ApplyAsync()).Result);
        var bad = stage.Commit(Stacks.Three(api: "1.9.0-sick"));
        var back = await stage.ApplyAsync();

        Assert.True(Said(good, "success") && Said(bad, "failure"), string.Join('\n', forge.Statuses));
        Assert.Contains(back.Problems, told => told.Hint?.StartsWith($"merge {forge.Root}/house/stack/1", StringComparison.Ordinal) is true);

        forge.Instead = (500, """{"message":"the disk is full"}""");
        stage.Commit(Stacks.Three(api: "1.2.0"));
        var applied = await stage.ApplyAsync();
        Assert.Equal(ApplyResult.Applied, applied.Result);
        Assert.Contains(applied.Problems, told => told.Message.Contains("the disk is full", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_branch_without_its_pull_request_is_offered_all_the_same_and_asked_for_again()
    {
        stage.Commit(Stacks.Three());
        await stage.ApplyAsync();
        var bad = stage.Commit(Stacks.Three(api: "1.9.0-sick"));
        forge.Instead = (503, "");
        using var process = stage.Begin();
        await using var loop = process.Loop();
        await loop.PassAsync(pass => pass.Status is { Held: [_, ..] } && process.Journal.Runs(1)[0].Offer is { Commit: not null, Problem: not null });
        Assert.Equal(Stacks.Three(), stage.Text($"homeiq/revert-{bad[..8]}"));

        forge.Instead = null;
        await loop.PassAsync(_ => process.Journal.Runs(1)[0].Offer is { Problem: null, Request: not null });

        Assert.Single(forge.Requests);
    }

    private bool Said(string commit, string state) => Of(commit) is [.., var last] && last.StartsWith($"{commit} homeiq/homeiq {state}: ", StringComparison.Ordinal);

    private string[] Of(string commit) => [.. forge.Statuses.Where(status => status.StartsWith(commit, StringComparison.Ordinal))];
}
