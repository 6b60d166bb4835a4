using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>Whether a plan may run now, by the verdict on it and by what a person decided beforehand.</summary>
internal sealed class Gate(IJournal journal)
{
    /// <summary>Null when the plan may run; else what to tell instead.</summary>
    /// <param name="approve">The digest that a person approved with the verb; null when none was given.</param>
    public ApplyReport? Before(Plan plan, string? approve) => plan.VerdictFor(ApprovedOf(plan) ?? approve) switch
    {
        Verdict.Nothing => new(ApplyResult.NothingToDo, $"in sync with {Short(plan.Revision)}", Plan: plan),
        Verdict.Refused => new(ApplyResult.Refused, "this plan may not run; nothing was touched", Plan: plan),
        Verdict.Held => new(ApplyResult.Held, $"{plan.Holds[0].Message}", Plan: plan) { Hint = plan.Holds[0].Hint },
        Verdict.Suspended => Suspended(plan),
        Verdict.AwaitingApproval => new(
            ApplyResult.AwaitingApproval,
            approve is null ? "a person has to approve this plan; nothing was touched" : $"the approved digest {approve} is not this plan's; nothing was touched",
            Plan: plan)
        { Hint = $"homeiq apply --approve {plan.Digest}" },
        _ => null,
    };

    /// <summary>The digest of a plan that a person approved before anybody asked to begin it; null when nobody did.</summary>
    public string? ApprovedOf(Plan plan) =>
        plan.Approvals.Count > 0 && journal.Standing().OfType<Approval>().Any(approval => approval.Digest == plan.Digest) ? plan.Digest : null;

    public static ApplyReport Suspended(Plan plan) => new(ApplyResult.Suspended, $"{plan.Suspensions[0].Message}; nothing was touched", Plan: plan) { Hint = plan.Suspensions[0].Hint };

    private static string Short(string revision) => revision.Length > 8 ? revision[..8] : revision;
}
