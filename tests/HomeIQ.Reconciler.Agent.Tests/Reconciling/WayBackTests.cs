using HomeIQ.Reconciler.Docker;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>Ways back on a host on which other hands are at work, too.</summary>
public sealed class WayBackTests : IDisposable
{
    private const string Sick = "1.9.0-sick";

    private readonly Stage stage = new();

    public WayBackTests() => Stacks.Publish(stage.Engine);

    public void Dispose() => stage.Dispose();

    [Fact]
    public async Task A_stop_that_fails_does_not_wake_what_had_been_found_stopped()
    {
        await InstallAsync(Stacks.Three());
        stage.Engine.StopByHand("api");
        stage.Commit(Stacks.Three(api: "1.1.0"));
        stage.Engine.Faults.FailAt("stop", 1, HostFailure.Engine);

        var report = await stage.ApplyAsync();

        Assert.True(report.Result == ApplyResult.RolledBack, report.Summary);
        Assert.Contains("api exited house/app:1.0.0", stage.Picture, StringComparison.Ordinal);
        Assert.DoesNotContain("start ", stage.Engine.Transcript.Take(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_put_back_and_is_ill_for_a_moment_is_looked_at_again_before_a_person_is_called()
    {
        await InstallAsync(Stacks.Three());
        ITimer? recovery = null;
        stage.Engine.Faults.Meanwhile("start", 2, () =>
        {
            stage.Engine.MakeSick("api");
            recovery = stage.Clock.CreateTimer(_ => stage.Engine.MakeSick("api", sick: false), null, TimeSpan.FromSeconds(20), Timeout.InfiniteTimeSpan);
        });
        stage.Commit(Stacks.Three(api: Sick));

        var report = await stage.ApplyAsync();

        await recovery!.DisposeAsync();
        Assert.True(report.Result == ApplyResult.RolledBack, report.Summary);
        Assert.Contains("api running healthy house/app:1.0.0", stage.Picture, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_put_back_and_stays_ill_calls_a_person_after_a_while()
    {
        await InstallAsync(Stacks.Three());
        stage.Engine.Faults.Meanwhile("start", 2, () => stage.Engine.MakeSick("api"));
        stage.Commit(Stacks.Three(api: Sick));
        var began = stage.Clock.Now;

        var report = await stage.ApplyAsync();

        Assert.True(report.Result == ApplyResult.RollbackFailed, report.Summary);
        Assert.Contains("the way back failed: api: ", report.Summary, StringComparison.Ordinal);
        Assert.True(stage.Clock.Now - began < TimeSpan.FromMinutes(4), $"{stage.Clock.Now - began}");
    }

    [Fact]
    public async Task A_stop_that_was_cut_off_does_not_wake_what_had_been_found_stopped()
    {
        await InstallAsync(Stacks.Three());
        stage.Engine.StopByHand("api");
        stage.Commit(Stacks.Three(api: "1.1.0"));
        using (var killed = stage.Begin(new Lifeline { CutWhen = points => points[^1] == "after stop" }))
        {
            Assert.Null(await killed.ApplyUntilCutAsync());
        }

        stage.Engine.Transcript.Take();
        var report = await stage.ApplyAsync("HEAD~1");

        // Being stopped is drift for the next plan, which is what starts it; not the way back.
        Assert.Equal(1, stage.Engine.Transcript.Take().Split('\n').Count(line => line == "start api"));
        Assert.True(report.Result == ApplyResult.Applied, report.Summary);
    }

    [Fact]
    public async Task A_stop_that_fails_wakes_what_ran()
    {
        await InstallAsync(Stacks.Three());
        stage.Commit(Stacks.Three(api: "1.1.0"));
        stage.Engine.Faults.FailAt("stop", 1, Fault.AnswerLost);

        Assert.Equal(ApplyResult.RolledBack, (await stage.ApplyAsync()).Result);

        Assert.Contains("api running healthy house/app:1.0.0", stage.Picture, StringComparison.Ordinal);
    }

    public static readonly TheoryData<string> NewOneGone = ["before it is stopped", "while it is stopped", "after it is stopped", "while it is set aside"];

    [Theory]
    [MemberData(nameof(NewOneGone))]
    public async Task A_new_container_that_somebody_removed_is_as_the_way_back_wants_it(string when)
    {
        await InstallAsync(Stacks.Three());
        var ids = await stage.IdsAsync();
        stage.Commit(Stacks.Three(api: Sick));
        RemoveByHand(when, "api");

        var report = await stage.ApplyAsync();

        Assert.True(report.Result == ApplyResult.RolledBack, report.Summary);
        Assert.True(ids.All((await stage.IdsAsync()).Contains));
        Assert.Contains("api running healthy house/app:1.0.0", stage.Picture, StringComparison.Ordinal);
        Assert.Equal(ApplyResult.Held, (await stage.ApplyAsync()).Result);
    }

    /// <remarks>kamal PR#270: the image of the way back had been pruned.</remarks>
    [Fact]
    public async Task The_image_of_a_kept_container_that_is_gone_outlives_a_prune_by_its_keep_tag_and_needs_no_registry()
    {
        string Alone(string tag) => $"services:\n{Stacks.Lonely(tag: tag)}";

        await InstallAsync(Alone("1.0.0"));
        var old = (await stage.FindAsync("lonely"))!;
        stage.Commit(Alone(Sick));
        stage.Engine.Faults.Meanwhile("start", 1, () =>
        {
            stage.Engine.RemoveByHand($"lonely.kept-{old.Id[..6]}");
            Task.Run(() => stage.Engine.UntagImageAsync("house/app:1.0.0", CancellationToken.None)).GetAwaiter().GetResult();
            stage.Engine.PruneImages();
            for (var nth = 1; nth <= 50; nth++)
            {
                stage.Engine.Faults.FailAt("pull", nth, HostFailure.RegistryFailed);
            }
        });

        var report = await stage.ApplyAsync();

        Assert.True(report.Result == ApplyResult.RolledBack, report.Summary);
        var again = (await stage.FindAsync("lonely"))!;
        Assert.Equal((ContainerStatus.Running, old.ImageId), (again.Status, again.ImageId));
        Assert.NotEqual(old.Id, again.Id);
    }

    [Theory]
    [MemberData(nameof(NewOneGone))]
    public async Task New_and_old_both_removed_the_old_one_is_made_again(string when)
    {
        var revision = await InstallAsync(Stacks.Three());
        var old = (await stage.IdsAsync())["api"];
        stage.Commit(Stacks.Three(api: Sick));
        RemoveByHand(when, "api", $"api.kept-{old[..6]}");

        var report = await stage.ApplyAsync();

        Assert.True(report.Result == ApplyResult.RolledBack, report.Summary);
        Assert.Contains("api running healthy house/app:1.0.0", stage.Picture, StringComparison.Ordinal);
        Assert.NotEqual<object>(old, (await stage.IdsAsync())["api"]);
        await AtRestAsync(revision);
    }

    [Fact]
    public async Task Both_removed_while_the_process_was_dead_the_next_one_makes_the_old_one_again()
    {
        var revision = await InstallAsync(Stacks.Three());
        var old = (await stage.IdsAsync())["api"];
        stage.Commit(Stacks.Three(api: Sick));
        using (var killed = stage.Begin(new Lifeline { CutWhen = points => points[^1] == "after RollbackStarted" }))
        {
            Assert.Null(await killed.ApplyUntilCutAsync());
        }

        stage.Engine.RemoveByHand("api");
        stage.Engine.RemoveByHand($"api.kept-{old[..6]}");

        Assert.Equal(ApplyResult.Held, (await stage.ApplyAsync()).Result);
        Assert.Contains("api running healthy house/app:1.0.0", stage.Picture, StringComparison.Ordinal);
        await AtRestAsync(revision);
    }

    [Fact]
    public async Task One_that_was_only_stopped_and_is_removed_meanwhile_is_made_again()
    {
        var revision = await InstallAsync(Stacks.Network("10.77.1.0/24"));
        stage.Commit(Stacks.Network("10.77.2.0/24"));
        stage.Engine.Faults.Meanwhile("create-network", 1, () => stage.Engine.RemoveByHand("one"));

        var report = await stage.ApplyAsync();

        Assert.True(report.Result == ApplyResult.RolledBack, report.Summary);
        Assert.Contains("one running healthy", stage.Picture, StringComparison.Ordinal);
        Assert.Contains("two running healthy", stage.Picture, StringComparison.Ordinal);
        await AtRestAsync(revision);
    }

    [Fact]
    public async Task A_provider_whose_kept_container_is_gone_takes_the_user_of_its_namespace_along()
    {
        var revision = await InstallAsync(Stacks.Namespace("1.0.0"));
        var ids = await stage.IdsAsync();
        stage.Commit(Stacks.Namespace(Sick));
        RemoveByHand("before it is stopped", $"provider.kept-{ids["provider"][..6]}");

        await GoneBackTogetherAsync(revision, "1.0.0");
        Assert.NotEqual<object>(ids["guest"], (await stage.IdsAsync())["guest"]);
    }

    [Fact]
    public async Task Both_kept_containers_of_a_shared_namespace_may_be_gone()
    {
        var revision = await InstallAsync(Stacks.Namespace("1.0.0"));
        var ids = await stage.IdsAsync();
        stage.Commit(Stacks.Namespace(Sick));
        RemoveByHand("before it is stopped", $"provider.kept-{ids["provider"][..6]}", $"guest.kept-{ids["guest"][..6]}", "provider", "guest");

        await GoneBackTogetherAsync(revision, "1.0.0");
    }

    [Fact]
    public async Task A_kept_user_that_is_gone_joins_the_old_provider_again()
    {
        var revision = await InstallAsync(Stacks.Namespace("1.0.0"));
        var ids = await stage.IdsAsync();
        stage.Commit(Stacks.Namespace(Sick));
        RemoveByHand("before it is stopped", $"guest.kept-{ids["guest"][..6]}");

        await GoneBackTogetherAsync(revision, "1.0.0");
        Assert.Equal<object>(ids["provider"], (await stage.IdsAsync())["provider"]);
    }

    [Fact]
    public async Task A_provider_that_the_run_never_touched_and_that_vanished_is_made_again_for_its_user()
    {
        var revision = await InstallAsync(Stacks.Namespace("1.0.0"));
        stage.Commit(Stacks.Namespace("1.0.0", guest: Sick));
        RemoveByHand("before it is stopped", "provider");

        await GoneBackTogetherAsync(revision, "1.0.0");
    }

    [Fact]
    public async Task A_provider_that_was_only_started_and_vanished_is_made_again_with_its_user()
    {
        static string Needing(string compose) => compose.Replace("container_name: other", "container_name: other\n    depends_on: [guest]", StringComparison.Ordinal);
        var revision = await InstallAsync(Needing(Stacks.Namespace("1.0.0")));
        stage.Engine.Crash("provider");
        stage.Commit(Needing(Stacks.Namespace("1.0.0", other: Sick)));
        RemoveByHand("before it is stopped", "provider");

        await GoneBackTogetherAsync(revision, "1.0.0");
    }

    [Fact]
    public async Task Killed_while_a_shared_namespace_is_made_again_the_next_process_goes_on()
    {
        IReadOnlyList<string> points;
        using (var rehearsal = new Stage())
        {
            points = (await NamespaceKilledAsync(rehearsal, 0)).Process.Life.Passed;
        }

        var first = points.ToList().IndexOf("before RollbackStarted") + 1;
        await Parallel.ForEachAsync(Enumerable.Range(first, points.Count - first), new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (point, _) =>
        {
            using var house = new Stage();
            var (process, revision) = await NamespaceKilledAsync(house, point);
            process.Dispose();
            house.Engine.Faults.Clear();

            var held = await house.ApplyAsync();

            var where = $"cut {point}, {process.Life.Passed[^1]}: {held.Result}, {held.Summary}\n{house.Picture}";
            Assert.True(process.Life.IsCut && held.Result == ApplyResult.Held, where);
            Assert.True(house.Picture.Contains("guest running healthy house/app:1.0.0", StringComparison.Ordinal), where);
            Assert.True(house.Picture.Contains("provider running healthy house/app:1.0.0", StringComparison.Ordinal), where);
            Assert.True(house.Engine.Stranded.Count == 0, where);
            await house.ApplyAsync(revision);
            Assert.True((await house.ApplyAsync(revision)).Result == ApplyResult.NothingToDo, where);
        });
    }

    private static async Task<(AgentProcess Process, string Revision)> NamespaceKilledAsync(Stage house, int cutAt)
    {
        Stacks.Publish(house.Engine);
        var revision = house.Commit(Stacks.Namespace("1.0.0"));
        Assert.Equal(ApplyResult.Applied, (await house.ApplyAsync()).Result);
        var ids = await house.IdsAsync();
        house.Commit(Stacks.Namespace(Sick));
        house.Engine.Faults.Meanwhile("inspect", 1, () => house.Engine.RemoveByHand($"provider.kept-{ids["provider"][..6]}"));
        var process = house.Begin(cutAt);
        await process.ApplyUntilCutAsync();
        return (process, revision);
    }

    /// <summary>Arranges that containers vanish at one moment of an upgrade that is measured bad; its evidence is saved just before the way back.</summary>
    private void RemoveByHand(string when, params string[] names)
    {
        var (call, nth) = when switch
        {
            "before it is stopped" => ("inspect", 1),
            "while it is stopped" => ("stop", 2),
            "after it is stopped" => ("restart-policy", 2),
            _ => ("rename", 3),
        };
        stage.Engine.Faults.Meanwhile(call, nth, () =>
        {
            foreach (var name in names)
            {
                stage.Engine.RemoveByHand(name);
            }
        });
    }

    private async Task GoneBackTogetherAsync(string revision, string version)
    {
        var report = await stage.ApplyAsync();

        Assert.True(report.Result == ApplyResult.RolledBack, report.Summary);
        Assert.Equal(
            $"""
            guest running healthy house/app:{version}
            other running healthy house/app:{version}
            provider running healthy house/app:{version}
            """,
            stage.Picture, ignoreLineEndingDifferences: true);
        Assert.Empty(stage.Engine.Stranded);
        await AtRestAsync(revision);
    }

    /// <summary>What the way back made again is what the host is held to now.</summary>
    private async Task AtRestAsync(string revision)
    {
        stage.Engine.Faults.Clear();
        stage.Engine.Transcript.Take();
        await stage.ApplyAsync(revision);
        Assert.DoesNotContain(stage.Engine.Transcript.Take().Split('\n'), line => line.StartsWith("create", StringComparison.Ordinal) || line.StartsWith("start", StringComparison.Ordinal) || line.StartsWith("stop", StringComparison.Ordinal));
        Assert.Equal(ApplyResult.NothingToDo, (await stage.ApplyAsync(revision)).Result);
    }

    private async Task<string> InstallAsync(string compose)
    {
        var revision = stage.Commit(compose);
        var report = await stage.ApplyAsync();
        Assert.True(report.Result == ApplyResult.Applied, report.Summary);
        stage.Engine.Transcript.Take();
        return revision;
    }
}
