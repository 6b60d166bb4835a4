using LibGit2Sharp;

namespace HomeIQ.Reconciler.Git;

/// <summary>One open handle on the clone, used by one thread at a time; fetches use handles of their own.</summary>
internal sealed class GitReader(string directory) : IDisposable
{
    private readonly Lock gate = new();
    private readonly Repository repository = new(directory);
    private bool disposed;

    /// <summary>Something in the clone could not be read: the next fetch makes a new one.</summary>
    public bool Damaged { get; private set; }

    public T Read<T>(Func<Repository, T> read)
    {
        lock (gate)
        {
            // The library itself would read memory that it has freed.
            ObjectDisposedException.ThrowIf(disposed, this);
            try
            {
                return read(repository);
            }
            catch (LibGit2SharpException error)
            {
                throw Damage(error.Message, error);
            }
        }
    }

    /// <summary>An object that a commit of ours refers to is not there.</summary>
    public GitException Damage(string what, Exception? inner = null)
    {
        Damaged = true;
        return new GitException(GitFailure.Refused, $"The clone {directory} is damaged ({what}); the next fetch makes a new one.", inner);
    }

    public void Dispose()
    {
        lock (gate)
        {
            disposed = true;
            repository.Dispose();
        }
    }
}
