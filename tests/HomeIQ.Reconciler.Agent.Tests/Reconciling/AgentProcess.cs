using HomeIQ.Reconciler.Applying;
using HomeIQ.Reconciler.Contents;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Docker;
using HomeIQ.Reconciler.Forges;
using HomeIQ.Reconciler.Git;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Locking;
using HomeIQ.Reconciler.Planning;
using Microsoft.Extensions.Logging.Abstractions;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>One process of ours on a <see cref="Stage"/>: what it holds in memory is gone when it is cut.</summary>
internal sealed class AgentProcess : IDisposable
{
    private readonly StateDirectory state;
    private readonly GitSource source;
    private readonly SqliteJournal journal;
    private readonly IContainerHost host;
    private readonly VirtualClock clock;
    private readonly Forge? forge;
    private readonly Action end;

    public AgentProcess(AgentSettings settings, Stage stage, Lifeline life, int number, string machine)
    {
        Life = life;
        clock = stage.Clock;
        clock.Join();
        end = () => stage.Ended[number] = true;
        host = life.Reach(stage.Engine);
        state = StateDirectory.Open(settings.StateDirectory);
        journal = new SqliteJournal(state.JournalFile, clock);
        source = GitSource.Open(new GitSettings { Url = settings.Repository, Directory = state.CloneFolder, Branch = settings.Branch });
        var self = new LockHolder(machine, $"boot of {machine}", "pid:[1]", number, $"{number}", state.Id(), state.Root, $"token {number}");
        Lock = new EngineLock(
            host, settings.Instance, self, holder => holder.IsNear(self) && stage.Ended.ContainsKey(holder.Process), new LockSettings(), stage.LockClock);
        forge = settings.Forge is { } told ? new Forge(told) : null;
        Reconciliation = new Reconciliation(settings, host, Lock, source, state, life.Write(journal), clock, new Listener<RunEvent>(Hear), forge);
    }

    public Lifeline Life { get; }

    public EngineLock Lock { get; }

    public Reconciliation Reconciliation { get; }

    public Decisions Decisions => new(new SealedStore(state), journal, clock);

    /// <summary>Read past the process' life.</summary>
    public IJournal Journal => journal;

    public List<RunEvent> Events { get; } = [];

    /// <summary>Called with each event.</summary>
    public Action<RunEvent>? Heard { get; set; }

    public Task<ApplyReport> ApplyAsync(string? revision = null, bool watches = true) =>
        Reconciliation.ApplyAsync(revision, approve: null, refresh: false, watches, TestContext.Current.CancellationToken);

    public Task<ApplyReport> RollbackAsync() => Reconciliation.RollbackAsync(TestContext.Current.CancellationToken);

    /// <summary>Applies until it is done or killed; null when it was killed.</summary>
    public Task<ApplyReport?> ApplyUntilCutAsync() => UntilCutAsync(() => ApplyAsync());

    /// <summary>Rolls back until it is done or killed; null when it was killed.</summary>
    public Task<ApplyReport?> RollbackUntilCutAsync() => UntilCutAsync(RollbackAsync);

    private async Task<ApplyReport?> UntilCutAsync(Func<Task<ApplyReport>> verb)
    {
        try
        {
            return await verb();
        }
        catch (Exception) when (Life.IsCut)
        {
            return null;
        }
    }

    /// <summary>Performs one step of letting go, outside of any run.</summary>
    public Task ReleaseAsync(IEnumerable<string> states) => new StateSteps(Context()).ReleaseAsync(new ReleaseStates([.. states]));

    /// <summary>Makes a daemon of this process.</summary>
    public WatchedLoop Loop(LoopSettings? settings = null)
    {
        settings ??= new LoopSettings { Draw = () => 0.5 };
        var hints = new Hints(clock);
        var follower = new SourceWatch(source, hints, settings, clock);
        var listener = new EngineWatch(Reconciliation.Host, new AgentSettings().Instance, hints, settings, clock);
        return new WatchedLoop(new ReconcileLoop(Reconciliation, follower, listener, hints, settings, clock, NullLogger<ReconcileLoop>.Instance), clock);
    }

    /// <summary>Performs single steps, as a run after the last promotion would.</summary>
    public StepPerformer Performer() => new(Context(new SealedStore(state).FindState(journal.Pointers().Effective)), new EventHub(host, clock));

    /// <summary>What a step works with, outside of any run.</summary>
    public RunContext Context(EffectiveState? before = null, bool isEngineLocal = true) => new()
    {
        Run = "none",
        Instance = new AgentSettings().Instance,
        Revision = "none",
        Host = host,
        Sealed = new SealedStore(state),
        Contents = new ContentStore(state.ContentFolder),
        State = state,
        Journal = journal,
        Before = before,
        IsEngineLocal = isEngineLocal,
    };

    private void Hear(RunEvent news)
    {
        Events.Add(news);
        Heard?.Invoke(news);
    }

    public void Dispose()
    {
        try
        {
            // Not on the test's own thread, which may be the one that the answer needs.
            Task.Run(async () => await Lock.DisposeAsync()).GetAwaiter().GetResult();
        }
        catch (CutException)
        {
            // The dead let go of nothing.
        }

        end();
        source.Dispose();
        forge?.Dispose();
        journal.Dispose();
        state.Dispose();
    }
}
