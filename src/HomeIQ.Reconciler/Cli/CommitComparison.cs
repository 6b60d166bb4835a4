using HomeIQ.Reconciler.Compose;
using HomeIQ.Reconciler.Git;
using HomeIQ.Reconciler.Planning;
using HomeIQ.Reconciler.Reconciling;

namespace HomeIQ.Reconciler.Cli;

/// <summary>The plan that leads from one commit to another on a host that has nothing else on it. <c>${VAR}</c> stays as it stands, and there is no digest to approve.</summary>
internal static class CommitComparison
{
    public static async Task<Planned> PlanAsync(AgentSettings settings, string from, string head, CancellationToken cancellationToken)
    {
        using var commits = await CommitReader.OpenAsync(settings, head, cancellationToken);
        var headTree = commits.TreeOf(head);
        var old = Load(settings, commits.TreeOf(from));
        var now = Load(settings, headTree);
        return old.State is { } was && now.State is { } wanted
            ? new(null, headTree, wanted, null, null, CommitPlan.Between(was, wanted), now.Problems)
            : new(null, headTree, null, null, null, null, now.State is null ? now.Problems : old.Problems);
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
