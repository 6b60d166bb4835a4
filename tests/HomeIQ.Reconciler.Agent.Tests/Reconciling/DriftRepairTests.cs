using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Docker;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>Drift that is put right while the container stays the same: what the engine is told, what happens when it will not, and at every cut.</summary>
public sealed class DriftRepairTests : IDisposable
{
    /// <summary>An application with limits on two networks and a file of the commit, and one that needs it.</summary>
    internal const string House =
        """
        x-checked: &checked
          image: house/app:1.0.0
          healthcheck: { test: [CMD, curl, -f, http://localhost:8080/health], interval: 1s, timeout: 1s, retries: 3 }
        services:
          app:
            <<: *checked
            container_name: app
            restart: unless-stopped
            mem_limit: 256m
            cpu_shares: 512
            pids_limit: 100
            volumes: ["./lamp.conf:/etc/lamp.conf:ro"]
            networks: { inner: { aliases: [keeper], ipv4_address: 10.9.0.7 }, outer: { aliases: [front] } }
          web:
            <<: *checked
            container_name: web
            networks: [inner]
            depends_on: { app: { condition: service_healthy } }
        networks:
          inner: { ipam: { config: [{ subnet: 10.9.0.0/24 }] } }
          outer: {}
          side: {}
        """;

    private readonly Stage stage = new();

    public DriftRepairTests() => Stacks.Publish(stage.Engine);

    public void Dispose() => stage.Dispose();

    /// <summary>What somebody does by hand, and what the engine is told then.</summary>
    public static readonly TheoryData<string, string> Repairs = new()
    {
        { "more memory", "update app" },
        { "another restart policy", "update app" },
        { "more of everything", "update app" },
        { "taken off a network", "connect app to house_inner as app,keeper" },
        { "taken off both networks", "connect app to house_inner as app,keeper\nconnect app to house_outer as app,front" },
        { "other names on a network", "disconnect app from house_outer\nconnect app to house_outer as app,front" },
        { "another network", "disconnect app from elsewhere" },
        { "a network made again", "connect app to house_outer as app,front" },
        { "a network gone", "create network house_outer\nconnect app to house_outer as app,front" },
        { "stopped, and a network gone", "create network house_outer\ndisconnect app from house_outer\nconnect app to house_outer as app,front\nstart app" },
        { "memory and a network", "update app\ndisconnect app from elsewhere\nconnect app to house_inner as app,keeper" },
        { "paused, with more memory", "update app\nunpause app" },
        { "an edited file", "stop app\nstart app" },
        { "a file gone", "stop app\nstart app" },
    };

    [Theory]
    [MemberData(nameof(Repairs))]
    public async Task Drift_is_put_right_by_the_least_that_does_it(string drift, string told)
    {
        await InstallAsync(stage);
        var (ids, picture, fields) = (await stage.IdsAsync(), stage.Picture, await FieldsAsync(stage));
        Drift(stage, drift);

        var report = await stage.ApplyAsync();

        Assert.Equal(ApplyResult.Applied, report.Result);
        Assert.Equal(told, stage.Engine.Transcript.Take());
        Assert.Equal(picture, stage.Picture);
        Assert.Equal(ids, await stage.IdsAsync());
        Assert.Equal(fields, await FieldsAsync(stage));
        Assert.Equal(ApplyResult.NothingToDo, (await stage.ApplyAsync()).Result);
    }

    [Theory]
    [InlineData("more memory", "update", HostFailure.Engine)]
    [InlineData("more memory", "update", HostFailure.Conflict)]
    [InlineData("more memory", "update", HostFailure.Invalid)]
    [InlineData("taken off a network", "connect", HostFailure.Engine)]
    [InlineData("other names on a network", "disconnect", HostFailure.Engine)]
    [InlineData("another network", "disconnect", HostFailure.Conflict)]
    public async Task What_the_engine_refuses_is_said_and_the_container_is_made_again_at_once(string drift, string call, HostFailure failure)
    {
        await InstallAsync(stage);
        var (ids, picture, fields) = (await stage.IdsAsync(), stage.Picture, await FieldsAsync(stage));
        Drift(stage, drift);
        stage.Engine.Faults.FailAt(call, 1, Fault.Of(failure, "not today"));

        using var process = stage.Begin();
        var report = await process.ApplyAsync();

        Assert.Equal(ApplyResult.Applied, report.Result);
        Assert.Equal("not today", Assert.Single(process.Journal.Runs(5).SelectMany(run => run.Begun).Select(step => step.Receipt).OfType<LeftDrifted>()).Reason);
        Assert.Contains("create app.new", stage.Engine.Transcript.Take(), StringComparison.Ordinal);
        Assert.Equal((picture, fields), (stage.Picture, await FieldsAsync(stage)));
        Assert.NotEqual(ids["app"], (await stage.IdsAsync())["app"]);
        Assert.Equal(ids["web"], (await stage.IdsAsync())["web"]);
        Assert.Equal(ApplyResult.NothingToDo, (await process.ApplyAsync()).Result);
    }

    [Theory]
    [InlineData("more memory", "update")]
    [InlineData("taken off a network", "connect")]
    [InlineData("other names on a network", "disconnect")]
    [InlineData("another network", "disconnect")]
    public async Task A_lost_answer_makes_no_other_container(string drift, string call)
    {
        await InstallAsync(stage);
        var (ids, fields) = (await stage.IdsAsync(), await FieldsAsync(stage));
        Drift(stage, drift);
        stage.Engine.Faults.FailAt(call, 1, Fault.AnswerLost);

        Assert.Equal(ApplyResult.RolledBack, (await stage.ApplyAsync()).Result);
        Assert.True((await stage.ApplyAsync()).Result is ApplyResult.Applied or ApplyResult.NothingToDo);

        Assert.Equal(ids, await stage.IdsAsync());
        Assert.Equal(fields, await FieldsAsync(stage));
        Assert.Equal(ApplyResult.NothingToDo, (await stage.ApplyAsync()).Result);
    }

    [Fact]
    public async Task A_refused_correction_is_no_reason_against_the_upgrade_that_it_comes_with()
    {
        await InstallAsync(stage);
        Drift(stage, "more memory");
        stage.Engine.Faults.FailAt("update", 1, Fault.Of(HostFailure.Engine, "device or resource busy"));
        stage.Commit(House.Replace("container_name: web", "container_name: web\n    environment: { LEVEL: '2' }", StringComparison.Ordinal));

        Assert.Equal(ApplyResult.Applied, (await stage.ApplyAsync()).Result);
        Assert.Equal(ApplyResult.NothingToDo, (await stage.ApplyAsync()).Result);
    }

    [Fact]
    public async Task A_step_can_tell_whether_it_happened()
    {
        await InstallAsync(stage);
        var app = new ContainerRef((await stage.IdsAsync())["app"], "app");
        using var process = stage.Begin();
        var performer = process.Performer();
        Step[] steps = [new UpdateContainer("app", app, ["HostConfig.Memory"]), new ReconnectNetwork("app", app, "house_inner", SpecDigestOf(process, "app")), new DisconnectNetwork("app", app, "elsewhere")];
        foreach (var (step, drift) in steps.Zip((string[])["more memory", "taken off a network", "another network"]))
        {
            var planned = new PlannedStep(1, step, "", []);
            Assert.IsType<Skipped>(await performer.ProbeAsync(planned, default));
            Drift(stage, drift);
            Assert.Null(await performer.ProbeAsync(planned, default));
            Assert.IsType<Performed>(await performer.PerformAsync(planned, isRollback: false, default));
            Assert.IsType<Skipped>(await performer.PerformAsync(planned, isRollback: false, default));
        }
    }

    [Fact]
    public async Task A_container_that_is_gone_meanwhile_fails_the_step()
    {
        await InstallAsync(stage);
        Drift(stage, "more memory");
        stage.Engine.Faults.Meanwhile("update", 1, () => stage.Engine.RemoveByHand("app"));

        Assert.Equal(ApplyResult.RolledBack, (await stage.ApplyAsync()).Result);
        Assert.Equal(ApplyResult.Applied, (await stage.ApplyAsync()).Result);
        Assert.Equal(ApplyResult.NothingToDo, (await stage.ApplyAsync()).Result);
    }

    [Theory]
    [MemberData(nameof(Repairs))]
    public async Task A_repair_that_is_cut_off_anywhere_is_finished_by_the_next_run_with_the_same_containers(string drift, string told)
    {
        Assert.NotEmpty(told);
        IReadOnlyList<string> points;
        using (var rehearsal = new Stage())
        {
            Stacks.Publish(rehearsal.Engine);
            await InstallAsync(rehearsal);
            Drift(rehearsal, drift);
            using var whole = rehearsal.Begin();
            await whole.ApplyAsync();
            points = whole.Life.Passed;
        }

        var wrong = new List<string>();
        for (var point = 1; point <= points.Count; point++)
        {
            using var cut = new Stage();
            Stacks.Publish(cut.Engine);
            await InstallAsync(cut);
            var (ids, picture, fields) = (await cut.IdsAsync(), cut.Picture, await FieldsAsync(cut));
            Drift(cut, drift);
            var started = (await cut.Engine.FindContainerAsync("app", default))!.StartedAt;
            using (var killed = cut.Begin(point))
            {
                await killed.ApplyUntilCutAsync();
                Assert.True(killed.Life.IsCut);
            }

            var report = await cut.ApplyAsync();
            var after = await cut.Engine.FindContainerAsync("app", default);
            var isFile = drift.Contains("file", StringComparison.Ordinal);

            // What was started just before the cut has not been asked yet.
            var seen = cut.Picture.Replace("starting", "healthy", StringComparison.Ordinal);
            if (report.Result is not (ApplyResult.Applied or ApplyResult.NothingToDo) || seen != picture || (await FieldsAsync(cut)) != fields
                || !ids.SequenceEqual(await cut.IdsAsync()) || (isFile && after!.StartedAt == started) || (await cut.ApplyAsync()).Result != ApplyResult.NothingToDo)
            {
                wrong.Add($"cut {point}, {points[point - 1]}: {report.Result}: {report.Summary}\n{cut.Picture}");
            }
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"kill matrix of {drift}: {points.Count} cuts");
        Assert.True(wrong.Count == 0, $"{wrong.Count} of {points.Count} cuts went wrong\n{string.Join('\n', wrong)}");
    }

    private static async Task InstallAsync(Stage stage)
    {
        stage.Write("desired-state/lamp.conf", "bright");
        stage.Commit(House);
        Assert.Equal(ApplyResult.Applied, (await stage.ApplyAsync()).Result);
        stage.Engine.AddNetworkByHand("elsewhere");
        stage.Engine.Transcript.Take();
    }

    internal static void Drift(Stage stage, string what)
    {
        var engine = stage.Engine;
        switch (what)
        {
            case "more memory":
                engine.UpdateByHand("app", new() { Memory = 1L << 30, MemorySwap = 2L << 30 });
                break;
            case "another restart policy":
                engine.UpdateByHand("app", new() { Restart = new("on-failure", 2) });
                break;
            case "more of everything":
                engine.UpdateByHand("app", new() { Memory = 64 << 20, CpuShares = 2, PidsLimit = 7, Restart = RestartPolicy.No });
                break;
            case "taken off a network":
                engine.DisconnectByHand("app", "house_inner");
                break;
            case "taken off both networks":
                engine.DisconnectByHand("app", "house_inner");
                engine.DisconnectByHand("app", "house_outer");
                break;
            case "other names on a network":
                engine.DisconnectByHand("app", "house_outer");
                engine.ConnectByHand("app", "house_outer", "app", "impostor");
                break;
            case "another network":
                engine.ConnectByHand("app", "elsewhere", "app");
                break;
            case "a network made again":
                engine.DisconnectByHand("app", "house_outer");
                engine.RemoveNetworkByHand("house_outer");
                engine.AddNetworkByHand("house_outer");
                break;
            case "a network gone":
                engine.DisconnectByHand("app", "house_outer");
                engine.RemoveNetworkByHand("house_outer");
                break;
            case "stopped, and a network gone":
                engine.StopByHand("app");
                engine.RemoveNetworkByHand("house_outer");
                break;
            case "memory and a network":
                engine.UpdateByHand("app", new() { Memory = 64 << 20 });
                engine.ConnectByHand("app", "elsewhere", "app");
                engine.DisconnectByHand("app", "house_inner");
                break;
            case "paused, with more memory":
                engine.UpdateByHand("app", new() { Memory = 64 << 20 });
                engine.Pause("app");
                break;
            case "an edited file":
                File.WriteAllText(Export(stage), "dark");
                break;
            default:
                File.Delete(Export(stage));
                break;
        }
    }

    private static string Export(Stage stage) => Assert.Single(Directory.GetFiles(stage.ContentFolder), file => !Path.GetFileName(file).StartsWith('.'));

    /// <summary>The settings of our containers, and on which networks they are.</summary>
    private static async Task<string> FieldsAsync(Stage stage) =>
        string.Join('\n', (await stage.Engine.ListContainersAsync(default)).Select(container => $"{container.Name} {container.Restart} {container.Fields}"));

    private static string SpecDigestOf(AgentProcess process, string service) =>
        process.Journal.Runs(1)[0].Plan.Steps.Select(step => step.Step).OfType<CreateContainer>().Single(create => create.Service == service).SpecDigest;
}
