using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>Takes what a person decides about this host beside commits. Needs neither Git nor an engine, and waits for no run: the gate asks when the next plan comes.</summary>
public sealed class Decisions(IJournal journal)
{
    /// <summary>Puts a decision on record, or says why it makes no sense.</summary>
    public DecisionReport Take(Decision decision) => decision switch
    {
        Release release => Take(release),
        _ => throw new NotSupportedException($"No way to take {decision.GetType().Name}."),
    };

    private DecisionReport Take(Release release)
    {
        var found = journal.Quarantine().Where(entry => entry.Id.StartsWith(release.Quarantine, StringComparison.Ordinal)).ToList();
        if ((found.Find(entry => entry.Id == release.Quarantine) ?? (found is [var only] ? only : null)) is not { } entry)
        {
            return new(false, found.Count > 1 ? $"several entries of the quarantine begin with {release.Quarantine}" : $"there is no {release.Quarantine} in quarantine", "homeiq quarantine list shows what is there");
        }

        journal.Decide(new Release(entry.Id));
        return new(true, $"{entry.Id} is released: {string.Join(", ", entry.Contents.Keys)} may be tried again as it failed in run {entry.Run}");
    }
}
