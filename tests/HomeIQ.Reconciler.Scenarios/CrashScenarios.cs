using System.Collections.Concurrent;
using System.Text.Json;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Scenarios.Docker;
using Microsoft.Data.Sqlite;

namespace HomeIQ.Reconciler.Scenarios;

/// <summary><c>kill -9</c> after each journal entry, then start again: DESIGN §7 and §11.</summary>
[Collection(nameof(Alone))]
public sealed class CrashScenarios(ITestOutputHelper output)
{
    /// <summary>Houses that are worked on at once: half of the time goes by in waiting for health.</summary>
    private const int Houses = 3;

    private const string Bad = "bad-never-healthy";

    [Fact]
    public async Task A_good_upgrade_that_is_killed_at_any_journal_entry_ends_on_the_new_commit_when_started_again()
    {
        var points = await AtEachEntryAsync(1, async (house, entry) =>
        {
            var commit = Move(house, entry % 2 == 0 ? "1.1.0" : "1.2.0", $"g{entry}");
            var store = await house.ContainerAsync("store");
            if (await house.CutAsync(entry) is not { } at)
            {
                return null;
            }

            var cut = house.Journal(journal => journal.Runs(1)[0]);
            if (entry % 5 == 0)
            {
                await ExpectStatusAsync(house, cut, at);
            }

            var said = await house.ApplyAsync();

            Assert.Equal((at, Cutting.Due(cut)), (at, house.Journal(journal => journal.Find(cut.Id)!.Phase)));
            Assert.Empty(house.Journal(journal => journal.Unfinished()));
            await house.ExpectTidyAsync(at);
            await ExpectVersionAsync(house, entry % 2 == 0 ? "1.1.0" : "1.2.0", $"g{entry}", at);
            Assert.Equal((at, commit), (at, house.Journal(journal => journal.Runs(20).First(run => run.Phase == RunPhase.Succeeded)).Plan.Revision));
            var after = await house.ContainerAsync("store");
            Assert.True((store.Id, store.StartedAt) == (after.Id, after.StartedAt), $"{at}: store was touched\n{said}");
            return at;
        });

        Report("good upgrade", points);
        Assert.True(points.Count >= 30, $"only {points.Count} points");
    }

    [Fact]
    public async Task A_bad_upgrade_that_is_killed_from_its_failure_on_goes_all_the_way_back_and_is_held()
    {
        var first = 0;
        using (var found = new SemaphoreSlim(1))
        {
            var points = await AtEachEntryAsync(0, async (house, offset) =>
            {
                await found.WaitAsync();
                try
                {
                    first = first > 0 ? first : await FirstFailureAsync(house);
                }
                finally
                {
                    found.Release();
                }

                var before = await house.IdsAsync();
                Move(house, Bad, $"b{offset}");
                if (await house.CutAsync(first + offset) is not { } at)
                {
                    return null;
                }

                var cut = house.Journal(journal => journal.Runs(1)[0]);
                Assert.NotNull(cut.Failure);
                if (offset % 5 == 0)
                {
                    await ExpectStatusAsync(house, cut, at);
                }

                var said = await house.HomeiqAsync("apply");

                // Not tried afresh, whatever the moment: what was measured bad is in quarantine before the way back, or right after it.
                Assert.True(said.Code == 4, $"{at}: {said}");
                Assert.Equal((at, RunPhase.RolledBack), (at, house.Journal(journal => journal.Runs(1)[0]) is var last && last.Id == cut.Id ? last.Phase : RunPhase.Unknown));
                Assert.Equal(before, await house.IdsAsync());
                await house.ExpectTidyAsync(at);
                return at;
            });

            Report("bad upgrade", points);
            Assert.True(points.Count >= 10, $"only {points.Count} points");
        }
    }

    [Fact]
    public async Task A_first_install_that_is_killed_at_seeded_entries_goes_forward_when_started_again()
    {
        var random = new Random(2_5_11);
        var cuts = Enumerable.Range(0, 8).Select(_ => (First: random.Next(1, 30), Second: random.Next(1, 12))).ToList();
        var points = new ConcurrentBag<string>();
        await Parallel.ForEachAsync(cuts, new ParallelOptions { MaxDegreeOfParallelism = Houses }, async (entries, _) =>
        {
            await using var house = new House().Furnish();
            house.Edit("compose.yaml", "interval: 300ms", "interval: 700ms").Commit("Ask seldom");
            var verified = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var entry in (int[])[entries.First, entries.Second])
            {
                if (await house.CutAsync(entry) is { } at)
                {
                    points.Add(at);
                    var ids = await house.IdsAsync();
                    var run = house.Journal(journal => journal.Runs(1)[0]);
                    foreach (var service in run.Begun.Where(step => step is { Planned.Step: Planning.VerifyService, Receipt: not null }).Select(step => step.Planned.Step.Subject))
                    {
                        verified[service] = ids[service];
                    }
                }
            }

            await house.ApplyAsync();

            var told = $"cut at {entries.First}, then at {entries.Second}";
            await house.ExpectTidyAsync(told);
            Assert.Empty(house.Journal(journal => journal.Unfinished()));
            var after = await house.IdsAsync();
            Assert.All(verified, service => Assert.True(after[service.Key] == service.Value, $"{told}: {service.Key} was healthy already and was made again"));
            Assert.NotNull(house.Journal(journal => journal.Pointers().LastKnownGood));
        });

        Report("first install", points);
        Assert.True(points.Count >= 10, $"only {points.Count} points");
    }

    [Fact]
    public Task A_seeded_part_of_kills_between_effect_and_receipt_in_upgrades_ends_on_the_new_commit() => UnheardAsync("upgrade", Seeded(3_21, 3, 18), UpgradeUnheardAsync, least: 3);

    [Fact(Explicit = true)]
    public async Task Every_kill_between_effect_and_receipt()
    {
        await UnheardAsync("upgrade", Enumerable.Range(1, MostChanges), UpgradeUnheardAsync, least: 16);
        await UnheardAsync("watched upgrade", Enumerable.Range(1, MostChanges), WatchedUnheardAsync, least: 16);
        await UnheardAsync("repair", Enumerable.Range(1, MostChanges), RepairUnheardAsync, least: 3);
    }

    /// <summary>No run of three services changes the engine so often.</summary>
    private const int MostChanges = 40;

    private static int[] Seeded(int seed, int count, int most)
    {
        var all = Enumerable.Range(1, most).ToArray();
        new Random(seed).Shuffle(all);
        return all[..count];
    }

    private static Task<string?> UpgradeUnheardAsync(House house, FaultProxy proxy, int change) => MoveUnheardAsync(house, proxy, change, soak: "none");

    private static Task<string?> WatchedUnheardAsync(House house, FaultProxy proxy, int change) => MoveUnheardAsync(house, proxy, change, soak: "2s");

    private static async Task<string?> MoveUnheardAsync(House house, FaultProxy proxy, int change, string soak)
    {
        var (tag, greeting) = (change % 2 == 0 ? "1.1.0" : "1.2.0", $"u{change}");
        Move(house, tag, greeting);
        if (soak != "none")
        {
            house.Edit("reconciler.yaml", "soak: none", $"soak: {soak}").Commit("Watch it");
        }

        var store = await house.ContainerAsync("store");
        if (await house.CutUnheardAsync(proxy, change) is not { } at)
        {
            return null;
        }

        await house.ApplyAsync();
        Assert.Empty(house.Journal(journal => journal.Unfinished()));
        await house.ExpectTidyAsync(at);
        await ExpectVersionAsync(house, tag, greeting, at);
        Assert.Equal((at, store.Id), (at, (await house.ContainerAsync("store")).Id));
        return at;
    }

    private static async Task<string?> RepairUnheardAsync(House house, FaultProxy proxy, int change)
    {
        var before = await house.IdsAsync();
        house.Docker("rm", "-f", house.Container("web"));
        if (await house.CutUnheardAsync(proxy, change) is not { } at)
        {
            return null;
        }

        await house.ApplyAsync();
        Assert.Empty(house.Journal(journal => journal.Unfinished()));
        await house.ExpectTidyAsync(at);
        Assert.Equal((at, before["store"], before["api"]), (at, (await house.IdsAsync())["store"], (await house.IdsAsync())["api"]));
        return at;
    }

    private async Task UnheardAsync(string what, IEnumerable<int> changes, Func<House, FaultProxy, int, Task<string?>> cutAsync, int least)
    {
        var points = new ConcurrentBag<string>();
        var left = new ConcurrentQueue<int>(changes);
        await Parallel.ForEachAsync(Enumerable.Range(0, Houses), new ParallelOptions { MaxDegreeOfParallelism = Houses }, async (_, _) =>
        {
            await using var house = new House().Furnish();
            house.Edit("compose.yaml", "interval: 300ms", "interval: 700ms").Edit("compose.yaml", "start_period: 5s", "start_period: 1s").Commit("Ask seldom, and believe it soon");
            await house.ApplyAsync();
            await using var proxy = new FaultProxy(Path.GetDirectoryName(house.State)!);
            while (left.TryDequeue(out var change))
            {
                if (await cutAsync(house, proxy, change) is { } at)
                {
                    points.Add(at);
                }
                else
                {
                    // A run does not change the engine so often.
                    left.Clear();
                }
            }
        });

        Report($"{what}, between effect and receipt", points);
        Assert.True(points.Count >= least, $"only {points.Count} points");
    }

    [Fact]
    public async Task The_third_crash_on_the_same_content_is_a_verdict_on_it()
    {
        await using var house = new House().Furnish();
        await house.ApplyAsync();
        var good = house.Git("rev-parse", "HEAD").Trim();
        var before = await house.IdsAsync();
        Move(house, "1.1.0", "unlucky");

        var entry = 3;
        for (var crash = 1; crash <= Recovery.CrashLimit; crash++)
        {
            Assert.Empty(house.Journal(journal => journal.Quarantine()));
            Assert.NotNull(await house.CutAsync(entry));
            while (house.Journal(journal => journal.Unfinished()[0].Phase) is not RunPhase.Upgrading)
            {
                // What was cut off before anything was touched is no crash on its content: a little later, then.
                await house.ApplyAsync("--revision", good);
                Assert.NotNull(await house.CutAsync(entry += 3));
            }

            await house.ApplyAsync("--revision", good);
            Assert.Equal(before, await house.IdsAsync());
        }

        var said = await house.HomeiqAsync("apply");
        Assert.True(said.Code == 4, said.ToString());
        Assert.Contains("in succession went down", house.Journal(journal => journal.Quarantine()[0].Reason), StringComparison.Ordinal);
        Assert.Equal(before, await house.IdsAsync());
        await house.ExpectTidyAsync("after the third crash");
    }

    /// <summary>Two services of the three move; <c>store</c> is the one that nobody may touch.</summary>
    internal static string Move(House house, string tag, string greeting)
    {
        house.Write("compose.greeting.yaml", $"services: {{api: {{environment: {{GREETING: {greeting}}}}}}}");
        house.Write("reconciler.yaml", """
            version: 1
            compose: [compose.yaml, compose.greeting.yaml, compose.versions.yaml]
            policy: { soak: none }
            """);
        house.Write("compose.versions.yaml", $$"""
            services:
              store: {image: "homeiq-test/app:1.0.0"}
              api: {image: "homeiq-test/app:{{tag}}"}
              web: {image: "homeiq-test/app:{{(tag.StartsWith("bad", StringComparison.Ordinal) ? "1.2.0" : tag)}}"}
            """);
        return house.Commit($"api and web move to {tag}, {greeting}");
    }

    internal static async Task ExpectVersionAsync(House house, string tag, string greeting, string at)
    {
        Assert.Equal((at, $"homeiq-test/app:{tag}"), (at, (await house.ContainerAsync("web")).Image));
        var api = await house.ContainerAsync("api");
        Assert.Equal((at, $"homeiq-test/app:{tag}"), (at, api.Image));
        Assert.Equal((at, greeting), (at, api.Fields["Config.Env.GREETING"]));
    }

    /// <summary><c>status</c> works in between, says what is unfinished, and finishes nothing.</summary>
    private static async Task ExpectStatusAsync(House house, RunRecord cut, string at)
    {
        var said = await house.HomeiqAsync("status", "-o", "json");
        Assert.True(said.Code == 0, $"{at}: {said}");
        using var status = JsonDocument.Parse(said.Out);
        Assert.Equal((at, cut.IsFinished ? null : cut.Id), (at, status.RootElement.TryGetProperty("unfinishedRun", out var run) ? run.GetString() : null));
        Assert.Equal(cut.IsFinished, house.Journal(journal => journal.Find(cut.Id)!.IsFinished));
    }

    /// <summary>Lets a bad upgrade run to its end, and counts the entries to its first failure.</summary>
    private static async Task<int> FirstFailureAsync(House house)
    {
        Move(house, Bad, "uncut");
        await house.HomeiqAsync("apply");
        var run = house.Journal(journal => journal.Runs(1)[0]);
        using var connection = new SqliteConnection($"Data Source={Path.Combine(house.State, "journal.db")};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = """SELECT count(*) FROM entries WHERE run = $1 AND seq <= (SELECT min(seq) FROM entries WHERE run = $1 AND body LIKE '%"step-failed"%')""";
        command.Parameters.AddWithValue("$1", run.Id);
        return (int)(long)command.ExecuteScalar()!;
    }

    /// <summary>Works through all entries from the first one until a run ends before it is cut; several houses share them.</summary>
    private static async Task<ConcurrentBag<string>> AtEachEntryAsync(int first, Func<House, int, Task<string?>> cutAsync)
    {
        var points = new ConcurrentBag<string>();
        var next = first - 1;
        await Parallel.ForEachAsync(Enumerable.Range(0, Houses), new ParallelOptions { MaxDegreeOfParallelism = Houses }, async (_, _) =>
        {
            await using var house = new House().Furnish();
            house.Edit("compose.yaml", "interval: 300ms", "interval: 700ms").Edit("compose.yaml", "start_period: 5s", "start_period: 1s").Commit("Ask seldom, and believe it soon");
            await house.ApplyAsync();
            while (await cutAsync(house, Interlocked.Increment(ref next)) is { } at)
            {
                points.Add(at);
            }
        });
        return points;
    }

    private void Report(string what, ConcurrentBag<string> points)
    {
        output.WriteLine($"matrix: {what}, kill -9 on the real engine: killed at {points.Count} points, 0 wrong");
        foreach (var point in points.Order(StringComparer.Ordinal))
        {
            output.WriteLine($"  {point}");
        }
    }
}
