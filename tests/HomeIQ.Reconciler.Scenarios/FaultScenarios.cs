using System.Collections.Concurrent;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Scenarios.Docker;

namespace HomeIQ.Reconciler.Scenarios;

/// <summary>Calls to the real engine go wrong, one a run: every change of an install, an upgrade, a rollback and a repair, in every way (DESIGN §7).</summary>
/// <remarks>Whatever happened, the host is on the new commit or the last known-good one, or the program says why not; the next apply without a fault converges.</remarks>
[Collection(nameof(Alone))]
public sealed class FaultScenarios(ITestOutputHelper output)
{
    private const int Houses = 3;

    /// <summary>No run of three services makes more changes.</summary>
    private const int Most = 60;

    private static readonly Spoil[] Others = [Spoil.Refused, Spoil.AnswerCut, Spoil.Slow, Spoil.NotFound, Spoil.Conflict, Spoil.Error];

    [Fact]
    public Task A_seeded_part_of_all_faults_in_upgrades_leads_to_the_new_or_the_old_commit() => OnHousesAsync("upgrade", Seeded(3_11, 9, 16), UpgradeAsync, least: 6);

    [Fact]
    public Task A_seeded_part_of_all_faults_on_the_way_back_leads_back() => OnHousesAsync("rollback", Seeded(3_12, 6, 26), GoBackAsync, least: 4);

    [Fact]
    public Task A_seeded_part_of_all_faults_in_repairs_is_repaired_by_the_next() => OnHousesAsync("repair", Seeded(3_13, 4, 6), RepairAsync, least: 2);

    [Fact]
    public Task A_seeded_part_of_all_faults_in_first_installs_is_gone_on_from() => OnFreshHousesAsync(Seeded(3_14, 4, 18), least: 2);

    [Fact(Explicit = true)]
    public async Task Every_lost_answer_and_many_other_faults()
    {
        IEnumerable<(int, Spoil)> Lost() => Enumerable.Range(1, Most).Select(nth => (nth, Spoil.AnswerLost));
        await OnHousesAsync("upgrade", Lost().Concat(Seeded(1, 24, 20)).Append((7, Spoil.Hangs)), UpgradeAsync, least: 24);
        await OnHousesAsync("rollback", Lost().Concat(Seeded(2, 16, 30)).Append((14, Spoil.Hangs)), GoBackAsync, least: 24);
        await OnHousesAsync("repair", Lost().Concat(Seeded(3, 12, 6)), RepairAsync, least: 10);
        await OnFreshHousesAsync(Lost().Concat(Seeded(4, 12, 20)), least: 16);
    }

    private static IEnumerable<(int Nth, Spoil How)> Seeded(int seed, int count, int most)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(cell => (random.Next(1, most + 1), cell % 3 == 0 ? Spoil.AnswerLost : Others[random.Next(Others.Length)]))];
    }

    private static async Task<string?> UpgradeAsync(House house, FaultProxy proxy, int cell, (int Nth, Spoil How) fault)
    {
        var (tag, greeting) = (cell % 2 == 0 ? "1.1.0" : "1.2.0", $"g{cell}");
        var before = await house.IdsAsync();
        CrashScenarios.Move(house, tag, greeting);
        if (await SpoiledAsync(house, proxy, fault) is not { } at)
        {
            return null;
        }

        await ExpectToldAsync(house, before, at);
        await ConvergesAsync(house, at.Text);
        await CrashScenarios.ExpectVersionAsync(house, tag, greeting, at.Text);
        Assert.Equal((at.Text, before["store"]), (at.Text, (await house.IdsAsync())["store"]));
        return at.Text;
    }

    private static async Task<string?> GoBackAsync(House house, FaultProxy proxy, int cell, (int Nth, Spoil How) fault)
    {
        var before = await house.IdsAsync();
        CrashScenarios.Move(house, "bad-never-healthy", $"b{cell}");
        if (await SpoiledAsync(house, proxy, fault) is not { } at)
        {
            return null;
        }

        await ExpectToldAsync(house, before, at);
        for (var apply = 1; (await house.HomeiqAsync("apply")) is var said && said.Code != 4; apply++)
        {
            Assert.True(apply <= 2 && said.Code == 1, $"{at.Text}: apply {apply} ended with {said.Code}: {said}");
        }

        // An engine that says of a container that it is gone is believed: the service is made again from its sealed state.
        if (fault.How is not Spoil.NotFound)
        {
            Assert.True(before.All((await house.IdsAsync()).Contains), $"{at.Text}: the containers are not those of before");
        }

        await house.ExpectTidyAsync(at.Text);
        return at.Text;
    }

    private static async Task<string?> RepairAsync(House house, FaultProxy proxy, int cell, (int Nth, Spoil How) fault)
    {
        var before = await house.IdsAsync();
        house.Docker("rm", "-f", house.Container(cell % 2 == 0 ? "web" : "api"));
        if (await SpoiledAsync(house, proxy, fault) is not { } at)
        {
            return null;
        }

        await ConvergesAsync(house, at.Text);
        Assert.Equal((at.Text, before["store"]), (at.Text, (await house.IdsAsync())["store"]));
        return at.Text;
    }

    private static async Task ConvergesAsync(House house, string at)
    {
        var said = await house.HomeiqAsync("apply");
        Assert.True(said.Code == 0, $"{at}: the apply after it ended with {said.Code}: {said}");
        await house.ExpectTidyAsync(at);
        Assert.Empty(house.Journal(journal => journal.Unfinished()));
    }

    /// <summary>One apply through the proxy; null when the run made fewer changes.</summary>
    private static async Task<Spoiled?> SpoiledAsync(House house, FaultProxy proxy, (int Nth, Spoil How) fault)
    {
        proxy.Arm(fault.Nth, fault.How);
        house.Settings["HOMEIQ_DOCKER"] = proxy.Endpoint;
        try
        {
            var said = await house.HomeiqAsync("apply");
            return proxy.Spoiled is { } call ? new($"{call}, which ended with {said.Code}: {said}", said) : null;
        }
        finally
        {
            house.Settings.Remove("HOMEIQ_DOCKER");
        }
    }

    /// <summary>What the exit code promises is so.</summary>
    private static async Task ExpectToldAsync(House house, Dictionary<string, string> before, Spoiled at)
    {
        var last = house.Journal(journal => journal.Runs(1)[0]);
        switch (at.Said.Code)
        {
            case 0:
                Assert.Equal((at.Text, RunPhase.Succeeded), (at.Text, last.Phase));
                break;
            case 1 when last.Phase is RunPhase.RolledBack:
            case 2 or 4:
                Assert.True(before.All((await house.IdsAsync()).Contains), $"{at.Text}: the containers are not those of before");
                break;
            default:
                // The way back met the fault, or the lock was lost by it: it is said, and the next one goes on.
                Assert.True(at.Said.Code is 1 or 3, at.Text);
                Assert.Contains(at.Said.Code == 3 ? "the way back failed" : "ended between two steps", at.Text, StringComparison.Ordinal);
                break;
        }
    }

    private async Task OnHousesAsync(string what, IEnumerable<(int Nth, Spoil How)> faults, Func<House, FaultProxy, int, (int Nth, Spoil How), Task<string?>> tryAsync, int least)
    {
        var cells = new ConcurrentQueue<(int Cell, (int Nth, Spoil How) Fault)>(faults.Select((fault, cell) => (cell, fault)));
        var points = new ConcurrentBag<string>();
        await Parallel.ForEachAsync(Enumerable.Range(0, Houses), new ParallelOptions { MaxDegreeOfParallelism = Houses }, async (_, _) =>
        {
            await using var house = Furnished();
            await house.ApplyAsync();
            await using var proxy = new FaultProxy(Path.GetDirectoryName(house.State)!);
            while (cells.TryDequeue(out var cell))
            {
                if (await tryAsync(house, proxy, cell.Cell, cell.Fault) is { } at)
                {
                    points.Add(at);
                }
                else
                {
                    // Past the last change: the house is put in order for the next one.
                    await house.HomeiqAsync("apply");
                }
            }
        });
        Report(what, points, least);
    }

    private async Task OnFreshHousesAsync(IEnumerable<(int Nth, Spoil How)> faults, int least)
    {
        var points = new ConcurrentBag<string>();
        await Parallel.ForEachAsync(faults, new ParallelOptions { MaxDegreeOfParallelism = Houses }, async (fault, _) =>
        {
            await using var house = Furnished();
            await using var proxy = new FaultProxy(Path.GetDirectoryName(house.State)!);
            if (await SpoiledAsync(house, proxy, fault) is { } at)
            {
                Assert.True(at.Said.Code is 0 or 1 or 2, at.Text);
                await ConvergesAsync(house, at.Text);
                points.Add(at.Text);
            }
        });
        Report("first install", points, least);
    }

    private static House Furnished()
    {
        var house = new House().Furnish();
        house.Edit("compose.yaml", "interval: 300ms", "interval: 700ms").Edit("compose.yaml", "start_period: 5s", "start_period: 1s").Commit("Ask seldom, and believe it soon");
        return house;
    }

    private void Report(string what, ConcurrentBag<string> points, int least)
    {
        output.WriteLine($"{what}: {points.Count} faults");
        foreach (var point in points.Order(StringComparer.Ordinal))
        {
            output.WriteLine($"  {point[..Math.Min(point.Length, 120)].ReplaceLineEndings(" ")}");
        }

        Assert.True(points.Count >= least, $"only {points.Count} calls were spoiled");
    }

    private sealed record Spoiled(string Text, Said Said);
}
