using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>The quarantine of what a person goes back from: it holds from before the first step of that run, and is released when the run ends where it began.</summary>
internal static class LeftContent
{
    /// <summary>Quarantines what a run that is on record will leave, unless that is in quarantine for good already.</summary>
    public static void Quarantine(IJournal journal, string run, string revision, ValueMap<string> left, DateTimeOffset at)
    {
        if (left.Count > 0 && !journal.Quarantine().Any(entry => entry.Contents == left && entry.Expires is null))
        {
            journal.AddQuarantine(new(IdOf(run), run, revision, at, left, left.Keys.First(), "a person went back from it"));
        }
    }

    /// <summary>The host is again on what the run, or one that it superseded, was to leave. Before the run ends, so that a crash in between is finished by the recovery.</summary>
    public static void Release(IJournal journal, RunRecord run)
    {
        var known = journal.Quarantine().Select(entry => entry.Id).ToHashSet(StringComparer.Ordinal);
        for (var back = run; back is not null; back = back.Inherits is { } earlier ? journal.Find(earlier) : null)
        {
            if (known.Contains(IdOf(back.Id)))
            {
                journal.ReleaseQuarantine(IdOf(back.Id));
            }
        }
    }

    /// <summary>Beside <c>q-RUN</c>, which is what the run itself measured bad.</summary>
    private static string IdOf(string run) => $"q-{run}-left";
}
