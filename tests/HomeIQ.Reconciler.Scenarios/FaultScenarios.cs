using System.Collections.Concurrent;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Scenarios.Docker;

namespace HomeIQ.Reconciler.Scenarios;

/// <summary>Calls to the real engine go wrong, one a run: changes, looks and commands of an install, an upgrade, a rollback and a repair (DESIGN §7).</summary>
/// <remarks>Whatever happened, the host is on the new commit or the last known-good one, or the program says why not; the next apply without a fault converges.</remarks>
[Collection(nameof(Alone))]
public sealed class FaultScenarios(ITestOutputHelper output)
{
    private const int Houses = 3;

    /// <summary>Of each path; with four paths more than sixty.</summary>
    private const int Others = 16;

    [Fact]
    public Task A_seeded_part_of_all_faults_in_upgrades_leads_to_the_new_or_the_old_commit() => OnHousesAsync("upgrade", FaultCells.Seeded(3_11, 6, 14), UpgradeAsync, least: 4);

    [Fact]
    public Task A_seeded_part_of_all_faults_on_the_way_back_leads_back() => OnHousesAsync("rollback", FaultCells.Seeded(3_12, 4, 20), GoBackAsync, least: 3);

    [Fact]
    public Task A_seeded_part_of_all_faults_in_repairs_is_repaired_by_the_next() => OnHousesAsync("repair", FaultCells.Seeded(3_13, 3, 6), RepairAsync, least: 2);

    [Fact]
    public Task A_seeded_part_of_all_faults_in_first_installs_is_gone_on_from() => OnHousesAsync("install", FaultCells.Seeded(3_14, 4, 12), InstallAsync, least: 2);

    [Fact(Explicit = true)]
    public Task Every_lost_answer_and_many_other_faults_in_upgrades() => WholeAsync("upgrade", FaultCells.Whole(1, 7, 18, Others), UpgradeAsync, lost: 16);

    [Fact(Explicit = true)]
    public Task Every_lost_answer_and_many_other_faults_on_the_way_back() => WholeAsync("rollback", FaultCells.Whole(2, 14, 28, Others), GoBackAsync, lost: 20);

    [Fact(Explicit = true)]
    public Task Every_lost_answer_and_many_other_faults_in_repairs() => WholeAsync("repair", FaultCells.Whole(3, 2, 5, Others), RepairAsync, lost: 3);

    [Fact(Explicit = true)]
    public Task Every_lost_answer_and_many_other_faults_in_first_installs() => WholeAsync("install", FaultCells.Whole(4, 5, 18, Others), InstallAsync, lost: 16);

    /// <summary>An answer is lost of each change up to the last that there is, and then of one that there is not.</summary>
    private async Task WholeAsync(string path, FaultCells cells, Func<House, FaultProxy, int, SpoiledCall, Task<string?>> tryAsync, int lost)
    {
        await OnHousesAsync(path, cells, tryAsync, least: lost + Others);
        Assert.Equal(Enumerable.Range(1, cells.Lost.Count), cells.Lost);
        Assert.InRange(cells.Lost.Count, lost, FaultCells.MostChanges - 1);
        Assert.Equal((1, Others), (cells.Hangs, cells.Others));
        Assert.True(cells.OthersOf(CallSort.Look) > 0 && (path == "repair" || cells.OthersOf(CallSort.Command) > 0), "only changes were spoiled");
    }

    private static async Task<string?> InstallAsync(House house, FaultProxy proxy, int cell, SpoiledCall fault)
    {
        if (await SpoiledAsync(house, proxy, fault) is not { } at)
        {
            return null;
        }

        Assert.True(at.Said.Code is 0 or 1 or 2, at.Text);
        await ConvergesAsync(house, at.Text);
        return at.Text;
    }

    private static async Task<string?> UpgradeAsync(House house, FaultProxy proxy, int cell, SpoiledCall fault)
    {
        var (tag, greeting) = (cell % 2 == 0 ? "1.1.0" : "1.2.0", $"g{cell}");
        var (before, earlier) = (await house.IdsAsync(), LastRun(house));
        Move(house, tag, greeting);
        if (await SpoiledAsync(house, proxy, fault) is not { } at)
        {
            return null;
        }

        await ExpectToldAsync(house, before, earlier, at);
        await ConvergesAsync(house, at.Text);
        await CrashScenarios.ExpectVersionAsync(house, tag, greeting, at.Text);
        Assert.Equal((at.Text, before["store"]), (at.Text, (await house.IdsAsync())["store"]));
        return at.Text;
    }

    private static async Task<string?> GoBackAsync(House house, FaultProxy proxy, int cell, SpoiledCall fault)
    {
        var (before, earlier) = (await house.IdsAsync(), LastRun(house));
        Move(house, "bad-never-healthy", $"b{cell}");
        if (await SpoiledAsync(house, proxy, fault) is not { } at)
        {
            return null;
        }

        await ExpectToldAsync(house, before, earlier, at);
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

    private static async Task<string?> RepairAsync(House house, FaultProxy proxy, int cell, SpoiledCall fault)
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

    /// <summary>One apply through the proxy; null when the run made fewer such calls.</summary>
    private static async Task<Spoiled?> SpoiledAsync(House house, FaultProxy proxy, SpoiledCall fault)
    {
        proxy.Arm(fault);
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
    private static async Task ExpectToldAsync(House house, Dictionary<string, string> before, string earlier, Spoiled at)
    {
        var last = house.Journal(journal => journal.Runs(1)[0]);
        switch (at.Said.Code)
        {
            case 0:
                Assert.Equal((at.Text, RunPhase.Succeeded), (at.Text, last.Phase));
                break;
            case 1 when last.Phase is RunPhase.RolledBack || last.Id == earlier:
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

    private static string LastRun(House house) => house.Journal(journal => journal.Runs(1)[0].Id);

    /// <summary>Takes cells until there are no more; whoever met a wrong outcome gets another house.</summary>
    private async Task OnHousesAsync(string path, FaultCells cells, Func<House, FaultProxy, int, SpoiledCall, Task<string?>> tryAsync, int least)
    {
        var (points, wrong) = (new ConcurrentBag<string>(), new ConcurrentBag<string>());
        await Parallel.ForEachAsync(Enumerable.Range(0, Houses), new ParallelOptions { MaxDegreeOfParallelism = Houses }, async (_, _) =>
        {
            var taken = cells.Next();
            while (taken is not null)
            {
                await using var house = Furnished();
                if (path != "install")
                {
                    await house.ApplyAsync();
                }

                await using var proxy = new FaultProxy(Path.GetDirectoryName(house.State)!);
                for (var isGood = true; isGood && taken is { } cell; taken = cells.Next())
                {
                    var at = await OutcomeAsync(() => tryAsync(house, proxy, cell.Cell, cell.Fault), wrong);
                    cells.Tell(cell.Fault, at is not null);
                    isGood = at?.StartsWith(Wrong, StringComparison.Ordinal) is not true && path != "install";
                    if (at is { } met)
                    {
                        output.WriteLine($"  {met[..Math.Min(met.Length, 160)].ReplaceLineEndings(" ")}");
                        points.Add(met);
                    }
                    else if (isGood)
                    {
                        // Past the last call: the house is put in order for the next one.
                        await house.HomeiqAsync("apply");
                    }
                }
            }
        });
        output.WriteLine($"matrix: {path}, calls to the real engine: lost answers {cells.Lost.Count}, others {cells.Others} ({cells.OthersOf(CallSort.Look)} looks, {cells.OthersOf(CallSort.Command)} commands), hangs {cells.Hangs}, wrong {wrong.Count}");
        Assert.Empty(wrong);
        Assert.True(points.Count >= least, $"only {points.Count} calls were spoiled");
    }

    private const string Wrong = "a wrong outcome";

    private static async Task<string?> OutcomeAsync(Func<Task<string?>> tryAsync, ConcurrentBag<string> wrong)
    {
        try
        {
            return await tryAsync();
        }
        catch (Exception failed) when (failed is Xunit.Sdk.IAssertionException)
        {
            wrong.Add(failed.Message);
            return $"{Wrong}: {failed.Message}";
        }
    }

    private static House Furnished()
    {
        var house = new House().Furnish();
        house.Edit("compose.yaml", "interval: 300ms", "interval: 700ms").Edit("compose.yaml", "start_period: 5s", "start_period: 1s");
        Ask(house);
        return house;
    }

    private static void Move(House house, string tag, string greeting)
    {
        CrashScenarios.Move(house, tag, greeting);
        Ask(house);
    }

    /// <summary>A probe that asks inside each container, so that there are commands to spoil.</summary>
    private static void Ask(House house) =>
        house.Edit("reconciler.yaml", "soak: none }", $"soak: none }}\nservices: {{{string.Join(", ", from service in (string[])["store", "api", "web"] select $"{service}: {{verify: {{probes: [{{exec: [test, -e, /etc/passwd], interval: 300ms}}]}}}}")}}}").Commit("Ask inside, seldom");

    private sealed record Spoiled(string Text, Said Said);
}
