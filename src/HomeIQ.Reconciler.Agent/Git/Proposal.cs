namespace HomeIQ.Reconciler.Git;

/// <summary>Texts of files to be offered to the source as a branch, for a person to look at and merge.</summary>
/// <param name="Base">The full id of the commit on top of which they are put.</param>
/// <param name="Branch">Its name, <c>homeiq/…</c>.</param>
/// <param name="Files">From a file's path to its whole new text, written as UTF-8.</param>
/// <param name="At">When it was proposed: the commit's time.</param>
public sealed record Proposal(string Base, string Branch, string Message, ValueMap<string> Files, DateTimeOffset At);

/// <summary>What became of a proposal; that it could not be made is a report, and nothing that ends a run.</summary>
public abstract record ProposalOutcome
{
    private ProposalOutcome()
    {
    }

    /// <summary>The source has the branch now.</summary>
    /// <param name="Commit">The full id of the commit that was made.</param>
    public sealed record Pushed(string Branch, string Commit) : ProposalOutcome;

    /// <summary>The source had the branch already, with these very files.</summary>
    public sealed record AlreadyThere(string Branch, string Commit) : ProposalOutcome;

    /// <summary>The source has no such branch from us; a branch of the same name with other content was left alone.</summary>
    public sealed record NotPushed(string Branch, string Reason, string? Hint) : ProposalOutcome;
}
