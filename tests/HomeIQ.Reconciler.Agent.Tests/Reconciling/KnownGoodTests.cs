namespace HomeIQ.Reconciler.Reconciling;

/// <summary>Which known-good state lies before which: where a person comes to who goes back, and back again.</summary>
public sealed class KnownGoodTests : IDisposable
{
    private readonly Stage stage = new();

    public KnownGoodTests() => Stacks.Publish(stage.Engine);

    public void Dispose() => stage.Dispose();

    [Fact]
    public async Task Going_back_twice_leads_two_states_back_and_not_to_what_was_just_left()
    {
        await ApplyAsync("1.0.0");
        await ApplyAsync("1.1.0");
        await ApplyAsync("1.2.0");

        await BackAsync(ApplyResult.Applied, "1.1.0");
        await BackAsync(ApplyResult.Applied, "1.0.0");
        await BackAsync(ApplyResult.Refused, "1.0.0");
    }

    [Fact]
    public async Task A_repair_between_two_ways_back_changes_nothing_about_them()
    {
        await ApplyAsync("1.0.0");
        await ApplyAsync("1.1.0");
        await ApplyAsync("1.2.0");
        await BackAsync(ApplyResult.Applied, "1.1.0");
        stage.Engine.RemoveByHand("web");
        using (var process = stage.Begin())
        {
            var healed = await process.Reconciliation.PassAsync(new(null, null, null), Cancel);
            Assert.Equal(ApplyResult.Applied, healed.Run?.Result);
        }

        await BackAsync(ApplyResult.Applied, "1.0.0");
    }

    [Fact]
    public async Task What_comes_after_a_way_back_goes_back_to_where_that_led()
    {
        await ApplyAsync("1.0.0");
        await ApplyAsync("1.1.0");
        await BackAsync(ApplyResult.Applied, "1.0.0");
        await ApplyAsync("1.2.0");

        await BackAsync(ApplyResult.Applied, "1.0.0");
        await BackAsync(ApplyResult.Refused, "1.0.0");
    }

    [Fact]
    public async Task A_failed_run_whose_way_back_made_a_container_again_changes_nothing_either()
    {
        await ApplyAsync("1.0.0");
        await ApplyAsync("1.1.0");
        var old = (await stage.IdsAsync())["web"];
        stage.Commit(Stacks.Three(web: "1.9.0-sick"));
        stage.Engine.Faults.Meanwhile("start", 1, () => stage.Engine.RemoveByHand($"web.kept-{old[..6]}"));
        Assert.Equal(ApplyResult.RolledBack, (await stage.ApplyAsync()).Result);

        await BackAsync(ApplyResult.Applied, "1.0.0");
    }

    [Fact]
    public async Task A_person_goes_back_to_a_named_commit_and_further_from_there()
    {
        stage.Generations = 5;
        await ApplyAsync("1.0.0");
        var second = await ApplyAsync("1.1.0");
        await ApplyAsync("1.2.0");
        await ApplyAsync("1.0.0", more: Stacks.Lonely());

        await BackAsync(ApplyResult.Applied, "1.1.0", second[..7]);
        await BackAsync(ApplyResult.NothingToDo, "1.1.0", second[..7]);
        await BackAsync(ApplyResult.Applied, "1.0.0");
        await BackAsync(ApplyResult.Refused, "1.0.0");
    }

    [Fact]
    public async Task A_commit_that_was_never_known_good_is_refused_and_those_that_are_kept_are_named()
    {
        var first = await ApplyAsync("1.0.0");
        await ApplyAsync("1.1.0");
        var bad = stage.Commit(Stacks.Three(web: "1.9.0-sick"));
        Assert.Equal(ApplyResult.RolledBack, (await stage.ApplyAsync()).Result);

        var report = await BackAsync(ApplyResult.Refused, "1.1.0", bad[..7]);

        Assert.Equal($"{bad[..7]} is no known-good commit that is kept here; nothing was touched", report.Summary);
        Assert.Equal($"kept are: {first[..7]}", report.Hint);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private async Task<string> ApplyAsync(string web, string more = "")
    {
        var commit = stage.Commit(Stacks.Three(web: web, more: more));
        var report = await stage.ApplyAsync();
        Assert.True(report.Result == ApplyResult.Applied, $"{report.Result}: {report.Summary}");
        return commit;
    }

    private async Task<ApplyReport> BackAsync(ApplyResult expected, string web, string? commit = null)
    {
        using var process = stage.Begin();
        var report = await process.Reconciliation.RollbackAsync(Cancel, commit: commit);
        Assert.True(report.Result == expected, $"{report.Result}: {report.Summary}");
        Assert.Contains($"web running healthy house/app:{web}", stage.Picture, StringComparison.Ordinal);
        return report;
    }
}
