namespace HomeIQ.Reconciler.Reporting;

/// <summary>How bad a finding is.</summary>
public enum Soundness
{
    Ok,

    /// <summary>It works, and it should not stay so.</summary>
    Warn,

    /// <summary>It does not work.</summary>
    Fail,
}

/// <summary>What one check of the set-up found.</summary>
/// <param name="Check">What was looked at: one or two words, stable.</param>
/// <param name="Hint">What to do; null where there is nothing to do.</param>
public sealed record Finding(string Check, Soundness Result, string Message, string? Hint = null);
