using System.Collections.Concurrent;
using HomeIQ.Reconciler.Docker;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>
/// A process of ours is killed before and after every journal entry and every call that changes the engine: install, upgrade, watch, rollback. The next one
/// finds the same journal and the same engine, and does what DESIGN §11 says.
/// </summary>
public sealed class KillMatrixTests
{
    public static TheoryData<string, int> Matrix => new(
    [
        .. Stacks.Changes.Keys.Select(name => new TheoryDataRow<string, int>(name, 1)),
        // Steps under way at the same time die together.
        new TheoryDataRow<string, int>(Stacks.Changes.Keys.First(), 4),
    ]);

    /// <summary>To an older version over data that a newer one wrote no commit leads back: that is refused.</summary>
    public static TheoryData<string, int> WithoutData => new([.. Matrix.Where(row => row.Data.Item1 is not (Stacks.WithData or Stacks.WithMigration))]);

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public Task A_first_install_goes_on(int parallel) => EachCutAsync(before: null, Stacks.Three(), parallel, GoesOnAsync);

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public Task A_bad_first_install_is_left_as_it_is_and_goes_on_when_it_is_mended(int parallel) => EachCutAsync(before: null, Stacks.Three(api: "1.9.0-sick"), parallel, async (stage, cut) =>
    {
        var report = await stage.ApplyAsync();
        cut.Expect(report.Result == ApplyResult.Incomplete, $"the next apply was {report.Result}: {report.Summary}");
        cut.Expect(stage.Picture == cut.New, $"the host is\n{stage.Picture}");

        stage.Commit(Stacks.Three());
        report = await stage.ApplyAsync();
        cut.Expect(report.Result == ApplyResult.Applied, $"the apply of the mended one was {report.Result}: {report.Summary}");
        await cut.IsAtRestAsync(stage);
    });

    [Theory]
    [MemberData(nameof(Matrix))]
    public Task An_upgrade_is_taken_back_and_then_done(string change, int parallel) => EachCutAsync(Stacks.Changes[change].Before, Stacks.Changes[change].After, parallel, GoesOnAsync);

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public Task A_watch_that_is_killed_ends_with_the_new_containers(int parallel) => EachCutAsync(
        Stacks.Three(), Stacks.Three(api: "1.1.0"), parallel, GoesOnAsync, soak: "20s");

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public Task What_falls_ill_while_it_is_watched_goes_all_the_way_back(int parallel) => EachCutAsync(
        Stacks.Three(), Stacks.Three(api: "1.9.0-late"), parallel, GoesBackAsync, soak: "20s");

    [Theory]
    [MemberData(nameof(WithoutData))]
    public Task An_upgrade_that_nobody_wants_any_more_leaves_the_old_containers(string change, int parallel) =>
        EachCutAsync(Stacks.Changes[change].Before, Stacks.Changes[change].After, parallel, async (stage, cut) =>
        {
            var report = await stage.ApplyAsync(cut.Revision);
            cut.Expect(report.Result is ApplyResult.NothingToDo or ApplyResult.Applied, $"the next apply was {report.Result}: {report.Summary}");
            cut.Expect(report.Result == ApplyResult.NothingToDo || cut.WasPromoted, $"going back took a run of its own: {report.Summary}");
            cut.Expect(stage.Picture == cut.Old, $"the host is\n{stage.Picture}");
            cut.Expect(cut.WasPromoted || cut.Ids.All((await stage.IdsAsync()).Contains), "the containers are not the old ones");
            cut.Expect((await stage.ApplyAsync(cut.Revision)).Result == ApplyResult.NothingToDo, "it is not at rest");
        });

    [Theory]
    [MemberData(nameof(Matrix))]
    public Task A_rollback_goes_on_back_and_what_was_measured_bad_stays_away(string change, int parallel) =>
        EachCutAsync(Stacks.Changes[change].Before, Stacks.Changes[change].Bad, parallel, GoesBackAsync);

    [Theory]
    [MemberData(nameof(Matrix))]
    public Task A_recovery_that_is_killed_too_is_taken_up_by_the_next(string change, int parallel) =>
        EachCutAsync(Stacks.Changes[change].Before, Stacks.Changes[change].After, parallel, async (stage, cut) =>
        {
            var chance = new Random(cut.Point);
            for (var times = 0; times < 3; times++)
            {
                using var killed = stage.Begin(cutAt: 1 + chance.Next(40));
                await killed.ApplyUntilCutAsync();
            }

            var report = await stage.ApplyAsync();
            cut.Expect(
                report.Result is ApplyResult.Applied or ApplyResult.NothingToDo or ApplyResult.Held, $"the last apply was {report.Result}: {report.Summary}");
            cut.Expect(stage.Picture == (report.Result == ApplyResult.Held ? cut.Old : cut.New), $"the host is\n{stage.Picture}");
        });

    [Theory]
    [InlineData("removed", 1)]
    [InlineData("removed", 4)]
    [InlineData("renamed", 1)]
    [InlineData("a network made again with other settings", 1)]
    [InlineData("a network made again with other settings", 4)]
    public Task A_repair_that_is_killed_is_finished_by_the_next(string drift, int parallel) => EachCutAsync(RepairOf(drift) with { Parallel = parallel }, async (stage, cut) =>
    {
        await GoesOnAsync(stage, cut);
        // What somebody only named otherwise is not made again.
        cut.Expect(drift != "renamed" || cut.Ids.All((await stage.IdsAsync()).Contains), "the containers are not the old ones");
    });

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public Task A_fix_that_takes_the_place_of_a_watched_run_is_done_in_the_end(int parallel) => EachCutAsync(Superseding("1.2.0") with { Parallel = parallel }, async (stage, cut) =>
    {
        // What the superseded run had kept is cleared by the one after.
        var report = await stage.ApplyAsync();
        for (var more = 0; more < 3 && report.Result is not ApplyResult.NothingToDo; more++)
        {
            report = await stage.ApplyAsync();
        }

        cut.Expect(report.Result == ApplyResult.NothingToDo, $"the last apply was {report.Result}: {report.Summary}");
        cut.Expect(stage.Picture == cut.Old.Replace("api running healthy house/app:1.0.0", "api running healthy house/app:1.2.0", StringComparison.Ordinal), $"the host is\n{stage.Picture}");
    });

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public Task A_bad_fix_of_a_watched_run_goes_back_through_both(int parallel) => EachCutAsync(Superseding("1.9.0-sick") with { Parallel = parallel }, async (stage, cut) =>
    {
        var report = await stage.ApplyAsync();
        for (var more = 0; more < 2 && report.Result is not ApplyResult.Held; more++)
        {
            report = await stage.ApplyAsync();
        }

        cut.Expect(report.Result == ApplyResult.Held, $"the last apply was {report.Result}: {report.Summary}");
        cut.Expect(stage.Picture == cut.Old, $"the host is\n{stage.Picture}");
        cut.Expect(cut.Ids.All((await stage.IdsAsync()).Contains), "the containers are not the old ones");
    });

    /// <summary>A second kill at points of the recovery from the first, drawn by a seed.</summary>
    [Theory]
    [InlineData("install")]
    [InlineData("upgrade")]
    [InlineData("rollback")]
    [InlineData("soak")]
    [InlineData("repair")]
    public Task A_recovery_that_is_killed_at_seeded_points_is_taken_up_by_the_next(string path) => EachSecondCutAsync(path, firsts: 10, seconds: 2);

    [Theory(Explicit = true)]
    [InlineData("install")]
    [InlineData("upgrade")]
    [InlineData("rollback")]
    [InlineData("soak")]
    [InlineData("repair")]
    public Task A_recovery_that_is_killed_at_any_point_is_taken_up_by_the_next(string path) => EachSecondCutAsync(path, firsts: int.MaxValue, seconds: int.MaxValue);

    private static Task EachSecondCutAsync(string path, int firsts, int seconds)
    {
        var (story, recover) = path switch
        {
            "install" => (Story.Of(null, Stacks.Three()), (Func<Stage, Cut, Task>)GoesOnAsync),
            "upgrade" => (Story.Of(Stacks.Three(), Stacks.Three(api: "1.1.0", web: "1.1.0")), GoesOnAsync),
            "rollback" => (Story.Of(Stacks.Three(), Stacks.Three(api: "1.9.0-sick", web: "1.1.0")), ComesBackAsync),
            "soak" => (Story.Of(Stacks.Three(), Stacks.Three(api: "1.1.0")) with { Soak = "20s" }, GoesOnAsync),
            _ => (RepairOf("removed"), GoesOnAsync),
        };
        return EachCutAsync(story, recover, firsts, seconds);
    }

    /// <summary>As <see cref="GoesBackAsync"/>, but the recovery may have tried anew what was not measured when it was killed.</summary>
    private static async Task ComesBackAsync(Stage stage, Cut cut)
    {
        var report = await stage.ApplyAsync();
        cut.Expect(report.Result is ApplyResult.Held or ApplyResult.RolledBack, $"the next apply was {report.Result}: {report.Summary}");
        var after = await stage.ApplyAsync();
        cut.Expect(after.Result == ApplyResult.Held, $"the apply after it was {after.Result}: {after.Summary}");
        cut.Expect(stage.Picture == cut.Old, $"the host is\n{stage.Picture}");
        cut.Expect(cut.Ids.All((await stage.IdsAsync()).Contains), "the containers are not the old ones");
    }

    private static Story RepairOf(string drift) => drift switch
    {
        "removed" => new(stage => InstallAsync(stage, Stacks.Three()), stage => stage.Engine.RemoveByHand("api")),
        "renamed" => new(stage => InstallAsync(stage, Stacks.Three()), stage => stage.Engine.RenameByHand("api", "impostor")),
        _ => new(stage => InstallAsync(stage, Stacks.Network("10.77.1.0/24")), FaultPath.ReplaceNetwork),
    };

    /// <summary>One version is being watched, and the next one changes the same service.</summary>
    private static Story Superseding(string fix) => new(stage => InstallAsync(stage, Stacks.Three()), stage => stage.Commit(Stacks.Three(api: fix)))
    {
        Soak = "20s",
        Meanwhile = async stage =>
        {
            stage.Commit(Stacks.Three(api: "1.1.0"));
            using var process = stage.Begin();
            Assert.Equal(ApplyResult.Soaking, (await process.ApplyAsync(watches: false)).Result);
        },
    };

    private static async Task<string> InstallAsync(Stage stage, string compose)
    {
        var soak = stage.Soak;
        stage.Soak = "none";
        var revision = stage.Commit(compose);
        Assert.Equal(ApplyResult.Applied, (await stage.ApplyAsync()).Result);
        stage.Soak = soak;
        return revision;
    }

    private static async Task GoesOnAsync(Stage stage, Cut cut)
    {
        var report = await stage.ApplyAsync();
        cut.Expect(report.Result is ApplyResult.Applied or ApplyResult.NothingToDo, $"the next apply was {report.Result}: {report.Summary}");
        cut.Expect(stage.Picture == cut.New, $"the host is\n{stage.Picture}");
        await cut.IsAtRestAsync(stage);
    }

    private static async Task GoesBackAsync(Stage stage, Cut cut)
    {
        var report = await stage.ApplyAsync();
        cut.Expect(report.Result is ApplyResult.Held or ApplyResult.RolledBack, $"the next apply was {report.Result}: {report.Summary}");
        cut.Expect(report.Result == ApplyResult.Held || !cut.WasMeasured, "what was measured bad was tried again");
        var after = await stage.ApplyAsync();
        cut.Expect(after.Result == ApplyResult.Held, $"the apply after it was {after.Result}: {after.Summary}");
        cut.Expect(stage.Picture == cut.Old, $"the host is\n{stage.Picture}");
        cut.Expect(cut.Ids.All((await stage.IdsAsync()).Contains), "the containers are not the old ones");
    }

    private static Task EachCutAsync(string? before, string after, int parallel, Func<Stage, Cut, Task> recover, string soak = "none") =>
        EachCutAsync(Story.Of(before, after) with { Parallel = parallel, Soak = soak }, recover);

    /// <summary>All points where everything is asked for (<c>run.sh --all</c>), else two of five, drawn by a seed.</summary>
    private static int Part(int points) => Environment.GetEnvironmentVariable("HOMEIQ_TEST_ALL") is { Length: > 0 } ? points : Math.Max(24, points * 2 / 5);

    /// <param name="firsts">Cut at so many points, drawn by a seed.</param>
    /// <param name="seconds">Then cut the recovery at so many of its points, too, each in a house of its own.</param>
    private static async Task EachCutAsync(Story story, Func<Stage, Cut, Task> recover, int firsts = int.MaxValue, int seconds = 0)
    {
        IReadOnlyList<string> points;
        string old, brought;
        using (var rehearsal = story.Stage())
        {
            (var process, _, _, old) = await RunAsync(rehearsal, story, cutAt: 0);
            (points, brought) = (process.Life.Passed, rehearsal.Picture);
        }

        var (cuts, tried) = (0, 0);
        var wrong = new ConcurrentBag<(int Point, string Text)>();
        var chosen = Some(points.Count, seconds == 0 ? Math.Min(firsts, Part(points.Count)) : firsts, seed: points.Count);
        await Parallel.ForEachAsync(
            chosen,
            new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = TestContext.Current.CancellationToken },
            async (point, _) =>
            {
                foreach (var second in seconds == 0 ? [0] : Some(await LengthOfRecoveryAsync(story, point), seconds, seed: point))
                {
                    Interlocked.Increment(ref tried);
                    await CutAsync(point, second);
                }
            });

        // Side by side, the number of points differs a little from run to run.
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"matrix: {TestContext.Current.Test!.TestDisplayName.Split("Tests.").Last()}: killed at {cuts} points, {chosen.Count} of {points.Count}{(seconds == 0 ? "" : " and again in the recovery")}, {wrong.Count} wrong");
        Assert.True(cuts >= tried - Math.Max(2, tried / 20), $"only {cuts} of {tried} runs were cut");
        Assert.True(
            wrong.IsEmpty,
            $"{wrong.Select(cell => cell.Point).Distinct().Count()} of {tried} cuts went wrong\n{string.Join('\n', wrong.OrderBy(cell => cell.Point).Select(cell => cell.Text))}");

        async Task CutAsync(int point, int second)
        {
            using var stage = story.Stage();
            var (process, ids, revision, _) = await RunAsync(stage, story, point);
            var cut = new Cut(process.Life.Passed, ids, revision) { Old = old, New = brought };
            var at = $"cut {point}, {process.Life.Passed[^1]}";
            try
            {
                process.Dispose();
                var isCut = process.Life.IsCut;
                if (second > 0)
                {
                    using var recovery = stage.Begin(second);
                    await recovery.ApplyUntilCutAsync();
                    isCut &= recovery.Life.IsCut;
                    at += $"; then {second}, {recovery.Life.Passed[^1]}";
                }

                if (isCut)
                {
                    Interlocked.Increment(ref cuts);
                    await recover(stage, cut);
                    cut.Expect(stage.Engine.Stranded.Count == 0, $"{string.Join(", ", stage.Engine.Stranded)} lost the namespace that it shares");
                }
            }
            catch (Exception unexpected) when (unexpected is not OperationCanceledException)
            {
                cut.Expect(false, unexpected.ToString());
            }

            foreach (var text in cut.Wrong)
            {
                wrong.Add((point, $"{at}: {text}"));
            }
        }
    }

    /// <summary>Points that the process after the cut one passes when nobody cuts it.</summary>
    private static async Task<int> LengthOfRecoveryAsync(Story story, int point)
    {
        using var stage = story.Stage();
        var (process, _, _, _) = await RunAsync(stage, story, point);
        process.Dispose();
        using var recovery = stage.Begin();
        await recovery.ApplyAsync();
        return recovery.Life.Passed.Count;
    }

    /// <summary>Numbers from 1 up to a count: all, or some drawn by a seed.</summary>
    private static List<int> Some(int count, int most, int seed)
    {
        var all = Enumerable.Range(1, count).ToArray();
        if (most < count)
        {
            new Random(seed).Shuffle(all);
        }

        return [.. all.Take(most).Order()];
    }

    private static async Task<(AgentProcess Process, IReadOnlyDictionary<string, string> Ids, string Revision, string Picture)> RunAsync(Stage stage, Story story, int cutAt)
    {
        Stacks.Publish(stage.Engine);
        var revision = story.Install is null ? "" : await story.Install(stage);
        var (ids, picture) = (await stage.IdsAsync(), stage.Picture);
        await story.Meanwhile(stage);
        story.Change(stage);
        var process = stage.Begin(cutAt);
        await process.ApplyUntilCutAsync();
        return (process, ids, revision, picture);
    }

    /// <summary>What a process is killed at: how the house came to stand, and what is new.</summary>
    /// <param name="Install">Returns the commit; null for a first install.</param>
    private sealed record Story(Func<Stage, Task<string>>? Install, Action<Stage> Change)
    {
        public int Parallel { get; init; } = 1;

        public string Soak { get; init; } = "none";

        /// <summary>What comes between the commit that it can go back to and the change.</summary>
        public Func<Stage, Task> Meanwhile { get; init; } = _ => Task.CompletedTask;

        public static Story Of(string? before, string after) => new(
            before is null ? null : async stage =>
            {
                var revision = stage.Commit(before);
                Assert.Equal(ApplyResult.Applied, (await stage.ApplyAsync()).Result);
                return revision;
            },
            stage => stage.Commit(after));

        public Stage Stage() => new() { Parallel = Parallel, Soak = Soak };
    }

    /// <summary>One cell: where the process was killed, and what was found wrong afterwards.</summary>
    /// <param name="Ids">Of the containers before.</param>
    /// <param name="Revision">The commit before.</param>
    /// <param name="Points">Those that the process passed.</param>
    private sealed record Cut(IReadOnlyList<string> Points, IReadOnlyDictionary<string, string> Ids, string Revision)
    {
        public int Point => Points.Count;

        /// <summary>What the host looked like before.</summary>
        public required string Old { get; init; }

        /// <summary>What it looks like when nothing is cut.</summary>
        public required string New { get; init; }

        public List<string> Wrong { get; } = [];

        /// <summary>The pointers had moved.</summary>
        public bool WasPromoted => Passed("after promotion");

        public bool WasMeasured => Passed("after quarantine");

        public void Expect(bool holds, string otherwise)
        {
            if (!holds)
            {
                Wrong.Add(otherwise);
            }
        }

        public async Task IsAtRestAsync(Stage stage)
        {
            var again = await stage.ApplyAsync();
            Expect(again.Result == ApplyResult.NothingToDo, $"it is not at rest: {again.Result}: {again.Summary}");
        }

        private bool Passed(string point) => Points.Contains(point, StringComparer.Ordinal);
    }
}
