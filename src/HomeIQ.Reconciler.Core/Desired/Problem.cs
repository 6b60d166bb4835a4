namespace HomeIQ.Reconciler.Desired;

/// <summary>How much a problem weighs: an error refuses the desired state, the others are shown.</summary>
public enum Severity
{
    Error,
    Warning,
    Note,
}

/// <summary>Where in the desired state something stands: file as the user knows it, line and column from 1 (0 = the file as a whole).</summary>
public sealed record SourcePosition(string File, int Line = 0, int Column = 0)
{
    public override string ToString() => Line == 0 ? File : $"{File}:{Line}:{Column}";
}

/// <summary>One thing that is wrong with the desired state, where, and what to do about it.</summary>
public sealed record Problem(SourcePosition Position, string Message, string? Hint = null, Severity Severity = Severity.Error)
{
    public override string ToString() => $"{Position}: {Severity.ToString().ToLowerInvariant()}: {Message}{(Hint is { } hint ? $" ({hint})" : "")}";
}
