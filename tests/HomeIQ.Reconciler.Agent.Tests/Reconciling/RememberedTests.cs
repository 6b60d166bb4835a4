using HomeIQ.Reconciler.Journaling;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>What failed is remembered: as what it was, and whatever went wrong beside it.</summary>
public sealed class RememberedTests : IDisposable
{
    private readonly Stage stage = new();

    public RememberedTests()
    {
        Stacks.Publish(stage.Engine);
        stage.Engine.Push("house/app:1.8.0-late", ValueMap<string>.Empty.With("CRASH_AFTER", "1.5"));
        stage.Engine.Push("house/app:1.8.0-slow", ValueMap<string>.Empty.With("START_DELAY", "2"));
    }

    public void Dispose() => stage.Dispose();

    [Fact]
    public async Task A_service_that_crashes_while_others_are_verified_is_the_one_that_is_remembered()
    {
        await ApplyAsync(Stacks.Three(more: $"{Stacks.Lonely("late")}\n{Stacks.Lonely("slow")}"), ApplyResult.Applied);

        var report = await ApplyAsync(Stacks.Three(more: $"{Stacks.Lonely("late", "1.8.0-late")}\n{Stacks.Lonely("slow", "1.8.0-slow")}"), ApplyResult.RolledBack);

        Assert.Contains("late: it was healthy when it was verified, but then it ended with exit code 1", report.Summary, StringComparison.Ordinal);
        var entry = Assert.Single(Quarantine());
        Assert.Equal(("late", "late"), (entry.Service, string.Join(',', entry.Contents.Keys)));
        Assert.Contains("CRASH_AFTER", await File.ReadAllTextAsync(Path.Combine(stage.StateFolder, "runs", report.Run!, "late", "logs.txt"), Cancel), StringComparison.Ordinal);

        await ApplyAsync(Stacks.Three(more: $"{Stacks.Lonely("late", "1.8.0-late")}\n{Stacks.Lonely("slow", "1.2.0")}"), ApplyResult.Held);
        await ApplyAsync(Stacks.Three(more: $"{Stacks.Lonely("late")}\n{Stacks.Lonely("slow", "1.8.0-slow")}"), ApplyResult.Applied);
    }

    [Fact]
    public async Task A_full_disk_takes_the_evidence_and_leaves_the_verdict()
    {
        await ApplyAsync(Stacks.Three(), ApplyResult.Applied);
        var runs = Path.Combine(stage.StateFolder, "runs");
        stage.Engine.Faults.Meanwhile("start", 1, () =>
        {
            Directory.Delete(runs, recursive: true);
            File.WriteAllText(runs, "no folder can be made here");
        });

        var report = await ApplyAsync(Stacks.Three(web: "1.9.0-sick"), ApplyResult.RolledBack);
        File.Delete(runs);

        Assert.Contains("web: unhealthy", report.Summary, StringComparison.Ordinal);
        Assert.StartsWith("its logs could not be kept", report.Hint, StringComparison.Ordinal);
        Assert.Single(Quarantine());
        Assert.Equal(ApplyResult.Held, (await stage.ApplyAsync()).Result);
    }

    [Fact]
    public async Task A_network_on_which_a_service_falls_ill_is_not_made_again_and_again()
    {
        await ApplyAsync(Stacks.Network("10.77.1.0/24"), ApplyResult.Applied);
        stage.Engine.Faults.Meanwhile("start", 1, () => stage.Engine.MakeSick("one"));
        stage.Engine.Faults.Meanwhile("stop", 3, () => stage.Engine.MakeSick("one", sick: false));

        await ApplyAsync(Stacks.Network("10.77.2.0/24"), ApplyResult.RolledBack);

        Assert.Equal(["network house_inner"], Assert.Single(Quarantine()).Contents.Keys);
        Assert.Equal(ApplyResult.Held, (await stage.ApplyAsync()).Result);
        await ApplyAsync(Stacks.Network("10.77.3.0/24"), ApplyResult.Applied);
    }

    [Fact]
    public async Task Without_the_key_by_which_it_is_recognized_nothing_is_done()
    {
        await ApplyAsync(Stacks.Three(), ApplyResult.Applied);
        await ApplyAsync(Stacks.Three(web: "1.9.0-sick"), ApplyResult.RolledBack);
        stage.Engine.Transcript.Take();
        var key = Path.Combine(stage.StateFolder, "key");
        File.Move(key, $"{key}.away");

        var refused = await Assert.ThrowsAsync<JournalException>(() => stage.ApplyAsync());

        Assert.Contains("put it back from a copy", refused.Message, StringComparison.Ordinal);
        Assert.Equal("", stage.Engine.Transcript.Take());
        File.Move($"{key}.away", key);
        Assert.Equal(ApplyResult.Held, (await stage.ApplyAsync()).Result);
    }

    [Fact]
    public async Task A_bad_first_install_is_tried_again_by_a_person_and_by_nobody_else()
    {
        await ApplyAsync(Stacks.Three(api: "1.9.0-sick"), ApplyResult.Incomplete);
        Assert.Equal(ApplyResult.Incomplete, (await stage.ApplyAsync()).Result);

        await using (var loop = stage.Begin().Loop())
        {
            var pass = await loop.PassAfterAsync(TimeSpan.FromHours(1));
            Assert.True(pass.Waits.NeedsPerson, pass.Waits.Reason);
            Assert.StartsWith("api failed in run", pass.Waits.Reason, StringComparison.Ordinal);
            Assert.Equal(2, Runs().Count);

            stage.Commit(Stacks.Three(api: "1.1.0"));
            Assert.Equal(ApplyResult.Applied, (await loop.PassAsync(mended => mended.Run is not null)).Run!.Result);
        }
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private async Task<ApplyReport> ApplyAsync(string compose, ApplyResult expected)
    {
        stage.Commit(compose);
        var report = await stage.ApplyAsync();
        Assert.True(report.Result == expected, $"{report.Result}: {report.Summary}");
        return report;
    }

    private IReadOnlyList<Planning.QuarantineEntry> Quarantine()
    {
        using var reader = stage.Begin();
        return reader.Journal.Quarantine();
    }

    private IReadOnlyList<RunRecord> Runs()
    {
        using var reader = stage.Begin();
        return reader.Journal.Runs(1000);
    }
}
