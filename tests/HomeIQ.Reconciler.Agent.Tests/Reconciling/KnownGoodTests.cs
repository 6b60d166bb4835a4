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

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private async Task ApplyAsync(string web)
    {
        stage.Commit(Stacks.Three(web: web));
        var report = await stage.ApplyAsync();
        Assert.True(report.Result == ApplyResult.Applied, $"{report.Result}: {report.Summary}");
    }

    private async Task BackAsync(ApplyResult expected, string web)
    {
        using var process = stage.Begin();
        var report = await process.Reconciliation.RollbackAsync(Cancel);
        Assert.True(report.Result == expected, $"{report.Result}: {report.Summary}");
        Assert.Contains($"web running healthy house/app:{web}", stage.Picture, StringComparison.Ordinal);
    }
}
