using System.Text.Json.Serialization;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Applying;

/// <summary>What happens while a run is under way, for whoever watches: a terminal, a log, a verb that asked a daemon. Nothing depends on being watched.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "event")]
[JsonDerivedType(typeof(RunBegan), "run-began")]
[JsonDerivedType(typeof(StepBegan), "step-began")]
[JsonDerivedType(typeof(StepProgressed), "step-progressed")]
[JsonDerivedType(typeof(StepEnded), "step-ended")]
[JsonDerivedType(typeof(StepBroke), "step-broke")]
[JsonDerivedType(typeof(RollbackBegan), "rollback-began")]
[JsonDerivedType(typeof(RunFinished), "run-finished")]
public abstract record RunEvent;

public sealed record RunBegan(string Run, Plan Plan) : RunEvent;

public sealed record StepBegan(PlannedStep Step, bool IsRollback) : RunEvent;

/// <summary>News from a step that takes a while: pull and build progress, the last health output.</summary>
public sealed record StepProgressed(PlannedStep Step, string Text, long Current = 0, long Total = 0) : RunEvent;

public sealed record StepEnded(PlannedStep Step, bool IsRollback, Receipt Receipt, TimeSpan Took) : RunEvent;

public sealed record StepBroke(PlannedStep Step, bool IsRollback, StepFailed Failure, TimeSpan Took) : RunEvent;

public sealed record RollbackBegan(Plan Plan, string Reason) : RunEvent;

public sealed record RunFinished(string Run, RunPhase Phase, string Summary) : RunEvent;

/// <summary>Hands each event on at once and in order (unlike <see cref="Progress{T}"/>, which hops threads).</summary>
public sealed class Listener<T>(Action<T> listen) : IProgress<T>
{
    private readonly Lock gate = new();

    public void Report(T value)
    {
        lock (gate)
        {
            listen(value);
        }
    }
}
