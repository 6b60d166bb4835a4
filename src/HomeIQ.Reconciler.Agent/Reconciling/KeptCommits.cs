using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Git;
using HomeIQ.Reconciler.Journaling;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>Keeps the commits that the host may go back to readable, whatever happens to the branch.</summary>
internal sealed class KeptCommits(GitSource source, SealedStore sealedStore, IJournal journal)
{
    /// <summary>Keeps those that the journal's pointers mean now.</summary>
    /// <returns>What could not be kept: a rollback does without Git, but a person may miss it.</returns>
    public ValueList<Problem> Keep()
    {
        var pointers = journal.Pointers();
        var lost = new List<Problem>();
        foreach (var (name, state) in ((string, string?)[])[(GitSource.Effective, pointers.Effective), (GitSource.LastKnownGood, pointers.LastKnownGood), ("previous", pointers.Previous)])
        {
            try
            {
                if (sealedStore.FindState(state) is { } known && source.Kept(name) != known.Revision)
                {
                    source.Keep(name, known.Revision);
                }
            }
            catch (GitException unreadable)
            {
                lost.Add(new(new SourcePosition("repository"), $"the {name} commit cannot be kept: {unreadable.Message}", "rolling back needs no Git; only its text is missing", Severity.Warning));
            }
        }

        return [.. lost];
    }
}
