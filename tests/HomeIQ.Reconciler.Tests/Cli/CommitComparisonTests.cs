using System.Text.Json;

namespace HomeIQ.Reconciler.Cli;

/// <summary><c>plan --base REF --head REF</c> on a real Git repository, without an engine.</summary>
public sealed class CommitComparisonTests
{
    [Fact]
    public async Task The_comment_of_a_pull_request_needs_no_engine()
    {
        using var homeiq = new Homeiq();
        var repository = await TwoCommitsAsync(homeiq);

        var ended = await homeiq.RunAsync("plan", "--repo", repository, "--base", "main~1", "--head", "main", "-o", "markdown");

        Assert.True(ended.Code == 0, ended.ToString());
        Snapshot.Matches(System.Text.RegularExpressions.Regex.Replace(ended.Out, @"\b[0-9a-f]{7}\b", "COMMIT", System.Text.RegularExpressions.RegexOptions.None, TimeSpan.FromSeconds(1)));
        Assert.Empty(Directory.GetFileSystemEntries(homeiq.Files.PathOf("tmp"), "homeiq-*"));
    }

    [Fact]
    public async Task Json_holds_the_steps_and_no_digest_to_approve()
    {
        using var homeiq = new Homeiq();
        var repository = await TwoCommitsAsync(homeiq);

        var ended = await homeiq.RunAsync("plan", "--repo", repository, "--base", "main~1", "--head", "main", "-o", "json");

        var plan = JsonDocument.Parse(ended.Out).RootElement;
        Assert.NotEqual(0, plan.GetProperty("steps").GetArrayLength());
        Assert.True(!plan.TryGetProperty("digest", out var digest) || digest.GetString() is "" or null);
    }

    [Fact]
    public async Task The_detailed_exit_code_tells_changes_from_none_and_from_errors()
    {
        using var homeiq = new Homeiq();
        var repository = await TwoCommitsAsync(homeiq);

        Assert.Equal(2, (await homeiq.RunAsync("plan", "--repo", repository, "--base", "main~1", "--head", "main", "--detailed-exitcode")).Code);
        Assert.Equal(0, (await homeiq.RunAsync("plan", "--repo", repository, "--base", "main", "--head", "main", "--detailed-exitcode")).Code);
        Assert.Equal(1, (await homeiq.RunAsync("plan", "--repo", repository, "--base", "nowhere", "--head", "main", "--detailed-exitcode")).Code);
    }

    [Fact]
    public async Task One_of_the_two_alone_is_refused()
    {
        using var homeiq = new Homeiq();

        Assert.Equal(
            new Ended(2, "", "homeiq: error: --base and --head go together\n        homeiq plan --base main --head my-branch\n"),
            await homeiq.RunAsync("plan", "--base", "main"));
    }

    [Fact]
    public async Task A_repository_without_the_tracked_branch_can_be_compared()
    {
        using var homeiq = new Homeiq();
        var repository = await TwoCommitsAsync(homeiq);
        Assert.Equal(0, (await homeiq.RunAsync("git", ["-C", repository, "branch", "-m", "main", "trunk"])).Code);

        var ended = await homeiq.RunAsync("plan", "--repo", repository, "--base", "trunk~1", "--head", "trunk");

        Assert.True(ended.Code == 0, ended.ToString());
    }

    private static async Task<string> TwoCommitsAsync(Homeiq homeiq)
    {
        House.WriteGood(homeiq, "repository/desired-state");
        await homeiq.CommitAsync("first");
        House.WriteGood(homeiq, "repository/desired-state", "1.1.0");
        return await homeiq.CommitAsync("data-api moves to 1.1.0");
    }
}
