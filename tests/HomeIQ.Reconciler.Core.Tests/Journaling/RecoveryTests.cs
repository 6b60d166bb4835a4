using static HomeIQ.Reconciler.Stacks;

namespace HomeIQ.Reconciler.Journaling;

public class RecoveryTests
{
    [Fact]
    public void The_table_decides_forward_or_back_for_every_phase()
    {
        var rows = Enum.GetValues<RunPhase>().Append((RunPhase)99).Select(phase =>
            $"{phase,-17} known-good: {Recovery.Decide(phase, true),-17} none: {Recovery.Decide(phase, false)}");

        Snapshot.Matches(string.Join('\n', rows));
    }

    [Fact]
    public void The_third_crash_on_the_same_content_is_a_verdict()
    {
        var run = Crashed("run-3", "digest-1");

        Assert.False(Recovery.IsLastCrash(run, []));
        Assert.False(Recovery.IsLastCrash(run, [Crashed("run-2", "digest-1")]));
        Assert.True(Recovery.IsLastCrash(run, [Crashed("run-2", "digest-1"), Crashed("run-1", "digest-1")]));
    }

    [Fact]
    public void Crashes_on_other_content_do_not_count()
    {
        Assert.False(Recovery.IsLastCrash(Crashed("run-3", "digest-2"), [Crashed("run-2", "digest-1"), Crashed("run-1", "digest-2")]));
    }

    [Fact]
    public void A_run_that_failed_by_a_step_did_not_crash()
    {
        var failed = Crashed("run-2", "digest-1");
        var step = failed.Begun[0] with { Failure = new StepFailed(1, false, FailureClass.Environmental, "no space", null, null) };

        Assert.False(Recovery.IsLastCrash(Crashed("run-3", "digest-1"), [failed with { Begun = [step] }, Crashed("run-1", "digest-1")]));
    }

    [Fact]
    public void A_run_that_somebody_stopped_did_not_crash()
    {
        var stopped = Crashed("run-2", "digest-1") with { WasStopped = true };

        Assert.False(Recovery.IsLastCrash(Crashed("run-3", "digest-1"), [stopped, Crashed("run-1", "digest-1")]));
    }

    [Fact]
    public void A_success_in_between_begins_the_count_anew()
    {
        var fine = Crashed("run-2", "digest-1") with { Phase = RunPhase.Succeeded };

        Assert.False(Recovery.IsLastCrash(Crashed("run-4", "digest-1"), [Crashed("run-3", "digest-1"), fine, Crashed("run-1", "digest-1")]));
    }

    private static RunRecord Crashed(string id, string content)
    {
        var plan = Plan(Swap("web")) with { Contents = new([new("web", content)]) };
        return Cut(plan, 2) with { Id = id, Phase = RunPhase.RolledBack };
    }
}
