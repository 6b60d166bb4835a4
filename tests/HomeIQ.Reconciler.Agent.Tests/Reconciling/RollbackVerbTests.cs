using System.Collections.Concurrent;
using HomeIQ.Reconciler.Docker;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>What a person who asks for the earlier state is owed: the very images of then, and a quarantine that lasts as long as it is true.</summary>
public sealed class RollbackVerbTests : IDisposable
{
    private readonly Stage stage = new();

    public RollbackVerbTests() => Stacks.Publish(stage.Engine);

    public void Dispose() => stage.Dispose();

    [Fact]
    public async Task What_is_left_is_in_quarantine_before_anything_is_done()
    {
        await UpgradedAsync(stage);
        using var process = stage.Begin();

        Assert.Equal(ApplyResult.Applied, (await process.RollbackAsync()).Result);

        var points = process.Life.Passed.ToList();
        Assert.InRange(points.IndexOf("after quarantine"), 0, points.IndexOf("before intent of step 1"));
        var run = Assert.Single(process.Journal.Runs(1));
        var left = Assert.Single(process.Journal.Quarantine());
        Assert.Equal(run.Id, left.Run);
        Assert.Equal(["api"], left.Contents.Keys);
    }

    [Fact]
    public async Task A_rollback_that_is_put_back_releases_what_it_had_quarantined()
    {
        var revision = await UpgradedAsync(stage);
        var ids = await stage.IdsAsync();
        stage.Engine.Faults.FailAt("start", 1, HostFailure.PortTaken);

        var report = await stage.RollbackAsync();

        Assert.True(report.Result == ApplyResult.RolledBack, report.Summary);
        Assert.True(ids.All((await stage.IdsAsync()).Contains));
        Assert.Empty(stage.Quarantine());
        stage.Commit(Stacks.Three(api: "1.2.0"));
        Assert.Equal(ApplyResult.Applied, (await stage.ApplyAsync()).Result);
        Assert.Equal(ApplyResult.Applied, (await stage.ApplyAsync(revision)).Result);
    }

    [Fact]
    public async Task An_earlier_state_that_is_bad_by_now_is_quarantined_instead_of_the_one_that_runs_again()
    {
        await UpgradedAsync(stage);
        stage.Engine.Faults.Meanwhile("start", 1, () => stage.Engine.MakeSick("api"));

        var report = await stage.RollbackAsync();

        Assert.True(report.Result == ApplyResult.RolledBack, report.Summary);
        Assert.Contains("unhealthy", Assert.Single(stage.Quarantine()).Reason, StringComparison.Ordinal);
        Assert.Equal(ApplyResult.NothingToDo, (await stage.ApplyAsync()).Result);
        stage.Commit(Stacks.Three());
        Assert.Equal(ApplyResult.Held, (await stage.ApplyAsync()).Result);
    }

    [Fact]
    public async Task A_rollback_that_is_stuck_half_way_keeps_its_quarantine()
    {
        await UpgradedAsync(stage);
        stage.Engine.Faults.FailAt("start", 1, HostFailure.PortTaken);
        for (var nth = 2; nth <= 10; nth++)
        {
            // However often the way back tries.
            stage.Engine.Faults.FailAt("start", nth, HostFailure.Engine);
        }

        Assert.Equal(ApplyResult.RollbackFailed, (await stage.RollbackAsync()).Result);
        Assert.Single(stage.Quarantine());
    }

    [Fact]
    public async Task A_way_back_that_an_engine_does_not_answer_for_a_while_is_gone_on_with()
    {
        await UpgradedAsync(stage);
        stage.Engine.Faults.FailAt("start", 1, HostFailure.PortTaken);
        stage.Engine.Faults.FailAt("start", 2, HostFailure.Engine);
        stage.Engine.Faults.FailAt("start", 3, HostFailure.Unreachable);

        Assert.Equal(ApplyResult.RolledBack, (await stage.RollbackAsync()).Result);
        Assert.Contains("api running healthy house/app:1.1.0", stage.Picture, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_way_back_that_failed_is_put_right_by_the_next_apply_although_the_commit_is_held()
    {
        stage.Commit(Stacks.Three());
        await stage.ApplyAsync();
        var (before, ids) = (stage.Picture, await stage.IdsAsync());
        stage.Commit(Stacks.Three(api: "1.9.0-sick"));
        for (var nth = 2; nth <= 10; nth++)
        {
            stage.Engine.Faults.FailAt("start", nth, HostFailure.Engine);
        }

        Assert.Equal(ApplyResult.RollbackFailed, (await stage.ApplyAsync()).Result);
        stage.Engine.Faults.Clear();

        Assert.Equal(ApplyResult.Held, (await stage.ApplyAsync()).Result);
        Assert.Equal(before, stage.Picture);
        Assert.True(ids.All((await stage.IdsAsync()).Contains));
        Assert.Equal(ApplyResult.Held, (await stage.ApplyAsync()).Result);
    }

    [Fact]
    public async Task An_entry_that_was_there_before_is_not_released_by_a_rollback_that_is_put_back()
    {
        await UpgradedAsync(stage);
        stage.Commit(Stacks.Three(api: "1.2.0"));
        Assert.Equal(ApplyResult.Applied, (await stage.ApplyAsync()).Result);
        Assert.Equal(ApplyResult.Applied, (await stage.RollbackAsync()).Result);
        var both = stage.Quarantine();
        Assert.Single(both);
        stage.Engine.Faults.FailAt("start", 1, HostFailure.PortTaken);

        Assert.Equal(ApplyResult.RolledBack, (await stage.RollbackAsync()).Result);

        Assert.Equal(both, stage.Quarantine());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Killed_anywhere_the_quarantine_is_there_as_long_as_the_host_is_on_its_way_or_there(bool fails)
    {
        IReadOnlyList<string> points;
        using (var rehearsal = new Stage())
        {
            points = (await KilledAsync(rehearsal, fails, cutAt: 0)).Life.Passed;
        }

        Assert.Contains("after quarantine", points);
        var wrong = new ConcurrentBag<string>();
        await Parallel.ForEachAsync(Enumerable.Range(1, points.Count), new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (point, _) =>
        {
            using var house = new Stage();
            using var killed = await KilledAsync(house, fails, point);
            var passed = killed.Life.Passed;
            void Expect(bool holds, string otherwise)
            {
                if (!holds)
                {
                    wrong.Add($"cut {point:000}, {passed[^1]}: {otherwise}");
                }
            }

            var isReleased = passed.Contains("after release");
            var isWritten = passed.Contains("after quarantine");
            Expect(killed.Life.IsCut, "it was not cut");
            Expect(killed.Journal.Quarantine().Count == (isWritten && !isReleased ? 1 : 0) || passed[^1] is "before quarantine" or "before release", "the quarantine is not as it should be");
            Expect(isWritten || !passed.Any(call => call.StartsWith("before intent", StringComparison.Ordinal)), "something was done before the quarantine");
            killed.Dispose();
            house.Engine.Faults.Clear();

            // The branch still says what the rollback left.
            var next = await house.ApplyAsync();
            var isThere = passed.Contains("after promotion");
            Expect(next.Result == (isThere ? ApplyResult.Held : ApplyResult.NothingToDo), $"the next apply was {next.Result}: {next.Summary}");
            Expect(house.Quarantine().Count == (isThere ? 1 : 0), "the quarantine does not fit where the host is");
            Expect(house.Picture.Contains($"api running healthy house/app:{(isThere ? "1.0.0" : "1.1.0")}", StringComparison.Ordinal), $"the host is\n{house.Picture}");
        });

        Assert.True(wrong.IsEmpty, string.Join('\n', wrong.Order(StringComparer.Ordinal)));
    }

    [Fact]
    public async Task An_image_that_is_gone_is_pulled_by_the_digest_that_was_sealed_whatever_its_tag_means_by_now()
    {
        var (digest, id) = await UpgradedAndGoneAsync(stage);
        stage.Engine.Push("house/app:1.0.0", ValueMap<string>.Empty.With("VERSION", "another"));

        var report = await stage.RollbackAsync();

        Assert.True(report.Result == ApplyResult.Applied, report.Summary);
        var said = stage.Engine.Transcript.Take();
        Assert.Contains($"pull {digest}", said, StringComparison.Ordinal);
        Assert.DoesNotContain("pull house/app:1.0.0", said, StringComparison.Ordinal);
        Assert.Equal([id, id, id], (await stage.Engine.ListContainersAsync(Cancel)).Select(container => container.ImageId));
        Assert.Equal(ApplyResult.Held, (await stage.ApplyAsync()).Result);
    }

    [Fact]
    public async Task Another_image_under_the_same_tag_on_this_engine_is_not_taken_for_the_one_that_was_sealed()
    {
        var (digest, id) = await UpgradedAndGoneAsync(stage);
        stage.Engine.AddImage("house/app:1.0.0", ValueMap<string>.Empty.With("VERSION", "another"));

        var report = await stage.RollbackAsync();

        Assert.True(report.Result == ApplyResult.Applied, report.Summary);
        Assert.Contains($"pull {digest}", stage.Engine.Transcript.Take(), StringComparison.Ordinal);
        Assert.Equal([id, id, id], (await stage.Engine.ListContainersAsync(Cancel)).Select(container => container.ImageId));
    }

    [Fact]
    public async Task When_no_registry_has_the_sealed_image_any_more_nothing_is_touched()
    {
        await UpgradedAndGoneAsync(stage);
        stage.Engine.Unpublish("house/app:1.0.0");
        stage.Engine.Push("house/app:1.0.0", ValueMap<string>.Empty.With("VERSION", "another"));
        var (ids, picture) = (await stage.IdsAsync(), stage.Picture);

        var report = await stage.RollbackAsync();

        Assert.True(report.Result == ApplyResult.RolledBack, report.Summary);
        Assert.Contains("manifest unknown", report.Summary, StringComparison.Ordinal);
        Assert.DoesNotContain(stage.Engine.Transcript.Take().Split('\n'), line => line.Length > 0 && line.Split(' ')[0] is not ("pull" or "tag"));
        Assert.Equal(picture, stage.Picture);
        Assert.True(ids.All((await stage.IdsAsync()).Contains));
        Assert.Empty(stage.Quarantine());
    }

    [Fact]
    public async Task An_image_that_was_there_before_us_is_sealed_with_its_digest_too()
    {
        var reference = "house/app:1.0.0";
        await stage.Engine.PullImageAsync(reference, null, new Progress<TransferProgress>(), Cancel);
        var (digest, id) = await UpgradedAndGoneAsync(stage);

        var report = await stage.RollbackAsync();

        Assert.True(report.Result == ApplyResult.Applied, report.Summary);
        Assert.Contains($"pull {digest}", stage.Engine.Transcript.Take(), StringComparison.Ordinal);
        Assert.Equal(id, (await stage.FindAsync("api"))!.ImageId);
    }

    [Fact]
    public async Task An_image_that_was_built_here_and_is_still_there_is_not_built_again()
    {
        var image = await RebuiltAsync();

        var report = await stage.RollbackAsync();

        Assert.True(report.Result == ApplyResult.Applied, report.Summary);
        Assert.DoesNotContain("build ", stage.Engine.Transcript.Take(), StringComparison.Ordinal);
        Assert.Equal(image, (await stage.FindAsync("maker"))!.ImageId);
    }

    [Fact]
    public async Task One_that_is_gone_without_its_source_is_a_refusal_before_anything_is_touched()
    {
        await RebuiltAsync();
        stage.Engine.RemoveImageByHand("house/maker:1");
        stage.MoveSourceAway();
        Directory.Delete(Path.Combine(stage.StateFolder, "repository.git"), recursive: true);
        using var process = stage.Begin();

        var report = await process.RollbackAsync();

        Assert.True(report.Result == ApplyResult.Refused, report.Summary);
        var refusal = Assert.Single(report.Plan!.Refusals);
        Assert.Equal(("image-gone", "maker"), (refusal.Code, refusal.Subject));
        Assert.Contains("built here", refusal.Message, StringComparison.Ordinal);
        Assert.Equal("", stage.Engine.Transcript.Take());
        Assert.Empty(process.Journal.Quarantine());
        Assert.Equal(2, process.Journal.Runs(9).Count);
    }

    [Fact]
    public async Task One_that_is_gone_is_built_again_from_the_commit_that_is_kept()
    {
        await RebuiltAsync();
        stage.Engine.RemoveImageByHand("house/maker:1");
        stage.MoveSourceAway();

        var report = await stage.RollbackAsync();

        Assert.True(report.Result == ApplyResult.Applied, report.Summary);
        Assert.Contains("build house/maker:1", stage.Engine.Transcript.Take(), StringComparison.Ordinal);
        Assert.Equal("house/maker:1", (await stage.FindAsync("maker"))!.Image);
    }

    [Fact]
    public async Task Source_that_had_moved_on_under_the_pin_makes_no_image_for_a_rollback()
    {
        stage.Write("desired-state/maker/Dockerfile", "FROM house/app:1.0.0\nENV VERSION=1\n");
        stage.Commit(Stacks.Built("1"));
        Assert.Equal(ApplyResult.Applied, (await stage.ApplyAsync()).Result);
        stage.Write("desired-state/maker/Dockerfile", "FROM house/app:1.0.0\nENV VERSION=1 LATER=yes\n");
        stage.Commit(Stacks.Built("1") + "\n# another source, not deployed under the old pin\n");
        Assert.Equal(ApplyResult.Applied, (await stage.ApplyAsync()).Result);
        stage.Write("desired-state/maker/Dockerfile", "FROM house/app:1.0.0\nENV VERSION=2\n");
        stage.Commit(Stacks.Built("2"));
        Assert.Equal(ApplyResult.Applied, (await stage.ApplyAsync()).Result);
        stage.Engine.RemoveImageByHand("house/maker:1");
        var ids = await stage.IdsAsync();

        var report = await stage.RollbackAsync();

        Assert.True(report.Result == ApplyResult.RolledBack, report.Summary);
        Assert.Contains("built from another source", report.Summary, StringComparison.Ordinal);
        Assert.Equal(ids, await stage.IdsAsync());
    }

    /// <summary>Two versions that were built here, one after the other; the image of the first.</summary>
    private async Task<string> RebuiltAsync()
    {
        stage.Write("desired-state/maker/Dockerfile", "FROM house/app:1.0.0\nENV VERSION=1\n");
        stage.Commit(Stacks.Built("1"));
        Assert.Equal(ApplyResult.Applied, (await stage.ApplyAsync()).Result);
        var image = (await stage.FindAsync("maker"))!.ImageId;
        stage.Write("desired-state/maker/Dockerfile", "FROM house/app:1.0.0\nENV VERSION=2\n");
        stage.Commit(Stacks.Built("2"));
        Assert.Equal(ApplyResult.Applied, (await stage.ApplyAsync()).Result);
        stage.Engine.Transcript.Take();
        return image;
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>A first state and a second one, both good.</summary>
    private static async Task<string> UpgradedAsync(Stage house)
    {
        house.Commit(Stacks.Three());
        Assert.Equal(ApplyResult.Applied, (await house.ApplyAsync()).Result);
        var revision = house.Commit(Stacks.Three(api: "1.1.0"));
        Assert.Equal(ApplyResult.Applied, (await house.ApplyAsync()).Result);
        house.Engine.Transcript.Take();
        return revision;
    }

    /// <summary>All of it upgraded, and the first image gone with every name that it had.</summary>
    private static async Task<(string Digest, string Id)> UpgradedAndGoneAsync(Stage house)
    {
        house.Commit(Stacks.Three());
        Assert.Equal(ApplyResult.Applied, (await house.ApplyAsync()).Result);
        var image = (await house.Engine.FindImageAsync("house/app:1.0.0", Cancel))!;
        house.Commit(Stacks.Three("1.1.0", "1.1.0", "1.1.0"));
        Assert.Equal(ApplyResult.Applied, (await house.ApplyAsync()).Result);
        house.Engine.RemoveImageByHand("house/app:1.0.0");
        house.Engine.Transcript.Take();
        return (image.RepoDigests[0], image.Id);
    }

    /// <summary>A rollback that is killed; where it fails, its start cannot have the port.</summary>
    private static async Task<AgentProcess> KilledAsync(Stage house, bool fails, int cutAt)
    {
        Stacks.Publish(house.Engine);
        await UpgradedAsync(house);
        if (fails)
        {
            house.Engine.Faults.FailAt("start", 1, HostFailure.PortTaken);
        }

        var process = house.Begin(cutAt);
        await process.RollbackUntilCutAsync();
        return process;
    }
}
