using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Journaling;

/// <summary>Turns what a run began into the plan that takes it back, last step first.</summary>
/// <remarks>
/// Rolling back is planning, too: the same applier performs it, the same text shows it, and after a crash the same journal yields the same plan.
/// What was begun is undone strictly in reverse; only then is what had been stopped woken, dependencies before their dependents, as the old
/// state orders it. So nothing old starts over data, networks, ports or names that are not back yet. The applier re-seals the effective state
/// where a container had to be made again; nothing is promoted here.
/// </remarks>
public static class RollbackPlanner
{
    /// <param name="run">As read back from the journal; a begun step without an end is taken back like one that was done.</param>
    /// <param name="before">The sealed effective state that the run started from; null on a first install, which has no way back.</param>
    /// <param name="earlier">Runs since <paramref name="before"/> that were never promoted, oldest first: superseded ones, and repairs while the run was watched. They are undone, too.</param>
    public static Plan PlanFor(RunRecord run, EffectiveState? before, IReadOnlyList<RunRecord>? earlier = null)
    {
        var plan = new Plan { Project = run.Plan.Project, Revision = before?.Revision ?? run.Plan.Revision, From = run.Plan.Revision, IsRollback = true };
        var promoted = run.Begun.Any(begun => begun.Planned.Step is Promote && begun.Receipt is not null);

        return before is null || promoted ? plan : plan with { Steps = new WayBack([.. (earlier ?? []).Append(run).OrderBy(known => known.StartedAt)], before).Steps() };
    }
}
