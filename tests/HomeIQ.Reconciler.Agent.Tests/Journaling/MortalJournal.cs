using HomeIQ.Reconciler.Docker;
using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Journaling;

/// <summary>The journal as one process of ours writes it.</summary>
internal sealed class MortalJournal(Lifeline life, IJournal journal) : IJournal
{
    public string Begin(RunStarted entry) => Tell("run started", () => journal.Begin(entry));

    public void Append(string run, JournalEntry entry) => Tell(Words(entry), () =>
    {
        journal.Append(run, entry);
        return true;
    });

    public void Promote(string run, StepDone entry, string state) => Tell("promotion", () =>
    {
        journal.Promote(run, entry, state);
        return true;
    });

    public void EnterSoak(string run, int number, string state) => Tell("soak", () =>
    {
        journal.EnterSoak(run, number, state);
        return true;
    });

    public string Supersede(string run, RunEnded entry, RunStarted next) => Tell("supersession", () => journal.Supersede(run, entry, next));

    public void End(string run, RunEnded entry) => Tell($"run ended {entry.Phase}", () =>
    {
        journal.End(run, entry);
        return true;
    });

    public void AddQuarantine(QuarantineEntry entry) => Tell("quarantine", () =>
    {
        journal.AddQuarantine(entry);
        return true;
    });

    public void ReleaseQuarantine(string id) => Tell("release", () =>
    {
        journal.ReleaseQuarantine(id);
        return true;
    });

    public void Decide(Decision decision) => Tell("decision", () =>
    {
        journal.Decide(decision);
        return true;
    });

    public IReadOnlyList<Decision> Standing() => Look(journal.Standing);

    public IReadOnlyList<Decision> Decisions(int most) => Look(() => journal.Decisions(most));

    public IReadOnlyList<RunRecord> Runs(int most) => Look(() => journal.Runs(most));

    public IReadOnlyList<string> RunIds() => Look(journal.RunIds);

    public RunRecord? Find(string run) => Look(() => journal.Find(run));

    public IReadOnlyList<RunRecord> Since(string run) => Look(() => journal.Since(run));

    public IReadOnlyList<RunRecord> Unfinished() => Look(journal.Unfinished);

    public JournalPointers Pointers() => Look(journal.Pointers);

    public IReadOnlyList<QuarantineEntry> Quarantine() => Look(journal.Quarantine);

    public void Dispose()
    {
    }

    private static string Words(JournalEntry entry) => entry switch
    {
        StepIntended step => $"intent of {Way(step.IsRollback)}{step.Number}",
        StepDone step => $"receipt of {Way(step.IsRollback)}{step.Number}",
        StepFailed step => $"failure of {Way(step.IsRollback)}{step.Number}",
        PhaseEntered phase => $"phase {phase.Phase}",
        _ => entry.GetType().Name,
    };

    private static string Way(bool isRollback) => isRollback ? "back step " : "step ";

    private T Look<T>(Func<T> look)
    {
        life.ThrowIfCut();
        return look();
    }

    private T Tell<T>(string what, Func<T> write)
    {
        life.Pass($"before {what}");
        var answer = write();
        life.Pass($"after {what}");
        return answer;
    }
}
