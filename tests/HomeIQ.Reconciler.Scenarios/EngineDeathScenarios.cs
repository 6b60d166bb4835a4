using System.Text;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Reporting;
using HomeIQ.Reconciler.Scenarios.Docker;
using HomeIQ.Reconciler.Scenarios.Soaking;

namespace HomeIQ.Reconciler.Scenarios;

/// <summary>An engine that only these tests have: it is killed under them.</summary>
public sealed class MortalEngine : IAsyncLifetime
{
    private readonly string folder = $"/tmp/hqd-{Guid.NewGuid().ToString("N")[..8]}";

    public string Endpoint { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        Endpoint = await Rig.RunAsync("engine.sh", "start", folder);
        await Rig.RunAsync("images.sh", Endpoint);
    }

    public async ValueTask DisposeAsync() => await Rig.RunAsync("engine.sh", "stop", folder);

    /// <summary>SIGKILL: nothing is said, nothing is written down.</summary>
    public Task KillAsync() => Rig.RunAsync("engine.sh", "kill", folder);

    public Task StartAsync() => Rig.RunAsync("engine.sh", "start", folder);
}

/// <summary><c>kill -9</c> of the engine in the middle of a run: when it is back, the host is on the new commit or on the last known-good one, and nothing lies about (DESIGN §2.1).</summary>
/// <remarks>This engine ends what ran when it starts again; only <c>web</c> has a restart policy, so that the others have to be started by us.</remarks>
[Collection(nameof(Alone))]
public sealed class EngineDeathScenarios(MortalEngine engine, ITestOutputHelper output) : IClassFixture<MortalEngine>, IAsyncLifetime
{
    private const string Bad = "bad-never-healthy";

    /// <summary>No upgrade of two services tells of more steps.</summary>
    private const int MostLines = 30;

    private readonly List<string> points = [];
    private House house = null!;

    public async ValueTask InitializeAsync()
    {
        house = new House(engine.Endpoint).Furnish();
        house.Edit("compose.yaml", "start_period: 5s", "start_period: 1s").Edit("compose.yaml", "environment: {SERVICE: web}", "environment: {SERVICE: web}\n    restart: unless-stopped").Commit("One of them comes back by itself");
        await house.ApplyAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await engine.StartAsync();
        await house.DisposeAsync();
    }

    [Fact]
    public Task At_seeded_moments_of_an_upgrade() => UpgradesAsync(Seeded(3_21, 3));

    [Fact(Explicit = true)]
    public Task At_every_moment_of_an_upgrade() => UpgradesAsync(Enumerable.Range(1, MostLines));

    [Fact]
    public Task At_a_seeded_moment_of_a_way_back() => WaysBackAsync(Seeded(3_22, 1, 5));

    [Fact(Explicit = true)]
    public Task At_every_moment_of_a_way_back() => WaysBackAsync(Enumerable.Range(1, 12));

    [Fact]
    public Task Together_with_the_program_at_a_seeded_entry_of_its_journal() => PowerCutsAsync(Seeded(3_23, 2));

    [Fact(Explicit = true)]
    public Task Together_with_the_program_at_every_entry_of_its_journal() => PowerCutsAsync(Enumerable.Range(1, 2 * MostLines));

    [Fact]
    public async Task Under_a_daemon_in_the_middle_of_its_upgrade()
    {
        var store = (await house.IdsAsync())["store"];
        await using var daemon = await WatchedDaemon.StartAsync(house, "--interval", "1");
        await daemon.SettledAsync(DateTimeOffset.UtcNow, status => Task.FromResult(status is { Sync: Sync.Synced, Health: Health.Healthy } ? null : $"{status.Sync}, {status.Health}"));
        var commit = CrashScenarios.Move(house, "1.1.0", "daemon");
        await daemon.UntilAsync(news => news.Event is Applying.StepBegan { Step.Step: Planning.StartContainer });
        await engine.KillAsync();
        await engine.StartAsync();

        await daemon.SettledAsync(DateTimeOffset.UtcNow, status => Task.FromResult(
            status is { Sync: Sync.Synced, Health: Health.Healthy, UnfinishedRun: null } && status.LastKnownGood == commit ? null : $"{status.Sync}, {status.Health}, {status.Stalled}"));

        await house.ExpectTidyAsync("daemon");
        await CrashScenarios.ExpectVersionAsync(house, "1.1.0", "daemon", "daemon");
        Assert.Equal(store, (await house.IdsAsync())["store"]);
        output.WriteLine($"runs: {string.Join(", ", house.Journal(journal => journal.Runs(10)).Select(run => $"{run.Phase}"))}");
        Assert.Equal(0, await daemon.StopAsync());
    }

    private static IEnumerable<int> Seeded(int seed, int count, int most = 22)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(1, most + 1))];
    }

    private async Task UpgradesAsync(IEnumerable<int> lines)
    {
        foreach (var (cell, line) in lines.Index())
        {
            var (tag, greeting) = (cell % 2 == 0 ? "1.1.0" : "1.2.0", $"g{cell}");
            var before = await house.IdsAsync();
            CrashScenarios.Move(house, tag, greeting);
            if (await KilledAsync(line, after: "") is not (var at, var said))
            {
                break;
            }

            await ExpectEndedAsync(at, said, before);
            await ConvergesAsync(at);
            await CrashScenarios.ExpectVersionAsync(house, tag, greeting, at);
            Assert.Equal((at, before["store"]), (at, (await house.IdsAsync())["store"]));
        }

        Report("upgrade", least: 3);
    }

    private async Task WaysBackAsync(IEnumerable<int> lines)
    {
        foreach (var (cell, line) in lines.Index())
        {
            var before = await house.IdsAsync();
            CrashScenarios.Move(house, Bad, $"b{cell}");
            if (await KilledAsync(line, after: "going back") is not (var at, var said))
            {
                break;
            }

            await ExpectEndedAsync(at, said, before);
            var held = await house.HomeiqAsync("apply");
            Assert.True(held.Code == 4, $"{at}: what was measured bad is not held: {held}");
            Assert.Equal(before, await house.IdsAsync());
            await house.ExpectTidyAsync(at);
        }

        Report("way back", least: 1);
    }

    private async Task PowerCutsAsync(IEnumerable<int> entries)
    {
        foreach (var (cell, entry) in entries.Index())
        {
            var (tag, greeting) = (cell % 2 == 0 ? "1.1.0" : "1.2.0", $"p{cell}");
            var store = (await house.IdsAsync())["store"];
            CrashScenarios.Move(house, tag, greeting);
            if (await house.CutAsync(entry) is not { } at)
            {
                break;
            }

            await engine.KillAsync();
            await engine.StartAsync();
            points.Add(at);
            await ConvergesAsync(at);
            await CrashScenarios.ExpectVersionAsync(house, tag, greeting, at);
            Assert.Equal((at, store), (at, (await house.IdsAsync())["store"]));
        }

        Report("power cut", least: 2);
    }

    /// <summary>Kills the engine when the program has told of so many steps, and starts it again under the program; null when it ended before.</summary>
    private async Task<(string At, Said Said)?> KilledAsync(int line, string after)
    {
        using var process = house.Start("apply");
        var error = process.StandardError.ReadToEndAsync();
        var told = new StringBuilder();
        string? at = null;
        using var limit = new CancellationTokenSource(house.Patience);
        for (var (seen, counts) = (0, after.Length == 0); await process.StandardOutput.ReadLineAsync(limit.Token) is { } text;)
        {
            told.AppendLine(text);
            counts = counts || text.StartsWith(after, StringComparison.Ordinal);
            if (counts && at is null && ++seen == line)
            {
                at = $"{(after.Length == 0 ? "" : $"{after}, ")}line {line}, {text.Trim()}";
                await engine.KillAsync();
                await engine.StartAsync();
            }
        }

        await process.WaitForExitAsync(limit.Token);
        if (at is null)
        {
            return null;
        }

        points.Add($"{at}: {process.ExitCode}");
        return (at, new(process.ExitCode, told.ToString(), await error));
    }

    /// <summary>The program outlived its engine: what its exit code promises is so.</summary>
    private async Task ExpectEndedAsync(string at, Said said, Dictionary<string, string> before)
    {
        var last = house.Journal(journal => journal.Runs(1)[0]);
        var cutOff = said.Code == 1 && said.ToString().Contains("cut off: ended between two steps", StringComparison.Ordinal);
        Assert.True(said.Code is 0 or 1, $"{at}: {said}");
        Assert.True(cutOff || last.Phase == (said.Code == 0 ? RunPhase.Succeeded : RunPhase.RolledBack), $"{at}: {last.Phase}: {said}");
        if (last.Phase is RunPhase.RolledBack)
        {
            Assert.True(before.All((await house.IdsAsync()).Contains), $"{at}: the containers are not those of before");
        }
    }

    private async Task ConvergesAsync(string at)
    {
        var said = await house.HomeiqAsync("apply");
        Assert.True(said.Code == 0, $"{at}: the apply after it ended with {said.Code}: {said}");
        Assert.Empty(house.Journal(journal => journal.Unfinished()));
        await house.ExpectTidyAsync(at);
    }

    private void Report(string what, int least)
    {
        output.WriteLine($"matrix: {what}: the engine was killed at {points.Count} points");
        points.ForEach(point => output.WriteLine($"  {point}"));
        Assert.True(points.Count >= least, $"only {points.Count} points");
    }
}
