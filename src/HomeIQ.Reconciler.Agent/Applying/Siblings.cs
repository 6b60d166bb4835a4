using HomeIQ.Reconciler.Changes;
using HomeIQ.Reconciler.Docker;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Applying;

/// <summary>Of all containers of a service only one runs: two on one volume ruin it, and a second actor may start what a run has stopped.</summary>
/// <remarks>On the way forward that ends the run, and is no verdict; on the way back it is stopped again.</remarks>
internal sealed class Siblings(RunContext context)
{
    /// <summary>So often a container is stopped again that somebody keeps starting.</summary>
    private const int Tries = 3;

    /// <summary>The container was stopped for the step that asks, and still is.</summary>
    public async Task DownAsync(string service, ObservedContainer container, bool isRollback)
    {
        for (var attempt = 1; container.IsUp; attempt++)
        {
            if (!isRollback || attempt > Tries)
            {
                throw new StepFailedException(
                    FailureClass.Environmental, $"{container.Name} runs again although it was stopped: two containers of {service} must not run side by side", "something else on this host started it; see docker events");
            }

            if (container.Status is ContainerStatus.Paused)
            {
                await context.Host.UnpauseContainerAsync(container.Id, default);
            }

            await context.Host.StopContainerAsync(container.Id, grace: null, default);
            if (await context.Host.FindContainerAsync(container.Id, default) is not { } after)
            {
                return;
            }

            container = after;
        }
    }

    /// <summary>What was put out of the way of a container that is started is down: the old one or the new one of this run, and failed ones that are kept for inspection.</summary>
    public async Task DownBesideAsync(string service, string id, bool isRollback)
    {
        HashSet<string?> known = [context.Before?.Find(service)?.ContainerId, context.BackTo?.Find(service)?.ContainerId, context.MadeFor(service)?.ContainerId];
        foreach (var container in await context.Host.ListContainersAsync(default))
        {
            if (container.Id != id && container.Owner is { } owner && owner.Instance == context.Instance && owner.Service == service
                && (known.Contains(container.Id) || ContainerNames.IsFailed(container.Name)))
            {
                await DownAsync(service, container, isRollback);
            }
        }
    }
}
