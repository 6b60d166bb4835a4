using System.Collections.Concurrent;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>A first install in which a service fails: it is stopped so that it stays stopped, until the next apply arms it again.</summary>
public sealed class FailedInstallTests : IDisposable
{
    private const string Sick = "1.9.0-sick";

    private readonly Stage stage = new();

    public FailedInstallTests() => Stacks.Publish(stage.Engine);

    public void Dispose() => stage.Dispose();

    [Fact]
    public async Task What_failed_is_disarmed_before_it_is_stopped()
    {
        stage.Commit(Stacks.Three(api: Sick));

        Assert.Equal(ApplyResult.Incomplete, (await stage.ApplyAsync()).Result);

        Assert.Equal(["restart policy of api: no", "stop api"], stage.Engine.Transcript.Take().Split('\n')[^2..]);
        Assert.Equal((ContainerStatus.Exited, RestartPolicy.No), await StateOfAsync(stage, "api"));
        Assert.Equal((ContainerStatus.Running, new RestartPolicy("unless-stopped")), await StateOfAsync(stage, "db"));
    }

    [Fact]
    public async Task Started_again_it_is_armed_again()
    {
        stage.Commit(Stacks.Three());
        stage.Engine.Faults.Meanwhile("start", 2, () => stage.Engine.MakeSick("api"));
        Assert.Equal(ApplyResult.Incomplete, (await stage.ApplyAsync()).Result);
        var id = (await stage.IdsAsync())["api"];
        stage.Engine.MakeSick("api", sick: false);
        stage.Engine.Transcript.Take();

        var report = await stage.ApplyAsync();

        Assert.True(report.Result == ApplyResult.Applied, report.Summary);
        Assert.Equal(["restart policy of api: unless-stopped", "start api", "start web"], stage.Engine.Transcript.Take().Split('\n'));
        Assert.Equal(id, (await stage.IdsAsync())["api"]);
        Assert.Equal((ContainerStatus.Running, new RestartPolicy("unless-stopped")), await StateOfAsync(stage, "api"));
        Assert.Equal(ApplyResult.NothingToDo, (await stage.ApplyAsync()).Result);
    }

    [Fact]
    public async Task Started_by_hand_meanwhile_it_is_armed_without_another_start()
    {
        stage.Commit(Stacks.Three());
        stage.Engine.Faults.Meanwhile("start", 2, () => stage.Engine.MakeSick("api"));
        Assert.Equal(ApplyResult.Incomplete, (await stage.ApplyAsync()).Result);
        stage.Engine.MakeSick("api", sick: false);
        stage.Engine.StartByHand("api");
        stage.Engine.Transcript.Take();

        Assert.Equal(ApplyResult.Applied, (await stage.ApplyAsync()).Result);

        Assert.DoesNotContain("start api", stage.Engine.Transcript.Take(), StringComparison.Ordinal);
        Assert.Equal((ContainerStatus.Running, new RestartPolicy("unless-stopped")), await StateOfAsync(stage, "api"));
        Assert.Equal(ApplyResult.NothingToDo, (await stage.ApplyAsync()).Result);
    }

    [Fact]
    public async Task Made_anew_it_is_armed()
    {
        stage.Commit(Stacks.Three(api: Sick));
        Assert.Equal(ApplyResult.Incomplete, (await stage.ApplyAsync()).Result);

        stage.Commit(Stacks.Three());
        var report = await stage.ApplyAsync();

        Assert.True(report.Result == ApplyResult.Applied, report.Summary);
        Assert.Equal((ContainerStatus.Running, new RestartPolicy("unless-stopped")), await StateOfAsync(stage, "api"));
        Assert.Equal(ApplyResult.NothingToDo, (await stage.ApplyAsync()).Result);
    }

    [Fact]
    public async Task One_that_failed_and_was_removed_meanwhile_is_no_second_failure()
    {
        stage.Commit(Stacks.Three(api: Sick));
        stage.Engine.Faults.Meanwhile("inspect", 1, () => stage.Engine.RemoveByHand("api"));

        var report = await stage.ApplyAsync();

        Assert.True(report.Result == ApplyResult.Incomplete, report.Summary);
        Assert.DoesNotContain("gone", report.Summary, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task Killed_anywhere_the_next_apply_ends_with_it_stopped_and_disarmed(int parallel)
    {
        IReadOnlyList<string> points;
        using (var rehearsal = new Stage { Parallel = parallel })
        {
            points = (await KilledAsync(rehearsal, cutAt: 0)).Life.Passed;
        }

        Assert.Contains("after restart policy no", points);
        var wrong = new ConcurrentBag<string>();
        await Parallel.ForEachAsync(Enumerable.Range(1, points.Count - 2), new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (point, _) =>
        {
            using var house = new Stage { Parallel = parallel };
            using var killed = await KilledAsync(house, point);
            killed.Dispose();
            try
            {
                var report = await house.ApplyAsync();
                var api = await StateOfAsync(house, "api");
                if (report.Result != ApplyResult.Incomplete || api != (ContainerStatus.Exited, RestartPolicy.No) || !house.Picture.Contains("db running healthy", StringComparison.Ordinal))
                {
                    wrong.Add($"cut {point:000}, {killed.Life.Passed[^1]}: {report.Result}, {report.Summary}: api is {api}\n{house.Picture}");
                }
            }
            catch (Exception escaped) when (escaped is not OperationCanceledException)
            {
                wrong.Add($"cut {point:000}, {killed.Life.Passed[^1]}: {escaped}");
            }
        });

        Assert.True(wrong.IsEmpty, string.Join('\n', wrong.Order(StringComparer.Ordinal)));
    }

    private static async Task<(ContainerStatus, RestartPolicy)> StateOfAsync(Stage stage, string name) =>
        await stage.FindAsync(name) is { } container ? (container.Status, container.Restart) : throw new InvalidOperationException($"{name} is not there");

    private static async Task<AgentProcess> KilledAsync(Stage house, int cutAt)
    {
        Stacks.Publish(house.Engine);
        house.Commit(Stacks.Three(api: Sick));
        var process = house.Begin(cutAt);
        await process.ApplyUntilCutAsync();
        return process;
    }
}
