using LibGit2Sharp;

namespace HomeIQ.Reconciler.Git;

/// <summary>The repository of the desired state: a bare clone in the state directory that is fetched, read without a checkout, and never loses what is kept.</summary>
/// <remarks>
/// Everything but a fetch works without the source: what was fetched once stays readable. The Git library is synchronous and cannot be cancelled while it
/// waits for a server, so each transfer has a thread of its own and the server a time limit.
/// </remarks>
public sealed class GitSource : IDisposable
{
    /// <summary>The commit that the host is held to.</summary>
    public const string Effective = "effective";

    public const string LastKnownGood = "last-known-good";

    private readonly GitSettings settings;
    private readonly GitAddress address;
    private readonly GitTransfer transfer;
    private readonly GitClone clone;
    private readonly Lock gate = new();
    private readonly List<GitReader> retired = [];
    private GitReader? reader;
    private volatile Task underWay = Task.CompletedTask;

    private GitSource(GitSettings settings)
    {
        this.settings = settings;
        address = GitAddress.Parse(settings);
        transfer = new GitTransfer(address, settings);
        clone = new GitClone(settings.Directory, transfer);
    }

    /// <summary>The source's address without credentials.</summary>
    public string Address => address.Shown;

    /// <summary>Contacts nobody: the clone is made by the first fetch.</summary>
    /// <exception cref="GitException">The address cannot be used.</exception>
    public static GitSource Open(GitSettings settings)
    {
        GitLimits.Apply(settings.ConnectLimit, settings.ReadLimit);
        return new GitSource(settings with { Directory = Path.TrimEndingDirectorySeparator(Path.GetFullPath(settings.Directory)) });
    }

    /// <summary>Follows the source, forced pushes too, and says where the tracked branch is now.</summary>
    /// <exception cref="GitException">The source cannot be read, or has no such branch; what was fetched before is untouched.</exception>
    public async Task<Fetched> FetchAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var fetch = Task.Factory.StartNew(() => Fetch(cancellationToken), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

        underWay = fetch;

        // A thread that waits for a silent server ends by the time limit; nobody has to wait with it.
        return await fetch.WaitAsync(cancellationToken);
    }

    /// <summary>Offers changed files to the source as a branch. Never moves a branch that is there, and may be asked for twice.</summary>
    public async Task<ProposalOutcome> ProposeAsync(Proposal proposal, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var push = Task.Factory.StartNew(() => Propose(proposal, cancellationToken), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        underWay = push;
        return await push.WaitAsync(cancellationToken);
    }

    /// <summary>The commit that a branch, tag, full or short id names; also <c>HEAD</c>, <c>main~1</c>, <c>effective</c>, <c>last-known-good</c>.</summary>
    public Revision Resolve(string name) => Reading(repository =>
        GitNames.Find(repository, name) is { } commit ? Describe(commit) : throw GitNames.NotFound(repository, name, Address));

    /// <summary>The files of a commit.</summary>
    public ISourceTree TreeAt(string commit)
    {
        var current = Reader();
        return current.Read(repository =>
        {
            var found = CommitAt(repository, commit);
            return new GitTree(current, found.Sha, (found.Tree ?? throw current.Damage($"the tree of {found.Sha} is missing")).Sha);
        });
    }

    /// <summary>Keeps a commit and its history readable, whatever happens to the source, until the name is given to another or released.</summary>
    public void Keep(string name, string commit)
    {
        var id = Reading(repository => CommitAt(repository, commit).Id);
        clone.ChangeOwnRef(refs => refs.Add(OwnRef(name), id, allowOverwrite: true));
    }

    public void Release(string name) => clone.ChangeOwnRef(refs =>
    {
        if (refs[OwnRef(name)] is { } reference)
        {
            refs.Remove(reference);
        }
    });

    /// <summary>The commit that is kept under a name; null when there is none.</summary>
    public string? Kept(string name) => Directory.Exists(settings.Directory)
        ? Reading(repository => repository.Refs[OwnRef(name)]?.ResolveToDirectReference()?.TargetIdentifier)
        : null;

    /// <summary>Whether the first commit is part of the second one's history (or is it).</summary>
    public bool IsAncestor(string ancestor, string descendant) => Reading(repository => IsAncestor(repository, ancestor, descendant));

    /// <summary>Files that differ between two commits, sorted by path; a renamed file is one removed and one added.</summary>
    public IReadOnlyList<ChangedFile> ChangedFiles(string from, string to) => Reading<IReadOnlyList<ChangedFile>>(repository =>
    {
        using var changes = repository.Diff.Compare<TreeChanges>(
            CommitAt(repository, from).Tree, CommitAt(repository, to).Tree, new CompareOptions { Similarity = SimilarityOptions.None });
        return [.. changes.Select(Describe).OrderBy(file => file.Path, StringComparer.Ordinal)];
    });

    public void Dispose()
    {
        // What is still read by a thread that nobody waits for any more must not be freed under it: it ends by the time limits.
        if (!underWay.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default).Wait(settings.ConnectLimit + settings.ReadLimit))
        {
            return;
        }

        lock (gate)
        {
            reader?.Dispose();
            retired.ForEach(old => old.Dispose());
        }
    }

    private Fetched Fetch(CancellationToken cancellationToken)
    {
        using var held = clone.LockForFetch(cancellationToken);
        var previous = Tracked();
        try
        {
            if (clone.Fetch(reader is { Damaged: true }, cancellationToken))
            {
                RetireReader();
            }
        }
        catch (LibGit2SharpException error)
        {
            throw new GitException(GitFailure.Refused, $"The clone {settings.Directory} cannot be used: {error.Message}", error);
        }

        return Reading(repository =>
        {
            var head = GitNames.Find(repository, settings.Branch) ?? throw GitNames.NotFound(repository, settings.Branch, Address);
            return new Fetched(Describe(head), previous, previous is not null && !IsAncestor(repository, previous, head.Sha));
        });
    }

    private ProposalOutcome Propose(Proposal proposal, CancellationToken cancellationToken)
    {
        try
        {
            using var held = clone.LockForFetch(cancellationToken);
            using var repository = new Repository(settings.Directory);
            return new ProposalPush(address, transfer).Perform(repository, proposal, cancellationToken);
        }
        catch (GitException error)
        {
            return new ProposalOutcome.NotPushed(proposal.Branch, error.Message, error.Hint);
        }
        catch (Exception error) when (error is LibGit2SharpException or IOException or UnauthorizedAccessException)
        {
            return new ProposalOutcome.NotPushed(proposal.Branch, $"The clone {settings.Directory} cannot be used: {error.Message}", null);
        }
    }

    /// <summary>Where the tracked branch was; null when there is no readable clone yet.</summary>
    private string? Tracked()
    {
        try
        {
            return Directory.Exists(settings.Directory) ? Reading(repository => GitNames.Find(repository, settings.Branch)?.Sha) : null;
        }
        catch (GitException)
        {
            return null;
        }
    }

    private static bool IsAncestor(Repository repository, string ancestor, string descendant) =>
        repository.Lookup<Commit>(ancestor) is { } older && repository.Lookup<Commit>(descendant) is { } newer
        && repository.ObjectDatabase.FindMergeBase(older, newer)?.Id == older.Id;

    private Commit CommitAt(Repository repository, string commit) =>
        repository.Lookup<Commit>(commit) ?? throw new GitException(GitFailure.NotFound, $"Commit {commit} is not in the clone of {Address}.");

    private static Revision Describe(Commit commit) =>
        new(commit.Sha, commit.MessageShort, $"{commit.Author.Name} <{commit.Author.Email}>", commit.Author.When);

    private static ChangedFile Describe(TreeEntryChanges change) => new(change.Path, change.Status switch
    {
        ChangeKind.Added => FileChange.Added,
        ChangeKind.Deleted => FileChange.Removed,
        _ => FileChange.Modified,
    });

    private static string OwnRef(string name) => name.Length > 0 && name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '-')
        ? GitClone.OwnRefs + name
        : throw new ArgumentException($"\"{name}\" cannot name a kept commit.", nameof(name));

    private T Reading<T>(Func<Repository, T> read) => Reader().Read(read);

    private GitReader Reader()
    {
        lock (gate)
        {
            try
            {
                return reader ??= Directory.Exists(settings.Directory)
                    ? new GitReader(settings.Directory)
                    : throw new GitException(GitFailure.NotFound, $"Nothing was fetched from {Address} yet.");
            }
            catch (LibGit2SharpException error)
            {
                throw new GitException(GitFailure.Refused, $"The clone {settings.Directory} is damaged ({error.Message}); the next fetch makes a new one.", error);
            }
        }
    }

    /// <summary>Trees that are still in use keep reading the old clone's open files.</summary>
    private void RetireReader()
    {
        lock (gate)
        {
            if (reader is not null)
            {
                retired.Add(reader);
                reader = null;
            }
        }
    }
}
