using HomeIQ.Reconciler.Docker;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>What is on record before what is done.</summary>
public sealed class RecordOrderTests : IDisposable
{
    private readonly Stage stage = new();

    public RecordOrderTests() => Stacks.Publish(stage.Engine);

    public void Dispose() => stage.Dispose();

    [Fact]
    public async Task The_attempt_is_on_record_before_the_first_cut_and_the_quarantine_before_the_way_back()
    {
        stage.Commit(Stacks.Three());
        Assert.Equal(ApplyResult.Applied, (await stage.ApplyAsync()).Result);
        stage.Commit(Stacks.Three(api: "1.9.0-sick"));
        using var process = stage.Begin(new Lifeline());

        var report = await process.ApplyAsync();

        Assert.True(report.Result == ApplyResult.RolledBack, report.Summary);
        Assert.Equal(
            ["after run started", "before stop", "after quarantine", "after RollbackStarted", "before stop"],
            process.Life.Passed.Where(point => point is "after run started" or "before stop" or "after quarantine" or "after RollbackStarted"));
    }
}
