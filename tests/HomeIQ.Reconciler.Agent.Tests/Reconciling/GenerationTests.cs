using HomeIQ.Reconciler.Docker;
using HomeIQ.Reconciler.Journaling;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>What is kept to go back to, and what is let go of: images, contents, sealed states, evidence.</summary>
public sealed class GenerationTests : IDisposable
{
    private readonly Stage stage = new();

    public GenerationTests() => Publish(stage);

    public void Dispose() => stage.Dispose();

    [Fact]
    public async Task After_five_upgrades_three_generations_remain()
    {
        await UpgradeAsync(stage, 0, 5);

        Assert.Equal(["5", "4", "3"], Generations(stage));
        Assert.Equal(["4", "3"], await KeptImagesAsync(stage));
        Assert.Equal(["text 3", "text 4", "text 5"], Contents(stage));
        Assert.Equal(3, Files("sealed/states").Count);
        // The container that runs, and those that the kept states name.
        Assert.Equal(4, Files("sealed/recorded").Count);
        // Those of the kept states, and what the run under way was verified by.
        Assert.Equal(5, Files("sealed/services").Count);
        using var process = stage.Begin();
        Assert.Equal(6, process.Journal.Runs(100).Count);
    }

    [Fact]
    public async Task A_person_can_still_go_back_twice()
    {
        await UpgradeAsync(stage, 0, 5);

        foreach (var expected in (string[])["1.0.4", "1.0.3"])
        {
            using var process = stage.Begin();
            var report = await process.Reconciliation.RollbackAsync(TestContext.Current.CancellationToken);
            Assert.True(report.Result == ApplyResult.Applied, report.Summary);
            Assert.Contains($"api running healthy house/app:{expected}", stage.Picture);
        }

        // Going back is no reason to let go of what was left.
        Assert.Equal(["3", "4", "5"], Generations(stage).Distinct().Order(StringComparer.Ordinal));
        Assert.Equal(["3", "4", "5"], (await KeptImagesAsync(stage)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Commits_of_words_only_push_nothing_out()
    {
        await UpgradeAsync(stage, 0, 2);
        for (var words = 0; words < 4; words++)
        {
            stage.Commit(Compose(2) + $"\n# {words}");
            Assert.Equal(ApplyResult.Applied, (await stage.ApplyAsync()).Result);
        }

        Assert.Equal(["2", "1", "0"], Generations(stage).Distinct());
        Assert.Equal(["1", "0"], await KeptImagesAsync(stage));
    }

    [Fact]
    public async Task The_state_to_go_back_to_stays_though_one_generation_is_kept()
    {
        stage.Generations = 1;
        await UpgradeAsync(stage, 0, 3);

        Assert.Equal(["3", "2"], Generations(stage));
        using var process = stage.Begin();
        Assert.Equal(ApplyResult.Applied, (await process.Reconciliation.RollbackAsync(TestContext.Current.CancellationToken)).Result);
        Assert.Contains("api running healthy house/app:1.0.2", stage.Picture);
    }

    [Fact]
    public async Task Going_back_keeps_as_much_as_the_present_policy_says()
    {
        await UpgradeAsync(stage, 0, 2);
        stage.Generations = 1;
        await UpgradeAsync(stage, 3, 3);
        stage.Generations = 5;
        await UpgradeAsync(stage, 4, 4);
        Assert.Equal(["4", "3", "2"], Generations(stage));

        using var process = stage.Begin();
        Assert.Equal(ApplyResult.Applied, (await process.Reconciliation.RollbackAsync(TestContext.Current.CancellationToken)).Result);
        Assert.Equal(["3", "4", "2"], Generations(stage).Distinct());
    }

    [Fact]
    public async Task What_a_failed_container_needs_stays_until_it_goes_itself()
    {
        await UpgradeAsync(stage, 0, 0);
        stage.Commit(Compose(0, web: "1.9.0-sick", webText: "of the failed one"));
        var failed = await stage.ApplyAsync();
        Assert.Equal(ApplyResult.RolledBack, failed.Result);
        // No name is left to the image but the container's own use.
        stage.Engine.Unpublish("house/app:1.9.0-sick");
        var container = (await stage.Engine.ListContainersAsync(default)).Single(candidate => candidate.Name.Contains(".failed-", StringComparison.Ordinal));
        await stage.Engine.TagImageAsync(container.ImageId, "homeiq-keep/homeiq/web:sick", default);
        await stage.Engine.UntagImageAsync("house/app:1.9.0-sick", default);

        await UpgradeAsync(stage, 1, 5);

        Assert.NotNull(await stage.Engine.FindImageAsync(container.ImageId, default));
        Assert.Contains("homeiq-keep/homeiq/web:sick", (await stage.Engine.ListTagsAsync("homeiq-keep/homeiq", default)).Keys);
        Assert.Contains("of the failed one", Contents(stage));
        Assert.Contains(failed.Run!, Files("runs"));
        Assert.Contains($"{container.Owner!.SpecDigest}.json", Files("sealed/services"));
        Assert.Contains($"{container.Id}.json", Files("sealed/recorded"));

        // The service gets another container; one run later nothing is left.
        stage.Commit(Compose(6, web: "1.1.0"));
        Assert.Equal(ApplyResult.Applied, (await stage.ApplyAsync()).Result);
        await UpgradeAsync(stage, 7, 7);
        Assert.Null(await stage.Engine.FindImageAsync(container.ImageId, default));
        Assert.DoesNotContain("of the failed one", Contents(stage));
        Assert.DoesNotContain(failed.Run!, Files("runs"));
    }

    [Fact]
    public async Task Evidence_goes_with_the_generation_that_it_is_as_old_as()
    {
        await UpgradeAsync(stage, 0, 0);
        stage.Commit(Compose(0, web: "1.9.0-sick"));
        var failed = await stage.ApplyAsync();
        stage.Engine.RemoveByHand((await stage.IdsAsync()).Keys.Single(name => name.Contains(".failed-", StringComparison.Ordinal)));

        await UpgradeAsync(stage, 1, 2);
        Assert.Contains(failed.Run!, Files("runs"));
        await UpgradeAsync(stage, 3, 3);
        Assert.DoesNotContain(failed.Run!, Files("runs"));
    }

    [Fact]
    public async Task A_clean_up_that_fails_takes_nothing_back_and_is_made_up_for_by_the_next()
    {
        await UpgradeAsync(stage, 0, 2);
        stage.Engine.Faults.FailAt("untag", 1, HostFailure.Engine);
        await UpgradeAsync(stage, 3, 3);
        Assert.Equal(["2", "1", "0"], await KeptImagesAsync(stage));

        await UpgradeAsync(stage, 4, 4);
        Assert.Equal(["3", "2"], await KeptImagesAsync(stage));
        Assert.Equal(["4", "3", "2"], Generations(stage));
    }

    [Fact]
    public async Task On_account_of_a_damaged_state_nothing_is_let_go_of_and_the_plan_says_so()
    {
        await UpgradeAsync(stage, 0, 2);
        File.WriteAllText(Path.Combine(stage.StateFolder, "sealed/states", Files("sealed/states")[0]), "{");
        stage.Commit(Compose(3));
        using var process = stage.Begin();

        var planned = await process.Reconciliation.PlanAsync(null, refresh: false, TestContext.Current.CancellationToken);
        Assert.Contains(planned.Plan!.Warnings, warning => warning.Code == "state-damaged");
        Assert.Equal(ApplyResult.Applied, (await process.ApplyAsync()).Result);
        Assert.Equal(4, Files("sealed/states").Count);
        Assert.Equal(["2", "1", "0"], await KeptImagesAsync(stage));
        Assert.Equal(["text 0", "text 1", "text 2", "text 3"], Contents(stage));
    }

    [Fact]
    public async Task A_state_that_is_pointed_to_is_not_let_go_of_whoever_says_so()
    {
        await UpgradeAsync(stage, 0, 2);
        using var process = stage.Begin();
        var pointers = process.Journal.Pointers();
        await process.ReleaseAsync(Files("sealed/states").Select(file => Path.GetFileNameWithoutExtension(file)));

        Assert.Equal(new[] { pointers.Previous, pointers.Effective }, Files("sealed/states").Select(file => Path.GetFileNameWithoutExtension(file)));
        Assert.Equal(["text 1", "text 2"], Contents(stage));
    }

    [Fact]
    public async Task Wherever_it_is_killed_the_same_is_left()
    {
        IReadOnlyList<string> points;
        string brought;
        using (var rehearsal = await ReadyAsync())
        {
            using var process = rehearsal.Begin();
            await process.ApplyAsync();
            points = process.Life.Passed;
            brought = await LeftAsync(rehearsal);
        }

        var from = points.Index().First(point => point.Item == "after promotion").Index + 1;
        Assert.True(points.Count - from > 10);
        await Parallel.ForEachAsync(Enumerable.Range(from, points.Count - from + 1), new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (point, _) =>
        {
            using var house = await ReadyAsync();
            using (var process = house.Begin(cutAt: point))
            {
                await process.ApplyUntilCutAsync();
            }

            var report = await house.ApplyAsync();
            Assert.True(report.Result == ApplyResult.NothingToDo, $"cut {point}: {report.Result}: {report.Summary}");
            Assert.Equal(brought, await LeftAsync(house));
        });

        async Task<Stage> ReadyAsync()
        {
            var house = new Stage();
            Publish(house);
            await UpgradeAsync(house, 0, 3);
            house.Commit(Compose(4));
            return house;
        }
    }

    private static void Publish(Stage stage)
    {
        Stacks.Publish(stage.Engine);
        foreach (var number in Enumerable.Range(0, 10))
        {
            stage.Engine.Push($"house/app:1.0.{number}");
        }
    }

    /// <summary>An application whose version and mounted text change with every commit, and a page that stays.</summary>
    private static string Compose(int number, string web = "1.2.0", string? webText = null) =>
        $$"""
        x-checked: &checked
          healthcheck: { test: [CMD, curl, -f, http://localhost:8080/health], interval: 1s, timeout: 1s, retries: 3 }
        services:
          api:
            <<: *checked
            image: house/app:1.0.{{number}}
            container_name: api
            configs: [text]
          web:
            <<: *checked
            image: house/app:{{web}}
            container_name: web
            {{(webText is null ? "" : "configs: [other]")}}
        configs:
          text: { content: "text {{number}}" }
        {{(webText is null ? "" : $"  other: {{ content: \"{webText}\" }}")}}
        """;

    private static async Task UpgradeAsync(Stage stage, int first, int last)
    {
        for (var number = first; number <= last; number++)
        {
            stage.Commit(Compose(number));
            var report = await stage.ApplyAsync();
            Assert.True(report.Result == ApplyResult.Applied, report.Summary);
        }
    }

    /// <summary>The last number of the application's version in each sealed state, newest first.</summary>
    private static IEnumerable<string> Generations(Stage stage)
    {
        using var process = stage.Begin();
        using var state = StateDirectory.Open(stage.StateFolder);
        var store = new SealedStore(state);
        var order = process.Journal.RunIds().ToList();
        return [.. store.States().OrderBy(id => order.IndexOf(SealedStore.RunOf(id))).Select(id => store.FindState(id)!.Find("api")!.Service.Spec.Image[^1..])];
    }

    /// <summary>The same of the images that a tag of ours keeps for the application.</summary>
    private static async Task<IEnumerable<string>> KeptImagesAsync(Stage stage)
    {
        var kept = new List<string>();
        var tags = (await stage.Engine.ListTagsAsync("homeiq-keep/homeiq", default)).Values.ToHashSet(StringComparer.Ordinal);
        foreach (var number in Enumerable.Range(0, 10).Reverse())
        {
            if (await stage.Engine.FindImageAsync($"house/app:1.0.{number}", default) is { } image && tags.Contains(image.Id))
            {
                kept.Add($"{number}");
            }
        }

        return kept;
    }

    private static IEnumerable<string> Contents(Stage stage) =>
        [.. Directory.GetFiles(Path.Combine(stage.StateFolder, "content")).Select(File.ReadAllText).Order(StringComparer.Ordinal)];

    private static async Task<string> LeftAsync(Stage stage) =>
        string.Join('\n', [.. Generations(stage), "", .. await KeptImagesAsync(stage), "", .. Contents(stage), $"{Directory.GetFiles(Path.Combine(stage.StateFolder, "sealed/services")).Length}"]);

    private List<string> Files(string folder) => [.. Directory.GetFileSystemEntries(Path.Combine(stage.StateFolder, folder)).Select(entry => Path.GetFileName(entry)).Order(StringComparer.Ordinal)];
}
