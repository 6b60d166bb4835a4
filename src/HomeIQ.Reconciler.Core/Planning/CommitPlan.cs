using HomeIQ.Reconciler.Desired;

namespace HomeIQ.Reconciler.Planning;

/// <summary>What a commit would do to a host that runs another one and has nothing else on it: the plan of a pull request, made without a host.</summary>
public static class CommitPlan
{
    private const string Instance = "pull-request";

    private static readonly ValueList<byte> Key = new(new byte[32]);

    /// <remarks>Nothing of a host is known, so that there is no digest to approve, and images count as not there yet.</remarks>
    public static Plan Between(DesiredState from, DesiredState to)
    {
        var host = ImpliedHost.Of(from, Instance, Key);
        var plan = Planner.PlanFor(new Situation
        {
            Desired = to,
            Effective = host.Effective,
            Observed = host.Observed,
            Instance = Instance,
            Key = Key,
        });
        return plan with { Digest = "" };
    }
}
