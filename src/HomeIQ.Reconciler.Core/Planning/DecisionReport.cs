namespace HomeIQ.Reconciler.Planning;

/// <summary>What became of a decision that a person asked for.</summary>
/// <param name="IsTaken">False: nothing was changed, and the summary says why.</param>
/// <param name="Summary">One sentence for people.</param>
public sealed record DecisionReport(bool IsTaken, string Summary, string? Hint = null);
