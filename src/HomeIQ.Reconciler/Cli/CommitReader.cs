using HomeIQ.Reconciler.Git;
using HomeIQ.Reconciler.Reconciling;

namespace HomeIQ.Reconciler.Cli;

/// <summary>Commits read without an engine and without a state directory: a bare clone in a temporary folder, which goes when this does.</summary>
internal sealed class CommitReader : IDisposable
{
    private readonly string folder;
    private readonly GitSource source;

    private CommitReader(AgentSettings settings, string branch)
    {
        folder = Directory.CreateTempSubdirectory("homeiq-").FullName;
        try
        {
            source = GitSource.Open(new GitSettings
            {
                Url = settings.Repository.Length > 0 ? settings.Repository : Directory.GetCurrentDirectory(),
                Directory = Path.Combine(folder, "repository.git"),
                Branch = branch,
                User = settings.GitUser,
                Password = settings.GitPassword,
                Token = settings.GitToken,
                SshKey = settings.GitSshKey,
                KnownHosts = settings.GitKnownHosts,
            });
        }
        catch
        {
            Directory.Delete(folder, recursive: true);
            throw;
        }
    }

    /// <param name="wanted">The commit, branch or tag without which there is nothing to read.</param>
    public static async Task<CommitReader> OpenAsync(AgentSettings settings, string wanted, CancellationToken cancellationToken)
    {
        var reader = new CommitReader(settings, wanted);
        try
        {
            await reader.source.FetchAsync(cancellationToken);
            return reader;
        }
        catch
        {
            reader.Dispose();
            throw;
        }
    }

    /// <summary>The files of one commit; to be read while the reader is open.</summary>
    public ISourceTree TreeOf(string revision) => source.TreeAt(source.Resolve(revision).Id);

    public void Dispose()
    {
        source.Dispose();
        Directory.Delete(folder, recursive: true);
    }
}
