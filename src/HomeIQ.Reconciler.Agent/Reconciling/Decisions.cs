using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>Takes what a person decides about this host beside commits. Needs neither Git nor an engine, and waits for no run: the gate asks when the next plan comes.</summary>
public sealed class Decisions(SealedStore sealedStore, IJournal journal, TimeProvider time)
{
    private const int DigestLength = 16;

    /// <summary>Puts a decision on record, or says why it makes no sense.</summary>
    public DecisionReport Take(Decision decision) => decision switch
    {
        Release release => Take(release),
        Suspension suspension => Take(suspension),
        Resumption resumption => Take(resumption),
        Approval approval => Take(approval),
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

    private DecisionReport Take(Suspension suspension)
    {
        if (suspension.Until <= time.GetUtcNow())
        {
            return new(false, "a suspension needs a time in which it holds", "homeiq suspend --for 2h --reason TEXT");
        }

        if (suspension.Service is { } service && sealedStore.FindHeldState(journal.Pointers().Effective) is { } held && held.Find(service) is null)
        {
            return new(false, $"this host is held to no service {service}", $"known are: {string.Join(", ", held.Services.Select(known => known.Service.Name))}");
        }

        journal.Decide(suspension);
        return new(true, suspension.ToText(), $"homeiq resume{(suspension.Service is null ? "" : $" {suspension.Service}")} ends it before that");
    }

    private DecisionReport Take(Resumption resumption)
    {
        var now = time.GetUtcNow();
        var ended = journal.Standing().OfType<Suspension>().Where(suspension => suspension.Until > now && (resumption.Service is null || suspension.Service == resumption.Service)).ToList();
        if (ended.Count == 0)
        {
            return new(false, $"{resumption.Service ?? "nothing"} is {(resumption.Service is null ? "" : "not ")}suspended", "homeiq status shows what is");
        }

        journal.Decide(resumption);
        return new(true, $"{string.Join(", ", ended.Select(suspension => suspension.Service ?? "everything"))} {(ended.Count == 1 ? "goes" : "go")} on");
    }

    private DecisionReport Take(Approval approval)
    {
        if (approval.Digest.Length != DigestLength || !approval.Digest.All(char.IsAsciiHexDigitLower))
        {
            return new(false, $"{approval.Digest} is no digest of a plan: {DigestLength} hex digits", "homeiq plan shows it below \"needs approval\"");
        }

        journal.Decide(approval);
        return new(true, $"plan {approval.Digest} is approved for one run", "the daemon begins it when its turn comes, else the next homeiq apply; another plan has another digest");
    }
}
