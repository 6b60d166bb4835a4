using System.Collections.Concurrent;
using HomeIQ.Reconciler.Docker;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Locking;
using HomeIQ.Reconciler.Observed;
using HomeIQ.Reconciler.Planning;
using LibGit2Sharp;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>A host with its engine, a repository and a state directory, on which processes of ours begin, work and die.</summary>
/// <remarks>Everything but the engine is real: Git, SQLite, files. They lie in memory where the machine has such a place, since nobody pulls its plug here.</remarks>
internal sealed class Stage : IDisposable
{
    private const string PolicyMark = "#reconciler: ";

    private readonly string root;
    private readonly Repository repository;
    private readonly List<AgentProcess> processes = [];

    public Stage(int seed = 1)
    {
        root = Directory.CreateDirectory(Path.Combine(Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath(), $"homeiq-stage-{Guid.NewGuid():N}")).FullName;
        Engine = new FakeEngine(Clock, seed) { VolumeFolder = Path.Combine(root, "volumes") };
        Repository.Init(Source);
        repository = new Repository(Source);
        repository.Refs.UpdateTarget("HEAD", "refs/heads/main");
        EnvFile = Path.Combine(root, "host.env");
        File.WriteAllText(EnvFile, "");
    }

    public VirtualClock Clock { get; } = new();

    public FakeEngine Engine { get; }

    /// <summary>The clock by which locks are renewed and judged.</summary>
    public HandClock LockClock { get; } = new();

    /// <summary>Which processes have ended, by their number.</summary>
    public ConcurrentDictionary<int, bool> Ended { get; } = [];

    /// <summary>How many steps are under way at once; one, unless a test is about more.</summary>
    public int Parallel { get; init; } = 1;

    /// <summary>How long a commit is watched, as the policy file says it.</summary>
    public string Soak { get; set; } = "none";

    /// <summary>What the policy file of the next commits says beyond that: whole lines.</summary>
    public string Policy { get; set; } = "";

    /// <summary>How many generations the next commits want kept.</summary>
    public int Generations { get; set; } = 3;

    /// <summary>The engine's volumes are this machine's folders.</summary>
    public bool VolumesAreLocal { get; set; } = true;

    /// <summary>The forge that the next processes tell; null for none.</summary>
    public Forges.ForgeSettings? Forge { get; set; }

    public string StateFolder => Path.Combine(root, "state");

    public string EnvFile { get; }

    public string ContentFolder => Path.Combine(StateFolder, "content");

    private string Source => Path.Combine(root, "source");

    /// <summary>Every container in a line, but those that failed and are kept for inspection.</summary>
    public string Picture => string.Join('\n', Engine.Picture.Split('\n').Where(line => !line.Contains(".failed-", StringComparison.Ordinal)).Concat(Data));

    /// <summary>What lies in volumes, a line each; those without data are left out.</summary>
    public IEnumerable<string> Data => Engine.Volumes.Select(volume => (volume, File: Path.Combine(Engine.VolumeFolder!, volume, "_data", "data"))).Where(pair => File.Exists(pair.File))
        .Select(pair => $"{pair.volume} {string.Join(' ', File.ReadLines(pair.File))}").Concat(Databases);

    /// <summary>What is in the SQLite files: columns, names, revision.</summary>
    private IEnumerable<string> Databases => Engine.Volumes.Select(volume => Path.Combine(Engine.VolumeFolder!, volume, "_data", "app.db")).Where(File.Exists).Select(path =>
    {
        using var file = new Files.SqliteFile(path, makes: false);
        return $"rows({string.Join(' ', file.Rows("PRAGMA table_info(rows)", row => row.GetString(1)))}) {string.Join(' ', file.Rows("SELECT name FROM rows ORDER BY id", row => row.GetString(0)))} at {file.Scalar("SELECT version_num FROM alembic_version")}";
    });

    /// <summary>All that is on the host but volumes, a line each, exported contents included; what failed and is kept for inspection is left out, unless it runs.</summary>
    public string Tidy => string.Join('\n', Engine.Inventory
        .Where(line => !line.Contains(".failed-", StringComparison.Ordinal) || line.Contains(" running ", StringComparison.Ordinal))
        .Concat(Directory.Exists(ContentFolder) ? Directory.GetFileSystemEntries(ContentFolder).Select(Path.GetFileName).Order(StringComparer.Ordinal).Select(name => $"content {name}") : []));

    /// <summary>Writes a file beside the desired state, for the next commit.</summary>
    public void Write(string path, string text)
    {
        var file = Path.Combine(Source, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }

    /// <summary>Commits a desired state and returns the commit's id. Its comments that begin with <c>#reconciler: </c> are lines of the policy file.</summary>
    public string Commit(string compose)
    {
        var folder = Directory.CreateDirectory(Path.Combine(Source, "desired-state")).FullName;
        File.WriteAllText(Path.Combine(folder, "compose.yaml"), compose);
        File.WriteAllText(Path.Combine(folder, "reconciler.yaml"), $"version: 1\npolicy: {{ parallel: {Parallel}, soak: {Soak}, generations: {Generations} }}\n{Policy}\n{string.Concat(compose.Split('\n').Where(line => line.StartsWith(PolicyMark, StringComparison.Ordinal)).Select(line => $"{line[PolicyMark.Length..]}\n"))}");
        Commands.Stage(repository, "*");
        var author = new Signature("Ada", "ada@example.org", Clock.Now);
        return repository.Commit("a change", author, author, new CommitOptions { AllowEmptyCommit = true }).Sha;
    }

    /// <summary>The commit that our clone keeps under a name; null when there is none.</summary>
    public string? Kept(string name)
    {
        using var clone = new Repository(Path.Combine(StateFolder, "repository.git"));
        return clone.Refs[$"refs/homeiq/{name}"]?.TargetIdentifier;
    }

    /// <summary>The text of the desired state on a branch; null when there is no such branch.</summary>
    public string? Text(string branch) => (repository.Branches[branch]?.Tip["desired-state/compose.yaml"].Target as Blob)?.GetContentText();

    public void Branch(string name) => repository.CreateBranch(name);

    public void Unbranch(string name) => repository.Branches.Remove(name);

    /// <summary>Moves the followed branch to what another one has.</summary>
    public string Merge(string branch)
    {
        var tip = repository.Branches[branch].Tip;
        repository.Reset(ResetMode.Hard, tip);
        return tip.Sha;
    }

    /// <summary>Takes the newest commit off the branch, as somebody with a forced push does.</summary>
    public void TakeBackCommit() => repository.Reset(ResetMode.Hard, repository.Head.Tip.Parents.Single());

    /// <summary>The repository cannot be reached any more.</summary>
    public void MoveSourceAway() => Directory.Move(Source, $"{Source}-away");

    /// <summary>It can be reached again, as it was.</summary>
    public void MoveSourceBack() => Directory.Move($"{Source}-away", Source);

    /// <summary>Starts a process of ours.</summary>
    /// <param name="cutAt">The point at which it will be killed; 0 = never.</param>
    public AgentProcess Begin(int cutAt = 0) => Begin(new Lifeline { CutAt = cutAt });

    /// <param name="from">Another state directory than the usual one.</param>
    /// <param name="machine">Another machine than the usual one: what lives there cannot be told from here.</param>
    public AgentProcess Begin(Lifeline life, string from = "state", string machine = "cellar")
    {
        var settings = new AgentSettings
        {
            Repository = Source,
            StateDirectory = Path.Combine(root, from),
            // Somewhere else, so that this machine's ports do not matter.
            Docker = "tcp://engine:2375",
            VolumesAreLocal = VolumesAreLocal,
            ProjectName = "house",
            EnvFiles = [EnvFile],
            Forge = Forge,
        };
        var process = new AgentProcess(settings, this, life, processes.Count + 1, machine);
        processes.Add(process);
        return process;
    }

    /// <summary>A process that does one <c>apply</c> and ends.</summary>
    public async Task<ApplyReport> ApplyAsync(string? revision = null)
    {
        using var process = Begin();
        return await process.ApplyAsync(revision);
    }

    /// <summary>A process that does one <c>rollback</c> and ends.</summary>
    public async Task<ApplyReport> RollbackAsync()
    {
        using var process = Begin();
        return await process.RollbackAsync();
    }

    /// <summary>What is in quarantine.</summary>
    public IReadOnlyList<QuarantineEntry> Quarantine()
    {
        using var process = Begin();
        return process.Journal.Quarantine();
    }

    /// <summary>A container as the engine describes it now; null when there is none of that name.</summary>
    public async Task<ObservedContainer?> FindAsync(string name) => await Engine.FindContainerAsync(name, CancellationToken.None);

    /// <summary>Container names to ids: proof of what stayed the same.</summary>
    public async Task<IReadOnlyDictionary<string, string>> IdsAsync() =>
        (await Engine.ListContainersAsync(CancellationToken.None)).ToDictionary(container => container.Name, container => container.Id, StringComparer.Ordinal);

    public void Dispose()
    {
        foreach (var process in processes)
        {
            process.Dispose();
        }

        repository.Dispose();
        Clock.Dispose();
        Directory.Delete(root, recursive: true);
    }
}
