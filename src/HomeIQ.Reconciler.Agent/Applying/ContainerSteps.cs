using HomeIQ.Reconciler.Changes;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Docker;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Observed;
using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Applying;

/// <summary>The swap and its way back, one engine call or two a step. Each names the container that it expects.</summary>
/// <remarks>Calls that move something are never cancelled half-way; the host's own deadlines bound them.</remarks>
internal sealed class ContainerSteps(RunContext context)
{
    private readonly ContainerMaker maker = new(context);
    private readonly Siblings siblings = new(context);

    public async Task<Receipt> CreateAsync(CreateContainer step)
    {
        if (await ProbeCreatedAsync(step) is { } made)
        {
            return made;
        }

        if (await context.Host.FindContainerAsync(step.TemporaryName, default) is { } inTheWay)
        {
            if (inTheWay.Owner?.Instance != context.Instance)
            {
                throw new StepFailedException(
                    FailureClass.Rejected, $"a container named {step.TemporaryName} exists and is not ours", $"remove or rename it: docker rename {step.TemporaryName} NAME");
            }

            // Left behind by an earlier run that was cut off: it never got its real name, so nothing ran on it.
            await context.Host.StopContainerAsync(inTheWay.Id, grace: null, default);
            await context.Host.RemoveContainerAsync(inTheWay.Id, default);
        }

        var service = context.Specified(step.SpecDigest, step.Service);
        var fetched = context.ImageFor(step.Service);
        if (step.ImageId is { } wanted && fetched is not null && fetched.ImageId != wanted)
        {
            throw new StepFailedException(
                FailureClass.Rejected, $"{fetched.RepoDigest ?? service.Spec.Image} was pulled and is not the image that was sealed ({wanted}): it is not used", "load the image that was sealed");
        }

        var imageId = step.ImageId ?? fetched?.ImageId
            ?? (await context.Host.FindImageAsync(service.Spec.Image, default))?.Id
            ?? throw new StepFailedException(FailureClass.Environmental, $"the image {service.Spec.Image} is not there any more");
        var id = await maker.MakeAsync(step.TemporaryName, service, step.SpecDigest, imageId);
        return new ContainerMade(id, imageId);
    }

    /// <summary>The container that this run made for the step, should an earlier process have come so far.</summary>
    public async Task<Receipt?> ProbeCreatedAsync(CreateContainer step)
    {
        foreach (var name in (string[])[step.TemporaryName, FinalName(step)])
        {
            if (await context.Host.FindContainerAsync(name, default) is { Owner: { } owner } found
                && owner.Instance == context.Instance && owner.Run == context.Run && owner.SpecDigest == step.SpecDigest)
            {
                if (context.Sealed.FindRecorded(found.Id) is null)
                {
                    context.Sealed.PutRecorded(found.Id, found.Fields);
                }

                return new ContainerMade(found.Id, found.ImageId);
            }
        }

        return null;
    }

    public Task<Receipt> StopAsync(StopContainer step, bool isRollback) => MoveAsync(step.Service, step.Container, isRollback, async container =>
    {
        var wasRunning = container.Status is ContainerStatus.Running or ContainerStatus.Restarting or ContainerStatus.Paused;
        if (container.Status is ContainerStatus.Paused)
        {
            await context.Host.UnpauseContainerAsync(container.Id, default);
        }

        await context.Host.StopContainerAsync(container.Id, grace: null, default);
        var after = await context.ExpectAsync(step.Service, step.Container);
        return new ContainerStopped(wasRunning, after.ExitCode);
    });

    public Task<Receipt> SetRestartPolicyAsync(SetRestartPolicy step, bool isRollback) => MoveAsync(step.Service, step.Container, isRollback, async container =>
    {
        if (container.Restart == step.Restart)
        {
            return new Skipped("it is so already");
        }

        await context.Host.SetRestartPolicyAsync(container.Id, step.Restart, default);
        return new Performed();
    });

    public Task<Receipt> SetAsideAsync(SetAside step, bool isRollback) => MoveAsync(step.Service, step.Container, isRollback, async container =>
    {
        await siblings.DownAsync(step.Service, container, isRollback);
        await SetAsideAsync(container, step.AsideName);
        return new Performed();
    });

    public async Task<Receipt> RenameAsync(RenameContainer step)
    {
        var container = await context.ExpectAsync(step.Service, step.Container);
        if (container.Name == step.To)
        {
            return new Skipped("it bears that name already");
        }

        await context.Host.RenameContainerAsync(container.Id, step.To, default);
        return new Performed();
    }

    public async Task<Receipt> StartAsync(StartContainer step, bool isRollback)
    {
        var (container, again) = await ReadyToStartAsync(step.Service, step.Container, isRollback);
        await siblings.DownBesideAsync(step.Service, container.Id, isRollback);
        if (container.Status is ContainerStatus.Paused)
        {
            await context.Host.UnpauseContainerAsync(container.Id, default);
        }

        await context.Host.StartContainerAsync(container.Id, default);
        await siblings.DownBesideAsync(step.Service, container.Id, isRollback);
        var started = await context.Host.FindContainerAsync(container.Id, default);
        return again ?? (Receipt)new ContainerStarted(started?.StartedAt);
    }

    public async Task<Receipt> RestartAsync(RestartContainer step, bool isRollback)
    {
        var (container, again) = await ReadyToStartAsync(step.Service, step.Container, isRollback);
        if (container.Status is ContainerStatus.Paused)
        {
            await context.Host.UnpauseContainerAsync(container.Id, default);
        }

        await context.Host.StopContainerAsync(container.Id, grace: null, default);
        await context.Host.StartContainerAsync(container.Id, default);
        return again ?? (Receipt)new Performed();
    }

    public async Task<Receipt> UnpauseAsync(UnpauseContainer step)
    {
        var container = await context.ExpectAsync(step.Service, step.Container);
        if (container.Status is not ContainerStatus.Paused)
        {
            return new Skipped("it was not paused any more");
        }

        await context.Host.UnpauseContainerAsync(container.Id, default);
        return new Performed();
    }

    public async Task<Receipt> PutBackAsync(PutBack step)
    {
        if (await context.Host.FindContainerAsync(step.Container.Id ?? step.Container.Name, default) is { } kept)
        {
            await siblings.DownAsync(step.Service, kept, isRollback: true);
            if (kept.Name != step.Name)
            {
                await context.Host.RenameContainerAsync(kept.Id, step.Name, default);
            }

            await context.Host.SetRestartPolicyAsync(kept.Id, step.Restart, default);
            return new Performed();
        }

        // Someone removed what was kept: the sealed specification and the kept image make it again.
        return await maker.MakeAgainAsync(step.Service, step.Name, step.SpecDigest, step.ImageId, step.Container.Id)
            ?? (Receipt)new Skipped("it is gone, and is made again when that is back whose namespace it shares");
    }

    public async Task<Receipt> RemoveAsync(RemoveContainer step)
    {
        if (await context.FindAsync(step.Service, step.Container) is not { } found)
        {
            return new Skipped("it was gone already");
        }

        if (found.Owner?.Instance != context.Instance)
        {
            return new Skipped($"{found.Name} is not ours");
        }

        if (found.Status is ContainerStatus.Running or ContainerStatus.Restarting or ContainerStatus.Paused)
        {
            await context.Host.StopContainerAsync(found.Id, grace: null, default);
        }

        await context.Host.RemoveContainerAsync(found.Id, default);
        return new Performed();
    }

    private string FinalName(CreateContainer step) => context.Sealed.FindService(step.SpecDigest)?.ContainerName ?? step.TemporaryName;

    private async Task SetAsideAsync(ObservedContainer container, string name)
    {
        await context.Host.SetRestartPolicyAsync(container.Id, RestartPolicy.No, default);
        if (container.Name != name)
        {
            await context.Host.RenameContainerAsync(container.Id, name, default);
        }
    }

    /// <summary>Moves the container that a step names. On the way back one that somebody removed meanwhile is out of the way already, and is made again where it is wanted.</summary>
    private async Task<Receipt> MoveAsync(string service, ContainerRef named, bool isRollback, Func<ObservedContainer, Task<Receipt>> move)
    {
        try
        {
            return await move(await context.ExpectAsync(service, named));
        }
        catch (Exception failed) when (isRollback && failed is StepFailedException or ContainerHostException { Failure: HostFailure.NotFound })
        {
            if (await context.FindAsync(service, named) is not null)
            {
                throw;
            }

            return new Skipped("it is gone: something else on this host removed it");
        }
    }

    /// <summary>The container that a step starts. On the way back an old one that is gone, or can never start again because that is gone whose namespace it shares, is made again.</summary>
    /// <returns>With the receipt of the making, when it was made again.</returns>
    private async Task<(ObservedContainer Container, ContainerMade? Again)> ReadyToStartAsync(string service, ContainerRef named, bool isRollback)
    {
        var found = await context.FindAsync(service, named);
        if (!isRollback || context.BackTo?.Find(service) is not { } old || (named.Id != old.ContainerId && named.Name != old.Service.ContainerName)
            || (found is not null && !await maker.IsHomelessAsync(found)))
        {
            return (found ?? await context.ExpectAsync(service, named), null);
        }

        if (found is not null)
        {
            await context.Host.StopContainerAsync(found.Id, grace: null, default);
            await SetAsideAsync(found, ContainerNames.Failed(old.Service.ContainerName, found.Id));
        }

        var again = await maker.MakeAgainAsync(service, old.Service.ContainerName, old.SpecDigest, old.ImageId, found?.Id ?? named.Id);
        var made = again is null ? null : await context.Host.FindContainerAsync(again.ContainerId, default);
        return (made ?? await context.ExpectAsync(service, named), again);
    }
}
