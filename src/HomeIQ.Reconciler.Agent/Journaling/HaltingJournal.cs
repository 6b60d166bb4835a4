using System.Globalization;
using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Journaling;

/// <summary>A debugging aid: stands still for ever once this process has written so many journal entries, so that one can look at the host, or kill the process, at just that point.</summary>
/// <remarks>
/// <c>HOMEIQ_HALT_AFTER=12 homeiq apply</c> says on standard error when it stands still, and after which entry. That entry is on disk by then; what
/// other steps have under way in the engine goes on, but no further entry is written. It ends by a signal only; the next apply is a recovery.
/// </remarks>
public sealed class HaltingJournal(IJournal inner, int after, TextWriter told) : IJournal
{
    public const string Variable = "HOMEIQ_HALT_AFTER";

    private readonly Lock gate = new();
    private int written;

    /// <summary>The journal itself, unless the environment asks for a halt.</summary>
    public static IJournal WhenAsked(IJournal journal) =>
        int.TryParse(Environment.GetEnvironmentVariable(Variable), CultureInfo.InvariantCulture, out var after) && after > 0
            ? new HaltingJournal(journal, after, Console.Error)
            : journal;

    public string Begin(RunStarted entry) => Write(nameof(RunStarted), () => inner.Begin(entry));

    public void Append(string run, JournalEntry entry) => Write(NameOf(entry), () => inner.Append(run, entry));

    public void Promote(string run, StepDone entry, string state) => Write("promotion", () => inner.Promote(run, entry, state));

    public void EnterSoak(string run, int number, string state) => Write("soak", () => inner.EnterSoak(run, number, state));

    public string Supersede(string run, RunEnded entry, RunStarted next) => Write("supersession", () => inner.Supersede(run, entry, next));

    public void End(string run, RunEnded entry) => Write($"{nameof(RunEnded)} {entry.Phase}", () => inner.End(run, entry));

    public void AddQuarantine(QuarantineEntry entry) => Write("quarantine", () => inner.AddQuarantine(entry));

    public void ReleaseQuarantine(string id) => Write("release from quarantine", () => inner.ReleaseQuarantine(id));

    public void Decide(Decision decision) => Write($"decision about {decision.Subject}", () => inner.Decide(decision));

    public IReadOnlyList<Decision> Standing() => inner.Standing();

    public IReadOnlyList<Decision> Decisions(int most) => inner.Decisions(most);

    public IReadOnlyList<RunRecord> Runs(int most) => inner.Runs(most);

    public IReadOnlyList<string> RunIds() => inner.RunIds();

    public RunRecord? Find(string run) => inner.Find(run);

    public IReadOnlyList<RunRecord> Since(string run) => inner.Since(run);

    public IReadOnlyList<RunRecord> Unfinished() => inner.Unfinished();

    public JournalPointers Pointers() => inner.Pointers();

    public IReadOnlyList<QuarantineEntry> Quarantine() => inner.Quarantine();

    public void Dispose() => inner.Dispose();

    private static string NameOf(JournalEntry entry) => entry switch
    {
        PhaseEntered phase => $"{nameof(PhaseEntered)} {phase.Phase}",
        StepIntended step => $"{nameof(StepIntended)} {step.Number}{(step.IsRollback ? " of the way back" : "")}",
        StepDone step => $"{nameof(StepDone)} {step.Number}{(step.IsRollback ? " of the way back" : "")}",
        StepFailed step => $"{nameof(StepFailed)} {step.Number}{(step.IsRollback ? " of the way back" : "")}",
        _ => entry.GetType().Name,
    };

    private void Write(string name, Action write) => Write(name, () =>
    {
        write();
        return true;
    });

    private T Write<T>(string name, Func<T> write)
    {
        lock (gate)
        {
            var result = write();
            if (++written == after)
            {
                told.WriteLine($"homeiq: halted after entry {after}: {name}");
                told.Flush();
                Thread.Sleep(Timeout.Infinite);
            }

            return result;
        }
    }
}
