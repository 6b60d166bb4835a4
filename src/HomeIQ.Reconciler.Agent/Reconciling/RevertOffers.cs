using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>When the repository is offered a way out: after a rollback, for who asked for it, and beside the loop's work for whatever is held.</summary>
internal sealed class RevertOffers(RevertBranch branch, IJournal journal)
{
    private Task underWay = Task.CompletedTask;

    /// <summary>Told when the repository has answered to what was offered beside the loop's work: from the next look on, the status says so.</summary>
    public Action? Answered { get; set; }

    /// <summary>Waits for an offer that is still under way; how it ended, the next pass tells.</summary>
    public Task SettledAsync() => Task.WhenAny(underWay);

    /// <summary>Who goes back from something bad is told of the branch that leads out.</summary>
    public async Task<ApplyReport> AfterAsync(ApplyReport report, CancellationToken cancellationToken)
    {
        if (report is not { Result: ApplyResult.RolledBack, Run: { } run } || journal.Quarantine().FirstOrDefault(known => known.Id == Runs.VerdictOn(run)) is not { } entry)
        {
            return report;
        }

        await SettledAsync();
        RevertOffered? offer;
        try
        {
            offer = await branch.OfferAsync(entry, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Whoever stopped us is told how the run ended all the same; a later pass offers.
            return report;
        }

        if (offer is null)
        {
            return report;
        }

        var suspects = string.Join(", ", entry.Contents.Keys);
        var told = offer is { Commit: null, Problem: { } problem }
            ? new Problem(new("repository"), $"no branch was made that puts {suspects} back: {problem}", Severity: Severity.Note)
            : new Problem(
                new("repository"), $"the branch {offer.Branch} puts {suspects} back as in the last known-good commit{(offer.Problem is { } missing ? $" ({missing})" : "")}",
                offer.Request is { } request ? $"merge {request}, or mend it by another commit" : "merge it, or mend it by another commit", Severity.Note);
        return report with { Problems = [.. report.Problems, told] };
    }

    /// <summary>A repository that answers late keeps nobody from healing.</summary>
    /// <returns>Ends at once, in the way in which the last offer ended: a failure is told by one pass and not by all after it.</returns>
    public Task BesideAsync(Plan? plan, CancellationToken cancellationToken)
    {
        var holds = plan?.Holds.Select(hold => hold.Quarantine).OfType<string>().ToHashSet(StringComparer.Ordinal);
        if (holds is not { Count: > 0 } || !underWay.IsCompleted)
        {
            return Task.CompletedTask;
        }

        var last = underWay;
        var entries = journal.Quarantine().Where(entry => holds.Contains(entry.Id)).ToList();
        underWay = last.IsCompletedSuccessfully ? Task.Run(() => OfferAsync(entries, cancellationToken), CancellationToken.None) : Task.CompletedTask;
        return last;
    }

    private async Task OfferAsync(List<QuarantineEntry> entries, CancellationToken cancellationToken)
    {
        foreach (var entry in entries)
        {
            if (await branch.OfferAsync(entry, cancellationToken) is not null)
            {
                Answered?.Invoke();
            }
        }
    }
}
