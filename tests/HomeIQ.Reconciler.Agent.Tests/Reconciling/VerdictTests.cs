using HomeIQ.Reconciler.Docker;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>What is a verdict on a version and what is none (DESIGN §6.4, §11).</summary>
public sealed class VerdictTests : IDisposable
{
    private readonly Stage stage = new();

    public VerdictTests() => Stacks.Publish(stage.Engine);

    public void Dispose() => stage.Dispose();

    [Fact]
    public async Task What_was_measured_bad_is_in_quarantine_without_an_end()
    {
        await InstallAsync(Stacks.Three());

        await ApplyAsync(Stacks.Three(api: "1.9.0-sick"), ApplyResult.RolledBack);

        Assert.Null(Assert.Single(stage.Quarantine()).Expires);
    }

    [Fact]
    public async Task A_host_port_that_somebody_takes_just_before_the_start_takes_the_run_back_and_is_no_verdict()
    {
        await InstallAsync(Stacks.Three());
        var ids = await stage.IdsAsync();
        stage.Engine.Faults.Meanwhile("start", 1, () => stage.Engine.OccupyPort(18081));

        var report = await ApplyAsync(OtherPort, ApplyResult.RolledBack);

        Assert.Contains("address already in use", report.Summary, StringComparison.Ordinal);
        Assert.Equal("find what holds the port: ss -ltnp", report.Hint);
        Assert.True(ids.All((await stage.IdsAsync()).Contains));
        Assert.Empty(stage.Quarantine());
        stage.Engine.OccupyPort(18081, occupied: false);
        Assert.Equal(ApplyResult.Applied, (await stage.ApplyAsync()).Result);
    }

    /// <remarks>watchtower and uncloud stop the old one first, and then there is none.</remarks>
    [Fact]
    public async Task A_container_that_cannot_be_made_leaves_the_old_one_running_and_untouched()
    {
        await InstallAsync(Stacks.Three());
        var (before, started) = (stage.Picture, (await stage.FindAsync("api"))!.StartedAt);
        stage.Engine.Faults.FailAt("create", 1, Fault.Of(HostFailure.Engine));

        await ApplyAsync(Stacks.Three(api: "1.1.0"), ApplyResult.RolledBack);

        Assert.Equal((before, started), (stage.Picture, (await stage.FindAsync("api"))!.StartedAt));
        Assert.Empty(stage.Quarantine());
        Assert.Equal(ApplyResult.Applied, (await stage.ApplyAsync()).Result);
    }

    /// <remarks>moby#37972: a monitor shorter than the delay before the first check saw nothing, and called that good.</remarks>
    [Fact]
    public async Task A_watch_that_is_shorter_than_the_start_promotes_nothing_that_never_came_up()
    {
        stage.Engine.Push("house/app:1.8.0-late", ValueMap<string>.Empty.With("START_DELAY", "20").With("NEVER_HEALTHY", "1"));
        await InstallAsync(Stacks.Three());
        var (before, began) = (stage.Picture, stage.Clock.Now);
        stage.Soak = "1s";

        await ApplyAsync(Stacks.Three(api: "1.8.0-late").Replace("retries: 3 }", "retries: 3, start_period: 30s }", StringComparison.Ordinal), ApplyResult.RolledBack);

        Assert.True(stage.Clock.Now - began >= TimeSpan.FromSeconds(30), $"{stage.Clock.Now - began}");
        Assert.Equal(before, stage.Picture);
        Assert.NotEmpty(stage.Quarantine());
    }

    private static string OtherPort => Stacks.Three().Replace("18080:8080", "18081:8080", StringComparison.Ordinal);

    private Task<ApplyReport> InstallAsync(string compose) => ApplyAsync(compose, ApplyResult.Applied);

    private async Task<ApplyReport> ApplyAsync(string compose, ApplyResult expected)
    {
        stage.Commit(compose);
        var report = await stage.ApplyAsync();
        Assert.True(report.Result == expected, $"{report.Result}: {report.Summary}");
        return report;
    }
}
