using System.Collections.Concurrent;
using HomeIQ.Reconciler.Docker;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>One cell: on which path which call of a name goes wrong, and how.</summary>
internal sealed record FaultCell(FaultPath Path, string Call, int Nth, Fault Fault)
{
    public override string ToString() => $"{Path}: {Call} {Nth}, {Fault.Kind}{(Fault.Kind == FaultKind.Refused ? $" {Fault.Failure}" : "")}";
}

/// <summary>Goes through cells: whatever goes wrong, the house is new or as it was, or it is said why not; and then a plain apply brings it to rest with nothing left over.</summary>
internal sealed class FaultMatrix
{
    public static readonly IReadOnlyList<Fault> Kinds =
        [Fault.Of(HostFailure.Unreachable), Fault.Of(HostFailure.Engine), Fault.Of(HostFailure.Conflict), Fault.Of(HostFailure.NotFound), Fault.AnswerLost, Fault.Truncated, Fault.Hangs, Fault.Slow];

    private readonly ConcurrentDictionary<string, Rehearsal> rehearsals = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, int> ends = new(StringComparer.Ordinal);
    private readonly ConcurrentBag<string> problems = [];

    /// <summary>The first call of each name on each path in every way, and for each of these a later one of the same name, drawn by a seed.</summary>
    public async Task<IReadOnlyList<FaultCell>> CellsAsync(int seed)
    {
        var paths = FaultPath.All.ToList();
        await Parallel.ForEachAsync(paths, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (path, _) => rehearsals[path.Name] = await RehearseAsync(path));
        var chance = new Random(seed);
        return
        [
            .. from path in paths
               from call in rehearsals[path.Name].Calls.OrderBy(call => call.Key, StringComparer.Ordinal)
               from kind in Kinds
               from nth in call.Value > 1 ? (int[])[1, chance.Next(2, call.Value + 1)] : [1]
               select new FaultCell(path, call.Key, nth, kind),
        ];
    }

    public async Task ExpectAsync(string name, IReadOnlyList<FaultCell> cells, ITestOutputHelper output)
    {
        await Parallel.ForEachAsync(cells, new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = TestContext.Current.CancellationToken }, async (cell, _) => await TryAsync(cell));
        var calls = cells.Select(cell => cell.Call).Distinct(StringComparer.Ordinal).Count();
        output.WriteLine(
            $"matrix: {name}: {cells.Count} cells ({rehearsals.Count} paths, {calls} calls, {Kinds.Count} ways): {string.Join(", ", ends.OrderByDescending(end => end.Value).Select(end => $"{end.Value} {end.Key}"))}; {problems.Count} wrong");
        Assert.True(problems.IsEmpty, $"{problems.Count} problems\n{string.Join('\n', problems.Order(StringComparer.Ordinal))}");
    }

    private async Task TryAsync(FaultCell cell)
    {
        var (path, rehearsal) = (cell.Path, rehearsals[cell.Path.Name]);
        using var stage = await path.BeginAsync();
        var (good, ids) = (stage.Tidy, await stage.IdsAsync());
        path.Change(stage);
        var (changed, volumes) = (stage.Tidy, stage.Engine.Volumes);
        try
        {
            var (report, escaped, _) = await ActAsync(path, stage, faults => faults.FailAt(cell.Call, cell.Nth, cell.Fault));
            var isMet = stage.Engine.Faults.Met > 0;
            stage.Engine.Faults.Clear();
            ends.AddOrUpdate(!isMet ? "not met" : report is null ? "not begun" : $"{report.Result}", 1, (_, count) => count + 1);
            switch (report?.Result)
            {
                case null:
                    Wrong(escaped is not ContainerHostException, $"{escaped}");
                    Wrong(path.Soak == "none" && !path.IsBack && stage.Tidy != changed && Mended(stage) != changed, $"{escaped!.Message}, and the host is\n{stage.Tidy}");
                    break;
                case ApplyResult.Applied or ApplyResult.NothingToDo:
                    Wrong(Loose(Mended(stage)) != Loose(rehearsal.Acted), $"{report.Result}, and the host is\n{stage.Tidy}");
                    break;
                case ApplyResult.RolledBack when path.IsRepair:
                    // What was left half-way is drift again, and the next apply's matter; but nothing strange may be there.
                    Wrong(Names(stage.Tidy).Except([.. Names(good), .. Names(changed)], StringComparer.Ordinal).Any(), $"rolled back, and the host is\n{stage.Tidy}");
                    break;
                case ApplyResult.RolledBack or ApplyResult.Held:
                    Wrong(Loose(stage.Tidy) != Loose(good), $"{report.Result}, and the host is\n{stage.Tidy}");
                    // An engine that says of a container that it is gone is believed.
                    Wrong(cell.Fault.Failure is not HostFailure.NotFound && !ids.All((await stage.IdsAsync()).Contains), $"{report.Result}, and the containers are not the old ones");
                    break;
                case ApplyResult.RollbackFailed:
                    Wrong(!report.Summary.Contains("the way back failed: ", StringComparison.Ordinal), $"it does not say why it holds: {report.Summary}");
                    break;
                case ApplyResult.Incomplete:
                    Wrong(!path.IsInstall || !report.Summary.StartsWith("not promoted: ", StringComparison.Ordinal), $"it does not say why it holds: {report.Summary}");
                    break;
                case ApplyResult.CutOff:
                    Wrong(!report.Summary.Contains("the lock on the engine was lost", StringComparison.Ordinal), report.Summary);
                    break;
                default:
                    Wrong(true, $"{report.Result}: {report.Summary}");
                    break;
            }

            var (last, applies) = await RestAsync(stage);
            var staysAway = path.Before.Count > 1 && last.Result is ApplyResult.NothingToDo;
            Wrong(last.Result != rehearsal.Rest && !staysAway, $"it does not come to rest but is {last.Result} after {applies}: {last.Summary}");
            var due = staysAway ? good : rehearsal.Rested;
            Wrong(WithoutTags(Mended(stage)) != WithoutTags(due), $"at rest ({last.Result}) the host is\n{stage.Tidy}\ninstead of\n{due}");
            // An image that was put by for a way back is let go of by the next promotion, and only then.
            Wrong(Tags(due).Except(Tags(stage.Tidy), StringComparer.Ordinal).Any(), $"an image that a way back needs has no name any more:\n{stage.Tidy}\ninstead of\n{due}");
            Wrong(!volumes.All(stage.Engine.Volumes.Contains), "a volume is gone");
            Wrong(stage.Engine.Stranded.Count > 0, $"{string.Join(", ", stage.Engine.Stranded)} lost the namespace that it shares");
        }
        catch (Exception unexpected) when (unexpected is not OperationCanceledException)
        {
            Wrong(true, $"{unexpected}");
        }

        void Wrong(bool isWrong, string what)
        {
            if (isWrong)
            {
                problems.Add($"{cell}: {what}");
            }
        }
    }

    private static async Task<Rehearsal> RehearseAsync(FaultPath path)
    {
        using var stage = await path.BeginAsync();
        path.Change(stage);
        var (report, escaped, before) = await ActAsync(path, stage, _ => { });
        Assert.True(report is not null, $"{path}: {escaped}");
        var counts = stage.Engine.Faults.Counts;
        var acted = stage.Tidy;
        var (last, _) = await RestAsync(stage);
        var calls = counts.Where(call => call.Key != Faults.AnyChange && call.Value > before.GetValueOrDefault(call.Key))
            .ToDictionary(call => call.Key, call => call.Value - before.GetValueOrDefault(call.Key), StringComparer.Ordinal);
        return new(calls, acted, stage.Tidy, last.Result);
    }

    /// <summary>One process does what the path says; faults are armed when it begins, or when its way back does.</summary>
    private static async Task<(ApplyReport? Report, Exception? Escaped, IReadOnlyDictionary<string, int> Before)> ActAsync(FaultPath path, Stage stage, Action<Faults> arm)
    {
        var faults = stage.Engine.Faults;
        IReadOnlyDictionary<string, int> before = new Dictionary<string, int>();
        using var process = stage.Begin();
        if (path.IsBack)
        {
            process.Heard = news =>
            {
                if (news is Applying.RollbackBegan && before.Count == 0)
                {
                    Arm();
                }
            };
        }
        else
        {
            Arm();
        }

        try
        {
            return (await path.Act(process), null, before);
        }
        catch (ContainerHostException escaped)
        {
            return (null, escaped, before);
        }

        void Arm()
        {
            before = faults.Counts;
            arm(faults);
        }
    }

    /// <summary>Plain applies until nothing is left to do.</summary>
    private static async Task<(ApplyReport Last, int Applies)> RestAsync(Stage stage)
    {
        for (var applies = 1; ; applies++)
        {
            var report = await stage.ApplyAsync();
            if (report.Result is ApplyResult.NothingToDo or ApplyResult.Held or ApplyResult.Incomplete || applies == 4)
            {
                return (report, applies);
            }
        }
    }

    /// <summary>What was started last may not have been asked yet.</summary>
    private static string Mended(Stage stage) => stage.Tidy.Replace(" starting ", " healthy ", StringComparison.Ordinal);

    /// <summary>Clean-up that fails takes nothing back: what it left is let go of by the next one.</summary>
    private static string Loose(string tidy) => string.Join('\n', tidy.Split('\n').Where(line =>
        (line.StartsWith("container ", StringComparison.Ordinal) || line.StartsWith("network ", StringComparison.Ordinal)) && !line.Contains(".kept-", StringComparison.Ordinal)));

    private static IEnumerable<string> Tags(string tidy) => tidy.Split('\n').Where(IsTag);

    private static string WithoutTags(string tidy) => string.Join('\n', tidy.Split('\n').Where(line => !IsTag(line)));

    private static bool IsTag(string line) => line.StartsWith("tag ", StringComparison.Ordinal);

    private static IEnumerable<string> Names(string tidy) => Loose(tidy).Split('\n').Select(line => string.Join(' ', line.Split(' ').Take(2)));

    /// <param name="Calls">How often each call is made on the path.</param>
    /// <param name="Acted">What is on the host then.</param>
    /// <param name="Rested">What is on the host when plain applies have nothing left to do.</param>
    private sealed record Rehearsal(IReadOnlyDictionary<string, int> Calls, string Acted, string Rested, ApplyResult Rest);
}
