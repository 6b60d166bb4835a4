using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Docker;

/// <summary>What the fake engine promises to tests beyond what it has in common with the real one.</summary>
public sealed class FakeEngineTests : IDisposable
{
    private static readonly HealthCheck Check = new(["CMD", "curl", "-f", "http://localhost:8080/health"], TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1), 3, TimeSpan.Zero);

    private readonly VirtualClock clock = new();
    private readonly FakeEngine engine;

    public FakeEngineTests() => engine = new FakeEngine(clock);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => clock.Dispose();

    [Fact]
    public async Task Ids_are_the_same_in_every_run_and_differ_by_seed()
    {
        using var otherClock = new VirtualClock();
        var first = await CreateAsync(engine, "a");
        var again = await CreateAsync(new FakeEngine(otherClock), "a");
        var other = await CreateAsync(new FakeEngine(otherClock, seed: 2), "a");

        Assert.Equal(first, again);
        Assert.False(first == other);
        Assert.Matches("^[0-9a-f]{64}$", first);
    }

    [Fact]
    public async Task The_clock_stands_still_until_somebody_waits()
    {
        var before = clock.Now;
        var id = await StartAsync("a", ("START_DELAY", "5"));

        Assert.Equal(ContainerHealth.Starting, (await engine.FindContainerAsync(id, Token))!.Health);
        Assert.Equal(before, clock.Now);

        await Task.Delay(TimeSpan.FromSeconds(6), clock, Token);

        Assert.Equal(ContainerHealth.Healthy, (await engine.FindContainerAsync(id, Token))!.Health);
        Assert.Equal(before + TimeSpan.FromSeconds(6), clock.Now);
    }

    [Fact]
    public async Task A_container_that_never_answers_turns_unhealthy_after_its_retries()
    {
        var began = clock.Now;
        var id = await StartAsync("a", ("NEVER_HEALTHY", "1"));
        var turned = await NextAsync(id, "health_status: unhealthy");

        Assert.Equal(began + TimeSpan.FromSeconds(3), turned.At);
        Assert.Contains("503", (await engine.FindContainerAsync(id, Token))!.LastHealthOutput);
    }

    [Fact]
    public async Task A_failing_check_does_not_count_within_the_start_period()
    {
        var id = await engine.CreateContainerAsync(
            "a",
            new ContainerSpec { Image = "app:1", HealthCheck = Check with { StartPeriod = TimeSpan.FromSeconds(20), StartInterval = TimeSpan.FromSeconds(2) }, Environment = Env(("START_DELAY", "15")) },
            engine.AddImage("app:1").Id, ValueMap<string>.Empty, Token);
        await engine.StartContainerAsync(id, Token);

        clock.Advance(TimeSpan.FromSeconds(14));
        Assert.Equal(ContainerHealth.Starting, (await engine.FindContainerAsync(id, Token))!.Health);

        clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(ContainerHealth.Healthy, (await engine.FindContainerAsync(id, Token))!.Health);
    }

    [Fact]
    public async Task A_crash_is_followed_by_what_the_restart_policy_says()
    {
        var loops = await StartAsync("loops", new RestartPolicy("always"), ("CRASH_AFTER", "1"));
        var ends = await StartAsync("ends", RestartPolicy.No, ("CRASH_AFTER", "1"));
        var tries = await StartAsync("tries", new RestartPolicy("on-failure", 2), ("CRASH_AFTER", "1"));
        var done = await StartAsync("done", new RestartPolicy("on-failure"), ("EXIT", "0"));

        clock.Advance(TimeSpan.FromSeconds(30));

        Assert.True((await engine.FindContainerAsync(loops, Token))!.RestartCount > 5);
        Assert.Equal(
            """
            done exited app:1
            ends exited app:1
            loops running app:1
            tries exited app:1
            """,
            engine.Picture.Replace("loops restarting", "loops running", StringComparison.Ordinal).Replace(" starting", "", StringComparison.Ordinal), ignoreLineEndingDifferences: true);
        Assert.Equal((1, 2), ((await engine.FindContainerAsync(tries, Token))!.ExitCode, (await engine.FindContainerAsync(tries, Token))!.RestartCount));
        Assert.Equal((1, 0), ((await engine.FindContainerAsync(ends, Token))!.ExitCode, (await engine.FindContainerAsync(done, Token))!.ExitCode));
    }

    [Fact]
    public async Task A_fault_strikes_the_call_that_it_was_planned_for()
    {
        var id = await CreateAsync(engine, "a");
        engine.Faults.FailAt("start", 2, HostFailure.Engine);
        engine.Faults.FailAt("stop", 1, Fault.AnswerLost);
        engine.Faults.FailAt("rename", 1, Fault.Hangs);

        Assert.True(await engine.StartContainerAsync(id, Token));
        var refused = await Assert.ThrowsAsync<ContainerHostException>(() => engine.StartContainerAsync(id, Token));
        var lost = await Assert.ThrowsAsync<ContainerHostException>(() => engine.StopContainerAsync(id, null, Token));
        var before = clock.Now;
        var hung = await Assert.ThrowsAsync<ContainerHostException>(() => engine.RenameContainerAsync(id, "b", Token));

        Assert.Equal((HostFailure.Engine, HostFailure.Unreachable, HostFailure.TimedOut), (refused.Failure, lost.Failure, hung.Failure));
        Assert.Equal(ContainerStatus.Exited, (await engine.FindContainerAsync("a", Token))!.Status);
        Assert.Equal(before + Faults.Deadline, clock.Now);
    }

    [Fact]
    public async Task A_cut_process_does_nothing_any_more()
    {
        var life = new Lifeline { CutAt = 2 };
        var host = life.Reach(engine);
        var image = engine.AddImage("app:1").Id;

        await Assert.ThrowsAsync<CutException>(() => host.CreateContainerAsync("a", new ContainerSpec { Image = "app:1" }, image, ValueMap<string>.Empty, Token));
        await Assert.ThrowsAsync<CutException>(() => host.StartContainerAsync("a", Token));
        await Assert.ThrowsAsync<CutException>(() => host.FindContainerAsync("a", Token));

        Assert.Equal("a created app:1", engine.Picture);
        Assert.Equal(["before create a", "after create a"], life.Passed);
    }

    [Fact]
    public async Task The_transcript_names_what_was_asked_and_what_came_of_it()
    {
        var id = await StartAsync("a");
        await engine.StartContainerAsync(id, Token);
        await engine.StopContainerAsync(id, null, Token);
        await engine.SetRestartPolicyAsync(id, RestartPolicy.No, Token);
        await engine.RenameContainerAsync(id, "a.old", Token);
        await Assert.ThrowsAsync<ContainerHostException>(() => engine.PullImageAsync("app:9", null, new Progress<TransferProgress>(), Token));

        Assert.Equal(
            """
            create a from app:1
            start a
            start a (nothing to do)
            stop a
            restart policy of a: no
            rename a to a.old
            pull app:9 FAILED: manifest for app:9 not found: manifest unknown: manifest unknown
            """,
            engine.Transcript.Take(), ignoreLineEndingDifferences: true);
    }

    private static ValueMap<string> Env(params (string Key, string Value)[] pairs) => new(pairs.Select(pair => KeyValuePair.Create(pair.Key, pair.Value)));

    private static Task<string> CreateAsync(FakeEngine engine, string name) =>
        engine.CreateContainerAsync(name, new ContainerSpec { Image = "app:1" }, engine.AddImage("app:1").Id, ValueMap<string>.Empty, Token);

    private Task<string> StartAsync(string name, params (string Key, string Value)[] knobs) => StartAsync(name, RestartPolicy.No, knobs);

    private async Task<string> StartAsync(string name, RestartPolicy restart, params (string Key, string Value)[] knobs)
    {
        var spec = new ContainerSpec { Image = "app:1", HealthCheck = Check, Environment = Env(knobs), Restart = restart };
        var id = await engine.CreateContainerAsync(name, spec, engine.AddImage("app:1").Id, ValueMap<string>.Empty, Token);
        await engine.StartContainerAsync(id, Token);
        return id;
    }

    private async Task<EngineEvent> NextAsync(string id, string action)
    {
        // Somebody has to wait for time to pass.
        _ = Task.Delay(TimeSpan.FromMinutes(5), clock, Token);
        await foreach (var happened in engine.WatchAsync(DateTimeOffset.MinValue, Token))
        {
            if (happened.ActorId == id && happened.Action == action)
            {
                return happened;
            }
        }

        throw new InvalidOperationException("the events ended");
    }
}
