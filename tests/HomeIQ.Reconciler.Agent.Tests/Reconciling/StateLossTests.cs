using HomeIQ.Reconciler.Journaling;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>A part of the state directory is lost: nothing is made anew unasked, for there would be nothing to go back to.</summary>
public sealed class StateLossTests : IDisposable
{
    private readonly Stage stage = new();

    public StateLossTests() => Stacks.Publish(stage.Engine);

    public void Dispose() => stage.Dispose();

    [Fact]
    public async Task Without_the_sealed_state_that_the_journal_names_a_person_is_asked()
    {
        await InstallAsync();
        Directory.Delete(Path.Combine(stage.StateFolder, "sealed"), recursive: true);
        stage.Commit(Stacks.Three(db: "1.1.0", web: "1.9.0-sick"));

        var report = await stage.ApplyAsync();

        Assert.True(report.Result == ApplyResult.AwaitingApproval, $"{report.Result}: {report.Summary}");
        Assert.Contains(report.Plan!.Approvals, approval => approval.Code == "state-lost");
        Assert.Equal("", stage.Engine.Transcript.Take());
    }

    [Fact]
    public async Task Approved_it_is_a_first_install_with_nothing_to_go_back_to()
    {
        await InstallAsync();
        Directory.Delete(Path.Combine(stage.StateFolder, "sealed"), recursive: true);
        stage.Commit(Stacks.Three(db: "1.1.0"));
        var digest = (await stage.ApplyAsync()).Plan!.Digest;

        using (var process = stage.Begin())
        {
            var report = await process.Reconciliation.ApplyAsync(null, digest, refresh: false, watches: true, Cancel);
            Assert.True(report.Result == ApplyResult.Applied, $"{report.Result}: {report.Summary}");
            Assert.Null(process.Journal.Find(report.Run!)!.Before);
        }

        Assert.Equal(ApplyResult.NothingToDo, (await stage.ApplyAsync()).Result);
        using var back = stage.Begin();
        Assert.Equal(ApplyResult.Refused, (await back.Reconciliation.RollbackAsync(Cancel)).Result);
    }

    [Fact]
    public async Task A_damaged_sealed_state_is_told_with_its_path()
    {
        await InstallAsync();
        var state = Assert.Single(Directory.GetFiles(Path.Combine(stage.StateFolder, "sealed", "states")));
        await File.WriteAllTextAsync(state, "{ \"project\": \"hou", Cancel);

        var told = await Assert.ThrowsAsync<JournalException>(() => stage.ApplyAsync());

        Assert.StartsWith($"{state} is damaged", told.Message, StringComparison.Ordinal);
        Assert.Equal("", stage.Engine.Transcript.Take());
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private async Task InstallAsync()
    {
        stage.Commit(Stacks.Three());
        Assert.Equal(ApplyResult.Applied, (await stage.ApplyAsync()).Result);
        stage.Engine.Transcript.Take();
    }
}
