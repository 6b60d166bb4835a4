using System.Collections.Concurrent;
using HomeIQ.Reconciler.Docker;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>Calls to the engine go wrong, in every way: the host ends exactly new, or exactly as before, or says why it holds.</summary>
public sealed class FaultMatrixTests
{
    private const string Old =
        """
        api running healthy house/app:1.0.0
        db running healthy house/app:1.0.0
        web running healthy house/app:1.0.0
        """;

    private const string New =
        """
        api running healthy house/app:1.1.0
        db running healthy house/app:1.0.0
        web running healthy house/app:1.1.0
        """;

    private static readonly Fault[] Kinds = [Fault.Of(HostFailure.Engine), Fault.Of(HostFailure.PortTaken), Fault.Of(HostFailure.Unreachable), Fault.AnswerLost, Fault.Hangs];

    /// <summary>Every so many cells of the whole matrix are tried each time.</summary>
    private const int Share = 12;

    [Fact]
    public async Task A_seeded_part_of_all_calls_goes_wrong_on_every_path()
    {
        var matrix = new FaultMatrix();
        var cells = (await matrix.CellsAsync(seed: 3)).ToArray();
        new Random(30).Shuffle(cells);
        await matrix.ExpectAsync("faults on the fake engine, a seeded part", cells[..(cells.Length / Share)], TestContext.Current.TestOutputHelper!);
    }

    [Fact(Explicit = true)]
    public async Task Every_call_goes_wrong_on_every_path_in_every_way()
    {
        var matrix = new FaultMatrix();
        await matrix.ExpectAsync("faults on the fake engine", await matrix.CellsAsync(seed: 3), TestContext.Current.TestOutputHelper!);
    }

    [Fact]
    public async Task One_fault_leads_to_the_new_state_or_back_to_the_old_one()
    {
        var calls = await CallsAsync();
        await EachAsync(
            from call in Enumerable.Range(1, calls) from kind in Kinds select (call, kind, second: 0),
            async (stage, ids, report, wrong) =>
            {
                switch (report.Result)
                {
                    case ApplyResult.Applied:
                        // Clean-up that fails takes nothing back; what it left is let go of by the next apply.
                        wrong(Without(stage, ".kept-") != New, $"applied, and the host is\n{stage.Picture}");
                        break;
                    case ApplyResult.RolledBack:
                        wrong(stage.Picture != Old, $"rolled back, and the host is\n{stage.Picture}");
                        wrong(!ids.All((await stage.IdsAsync()).Contains), "the containers are not the old ones");
                        break;
                    default:
                        wrong(true, $"{report.Result}: {report.Summary}");
                        break;
                }

                await ConvergesAsync(stage, wrong);
            });
    }

    [Fact]
    public async Task A_second_fault_on_the_way_back_is_told_and_the_next_apply_converges()
    {
        var calls = await CallsAsync();
        await EachAsync(
            from call in Enumerable.Range(1, calls) from second in Enumerable.Range(1, 12) select (call, Fault.Of(HostFailure.Engine), second),
            async (stage, ids, report, wrong) =>
            {
                wrong(report.Result is not (ApplyResult.Applied or ApplyResult.RolledBack or ApplyResult.RollbackFailed), $"{report.Result}: {report.Summary}");
                wrong(report.Result == ApplyResult.RollbackFailed && !report.Summary.Contains("the way back failed", StringComparison.Ordinal), $"it does not tell of both: {report.Summary}");
                wrong(report.Result == ApplyResult.RolledBack && stage.Picture != Old, $"rolled back, and the host is\n{stage.Picture}");
                await ConvergesAsync(stage, wrong);
            });
    }

    private static string Without(Stage stage, string mark) =>
        string.Join('\n', stage.Picture.Split('\n').Where(line => !line.Contains(mark, StringComparison.Ordinal)));

    /// <summary>A fault is no verdict on the version.</summary>
    private static async Task ConvergesAsync(Stage stage, Action<bool, string> wrong)
    {
        stage.Engine.Faults.Clear();
        var next = await stage.ApplyAsync();
        wrong(next.Result is not (ApplyResult.Applied or ApplyResult.NothingToDo), $"the next apply was {next.Result}: {next.Summary}");
        wrong(stage.Picture != New, $"after the next apply the host is\n{stage.Picture}");
        wrong((await stage.ApplyAsync()).Result != ApplyResult.NothingToDo, "it is not at rest");
    }

    private static async Task EachAsync(
        IEnumerable<(int Call, Fault Fault, int Second)> cells, Func<Stage, IReadOnlyDictionary<string, string>, ApplyReport, Action<bool, string>, Task> judge)
    {
        var all = cells.ToList();
        var problems = new ConcurrentBag<string>();
        await Parallel.ForEachAsync(all, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (cell, _) =>
        {
            using var stage = await UpgradeableAsync();
            var ids = await stage.IdsAsync();
            stage.Engine.Faults.FailAt(Faults.AnyChange, cell.Call, cell.Fault);
            if (cell.Second > 0)
            {
                stage.Engine.Faults.FailAt(Faults.AnyChange, cell.Call + cell.Second, cell.Fault);
            }

            void Wrong(bool isWrong, string what)
            {
                if (isWrong)
                {
                    problems.Add($"call {cell.Call:00}{(cell.Second > 0 ? $" and {cell.Second} later" : "")}, {cell.Fault.Kind} {cell.Fault.Failure}: {what}");
                }
            }

            try
            {
                await judge(stage, ids, await stage.ApplyAsync(), Wrong);
            }
            catch (Exception escaped) when (escaped is not OperationCanceledException)
            {
                Wrong(true, escaped.ToString());
            }
        });

        TestContext.Current.TestOutputHelper!.WriteLine($"matrix: every change of an upgrade: {all.Count} runs, {problems.Count} wrong");
        Assert.True(problems.IsEmpty, $"{problems.Count} problems\n{string.Join('\n', problems.Order(StringComparer.Ordinal))}");
    }

    private static async Task<Stage> UpgradeableAsync()
    {
        var stage = new Stage();
        Stacks.Publish(stage.Engine);
        stage.Commit(Stacks.Three());
        Assert.Equal(ApplyResult.Applied, (await stage.ApplyAsync()).Result);
        stage.Commit(Stacks.Three(api: "1.1.0", web: "1.1.0"));
        return stage;
    }

    private static async Task<int> CallsAsync()
    {
        using var stage = await UpgradeableAsync();
        var before = stage.Engine.Faults.Changes;
        Assert.Equal(ApplyResult.Applied, (await stage.ApplyAsync()).Result);
        return stage.Engine.Faults.Changes - before;
    }
}
