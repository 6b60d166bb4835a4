using HomeIQ.Reconciler.Applying;
using HomeIQ.Reconciler.Docker;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Observed;
using HomeIQ.Reconciler.Reporting;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>What counts as an illness while a commit is watched, beside crashes and the engine's own verdict: probes and logs, each against how it was before.</summary>
public sealed class SoakIllnessTests : IAsyncDisposable
{
    private const string Asked = """services: { api: { verify: { timeout: 15m, probes: [{ exec: [test, "!", -e, /ill] }] } } }""";

    /// <summary>A service that nobody asks for its health, so that it may end; it changes with api.</summary>
    private const string Job =
        """
          job:
            image: house/app:1.0.0
            container_name: job
        """;

    private readonly DaemonStage house = new();

    private FakeEngine Engine => house.Stage.Engine;

    public ValueTask DisposeAsync() => house.DisposeAsync();

    [Fact]
    public async Task A_probe_that_fails_three_rounds_takes_the_commit_back()
    {
        var began = DateTimeOffset.MaxValue;

        var back = await WatchAsync(policy: Asked, meanwhile: () => Engine.Faults.Meanwhile("exec", 1, () =>
        {
            Engine.Touch("api", "/ill");
            began = house.Stage.Clock.Now;
        }));

        Assert.True(back.Result == ApplyResult.RolledBack, back.Summary);
        Assert.Contains("after it was verified: probe exec test ! -e /ill ended with 1", back.Summary, StringComparison.Ordinal);
        Assert.True(house.Runs[0].Failure!.EndedAt - began >= 2 * SoakWatch.Round, $"{house.Runs[0].Failure!.EndedAt - began}");
        Assert.Equal(["api"], Assert.Single(house.Stage.Quarantine()).Contents.Keys);
        Assert.Contains("api running healthy house/app:1.0.0", house.Stage.Picture, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_failed_rounds_are_no_illness_however_often()
    {
        var asked = 0;

        var end = await WatchAsync(policy: Asked, meanwhile: () =>
        {
            asked = Engine.Faults.Calls("exec");
            Engine.Faults.Meanwhile("exec", 1, () => Engine.Touch("api", "/ill"));
            Engine.Faults.Meanwhile("exec", 3, () => Engine.Touch("api", "/ill", there: false));
            Engine.Faults.Meanwhile("exec", 4, () => Engine.Touch("api", "/ill"));
            Engine.Faults.Meanwhile("exec", 6, () => Engine.Touch("api", "/ill", there: false));
        });

        Assert.True(Engine.Faults.Calls("exec") - asked > 6, "it was not asked often enough");
        Assert.True(end.Result == ApplyResult.Applied, end.Summary);
    }

    [Fact]
    public async Task A_probe_that_cannot_be_asked_is_no_verdict()
    {
        var asked = 0;

        var end = await WatchAsync(policy: Asked, meanwhile: () =>
        {
            asked = Engine.Faults.Calls("exec");
            FailAlways("exec", Fault.Of(HostFailure.Engine));
        });

        Assert.True(Engine.Faults.Calls("exec") - asked > 3, "it was not asked often enough");
        Assert.True(end.Result == ApplyResult.Applied, end.Summary);
    }

    [Fact]
    public async Task A_log_that_fills_with_errors_takes_the_commit_back()
    {
        var back = await WatchAsync(() => Engine.Say("api", Errors(30)));

        Assert.True(back.Result == ApplyResult.RolledBack, back.Summary);
        Assert.Matches("after it was verified: 30 of the last 3[0-9] log lines are errors \\([0-9]+ %; before the change 0 %\\)", back.Summary);
        Assert.Contains("api running healthy house/app:1.0.0", house.Stage.Picture, StringComparison.Ordinal);
        Assert.Contains("ERROR 29", await File.ReadAllTextAsync(Path.Combine(house.Stage.StateFolder, "runs", back.Run!, "api", "logs.txt"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_log_as_full_of_errors_before_is_no_illness()
    {
        var end = await WatchAsync(() => Engine.Say("api", Errors(30)), before: () => Engine.Say("api", Errors(30)));

        Assert.True(end.Result == ApplyResult.Applied, end.Summary);
    }

    [Fact]
    public async Task A_few_errors_are_no_flood_whatever_their_share()
    {
        var end = await WatchAsync(() => Engine.Say("api", Errors(19)));

        Assert.True(end.Result == ApplyResult.Applied, end.Summary);
    }

    [Theory]
    [InlineData("level=info errors=0 error_rate=0")]
    [InlineData("GET /errors/ERRORLESS 200, no terror")]
    public async Task Lines_that_only_speak_of_errors_are_none(string line)
    {
        var end = await WatchAsync(() => Engine.Say("api", Enumerable.Repeat(line, 100)));

        Assert.True(end.Result == ApplyResult.Applied, end.Summary);
    }

    [Fact]
    public async Task A_log_that_cannot_be_read_is_no_verdict_and_holds_up_nothing()
    {
        var end = await WatchAsync(() =>
        {
            Engine.Say("api", Errors(30));
            FailAlways("logs", Fault.Of(HostFailure.Invalid, "configured logging driver does not support reading"));
        });

        Assert.True(end.Result == ApplyResult.Applied, end.Summary);
        Assert.All(house.Loop.Passes, pass => Assert.Null(pass.Problem));
    }

    [Fact]
    public async Task A_log_with_which_there_is_nothing_to_compare_is_no_verdict()
    {
        var end = await WatchAsync(() =>
        {
            Engine.Say("api", Errors(30));
            Engine.RemoveByHand(Engine.Picture.Split('\n').Select(line => line.Split(' ')[0]).Single(name => name.StartsWith("api.kept-", StringComparison.Ordinal)));
        });

        Assert.True(end.Result == ApplyResult.Applied, end.Summary);
    }

    [Fact]
    public async Task Where_the_policy_says_warn_errors_are_told_once_and_the_commit_is_promoted()
    {
        var end = await WatchAsync(() => Engine.Say("api", Errors(30)), soak: "{ for: 10m, log-errors: warn }");

        Assert.True(end.Result == ApplyResult.Applied, end.Summary);
        Assert.StartsWith("api: 30 of the last ", Assert.Single(house.Events.OfType<StepProgressed>(), told => told.Text.Contains("are errors", StringComparison.Ordinal)).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_the_policy_says_ignore_logs_are_not_even_read()
    {
        var read = -1;

        var end = await WatchAsync(
            () =>
            {
                Engine.Say("api", Errors(30));
                read = Engine.Faults.Calls("logs");
            },
            soak: "{ for: 10m, log-errors: ignore }");

        Assert.True(end.Result == ApplyResult.Applied, end.Summary);
        Assert.Equal(read, Engine.Faults.Calls("logs"));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task What_was_meant_to_stay_and_ends_by_itself_takes_the_commit_back_whatever_its_exit_code(int exitCode)
    {
        var back = await WatchAsync(() => Engine.Crash("api", exitCode), soak: "1m", restart: "no");

        Assert.True(back.Result == ApplyResult.RolledBack, back.Summary);
        Assert.Contains($"it ended with exit code {exitCode}", back.Summary, StringComparison.Ordinal);
        Assert.Equal(["api"], Assert.Single(house.Stage.Quarantine()).Contents.Keys);
        Assert.Contains("api running healthy house/app:1.0.0", house.Stage.Picture, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("no")]
    [InlineData("unless-stopped")]
    public async Task What_somebody_stops_is_no_illness_and_is_started_again(string restart)
    {
        var healed = await WatchAsync(() => Engine.StopByHand("api"), soak: "1m", restart: restart);

        Assert.True(healed.Result == ApplyResult.Applied, healed.Summary);
        Assert.Equal(RunCause.Drift, house.Runs[0].Cause);
        Assert.Contains("api running", house.Stage.Picture, StringComparison.Ordinal);
        var end = (await house.Loop.PassAsync(pass => pass.Run is not null)).Run!;
        Assert.True(end.Result == ApplyResult.Applied, end.Summary);
        Assert.Empty(house.Stage.Quarantine());
    }

    [Fact]
    public async Task A_task_that_is_done_while_it_is_watched_is_no_illness()
    {
        var end = await WatchAsync(() => Engine.Crash("job", 0), soak: "1m", more: Job);

        Assert.True(end.Result == ApplyResult.Applied, end.Summary);
        Assert.Contains("job exited", house.Stage.Picture, StringComparison.Ordinal);
    }

    private static IEnumerable<string> Errors(int lines) => Enumerable.Range(0, lines).Select(number => $"2031-05-07 12:00:00 ERROR {number}: the bus is gone");

    private void FailAlways(string call, Fault fault)
    {
        for (var nth = 1; nth <= 500; nth++)
        {
            Engine.Faults.FailAt(call, nth, fault);
        }
    }

    /// <summary>Installs a version, upgrades api, has something happen while the new one is watched, and comes back with how the watch ended.</summary>
    private async Task<ApplyReport> WatchAsync(Action meanwhile, string policy = "", string soak = "10m", Action? before = null, string restart = "unless-stopped", string more = "")
    {
        string Stack(string api) => DaemonStage.Slow(Stacks.Three(api: api, more: more.Replace("1.0.0", api, StringComparison.Ordinal))).Replace("restart: unless-stopped", $"restart: \"{restart}\"", StringComparison.Ordinal);

        house.Stage.Policy = policy;
        await house.InstallAsync(Stack("1.0.0"));
        before?.Invoke();
        house.Loop.When(pass => pass.Status is { WatchedRun: not null }, meanwhile);
        var ended = house.Loop.PassAsync(pass => pass.Run is { Result: not ApplyResult.Soaking });
        house.Stage.Soak = soak;
        house.Stage.Commit(Stack("1.1.0"));
        return (await ended).Run!;
    }
}
