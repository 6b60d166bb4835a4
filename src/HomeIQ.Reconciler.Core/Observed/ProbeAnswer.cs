namespace HomeIQ.Reconciler.Observed;

/// <summary>How a probe's question was answered.</summary>
public enum ProbeResult
{
    Pass,
    Fail,

    /// <summary>The question could not be put; that says nothing about the version.</summary>
    Inconclusive,
}

/// <summary>One answer to a probe.</summary>
/// <param name="Text">For people.</param>
/// <param name="Way">What the answer was, without all that differs from one asking to the next by itself: an exit code, a status, a field of the body.</param>
public sealed record ProbeAnswer(ProbeResult Result, string Text, string Way)
{
    /// <summary>True when both failed, or could not be had, in the same way.</summary>
    public bool IsLike(ProbeAnswer other) => Result == other.Result && Way == other.Way;
}
