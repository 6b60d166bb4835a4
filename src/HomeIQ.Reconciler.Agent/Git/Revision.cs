namespace HomeIQ.Reconciler.Git;

/// <summary>A commit of the desired state.</summary>
/// <param name="Id">The full object id.</param>
/// <param name="Author">Name and address, as in the commit.</param>
public sealed record Revision(string Id, string Subject, string Author, DateTimeOffset Date)
{
    /// <summary>Enough of the id for a person.</summary>
    public string ShortId => Id[..8];
}

/// <summary>What a fetch found.</summary>
/// <param name="Head">The newest commit of the tracked branch or tag.</param>
/// <param name="Previous">What that was before; null on the first fetch.</param>
/// <param name="HistoryRewritten">The previous one is no ancestor of the new one: somebody forced a push.</param>
public sealed record Fetched(Revision Head, string? Previous, bool HistoryRewritten)
{
    public bool Moved => Previous != Head.Id;
}

public enum FileChange
{
    Added,
    Modified,
    Removed,
}

/// <summary>A file that differs between two commits.</summary>
public sealed record ChangedFile(string Path, FileChange Change);
