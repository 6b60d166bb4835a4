namespace HomeIQ.Reconciler.Reconciling;

/// <summary>What is asked of services in a run, and which answers count.</summary>
public sealed class ProbeTests : IDisposable
{
    private readonly Stage stage = new();

    public ProbeTests() => Stacks.Publish(stage.Engine);

    public void Dispose() => stage.Dispose();

    [Fact]
    public async Task A_service_that_only_restarts_is_asked_what_the_commit_says_now()
    {
        stage.Policy = "services: { api: { restart-with: [db], verify: { timeout: 5s, probes: [{ exec: [curl] }] } } }";
        stage.Commit(Stacks.Three());
        Assert.Equal(ApplyResult.Applied, (await stage.ApplyAsync()).Result);

        stage.Policy = "services: { api: { restart-with: [db], verify: { timeout: 5s, probes: [{ exec: [test, -e, /never] }] } } }";
        stage.Commit(Stacks.Three(db: "1.1.0"));
        var report = await stage.ApplyAsync();

        Assert.True(report.Result == ApplyResult.RolledBack, report.Summary);
        Assert.Contains("probe exec test -e /never ended with 1", report.Summary, StringComparison.Ordinal);
    }
}
