using HomeIQ.Reconciler.Planning;
using static HomeIQ.Reconciler.Stacks;

namespace HomeIQ.Reconciler.Journaling;

public class RunReaderTests
{
    private static readonly Plan Upgrade = Plan(Swap("web"));

    private static readonly RunStarted Started = new(Upgrade, "state-1", "apply") { At = Start };

    [Fact]
    public void A_run_is_what_its_entries_say()
    {
        var failure = new StepFailed(2, false, FailureClass.Verification, "never healthy", "look at its logs", "evidence/1") { At = Start.AddSeconds(4) };
        var back = Plan([new StartContainer("web", OldOf("web"))]) with { IsRollback = true };
        var run = RunReader.Read(
            "run-1",
            [
                Started, new PhaseEntered(RunPhase.Upgrading), new StepIntended(1, false) { At = Start.AddSeconds(1) }, new StepDone(1, false, new ContainerMade("c1", "i1")) { At = Start.AddSeconds(2) },
                new StepIntended(2, false) { At = Start.AddSeconds(3) }, failure, new RollbackStarted(back, "never healthy"), new StepIntended(1, true), new StepDone(1, true, new Performed()),
                new RunEnded(RunPhase.RolledBack, "state-1", "web was never healthy") { At = Start.AddSeconds(9) },
            ])!;

        Assert.Equal((RunPhase.RolledBack, Start.AddSeconds(9), "state-1", "web was never healthy"), (run.Phase, run.EndedAt, run.After, run.Summary));
        Assert.Equal([1, 2], run.Begun.Select(step => step.Planned.Number));
        Assert.Equal(new ContainerMade("c1", "i1"), run.Begun[0].Receipt);
        Assert.Equal(failure, run.Failure?.Failure);
        Assert.Equal((back, "never healthy"), (run.RollbackPlan, run.RollbackReason));
        Assert.Equal(new Performed(), Assert.Single(run.RollbackBegun).Receipt);
    }

    [Fact]
    public void An_intent_without_an_end_is_half_done()
    {
        var run = RunReader.Read("run-1", [Started, new StepIntended(1, false)])!;

        var step = Assert.Single(run.Begun);
        Assert.Null(step.Receipt);
        Assert.Null(step.Failure);
        Assert.False(run.IsFinished);
    }

    [Fact]
    public void A_step_that_is_begun_again_keeps_its_place()
    {
        var run = RunReader.Read("run-1", [Started, new StepIntended(1, false), new StepIntended(2, false), new StepIntended(1, false), new StepDone(1, false, new Performed())])!;

        Assert.Equal([1, 2], run.Begun.Select(step => step.Planned.Number));
        Assert.NotNull(run.Begun[0].Receipt);
    }

    [Fact]
    public void What_nobody_understands_stays_so_until_the_run_goes_back()
    {
        JournalEntry[] entries = [Started, JournalJson.Read("""{"entry":"data-copied","rows":7}""", Start), new PhaseEntered(RunPhase.Verifying)];

        Assert.Equal(RunPhase.Unknown, RunReader.Read("run-1", entries)!.Phase);
        Assert.Equal(RunPhase.RollingBack, RunReader.Read("run-1", [.. entries, new RollbackStarted(Upgrade, "crash")])!.Phase);
    }

    [Theory]
    [InlineData("""{"entry":"phase-entered","phase":"Levitating"}""")]
    [InlineData("""{"entry":"step-intended","number":"one"}""")]
    [InlineData("not json")]
    [InlineData("null")]
    public void A_line_that_cannot_be_read_is_an_unknown_phase(string line) =>
        Assert.Equal(new PhaseEntered(RunPhase.Unknown) { At = Start }, JournalJson.Read(line, Start));

    [Fact]
    public void A_step_that_the_plan_does_not_have_is_not_understood() =>
        Assert.Equal(RunPhase.Unknown, RunReader.Read("run-1", [Started, new StepIntended(99, false)])!.Phase);

    [Fact]
    public void Without_its_beginning_a_run_cannot_be_read() => Assert.Null(RunReader.Read("run-1", [new PhaseEntered(RunPhase.Verifying)]));
}
