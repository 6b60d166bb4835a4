using HomeIQ.Reconciler.Applying;
using HomeIQ.Reconciler.Docker;
using HomeIQ.Reconciler.Forges;
using HomeIQ.Reconciler.Git;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Locking;
using HomeIQ.Reconciler.Reconciling;
using Microsoft.Extensions.Logging.Abstractions;

namespace HomeIQ.Reconciler.Cli;

/// <summary>Everything that a verb works with, wired from the agent's settings: the only place where objects are put together.</summary>
internal sealed class Session : IAsyncDisposable
{
    private readonly StateDirectory state;
    private readonly DockerEngine host;
    private readonly EngineLock engineLock;
    private readonly GitSource source;
    private readonly Forge? forge;
    private readonly string instance;

    private Session(AgentSettings settings, IProgress<RunEvent> progress)
    {
        instance = settings.Instance;
        state = StateDirectory.Open(settings.StateDirectory);
        Journal = HaltingJournal.WhenAsked(new SqliteJournal(state.JournalFile, TimeProvider.System));
        host = OpenHost(settings, state.ContentFolder);
        engineLock = new EngineLock(host, instance, LocalProcess.Describe(state), LocalProcess.HasEnded, new LockSettings(), TimeProvider.System);
        source = GitSource.Open(new GitSettings
        {
            Url = settings.Repository,
            Directory = state.CloneFolder,
            Branch = settings.Branch,
            User = settings.GitUser,
            Password = settings.GitPassword,
            Token = settings.GitToken,
            SshKey = settings.GitSshKey,
            KnownHosts = settings.GitKnownHosts,
        });
        Decisions = new Decisions(new SealedStore(state), Journal, TimeProvider.System);
        forge = settings.Forge is { } told ? new Forge(told) : null;
        Reconciliation = new Reconciliation(settings, host, engineLock, source, state, Journal, TimeProvider.System, progress, forge);
    }

    public Reconciliation Reconciliation { get; }

    public Decisions Decisions { get; }

    /// <summary>The loop over this session's reconciliation.</summary>
    public ReconcileLoop Loop(LoopSettings pace, Log? log)
    {
        var hints = new Hints(TimeProvider.System);
        return new ReconcileLoop(
            Reconciliation,
            new SourceWatch(source, hints, pace, TimeProvider.System),
            new EngineWatch(Reconciliation.Host, instance, hints, pace, TimeProvider.System),
            hints, pace, TimeProvider.System, log?.Loop ?? NullLogger<ReconcileLoop>.Instance);
    }

    public IJournal Journal { get; }

    /// <exception cref="UsageException">A required setting is missing.</exception>
    public static Session Open(AgentSettings settings, IProgress<RunEvent>? progress = null) =>
        settings.Repository.Length == 0
            ? throw new UsageException("which repository? none is named", "give --repo URL, or set HOMEIQ_REPO")
            : new Session(settings, progress ?? new Listener<RunEvent>(_ => { }));

    /// <summary>Opens the journal alone, for verbs that look at the past.</summary>
    public static IJournal OpenJournal(AgentSettings settings) =>
        StateDirectory.Exists(settings.StateDirectory)
            ? new SqliteJournal(StateDirectory.Open(settings.StateDirectory).JournalFile, TimeProvider.System)
            : throw new UsageException($"{settings.StateDirectory} holds no journal: nothing was applied from there yet", "give --state DIR, or run homeiq apply first");

    /// <summary>Opens the engine alone, for verbs that need no state directory.</summary>
    public static DockerEngine OpenHost(AgentSettings settings, string? contentRoot = null) =>
        new(new DockerEngineSettings { Endpoint = settings.Docker, ConfigurationFolder = settings.DockerConfig, ContentRoot = contentRoot });

    public async ValueTask DisposeAsync()
    {
        await engineLock.DisposeAsync();
        await host.DisposeAsync();
        source.Dispose();
        forge?.Dispose();
        Journal.Dispose();
        state.Dispose();
    }
}
