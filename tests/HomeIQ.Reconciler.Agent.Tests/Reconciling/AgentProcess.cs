using HomeIQ.Reconciler.Applying;
using HomeIQ.Reconciler.Docker;
using HomeIQ.Reconciler.Git;
using HomeIQ.Reconciler.Journaling;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>One process of ours on a <see cref="Stage"/>: what it holds in memory is gone when it is cut.</summary>
internal sealed class AgentProcess : IDisposable
{
    private readonly StateDirectory state;
    private readonly GitSource source;
    private readonly SqliteJournal journal;

    public AgentProcess(AgentSettings settings, FakeEngine engine, VirtualClock clock, Lifeline life)
    {
        Life = life;
        state = StateDirectory.Open(settings.StateDirectory);
        journal = new SqliteJournal(state.JournalFile, clock);
        source = GitSource.Open(new GitSettings { Url = settings.Repository, Directory = state.CloneFolder, Branch = settings.Branch });
        Reconciliation = new Reconciliation(settings, life.Reach(engine), source, state, life.Write(journal), clock, new Listener<RunEvent>(Events.Add));
    }

    public Lifeline Life { get; }

    public Reconciliation Reconciliation { get; }

    /// <summary>Read past the process' life.</summary>
    public IJournal Journal => journal;

    public List<RunEvent> Events { get; } = [];

    public Task<ApplyReport> ApplyAsync(string? revision = null) =>
        Reconciliation.ApplyAsync(revision, approve: null, refresh: false, TestContext.Current.CancellationToken);

    /// <summary>Applies until it is done or killed; null when it was killed.</summary>
    public async Task<ApplyReport?> ApplyUntilCutAsync()
    {
        try
        {
            return await ApplyAsync();
        }
        catch (Exception) when (Life.IsCut)
        {
            return null;
        }
    }

    public void Dispose()
    {
        source.Dispose();
        journal.Dispose();
        state.Dispose();
    }
}
