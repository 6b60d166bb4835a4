using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Journaling;

/// <summary>What has happened on this host. Every write is on disk when the call returns.</summary>
public interface IJournal : IDisposable
{
    /// <summary>Writes a run's first entry and returns its id (short, sortable, unique on this host). An approval of its plan is used up by it.</summary>
    string Begin(RunStarted entry);

    void Append(string run, JournalEntry entry);

    /// <summary>The end of the step <see cref="Planning.Promote"/>: journaled together with the pointers that it moves. The only writer of a new last known-good.</summary>
    void Promote(string run, StepDone entry, string state);

    /// <summary>The beginning of the step <see cref="Planning.Soak"/>: from now on the host is held to that state, which is not known to be good yet.</summary>
    void EnterSoak(string run, int number, string state);

    /// <summary>Ends a run that is watched and begins the one that takes its place, in one: there is no moment between them.</summary>
    string Supersede(string run, RunEnded entry, RunStarted next);

    /// <summary>Ends a run. A state in <see cref="RunEnded.After"/> that differs from the effective one is the same state with containers made again.</summary>
    void End(string run, RunEnded entry);

    /// <summary>Newest first.</summary>
    IReadOnlyList<RunRecord> Runs(int most);

    /// <summary>Ids of all runs, newest first.</summary>
    IReadOnlyList<string> RunIds();

    /// <summary>By id or unique prefix; null when there is none.</summary>
    RunRecord? Find(string run);

    /// <summary>A run and all that were begun after it, oldest first.</summary>
    IReadOnlyList<RunRecord> Since(string run);

    /// <summary>Runs without an end: what a crash left.</summary>
    IReadOnlyList<RunRecord> Unfinished();

    /// <summary>Ids of sealed states.</summary>
    JournalPointers Pointers();

    IReadOnlyList<QuarantineEntry> Quarantine();

    void AddQuarantine(QuarantineEntry entry);

    void ReleaseQuarantine(string id);

    /// <summary>Puts a decision on record together with what it brings about; an earlier one about the same ends by it.</summary>
    void Decide(Decision decision);

    /// <summary>Decisions that nothing has ended yet. Whether the time of a suspension is over is for whoever asks to judge.</summary>
    IReadOnlyList<Decision> Standing();

    /// <summary>Newest first, those that hold no more included.</summary>
    IReadOnlyList<Decision> Decisions(int most);
}

/// <param name="Effective">What the host is held to.</param>
/// <param name="Previous">The last known-good state before the current one.</param>
/// <param name="Soaking">The run that is being watched: its state is the effective one, and not the last known-good; null when none is.</param>
public sealed record JournalPointers(string? Effective, string? LastKnownGood, string? Previous, string? Soaking = null);
