using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Journaling;

/// <summary>What has happened on this host. Every write is on disk when the call returns.</summary>
public interface IJournal : IDisposable
{
    /// <summary>Writes a run's first entry and returns its id (short, sortable, unique on this host).</summary>
    string Begin(RunStarted entry);

    void Append(string run, JournalEntry entry);

    /// <summary>The end of the step <see cref="Planning.Promote"/>: journaled together with the pointers that it moves. The only writer of a new last known-good.</summary>
    void Promote(string run, StepDone entry, string state);

    /// <summary>Ends a run. A state in <see cref="RunEnded.After"/> that differs from the effective one is the same state with containers made again.</summary>
    void End(string run, RunEnded entry);

    /// <summary>Newest first.</summary>
    IReadOnlyList<RunRecord> Runs(int most);

    /// <summary>By id or unique prefix; null when there is none.</summary>
    RunRecord? Find(string run);

    /// <summary>Runs without an end: what a crash left.</summary>
    IReadOnlyList<RunRecord> Unfinished();

    /// <summary>Ids of sealed states.</summary>
    JournalPointers Pointers();

    IReadOnlyList<QuarantineEntry> Quarantine();

    void AddQuarantine(QuarantineEntry entry);

    void ReleaseQuarantine(string id);
}

/// <param name="Effective">What the host is held to.</param>
/// <param name="Previous">The last known-good state before the current one.</param>
public sealed record JournalPointers(string? Effective, string? LastKnownGood, string? Previous);
