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
    [MemberData(nameof(Matrix))]
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

    private static async Task EachCutAsync(string? before, string after, int parallel, Func<Stage, Cut, Task> recover, string soak = "none")
    {
        IReadOnlyList<string> points;
        string old, brought;
        using (var rehearsal = new Stage { Parallel = parallel, Soak = soak })
        {
            (var process, _, _, old) = await RunAsync(rehearsal, before, after, cutAt: 0);
            (points, brought) = (process.Life.Passed, rehearsal.Picture);
        }

        var cuts = 0;
        var wrong = new ConcurrentBag<(int Point, string Text)>();
        await Parallel.ForEachAsync(
            Enumerable.Range(1, points.Count),
            new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = TestContext.Current.CancellationToken },
            async (point, _) =>
            {
                using var stage = new Stage { Parallel = parallel, Soak = soak };
                var (process, ids, revision, _) = await RunAsync(stage, before, after, point);
                var cut = new Cut(process.Life.Passed, ids, revision) { Old = old, New = brought };
                try
                {
                    process.Dispose();
                    if (process.Life.IsCut)
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
                    wrong.Add((point, $"cut {point}, {process.Life.Passed[^1]}: {text}"));
                }
            });

        // Side by side, the number of points differs a little from run to run.
        Assert.True(cuts >= points.Count - 2, $"only {cuts} of {points.Count} runs were cut");
        TestContext.Current.TestOutputHelper!.WriteLine($"kill matrix: {cuts} cuts");
        Assert.True(
            wrong.IsEmpty,
            $"{wrong.Select(cell => cell.Point).Distinct().Count()} of {points.Count} cuts went wrong\n{string.Join('\n', wrong.OrderBy(cell => cell.Point).Select(cell => cell.Text))}");
    }

    private static async Task<(AgentProcess Process, IReadOnlyDictionary<string, string> Ids, string Revision, string Picture)> RunAsync(
        Stage stage, string? before, string after, int cutAt)
    {
        Stacks.Publish(stage.Engine);
        var revision = "";
        if (before is not null)
        {
            revision = stage.Commit(before);
            Assert.Equal(ApplyResult.Applied, (await stage.ApplyAsync()).Result);
        }

        var (ids, picture) = (await stage.IdsAsync(), stage.Picture);
        stage.Commit(after);
        var process = stage.Begin(cutAt);
        await process.ApplyUntilCutAsync();
        return (process, ids, revision, picture);
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
