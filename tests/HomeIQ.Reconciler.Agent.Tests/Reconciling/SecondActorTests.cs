using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>Somebody else acts on the host while a run is under way: HomeIQ's own admin-api can start, stop and restart containers.</summary>
public sealed class SecondActorTests : IDisposable
{
    private readonly Stage stage = new();

    public SecondActorTests() => Stacks.Publish(stage.Engine);

    public void Dispose() => stage.Dispose();

    /// <summary>The run sets db aside with a policy and a rename, gives its name to the new one, and starts that.</summary>
    [Theory]
    [InlineData("restart-policy", 1)]
    [InlineData("rename", 1)]
    [InlineData("rename", 2)]
    public async Task An_old_container_that_somebody_starts_again_takes_the_run_back_and_blames_nobody(string call, int nth)
    {
        await InstallAsync();
        var ids = await stage.IdsAsync();
        stage.Commit(Stacks.Three(db: "1.1.0"));
        stage.Engine.Faults.Meanwhile(call, nth, () => stage.Engine.StartByHand(ids["db"]));

        var report = await stage.ApplyAsync();

        Assert.True(report.Result == ApplyResult.RolledBack, report.Summary);
        Assert.Contains("runs again although it was stopped", report.Summary, StringComparison.Ordinal);
        Assert.Equal(1, MostAtOnce("db"));
        Assert.True(ids.All((await stage.IdsAsync()).Contains));
        Assert.Equal("api db web", Running);
        Assert.Equal(0, Quarantined);
        Assert.Equal(ApplyResult.Applied, (await stage.ApplyAsync()).Result);
    }

    [Fact]
    public async Task An_old_container_that_is_started_at_the_same_time_as_the_new_one_takes_the_run_back()
    {
        await InstallAsync();
        var ids = await stage.IdsAsync();
        stage.Commit(Stacks.Three(db: "1.1.0"));
        stage.Engine.Faults.Meanwhile("start", 1, () => stage.Engine.StartByHand(ids["db"]));

        var report = await stage.ApplyAsync();

        Assert.True(report.Result == ApplyResult.RolledBack, report.Summary);
        Assert.Equal("api db web", Running);
        Assert.Equal(0, Quarantined);
    }

    /// <summary>The way back sets the failed one aside with a policy and a rename, gives the old one its name and its policy, and starts it.</summary>
    [Theory]
    [InlineData("restart-policy", 2)]
    [InlineData("rename", 3)]
    [InlineData("rename", 4)]
    [InlineData("restart-policy", 3)]
    public async Task A_failed_container_that_somebody_starts_again_is_stopped_again_before_the_old_one_starts(string call, int nth)
    {
        await InstallAsync();
        var ids = await stage.IdsAsync();
        stage.Commit(Stacks.Three(db: "1.9.0-sick"));
        stage.Engine.Faults.Meanwhile(call, nth, () => stage.Engine.StartByHand(stage.Engine.Picture.Split('\n').Single(line => line.EndsWith("1.9.0-sick", StringComparison.Ordinal)).Split(' ')[0]));

        var report = await stage.ApplyAsync();

        Assert.True(report.Result == ApplyResult.RolledBack, report.Summary);
        Assert.Equal(1, MostAtOnce("db"));
        Assert.True(ids.All((await stage.IdsAsync()).Contains));
        Assert.Equal("api db web", Running);
        Assert.Equal(ApplyResult.Held, (await stage.ApplyAsync()).Result);
    }

    /// <summary>Stopped while its health is awaited; stopped after it was found healthy, while another one is verified.</summary>
    [Theory]
    [InlineData(0.5)]
    [InlineData(1.5)]
    public async Task What_somebody_stops_while_it_is_verified_is_not_bad(double seconds)
    {
        await InstallAsync();
        stage.Engine.Push("house/app:1.8.0-slow", ValueMap<string>.Empty.With("START_DELAY", "2"));
        stage.Commit(Stacks.Three(web: "1.1.0", more: Stacks.Lonely("lonely", "1.8.0-slow")));
        var ids = await stage.IdsAsync();
        AfterEachStart(seconds, () => stage.Engine.StopByHand("web"));

        var report = await stage.ApplyAsync();

        Assert.True(report.Result == ApplyResult.RolledBack, report.Summary);
        Assert.Contains("something else on this host stopped it", report.Summary, StringComparison.Ordinal);
        Assert.Equal(0, Quarantined);
        Assert.True(ids.All((await stage.IdsAsync()).Contains));
        stage.Engine.Faults.Clear();
        Assert.Equal(ApplyResult.Applied, (await stage.ApplyAsync()).Result);
    }

    [Fact]
    public async Task What_somebody_pauses_while_it_is_verified_is_not_bad()
    {
        await InstallAsync();
        stage.Commit(Stacks.Three(web: "1.1.0"));
        AfterEachStart(0.5, () => stage.Engine.Pause("web"));

        var report = await stage.ApplyAsync();

        Assert.True(report.Result == ApplyResult.RolledBack, report.Summary);
        Assert.Equal(0, Quarantined);
        Assert.Equal("api db web", Running);
    }

    private string Running => string.Join(' ', stage.Engine.Picture.Split('\n').Where(line => line.Split(' ')[1] == "running").Select(line => line.Split(' ')[0]));

    private int Quarantined
    {
        get
        {
            using var reader = stage.Begin();
            return reader.Journal.Quarantine().Count;
        }
    }

    /// <summary>Something is done to the new web, once.</summary>
    private void AfterEachStart(double seconds, Action deed)
    {
        var isDone = false;
        for (var start = 1; start <= 2; start++)
        {
            stage.Engine.Faults.Meanwhile("start", start, () => stage.Clock.At(stage.Clock.Now + TimeSpan.FromSeconds(seconds), () =>
            {
                if (!isDone && stage.Engine.Picture.Contains("web running", StringComparison.Ordinal) && stage.Engine.Picture.Contains("1.1.0", StringComparison.Ordinal))
                {
                    isDone = true;
                    deed();
                }
            }));
        }
    }

    private async Task InstallAsync()
    {
        stage.Commit(Stacks.Three());
        Assert.Equal(ApplyResult.Applied, (await stage.ApplyAsync()).Result);
    }

    /// <summary>How many containers of a service ran at the same time at most, as the engine's events tell.</summary>
    private int MostAtOnce(string service)
    {
        var (up, most) = (new HashSet<string>(StringComparer.Ordinal), 0);
        foreach (var happened in stage.Engine.Events.Where(happened => happened.Attributes.TryGetValue(Ownership.ServiceLabel, out var owner) && owner == service))
        {
            _ = happened.Action switch
            {
                "start" => up.Add(happened.ActorId),
                "die" => up.Remove(happened.ActorId),
                _ => false,
            };
            most = Math.Max(most, up.Count);
        }

        return most;
    }
}
