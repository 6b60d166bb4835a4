using LibGit2Sharp;

namespace HomeIQ.Reconciler.Git;

/// <summary>The bare clone on disk: made whole or not at all, and made anew when it is damaged.</summary>
/// <remarks>
/// Never shallow, because a rollback needs history. One process fetches at a time; whoever holds that lock may therefore sweep away the lock files
/// that a killed process left behind.
/// </remarks>
internal sealed class GitClone(string directory, GitTransfer transfer)
{
    public const string OwnRefs = "refs/homeiq/";
    private const string StandIn = "kept";
    private readonly string fresh = directory + ".new";
    private readonly string damaged = directory + ".damaged";

    /// <summary>Fetches; true when the clone was made anew.</summary>
    public bool Fetch(bool knownDamaged, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(directory))
        {
            Make(from: null, cancellationToken);
            return true;
        }

        if (knownDamaged || !IsSound())
        {
            Make(from: directory, cancellationToken);
            return true;
        }

        RemoveStaleLocks();
        try
        {
            using var repository = new Repository(directory);
            transfer.Fetch(repository, cancellationToken);
            return false;
        }
        catch (GitException error) when (error.Kind == GitFailure.Refused)
        {
            // Objects that were lost, or a branch "a" that made room for a branch "a/b": a new clone has neither.
            Make(from: directory, cancellationToken);
            return true;
        }
    }

    public FileLock LockForFetch(CancellationToken cancellationToken) => FileLock.Take(directory + ".fetch-lock", cancellationToken);

    /// <summary>Changes one of our own refs; they survive every fetch, prune and re-clone.</summary>
    public void ChangeOwnRef(Action<ReferenceCollection> change)
    {
        using var held = FileLock.Take(directory + ".refs-lock", CancellationToken.None);
        RemoveLocks(Path.Combine(directory, OwnRefs));
        using var repository = new Repository(directory);
        change(repository.Refs);
    }

    private bool IsSound()
    {
        try
        {
            using var repository = new Repository(directory);
            return repository.Refs.All(reference => reference is not DirectReference direct
                || (repository.Lookup(direct.TargetIdentifier) is { } target && (target is not Commit commit || commit.Tree is not null)));
        }
        catch (LibGit2SharpException)
        {
            return false;
        }
    }

    /// <summary>Fetches into a new clone beside the old one and puts it in place when it is whole.</summary>
    private void Make(string? from, CancellationToken cancellationToken)
    {
        Delete(fresh);
        Repository.Init(fresh, isBare: true);
        using (var repository = new Repository(fresh))
        {
            transfer.Fetch(repository, cancellationToken);
            if (from is not null)
            {
                CarryOwnRefs(from, repository);
            }
        }

        using var held = FileLock.Take(directory + ".refs-lock", cancellationToken);
        if (Directory.Exists(directory))
        {
            Delete(damaged);
            Directory.Move(directory, damaged);
        }

        Directory.Move(fresh, directory);
    }

    /// <summary>What is kept may be gone from the source: take it from the damaged clone, as far as that can be read.</summary>
    private void CarryOwnRefs(string from, Repository into)
    {
        var kept = Path.Combine(from, OwnRefs);
        if (!Directory.Exists(kept))
        {
            return;
        }

        // The damaged clone itself can no longer be fetched from: a stand-in has its objects, but only refs that are whole.
        var standIn = fresh + ".kept";
        Delete(standIn);
        Repository.Init(standIn, isBare: true);
        File.WriteAllText(Path.Combine(standIn, "objects/info/alternates"), Path.Combine(from, "objects") + "\n");
        using (var source = new Repository(standIn))
        {
            into.Network.Remotes.Add(StandIn, source.Info.Path);
            foreach (var file in Directory.EnumerateFiles(kept))
            {
                Carry(OwnRefs + Path.GetFileName(file), File.ReadAllText(file).Trim(), source, into);
            }
        }

        into.Network.Remotes.Remove(StandIn);
        Delete(standIn);
    }

    private static void Carry(string name, string id, Repository from, Repository into)
    {
        try
        {
            if (!ObjectId.TryParse(id, out var commit))
            {
                return;
            }

            if (into.Lookup<Commit>(commit) is null)
            {
                from.Refs.Add(name, commit);
                Commands.Fetch(into, StandIn, [$"+{name}:{name}"], new FetchOptions { TagFetchMode = TagFetchMode.None }, logMessage: null);
            }

            into.Refs.Add(name, commit, allowOverwrite: true);
        }
        catch (LibGit2SharpException)
        {
            // This one is lost with the old clone, which stays beside the new one. The sealed effective state does not need it.
        }
    }

    private void RemoveStaleLocks()
    {
        RemoveLocks(Path.Combine(directory, "refs/remotes"));
        RemoveLocks(Path.Combine(directory, "refs/tags"));
        RemoveLocks(Path.Combine(directory, "refs/source"));
        foreach (var name in (string[])["config.lock", "HEAD.lock", "FETCH_HEAD.lock", "packed-refs.lock"])
        {
            File.Delete(Path.Combine(directory, name));
        }
    }

    private static void RemoveLocks(string folder)
    {
        if (!Directory.Exists(folder))
        {
            return;
        }

        foreach (var file in Directory.EnumerateFiles(folder, "*.lock", SearchOption.AllDirectories))
        {
            File.Delete(file);
        }
    }

    private static void Delete(string folder)
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
