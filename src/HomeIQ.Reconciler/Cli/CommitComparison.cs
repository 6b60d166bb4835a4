using HomeIQ.Reconciler.Compose;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Git;
using HomeIQ.Reconciler.Planning;
using HomeIQ.Reconciler.Reconciling;

namespace HomeIQ.Reconciler.Cli;

/// <summary>Commits read without an engine and without a state directory: a bare clone in a temporary folder, or the repository itself when it is a folder here.</summary>
internal static class CommitComparison
{
    /// <summary>The plan that leads from one commit to the other on a host that has nothing else on it. <c>${VAR}</c> stays as it stands, and there is no digest to approve.</summary>
    public static async Task<Planned> PlanAsync(AgentSettings settings, string from, string head, CancellationToken cancellationToken)
    {
        var (fromTree, headTree) = (await TreeAsync(settings, from, cancellationToken), await TreeAsync(settings, head, cancellationToken));
        var old = Load(settings, fromTree);
        var now = Load(settings, headTree);
        return old.State is { } was && now.State is { } wanted
            ? new(null, headTree, wanted, null, null, CommitPlan.Between(was, wanted), now.Problems)
            : new(null, headTree, null, null, null, null, now.State is null ? now.Problems : old.Problems);
    }

    /// <summary>The files of one commit.</summary>
    public static async Task<ISourceTree> TreeAsync(AgentSettings settings, string revision, CancellationToken cancellationToken)
    {
        var repository = settings.Repository.Length > 0 ? settings.Repository : Directory.GetCurrentDirectory();
        var folder = Directory.CreateTempSubdirectory("homeiq-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        var source = GitSource.Open(new GitSettings
        {
            Url = repository,
            Directory = Path.Combine(folder, "repository.git"),
            Branch = settings.Branch,
            User = settings.GitUser,
            Password = settings.GitPassword,
            Token = settings.GitToken,
        });
        await source.FetchAsync(cancellationToken);
        return source.TreeAt(source.Resolve(revision).Id);
    }

    private static LoadResult Load(AgentSettings settings, ISourceTree tree) => DesiredStateLoader.Load(new LoadRequest
    {
        Tree = tree,
        Path = settings.Path,
        ProjectName = settings.ProjectName,
        ProjectDirectory = settings.ProjectDirectory ?? "/project",
        Profiles = settings.Profiles,
        LeaveUnresolved = true,
    });
}
