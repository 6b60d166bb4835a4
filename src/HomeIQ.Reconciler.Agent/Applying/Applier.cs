using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Locking;
using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Applying;

/// <summary>Performs plans: intent to the journal, deed, receipt to the journal. The only loop, and it decides nothing.</summary>
/// <remarks>Steps whose predecessors are done run at the same time, up to the policy's bound; waiting for health or for answers takes no place.</remarks>
public sealed class Applier(IJournal journal, IStepPerformer performer, RunContext context)
{
    /// <summary>Performs what is not done yet of a plan.</summary>
    /// <param name="done">Numbers of steps that an earlier process finished.</param>
    /// <param name="goOn">True on a first install: what does not depend on a failed step is still done.</param>
    /// <returns>The steps that failed, in the order of their failing; empty when all is done.</returns>
    /// <exception cref="LockLostException">Somebody else may act by now: no further step was begun.</exception>
    public async Task<IReadOnlyList<StepFailed>> PerformAsync(
        Plan plan, IReadOnlySet<int> done, int parallel, bool goOn, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var places = new SemaphoreSlim(Math.Max(1, parallel));
        var waiting = plan.Steps.Where(step => !done.Contains(step.Number)).ToDictionary(step => step.Number);
        var finished = new HashSet<int>(done);
        var underWay = new List<Task<(PlannedStep Step, StepFailed? Failure)>>();
        var failures = new List<StepFailed>();

        while (true)
        {
            if (failures.Count == 0 || goOn)
            {
                foreach (var step in waiting.Values.Where(step => step.After.All(finished.Contains)).OrderBy(step => step.Number).ToList())
                {
                    waiting.Remove(step.Number);
                    underWay.Add(PerformOneAsync(step, plan.IsRollback, places, stop.Token));
                }
            }

            if (underWay.Count == 0)
            {
                return failures;
            }

            var ended = await Task.WhenAny(underWay);
            underWay.Remove(ended);
            if (!ended.IsCompletedSuccessfully)
            {
                // The way back must not begin while steps of the way forward still move something.
                await stop.CancelAsync();
                await Task.WhenAll(underWay).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            }

            var (performed, failure) = await ended;
            if (failure is null || performed.IsCleanUp)
            {
                finished.Add(performed.Number);
            }
            else
            {
                failures.Add(failure);
                if (!goOn)
                {
                    // What still waits for health need not wait any longer; what moves something finishes.
                    await stop.CancelAsync();
                }
            }
        }
    }

    private async Task<(PlannedStep Step, StepFailed? Failure)> PerformOneAsync(
        PlannedStep step, bool isRollback, SemaphoreSlim places, CancellationToken cancellationToken)
    {
        var takesPlace = step.Step is not (VerifyService or TakeBaseline);
        if (takesPlace)
        {
            await places.WaitAsync(CancellationToken.None);
        }

        // From here to the receipt nothing may escape: an intent without an end is a crash report.
        var began = context.Time.GetTimestamp();
        try
        {
            if (cancellationToken.IsCancellationRequested && !isRollback)
            {
                return (step, new StepFailed(step.Number, isRollback, FailureClass.Environmental, "not begun: the run was stopped", null, null));
            }

            journal.Append(context.Run, new StepIntended(step.Number, isRollback));
            context.Progress.Report(new StepBegan(step, isRollback));
            if (context.Lock is { } engineLock)
            {
                await engineLock.ConfirmAsync();
            }

            var receipt = await performer.PerformAsync(step, isRollback, cancellationToken);
            context.Note(step.Step, receipt, isRollback);
            var done = new StepDone(step.Number, isRollback, receipt);
            if (step.Step is Promote)
            {
                journal.Promote(context.Run, done, context.Watched ?? context.Run);
            }
            else if (step.Step is Soak)
            {
                // Open until the time is over: its end is written by whoever watches.
                journal.EnterSoak(context.Run, step.Number, context.Run);
                return (step, null);
            }
            else
            {
                journal.Append(context.Run, done);
            }

            context.Progress.Report(new StepEnded(step, isRollback, receipt, context.Time.GetElapsedTime(began)));
            return (step, null);
        }
        catch (StepFailedException failed)
        {
            return (step, Broke(new StepFailed(
                step.Number, isRollback, failed.Class, context.Redactor.Redact(failed.Message), failed.Hint, failed.Evidence)
            { Service = failed.Service }));
        }
        catch (LockLostException lost)
        {
            // On record like any failure, so that nobody takes it for a crash; but a way back would act, too.
            Broke(new StepFailed(step.Number, isRollback, FailureClass.Environmental, $"the lock on the engine was lost: {lost.Message}", null, null));
            throw;
        }
        finally
        {
            if (takesPlace)
            {
                places.Release();
            }
        }

        StepFailed Broke(StepFailed failure)
        {
            journal.Append(context.Run, failure);
            context.Progress.Report(new StepBroke(step, isRollback, failure, context.Time.GetElapsedTime(began)));
            return failure;
        }
    }
}
