using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Planning;
using HomeIQ.Reconciler.Reporting;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>What one pass of the loop saw, decided and did.</summary>
/// <param name="Status">How the host stood when the pass looked; null when it could not look.</param>
/// <param name="Run">How the run of this pass ended; null when none was begun.</param>
/// <param name="Waits">Why what should be done is not done yet; <see cref="Attempt.Now"/> when nothing waits.</param>
/// <param name="Problem">Why the pass could not do its work; null when it could.</param>
public sealed record PassReport(DateTimeOffset At, HostStatus? Status, Plan? Plan, ApplyReport? Run, Attempt Waits, string? Problem = null)
{
    /// <summary>When to look again at the latest; null = at the usual interval.</summary>
    public DateTimeOffset? Next { get; init; }
}
