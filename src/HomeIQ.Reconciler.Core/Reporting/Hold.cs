using HomeIQ.Reconciler.Changes;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Reporting;

/// <summary>Content that failed and is not tried again by itself, explained: since when, what failed, where its evidence lies, the ways out.</summary>
/// <param name="Evidence">Folder below the state directory with logs, health log and inspect; null when none was kept.</param>
public sealed record Hold(
    string Quarantine, DateTimeOffset Since, string Service, string Reason, string Run, string Revision, ValueList<Suspect> Suspects, string? Evidence, ValueList<string> WaysOut)
{
    /// <summary>When it ends by itself; null for what was measured bad.</summary>
    public DateTimeOffset? Expires { get; init; }

    /// <summary>Services that the branch head would change, and that wait although nobody suspects them.</summary>
    public ValueList<string> Waiting { get; init; } = [];

    /// <summary>Services that need one of the suspects, directly or not.</summary>
    public ValueList<string> Dependents { get; init; } = [];

    /// <param name="run">The run that failed, as the journal tells it; null when it is not there any more.</param>
    /// <param name="imageOf">The image of a sealed content; null where there is none.</param>
    public static Hold Of(QuarantineEntry entry, RunRecord? run, Func<string, string?> imageOf) => new(
        entry.Id, entry.At, entry.Service, entry.Reason, entry.Run, entry.Revision,
        [.. entry.Contents.Select(content => new Suspect(content.Key, content.Value, imageOf(content.Value)))],
        EvidenceOf(entry, run),
        [
            .. run?.Offer is { Commit: not null } offer ? (string[])[$"merge {(offer.Request is { } request ? $"{request}, branch {offer.Branch}" : $"the branch {offer.Branch}")}: it puts {string.Join(", ", entry.Contents.Keys)} back as it was when all was well"] : [],
            $"change {string.Join(" or ", entry.Contents.Keys)} in a commit: a fix is taken at once",
            "revert the change that brought it: that restarts nothing",
            "homeiq retry: tries the branch's newest commit once more as it is",
            $"homeiq quarantine release {entry.Id}: forgets that it failed",
        ])
    {
        Expires = entry.Expires,
    };

    /// <summary>The same with what waits behind it.</summary>
    public Hold Behind(Plan plan, DesiredState desired)
    {
        var suspects = Suspects.Select(suspect => suspect.Name).ToList();
        return this with
        {
            Waiting = [.. plan.Changes.Where(change => change is ServiceAdded or ServiceChanged or ServiceRemoved).Select(change => change.Subject).Distinct(StringComparer.Ordinal).Except(suspects, StringComparer.Ordinal).Order(StringComparer.Ordinal)],
            Dependents = Planning.Dependents.Of(suspects, desired),
        };
    }

    private static string? EvidenceOf(QuarantineEntry entry, RunRecord? run)
    {
        var failures = (run?.Begun ?? []).Where(step => step.Failure?.Evidence is not null).ToList();
        return (failures.Find(step => step.Subject == entry.Service) ?? failures.FirstOrDefault())?.Failure!.Evidence;
    }
}

/// <summary>A content that may have made a service fail.</summary>
/// <param name="Name">The service, or <c>network NAME</c>.</param>
/// <param name="Content">The keyed digest by which it is recognized.</param>
/// <param name="Image">Null for what is no service, or lies sealed here no more.</param>
public sealed record Suspect(string Name, string Content, string? Image);
