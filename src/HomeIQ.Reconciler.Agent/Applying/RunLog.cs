using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Planning;
using Microsoft.Extensions.Logging;

namespace HomeIQ.Reconciler.Applying;

/// <summary>A run in the log: few lines, without secrets (events carry none). The journal is the record; the log is for finding it.</summary>
public sealed partial class RunLog(ILogger<RunLog> logger) : IProgress<RunEvent>
{
    public void Report(RunEvent value)
    {
        switch (value)
        {
            case RunBegan began:
                LogBegan(began.Run, PlanText.Headline(began.Plan));
                break;
            case StepEnded ended:
                LogStep(ended.Step.Number, StepText.Of(ended.Step.Step), ended.Took.TotalMilliseconds, ended.Receipt is Skipped skipped ? skipped.Reason : "done");
                break;
            case StepBroke broke:
                LogBroke(broke.Step.Number, StepText.Of(broke.Step.Step), broke.Failure.Class, broke.Failure.ReasonOf(broke.Step.Step), broke.Failure.Evidence);
                break;
            case RollbackBegan back:
                LogBack(back.Plan.Steps.Count, back.Reason);
                break;
            case RunFinished { Phase: RunPhase.Succeeded } finished:
                LogFinished(finished.Run, finished.Phase, finished.Summary);
                break;
            case RunFinished { Phase: RunPhase.RollbackFailed } stuck:
                LogStuck(stuck.Run, stuck.Summary);
                break;
            case RunFinished failed:
                LogFailed(failed.Run, failed.Phase, failed.Summary);
                break;
        }
    }

    [LoggerMessage(LogLevel.Information, "Run {Run} began: {Plan}")]
    private partial void LogBegan(string run, string plan);

    [LoggerMessage(LogLevel.Information, "Step {Number}, {Step}: {Outcome} in {Milliseconds:0} ms")]
    private partial void LogStep(int number, string step, double milliseconds, string outcome);

    [LoggerMessage(LogLevel.Warning, "Step {Number}, {Step}: failed ({Class}), {Reason}; evidence in {Evidence}")]
    private partial void LogBroke(int number, string step, FailureClass @class, string reason, string? evidence);

    [LoggerMessage(LogLevel.Warning, "Going back by {Steps} steps: {Reason}")]
    private partial void LogBack(int steps, string reason);

    [LoggerMessage(LogLevel.Information, "Run {Run} ended {Phase}: {Summary}")]
    private partial void LogFinished(string run, RunPhase phase, string summary);

    [LoggerMessage(LogLevel.Warning, "Run {Run} ended {Phase}: {Summary}")]
    private partial void LogFailed(string run, RunPhase phase, string summary);

    [LoggerMessage(LogLevel.Critical, "Run {Run} is stuck, and a person is needed: {Summary}")]
    private partial void LogStuck(string run, string summary);
}
