using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Applying;

/// <summary>Does one step, and can tell whether it was done.</summary>
public interface IStepPerformer
{
    /// <summary>Performs the step; safe to do twice.</summary>
    /// <param name="isRollback">It is a step of the way back: an absent container is not in the way, one that is needed is made again, and what a second actor did meanwhile is put right.</param>
    /// <exception cref="StepFailedException">It could not be done.</exception>
    Task<Receipt> PerformAsync(PlannedStep step, bool isRollback, CancellationToken cancellationToken);

    /// <summary>Asks the host whether a step that was begun did happen: its receipt, or null when it did not (wholly).</summary>
    Task<Receipt?> ProbeAsync(PlannedStep step, CancellationToken cancellationToken);
}

/// <summary>A step could not be done; the applier journals it and ends the run.</summary>
public sealed class StepFailedException(FailureClass failureClass, string reason, string? hint = null, Exception? inner = null) : Exception(reason, inner)
{
    public FailureClass Class { get; } = failureClass;

    public string? Hint { get; } = hint;

    /// <summary>Folder below the state directory.</summary>
    public string? Evidence { get; init; }

    /// <inheritdoc cref="StepFailed.Service"/>
    public string? Service { get; init; }
}
