using HomeIQ.Reconciler.Desired;

namespace HomeIQ.Reconciler.Compose;

/// <summary>The problems found so far; one that is reached over several aliases of the same place is told once.</summary>
internal sealed class Findings
{
    private readonly List<Problem> problems = [];
    private readonly HashSet<(SourcePosition Position, string Text)> seen = [];

    public IReadOnlyList<Problem> All => problems;

    public bool HasErrors => problems.Any(problem => problem.Severity == Severity.Error);

    /// <param name="where">The path of the thing in its file (<c>services.web.ports</c>), or null.</param>
    public void Error(SourcePosition position, string? where, string text, string? hint = null) => Add(position, where, text, hint, Severity.Error);

    public void Warning(SourcePosition position, string? where, string text, string? hint = null) => Add(position, where, text, hint, Severity.Warning);

    public void Note(SourcePosition position, string? where, string text, string? hint = null) => Add(position, where, text, hint, Severity.Note);

    public void Add(SourcePosition position, string? where, string text, string? hint, Severity severity)
    {
        if (seen.Add((position, text)))
        {
            problems.Add(new(position, where is { } path ? $"{path}: {text}" : text, hint, severity));
        }
    }

    public void AddRange(IEnumerable<Problem> others)
    {
        foreach (var other in others)
        {
            Add(other.Position, null, other.Message, other.Hint, other.Severity);
        }
    }

    /// <summary>As a compiler shows them: by file, from top to bottom.</summary>
    public ValueList<Problem> Sorted() =>
    [
        .. problems.OrderBy(problem => problem.Position.File, StringComparer.Ordinal)
            .ThenBy(problem => problem.Position.Line).ThenBy(problem => problem.Position.Column),
    ];
}
