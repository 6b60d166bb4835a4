using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Journaling;

/// <summary>What is done about a first install that failed: there is nothing to go back to, so what failed is stopped and the rest stays up (DESIGN §11).</summary>
public static class FailedInstall
{
    public static Plan PlanFor(RunRecord run)
    {
        var made = run.Begun.Where(step => step.Receipt is ContainerMade).ToDictionary(step => step.Planned.Step.Subject, step => (ContainerMade)step.Receipt!, StringComparer.Ordinal);
        var steps = run.Begun
            .Where(step => step.Failure is not null)
            .Select(step => (Container: ContainerOf(step.Planned.Step), step.Planned.Step.Subject, step.Failure!.Reason))
            .Where(failed => failed.Container is not null)
            .DistinctBy(failed => failed.Subject)
            .Select((failed, index) => new PlannedStep(
                index + 1,
                new StopContainer(failed.Subject, failed.Container! with { Id = failed.Container.Id ?? made.GetValueOrDefault(failed.Subject)?.ContainerId }),
                $"it failed: {failed.Reason}",
                []));
        return new Plan { Project = run.Plan.Project, Revision = run.Plan.Revision, IsRollback = true, Steps = [.. steps] };
    }

    private static ContainerRef? ContainerOf(Step step) => step switch
    {
        StartContainer start => start.Container,
        VerifyService verify => verify.Container,
        RestartContainer restart => restart.Container,
        _ => null,
    };
}
