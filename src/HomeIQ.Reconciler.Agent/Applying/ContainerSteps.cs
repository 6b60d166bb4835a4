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

        var service = Specified(step.SpecDigest, step.Service);
        var imageId = step.ImageId ?? context.ImageFor(step.Service)?.ImageId
            ?? (await context.Host.FindImageAsync(service.Spec.Image, default))?.Id
            ?? throw new StepFailedException(FailureClass.Environmental, $"the image {service.Spec.Image} is not there any more");
        var id = await MakeAsync(step.TemporaryName, service, step.SpecDigest, imageId);
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

    public async Task<Receipt> StopAsync(StopContainer step)
    {
        var container = await context.ExpectAsync(step.Service, step.Container);
        var wasRunning = container.Status is ContainerStatus.Running or ContainerStatus.Restarting or ContainerStatus.Paused;
        if (container.Status is ContainerStatus.Paused)
        {
            await context.Host.UnpauseContainerAsync(container.Id, default);
        }

        await context.Host.StopContainerAsync(container.Id, grace: null, default);
        var after = await context.ExpectAsync(step.Service, step.Container);
        return new ContainerStopped(wasRunning, after.ExitCode);
    }

    public async Task<Receipt> SetAsideAsync(SetAside step)
    {
        var container = await context.ExpectAsync(step.Service, step.Container);
        await context.Host.SetRestartPolicyAsync(container.Id, RestartPolicy.No, default);
        if (container.Name != step.AsideName)
        {
            await context.Host.RenameContainerAsync(container.Id, step.AsideName, default);
        }

        return new Performed();
    }

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

    public async Task<Receipt> StartAsync(StartContainer step)
    {
        var container = await context.ExpectAsync(step.Service, step.Container);
        if (container.Status is ContainerStatus.Paused)
        {
            await context.Host.UnpauseContainerAsync(container.Id, default);
        }

        await context.Host.StartContainerAsync(container.Id, default);
        var started = await context.Host.FindContainerAsync(container.Id, default);
        return new ContainerStarted(started?.StartedAt);
    }

    public async Task<Receipt> RestartAsync(RestartContainer step)
    {
        var container = await context.ExpectAsync(step.Service, step.Container);
        if (container.Status is ContainerStatus.Paused)
        {
            await context.Host.UnpauseContainerAsync(container.Id, default);
        }

        await context.Host.StopContainerAsync(container.Id, grace: null, default);
        await context.Host.StartContainerAsync(container.Id, default);
        return new Performed();
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
            if (kept.Name != step.Name)
            {
                await context.Host.RenameContainerAsync(kept.Id, step.Name, default);
            }

            await context.Host.SetRestartPolicyAsync(kept.Id, step.Restart, default);
            return new Performed();
        }

        // Someone removed what was kept: the sealed specification and the kept image make it again.
        var service = Specified(step.SpecDigest, step.Service);
        var made = await context.Host.FindContainerAsync(step.Name, default) is { Owner: { } owner } again && owner.SpecDigest == step.SpecDigest
            ? again.Id
            : await MakeAsync(step.Name, service, step.SpecDigest, step.ImageId);
        return new ContainerMade(made, step.ImageId);
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

    private async Task<string> MakeAsync(string name, DesiredService service, string digest, string imageId)
    {
        var spec = await WithNamespacesAsync(await WithAnonymousVolumesAsync(service));
        Seed(spec);
        var labels = new Ownership(context.Instance, service.Name, context.Run, context.Revision, digest).ToLabels();
        var id = await context.Host.CreateContainerAsync(name, spec, imageId, labels, default);
        if (await context.Host.FindContainerAsync(id, default) is { } created)
        {
            context.Sealed.PutRecorded(id, created.Fields);
        }

        return id;
    }

    /// <summary>Resolves <c>service:NAME</c> to the id of the container that serves NAME when this one starts.</summary>
    private async Task<ContainerSpec> WithNamespacesAsync(ContainerSpec spec)
    {
        async Task<string?> ResolveAsync(string? mode)
        {
            if (mode?.StartsWith("service:", StringComparison.Ordinal) is not true)
            {
                return mode;
            }

            var provider = mode["service:".Length..];
            var id = context.MadeFor(provider)?.ContainerId;
            if (id is null)
            {
                var containers = await context.Host.ListContainersAsync(default);
                var name = (context.Desired?.Find(provider) ?? context.Before?.Find(provider)?.Service)?.ContainerName;
                id = containers.FirstOrDefault(candidate => candidate.Owner?.Instance == context.Instance && candidate.Name == name)?.Id;
            }

            return id is null
                ? throw new StepFailedException(FailureClass.Environmental, $"there is no container of {provider} to share a namespace with")
                : $"container:{id}";
        }

        return spec with
        {
            NetworkMode = await ResolveAsync(spec.NetworkMode),
            IpcMode = await ResolveAsync(spec.IpcMode),
            PidMode = await ResolveAsync(spec.PidMode),
        };
    }

    /// <summary>Anonymous volumes are carried over by their names, those that only the image declares too, or the data in them would stay behind.</summary>
    private async Task<ContainerSpec> WithAnonymousVolumesAsync(DesiredService service)
    {
        var former = (await context.Host.ListContainersAsync(default)).FirstOrDefault(candidate =>
            candidate.Owner is { } owner && owner.Instance == context.Instance && owner.Service == service.Name && candidate.Name == service.ContainerName);
        if (former is null)
        {
            return service.Spec;
        }

        var old = former.Mounts.Where(mount => mount.Kind == "volume").DistinctBy(mount => mount.Target, StringComparer.Ordinal).ToDictionary(mount => mount.Target, StringComparer.Ordinal);
        var asked = service.Spec.Mounts.Select(mount => mount is { Kind: MountKind.Volume, Source: "" } && old.TryGetValue(mount.Target, out var kept) ? mount with { Source = kept.Name } : mount);

        // What nobody asked for, then or now, comes from the image; what was asked for then and is not now is to go.
        var known = service.Spec.Mounts.Concat(context.Before?.Find(service.Name)?.Service.Spec.Mounts ?? []).Select(mount => mount.Target)
            .Concat(service.Spec.Tmpfs.Select(tmpfs => tmpfs.Key)).ToHashSet(StringComparer.Ordinal);
        var declared = old.Values.Where(mount => IsAnonymous(mount.Name) && !known.Contains(mount.Target)).OrderBy(mount => mount.Target, StringComparer.Ordinal)
            .Select(mount => new MountSpec(MountKind.Volume, mount.Name, mount.Target, mount.ReadOnly));
        return service.Spec with { Mounts = [.. asked, .. declared] };
    }

    /// <summary>The engine's own names for volumes that were given none.</summary>
    private static bool IsAnonymous(string volume) => volume.Length == 64 && volume.All(char.IsAsciiHexDigitLower);

    /// <summary>Fills a writable relative bind from the commit, once: what is there already belongs to the operator.</summary>
    private void Seed(ContainerSpec spec)
    {
        foreach (var mount in spec.Mounts.Where(mount => mount is { Kind: MountKind.Bind, SeedPath: not null }))
        {
            if (context.Tree is { } tree && !Path.Exists(mount.Source))
            {
                context.Contents.Seed(tree, mount.SeedPath!, mount.Source);
            }
        }
    }

    /// <remarks>Another service of the same specification may have been the first to be sealed: the name is the step's.</remarks>
    private DesiredService Specified(string digest, string service) =>
        (context.Sealed.FindService(digest)
        ?? throw new StepFailedException(FailureClass.Environmental, $"the sealed specification {digest} of {service} is missing from the state directory")) with { Name = service };
}
