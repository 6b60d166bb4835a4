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
            Replace(cancellationToken);
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
            Replace(cancellationToken);
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

    private void Replace(CancellationToken cancellationToken)
    {
        Make(from: directory, cancellationToken);
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
    private static void CarryOwnRefs(string from, Repository into)
    {
        var folder = Path.Combine(from, OwnRefs);
        if (!Directory.Exists(folder))
        {
            return;
        }

        foreach (var file in Directory.EnumerateFiles(folder))
        {
            var name = OwnRefs + Path.GetFileName(file);
            var id = File.ReadAllText(file).Trim();
            if (!ObjectId.TryParse(id, out _))
            {
                continue;
            }

            try
            {
                if (into.Lookup<Commit>(id) is null)
                {
                    into.Network.Fetch(from, [$"+{name}:{name}"], new FetchOptions { TagFetchMode = TagFetchMode.None });
                }

                into.Refs.Add(name, id, allowOverwrite: true);
            }
            catch (LibGit2SharpException)
            {
                // This one is lost with the old clone, which stays beside the new one. The sealed effective state does not need it.
            }
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
