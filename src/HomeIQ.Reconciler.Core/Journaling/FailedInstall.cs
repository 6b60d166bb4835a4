using HomeIQ.Reconciler.Changes;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Journaling;

/// <summary>What is done about a first install that failed: there is nothing to go back to, so what failed is disarmed and stopped, and the rest stays up (DESIGN §11).</summary>
public static class FailedInstall
{
    /// <remarks>Disarmed first, so that no restart of the engine brings it up again; the next apply arms what it starts.</remarks>
    public static Plan PlanFor(RunRecord run)
    {
        var made = run.Begun.Where(step => step.Receipt is ContainerMade).ToDictionary(step => step.Planned.Step.Subject, step => (ContainerMade)step.Receipt!, StringComparer.Ordinal);
        var steps = new List<PlannedStep>();
        foreach (var failed in run.Begun.Where(step => step.Failure is not null).DistinctBy(ServiceOf))
        {
            var service = ServiceOf(failed);
            if (run.Begun.Where(step => step.Planned.Step.Subject == service).Select(step => ContainerOf(step.Planned.Step)).OfType<ContainerRef>().LastOrDefault() is not { } named)
            {
                continue;
            }

            var container = named with { Id = named.Id ?? made.GetValueOrDefault(service)?.ContainerId };
            var cause = $"it failed: {failed.Failure!.Reason}";
            steps.Add(new(steps.Count + 1, new SetRestartPolicy(service, container, RestartPolicy.No, Was: null), cause, []));
            steps.Add(new(steps.Count + 1, new StopContainer(service, container), cause, [steps.Count]));
        }

        // Left over from a run that was cut off, and never started: the promotion that would have cleared it does not come.
        var leftovers = run.Plan.Steps.Where(step => step is { IsCleanUp: true, Step: RemoveContainer { Container.Name: var name } } && ContainerNames.IsTemporary(name));
        steps.AddRange(leftovers.Select((leftover, index) => new PlannedStep(steps.Count + 1 + index, leftover.Step, leftover.Cause, [])));

        return new Plan { Project = run.Plan.Project, Revision = run.Plan.Revision, IsRollback = true, Steps = [.. steps] };
    }

    private static string ServiceOf(BegunStep failed) => failed.Failure!.Service ?? failed.Planned.Step.Subject;

    private static ContainerRef? ContainerOf(Step step) => step switch
    {
        StartContainer start => start.Container,
        VerifyService verify => verify.Container,
        RestartContainer restart => restart.Container,
        _ => null,
    };
}
