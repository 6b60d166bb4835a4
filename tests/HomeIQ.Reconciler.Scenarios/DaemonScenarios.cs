using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Scenarios;

/// <summary>The daemon on a real engine: it follows, heals, holds, obeys its socket, and comes back after a kill.</summary>
public sealed class DaemonScenarios : IAsyncDisposable
{
    private readonly House house = new();
    private Process? daemon;
    private Task<string>? told;

    public async ValueTask DisposeAsync()
    {
        await StopAsync(kill: true);
        await house.DisposeAsync();
    }

    [Fact]
    public async Task It_installs_follows_a_commit_holds_a_bad_one_and_heals_meanwhile()
    {
        house.Furnish();
        Start();
        await UntilAsync(status => Is(status, "sync", "Synced") && Is(status, "health", "Healthy"));

        house.Upgrade("api", "1.1.0");
        var good = house.Commit("api 1.1.0");
        await UntilAsync(status => Is(status, "lastKnownGood", good));
        var ids = await house.IdsAsync();

        house.Upgrade("api", "bad-never-healthy");
        house.Commit("api that never gets healthy");
        var held = await UntilAsync(status => Is(status, "sync", "Held") && !status.TryGetProperty("unfinishedRun", out _));
        Assert.Equal(good, held.GetProperty("effective").GetString());
        Assert.Equal(ids, await house.IdsAsync());

        house.Docker("rm", "-f", house.Container("web"));
        var watch = Stopwatch.StartNew();
        while (await house.Engine.FindContainerAsync(house.Container("web"), default) is not { Status: ContainerStatus.Running })
        {
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), "web is not running again");
        }

        TestContext.Current.AddAttachment("running again after docker rm -f", $"{watch.ElapsedMilliseconds} ms");
        Assert.Equal(ids["api"], (await house.IdsAsync())["api"]);
        Assert.True(Is(await UntilAsync(status => Is(status, "health", "Healthy")), "sync", "Held"));

        house.Upgrade("api", "1.2.0");
        var fix = house.Commit("api 1.2.0 mends it");
        await UntilAsync(status => Is(status, "lastKnownGood", fix) && Is(status, "sync", "Synced"));
        await StopAsync(kill: false);
        Assert.Equal(RunPhase.Succeeded, house.Journal(journal => journal.Runs(1))[0].Phase);
    }

    [Fact]
    public async Task Verbs_are_done_by_the_daemon_of_their_state_directory()
    {
        house.Furnish();
        Start("3600");
        await UntilAsync(status => Is(status, "sync", "Synced"));
        await ExpectTheSameOverTheSocketAsync(HttpStatusCode.OK);

        house.Upgrade("web", "1.1.0");
        var commit = house.Commit("web 1.1.0");
        var applied = await house.HomeiqAsync("apply");
        Assert.True(applied.Code == 0, applied.ToString());
        Assert.Contains("verify web", applied.Out, StringComparison.Ordinal);
        Assert.Equal(commit, (await house.StatusAsync()).GetProperty("lastKnownGood").GetString());

        var back = await house.HomeiqAsync("rollback");
        Assert.True(back.Code == 0, back.ToString());
        Assert.Equal("Held", (await house.StatusAsync()).GetProperty("sync").GetString());
        await ExpectTheSameOverTheSocketAsync(HttpStatusCode.ServiceUnavailable);
        Assert.Equal(0, (await house.HomeiqAsync("retry")).Code);
        Assert.Equal("Synced", (await house.StatusAsync()).GetProperty("sync").GetString());

        Assert.Equal(0, (await house.HomeiqAsync("suspend", "--for", "1h", "--reason", "the roof is open")).Code);
        house.Docker("rm", "-f", house.Container("web"));
        await UntilAsync(status => status.GetProperty("drift").GetArrayLength() > 0);
        await ExpectTheSameOverTheSocketAsync(HttpStatusCode.ServiceUnavailable);
        Assert.False(daemon!.HasExited);
    }

    [Fact]
    public async Task Killed_in_the_middle_of_an_upgrade_the_next_one_puts_things_back_and_tries_again()
    {
        house.Furnish();
        Start();
        await UntilAsync(status => Is(status, "sync", "Synced"));
        await StopAsync(kill: false);

        house.Upgrade("api", "1.1.0");
        var commit = house.Commit("api 1.1.0");
        Assert.NotNull(await house.CutAsync(12));
        Start();

        var status = await UntilAsync(status => Is(status, "lastKnownGood", commit));
        Assert.Equal("Healthy", status.GetProperty("health").GetString());
        Assert.Contains(house.Journal(journal => journal.Runs(10)), run => run.Phase is RunPhase.RolledBack or RunPhase.Cancelled);
    }

    [Fact]
    public async Task Told_to_stop_in_the_middle_of_an_upgrade_it_takes_its_time_to_put_everything_back()
    {
        house.Furnish();
        await using var watched = await Soaking.WatchedDaemon.StartAsync(house, "--interval", "1");
        await watched.SettledAsync(DateTimeOffset.UtcNow, status => Task.FromResult(status is { Sync: Reporting.Sync.Synced } ? null : $"{status.Sync}"));
        var ids = await house.IdsAsync();
        house.Edit("compose.yaml", "GREETING: hello", "GREETING: hello, START_DELAY: \"20\", STOP_DELAY: \"5\"").Commit("An api that takes its time to start and to stop");
        await watched.UntilAsync(news => news.Event is Applying.StepBegan { Step.Step: Planning.VerifyService { Service: "api" } });

        Assert.Equal(0, await watched.StopAsync());

        Assert.Equal(ids, await house.IdsAsync());
        await house.ExpectTidyAsync("after the stop");
        Assert.Equal(RunPhase.RolledBack, house.Journal(journal => journal.Runs(1))[0].Phase);
    }

    [Fact]
    public async Task A_commit_that_falls_ill_while_it_is_watched_goes_back()
    {
        house.Furnish().Edit("reconciler.yaml", "soak: none", "soak: 30s").Commit("Watch");
        Start();
        await UntilAsync(status => Is(status, "sync", "Synced") && status.TryGetProperty("lastKnownGood", out _));
        var ids = await house.IdsAsync();

        house.Upgrade("api", "1.1.0");
        house.Commit("api 1.1.0");
        await UntilAsync(status => status.TryGetProperty("watchedRun", out _));
        // In the background of the container: the command ends before what it kills.
        house.Docker("exec", "-d", house.Container("api"), "/bin/sh", "-c", "kill -USR1 1");

        await UntilAsync(status => Is(status, "sync", "Held") && Is(status, "health", "Healthy"));
        Assert.Equal(ids, await house.IdsAsync());
    }

    [Fact]
    public async Task A_commit_whose_log_fills_with_errors_as_the_one_before_it_did_not_goes_back()
    {
        house.Furnish();
        Start();
        await UntilAsync(status => Is(status, "sync", "Synced"));
        var ids = await house.IdsAsync();

        house.Edit("reconciler.yaml", "soak: none", "soak: 30s").Edit("compose.yaml", "GREETING: hello", "GREETING: hello, LOG_ERRORS: \"100\"").Commit("An api that answers and complains");
        var held = await UntilAsync(status => Is(status, "sync", "Held") && Is(status, "health", "Healthy"));

        Assert.Contains(" log lines are errors (", held.GetProperty("held")[0].GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.Equal(ids, await house.IdsAsync());
    }

    /// <summary>The daemon's socket says what the verb prints, and whether that is ready; the daemon's newest look may be a moment older.</summary>
    private async Task ExpectTheSameOverTheSocketAsync(HttpStatusCode ready)
    {
        using var http = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (_, token) =>
            {
                var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await connection.ConnectAsync(new UnixDomainSocketEndPoint(Web.Daemon.SocketOf(house.State)), token);
                return new NetworkStream(connection, ownsSocket: true);
            },
        });
        var watch = Stopwatch.StartNew();
        while (true)
        {
            var printed = Timeless((await house.HomeiqAsync("status", "-o", "json")).Out);
            using var answer = await http.GetAsync(new Uri("http://daemon/ready"), TestContext.Current.CancellationToken);
            var (told, asked) = (Timeless(await http.GetStringAsync(new Uri("http://daemon/api/v1/status"), TestContext.Current.CancellationToken)), Timeless(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)));
            if (JsonNode.DeepEquals(printed, told) && JsonNode.DeepEquals(told, asked) && answer.StatusCode == ready)
            {
                return;
            }

            if (watch.Elapsed > TimeSpan.FromSeconds(30))
            {
                Assert.Equal(printed.ToJsonString(), told.ToJsonString());
                Assert.Equal((ready, printed.ToJsonString()), (answer.StatusCode, asked.ToJsonString()));
            }
        }

        // A verb that has not watched cannot know since when a condition holds.
        static JsonNode Timeless(string json)
        {
            var status = JsonNode.Parse(json)!;
            foreach (var condition in status["conditions"]!.AsArray())
            {
                condition!.AsObject().Remove("lastTransitionTime");
            }

            return status;
        }
    }

    private static bool Is(JsonElement status, string property, string value) => status.TryGetProperty(property, out var found) && found.GetString() == value;

    private void Start(params string[] more)
    {
        daemon = house.Start(["run", "--interval", more is [var interval] ? interval : "2"]);
        told = daemon.StandardError.ReadToEndAsync();
    }

    private async Task StopAsync(bool kill)
    {
        if (daemon is null)
        {
            return;
        }

        if (kill)
        {
            daemon.Kill();
        }
        else
        {
            House.Run("kill", ["-TERM", $"{daemon.Id}"], new Dictionary<string, string>());
        }

        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        await daemon.WaitForExitAsync(limit.Token);
        if (!kill)
        {
            Assert.Equal(0, daemon.ExitCode);
        }

        daemon.Dispose();
        daemon = null;
    }

    /// <summary>Asks for the status until it is like that; each answer takes long enough not to be a busy wait.</summary>
    private async Task<JsonElement> UntilAsync(Func<JsonElement, bool> wanted)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            var said = await house.HomeiqAsync("status", "-o", "json");
            if (said.Code == 0 && JsonDocument.Parse(said.Out).RootElement is var status && wanted(status))
            {
                return status;
            }

            if (daemon!.HasExited || watch.Elapsed > TimeSpan.FromMinutes(2))
            {
                daemon.Kill();
                Assert.Fail($"the status never became so:\n{said}\n{await told!}");
            }
        }
    }
}
