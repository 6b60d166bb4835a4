using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Docker;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>What is asked of services before and after, and which answers count.</summary>
public sealed class ProbeTests : IDisposable
{
    private const string NeverThere = "{ exec: [test, -e, /never] }";

    private readonly Stage stage = new();

    public ProbeTests() => Stacks.Publish(stage.Engine);

    public void Dispose() => stage.Dispose();

    [Fact]
    public async Task A_service_that_only_restarts_is_asked_what_the_commit_says_now()
    {
        await InstallAsync(Asked("api", "{ exec: [curl] }", restartWith: "db"));

        var report = await ApplyAsync(Stacks.Three(db: "1.1.0"), Asked("api", NeverThere, restartWith: "db"));

        Assert.True(report.Result == ApplyResult.RolledBack, report.Summary);
        Assert.Contains("probe exec test -e /never ended with 1", report.Summary, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_probe_that_failed_before_and_fails_the_same_way_is_told_and_not_blamed()
    {
        await InstallAsync(Asked("api", "{ exec: [curl] }"));
        // Now it is asked what it never could answer; that was not verified, since nothing moved.
        Assert.Equal(ApplyResult.Applied, (await ApplyAsync(Stacks.Three(), Asked("api", $"{{ exec: [curl] }}, {NeverThere}"))).Result);

        var report = await ApplyAsync(Stacks.Three(api: "1.1.0"));

        Assert.True(report.Result == ApplyResult.Applied, report.Summary);
        Assert.EndsWith("; was failing before and still is: api", report.Summary, StringComparison.Ordinal);
        var warning = Assert.Single(Warnings(report));
        Assert.Equal(("api", Severity.Warning), (warning.Position.ToString(), warning.Severity));
        Assert.StartsWith("was failing before: probe exec test -e /never ended with 1", warning.Message, StringComparison.Ordinal);
        var receipts = ReceiptsOf(report);
        Assert.Equal(ProbeResult.Fail, Assert.Single(Assert.Single(receipts.OfType<BaselineTaken>()).Failing).Answer.Result);
        var proof = Assert.Single(receipts.OfType<ServiceVerified>());
        Assert.StartsWith("healthy; 1 probe passed after ", proof.Evidence, StringComparison.Ordinal);
        Assert.Single(proof.FailingBefore);
        Assert.Contains("api running healthy house/app:1.1.0", stage.Picture);
    }

    [Fact]
    public async Task A_probe_that_passed_before_and_fails_now_fails_the_run()
    {
        await InstallAsync("");
        await TouchAsync("api", "/there");
        Assert.Equal(ApplyResult.Applied, (await ApplyAsync(Stacks.Three(), Asked("api", "{ exec: [test, -e, /there] }"))).Result);

        var report = await ApplyAsync(Stacks.Three(api: "1.1.0"));

        Assert.True(report.Result == ApplyResult.RolledBack, report.Summary);
        Assert.Empty(Warnings(report));
        Assert.Contains("api running healthy house/app:1.0.0", stage.Picture);
    }

    [Fact]
    public async Task A_probe_that_failed_before_and_passes_now_is_nothing_to_tell()
    {
        await InstallAsync("");
        Assert.Equal(ApplyResult.Applied, (await ApplyAsync(Stacks.Three(), Asked("api", "{ exec: [curl] }"))).Result);
        stage.Engine.MakeSick("api");

        var report = await ApplyAsync(Stacks.Three(api: "1.1.0"));

        Assert.True(report.Result == ApplyResult.Applied, report.Summary);
        Assert.Empty(Warnings(report));
        Assert.Single(Assert.Single(ReceiptsOf(report).OfType<BaselineTaken>()).Failing);
    }

    [Fact]
    public async Task A_probe_that_fails_in_another_way_fails_the_run()
    {
        const string either = "{ exec: [sh, -c, 'test -e /there && exit 5'] }";
        await InstallAsync("");
        await TouchAsync("api", "/there");
        Assert.Equal(ApplyResult.Applied, (await ApplyAsync(Stacks.Three(), Asked("api", either))).Result);

        var report = await ApplyAsync(Stacks.Three(api: "1.1.0"));

        Assert.True(report.Result == ApplyResult.RolledBack, report.Summary);
        // On the way back it is the old answer again, and not blamed on the way back either.
        Assert.StartsWith("was failing before: probe exec sh -c test -e /there && exit 5 ended with 5", Assert.Single(Warnings(report)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_probe_that_is_new_with_the_commit_is_excused_by_nothing()
    {
        await InstallAsync(Asked("api", "{ exec: [curl] }"));

        var report = await ApplyAsync(Stacks.Three(api: "1.1.0"), Asked("api", $"{{ exec: [curl] }}, {NeverThere}"));

        Assert.True(report.Result == ApplyResult.RolledBack, report.Summary);
    }

    [Fact]
    public async Task A_way_back_is_not_stuck_on_what_failed_before_it()
    {
        await InstallAsync("");
        Assert.Equal(ApplyResult.Applied, (await ApplyAsync(Stacks.Three(), Asked("api", NeverThere, restartWith: "db"))).Result);

        // The page is bad; by then the application has restarted, and is restarted again on the way back.
        var report = await ApplyAsync(Stacks.Three(db: "1.1.0", web: "1.9.0-sick"));

        Assert.True(report.Result == ApplyResult.RolledBack, report.Summary);
        Assert.Single(Warnings(report));
    }

    [Fact]
    public async Task Wherever_it_is_cut_off_what_failed_before_stays_excused()
    {
        var points = await PointsAsync();
        await Parallel.ForEachAsync(Enumerable.Range(1, points), new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (point, _) =>
        {
            using var house = await FailingAsync();
            using (var process = house.Begin(cutAt: point))
            {
                await process.ApplyUntilCutAsync();
            }

            var report = await house.ApplyAsync();
            Assert.True(report.Result is ApplyResult.Applied or ApplyResult.NothingToDo, $"cut {point}: {report.Result}: {report.Summary}");
            Assert.Contains("api running healthy house/app:1.1.0", house.Picture);
        });

        async Task<int> PointsAsync()
        {
            using var house = await FailingAsync();
            using var process = house.Begin();
            Assert.Equal(ApplyResult.Applied, (await process.ApplyAsync()).Result);
            return process.Life.Passed.Count;
        }

        async Task<Stage> FailingAsync()
        {
            var house = new Stage();
            Stacks.Publish(house.Engine);
            house.Commit(Stacks.Three());
            await house.ApplyAsync();
            house.Policy = Asked("api", NeverThere);
            house.Commit(Stacks.Three());
            Assert.Equal(ApplyResult.Applied, (await house.ApplyAsync()).Result);
            house.Commit(Stacks.Three(api: "1.1.0"));
            return house;
        }
    }

    [Fact]
    public async Task Who_was_unhealthy_and_is_only_restarted_is_told_and_not_blamed()
    {
        await InstallAsync("services: { web: { restart-with: [api] } }");
        await SickenAsync("web");

        var report = await ApplyAsync(Stacks.Three(api: "1.1.0"));

        Assert.True(report.Result == ApplyResult.Applied, report.Summary);
        Assert.Contains("was failing before: unhealthy", Assert.Single(Warnings(report)).Message, StringComparison.Ordinal);
        Assert.Contains("web running unhealthy house/app:1.0.0", stage.Picture);
    }

    [Fact]
    public async Task Who_was_unhealthy_and_is_made_anew_of_the_same_is_promoted_as_it_was()
    {
        stage.Commit(Stacks.Namespace("1.0.0"));
        Assert.Equal(ApplyResult.Applied, (await stage.ApplyAsync()).Result);
        await SickenAsync("guest");
        stage.Engine.Faults.Meanwhile("start", 2, () => stage.Engine.MakeSick("guest"));

        stage.Commit(Stacks.Namespace("1.1.0"));
        var report = await stage.ApplyAsync();

        Assert.True(report.Result == ApplyResult.Applied, report.Summary);
        Assert.Single(Warnings(report));
    }

    [Fact]
    public async Task A_version_that_was_put_in_has_to_become_healthy_whatever_was_before_it()
    {
        await InstallAsync("");
        await SickenAsync("api");

        var report = await ApplyAsync(Stacks.Three(api: "1.9.0-sick"));

        // And the old one may come back as ill as it was.
        Assert.True(report.Result == ApplyResult.RolledBack, report.Summary);
        Assert.Contains("was failing before: unhealthy", Assert.Single(Warnings(report)).Message, StringComparison.Ordinal);
        Assert.Equal(ApplyResult.Applied, (await ApplyAsync(Stacks.Three(api: "1.1.0"))).Result);
    }

    [Fact]
    public async Task An_engine_that_cannot_ask_keeps_no_run_from_going_on()
    {
        await InstallAsync(Asked("api", "{ exec: [curl] }"));
        stage.Engine.Faults.FailAt("exec", 1, HostFailure.Engine);

        var report = await ApplyAsync(Stacks.Three(api: "1.1.0"));

        Assert.True(report.Result == ApplyResult.Applied, report.Summary);
        Assert.Empty(Warnings(report));
        Assert.Equal(ProbeResult.Inconclusive, Assert.Single(Assert.Single(ReceiptsOf(report).OfType<BaselineTaken>()).Failing).Answer.Result);
    }

    [Fact]
    public async Task A_probe_that_cannot_be_asked_after_the_swap_takes_the_run_back_and_is_no_verdict_on_the_version()
    {
        await InstallAsync("");
        var ids = await stage.IdsAsync();

        var report = await ApplyAsync(Stacks.Three(api: "1.1.0"), Asked("api", "{ http: 'http://nowhere.invalid/health' }"));

        Assert.True(report.Result == ApplyResult.RolledBack, report.Summary);
        Assert.Contains("nowhere.invalid", report.Summary, StringComparison.Ordinal);
        Assert.Contains(ReceiptsOf(report), receipt => receipt is ContainerMade);
        Assert.True(ids.All((await stage.IdsAsync()).Contains));
        Assert.Empty(stage.Quarantine());

        // What cannot be asked for good is tried again, and never held.
        Assert.Equal(ApplyResult.RolledBack, (await stage.ApplyAsync()).Result);
        Assert.Equal(ApplyResult.Applied, (await ApplyAsync(Stacks.Three(api: "1.1.0"), "")).Result);
    }

    /// <summary>What is told of the services; that a branch was offered is told elsewhere.</summary>
    private static IEnumerable<Problem> Warnings(ApplyReport report) => report.Problems.Where(told => told.Severity is Severity.Warning);

    private static string Asked(string service, string probes, string? restartWith = null) =>
        $"services: {{ {service}: {{ {(restartWith is null ? "" : $"restart-with: [{restartWith}], ")}verify: {{ timeout: 5s, probes: [{probes}] }} }} }}";

    private async Task InstallAsync(string policy)
    {
        var report = await ApplyAsync(Stacks.Three(), policy);
        Assert.True(report.Result == ApplyResult.Applied, report.Summary);
    }

    private Task<ApplyReport> ApplyAsync(string compose, string? policy = null)
    {
        stage.Policy = policy ?? stage.Policy;
        stage.Commit(compose);
        return stage.ApplyAsync();
    }

    private List<Receipt> ReceiptsOf(ApplyReport report)
    {
        using var process = stage.Begin();
        return [.. process.Journal.Find(report.Run!)!.Begun.Select(step => step.Receipt).OfType<Receipt>()];
    }

    private async Task TouchAsync(string container, string file) =>
        await stage.Engine.ExecuteAsync((await stage.IdsAsync())[container], ["touch", file], TestContext.Current.CancellationToken);

    /// <summary>Sick, and known to the engine as such.</summary>
    private async Task SickenAsync(string container)
    {
        stage.Engine.MakeSick(container);
        stage.Clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(ContainerHealth.Unhealthy, (await stage.Engine.FindContainerAsync(container, TestContext.Current.CancellationToken))!.Health);
    }
}
