using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Docker;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Observed;
using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Applying;

/// <summary>Networks and volumes.</summary>
internal sealed class NetworkSteps(RunContext context)
{
    public async Task<Receipt> CreateAsync(CreateNetwork step)
    {
        if (await FindAsync(step.Network.Name) is { } there)
        {
            return there.Owner?.Instance == context.Instance
                ? new NetworkMade(there.Id)
                : throw new StepFailedException(
                    FailureClass.Rejected, $"a network named {step.Network.Name} exists and is not ours", "declare it `external: true`, or remove it");
        }

        return new NetworkMade(await context.Host.CreateNetworkAsync(step.Network, Labels(), default));
    }

    public async Task<Receipt> RemoveAsync(RemoveNetwork step)
    {
        if (await FindAsync(step.Network.Name) is not { } there)
        {
            return new Skipped("it was gone already");
        }

        if (there.Owner?.Instance != context.Instance)
        {
            return new Skipped($"{there.Name} is not ours");
        }

        await context.Host.RemoveNetworkAsync(there.Id, default);
        return new Performed();
    }

    /// <remarks>
    /// Who was attached, and how, is taken from the sealed specifications: they are there also after a crash between the removal
    /// and the last reattachment, when the engine knows nothing any more.
    /// </remarks>
    public async Task<Receipt> ReplaceAsync(ReplaceNetwork step)
    {
        var members = new List<(ObservedContainer Container, NetworkAttachment Attachment)>();
        var old = await FindAsync(step.From.Name);
        foreach (var container in await context.Host.ListContainersAsync(default))
        {
            var attached = container.Networks.FirstOrDefault(candidate => candidate.Network == step.From.Name);
            var specified = container.Owner is { } owner && owner.Instance == context.Instance
                ? context.Sealed.FindService(owner.SpecDigest)?.Spec.Networks.FirstOrDefault(candidate => candidate.Network == step.From.Name)
                : null;
            if (specified is not null)
            {
                members.Add((container, specified));
            }
            else if (attached is not null)
            {
                members.Add((container, new NetworkAttachment(attached.Network)
                {
                    Aliases = attached.Aliases,
                    Ipv4Address = attached.StaticIpv4,
                    Ipv6Address = attached.StaticIpv6,
                }));
            }
        }

        if (old is not null && !(old.Settings == step.To && old.Owner?.Run == context.Run))
        {
            foreach (var (container, _) in members.Where(member => member.Container.Networks.Any(network => network.NetworkId == old.Id || network.Network == old.Name)))
            {
                await UnlessGoneAsync(container, () => context.Host.DisconnectAsync(old.Id, container.Id, default));
            }

            await context.Host.RemoveNetworkAsync(old.Id, default);
            old = null;
        }

        var id = old?.Id ?? await context.Host.CreateNetworkAsync(step.To, Labels(), default);
        foreach (var (container, attachment) in members)
        {
            var now = await context.Host.FindContainerAsync(container.Id, default);
            if (now is not null && now.Networks.All(network => network.NetworkId != id))
            {
                await UnlessGoneAsync(container, () => context.Host.ConnectAsync(id, container.Id, attachment, default));
            }
        }

        return new NetworkMade(id);
    }

    public async Task<Receipt> CreateVolumeAsync(CreateVolume step)
    {
        if ((await context.Host.ListVolumesAsync(default)).Any(volume => volume.Name == step.Volume.Name))
        {
            return new Skipped("it is there already; its data is kept");
        }

        await context.Host.CreateVolumeAsync(step.Volume, Labels(), default);
        return new Performed();
    }

    /// <summary>A container that was removed meanwhile (by another step of the run, or by hand a kept one) needs no network any more.</summary>
    private async Task UnlessGoneAsync(ObservedContainer container, Func<Task> call)
    {
        try
        {
            await call();
        }
        catch (ContainerHostException missing) when (missing.Failure is HostFailure.NotFound)
        {
            if (await context.Host.FindContainerAsync(container.Id, default) is not null)
            {
                throw;
            }
        }
    }

    private async Task<ObservedNetwork?> FindAsync(string name) =>
        (await context.Host.ListNetworksAsync(default)).FirstOrDefault(network => network.Name == name);

    private ValueMap<string> Labels() => new Ownership(context.Instance, "", context.Run, context.Revision, "").ToLabels();
}
