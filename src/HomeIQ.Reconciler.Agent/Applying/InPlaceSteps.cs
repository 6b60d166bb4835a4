using HomeIQ.Reconciler.Changes;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Docker;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Observed;
using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Applying;

/// <summary>Puts a container right while it stays the same, and looks whether that took.</summary>
/// <remarks>
/// What the engine will not do is a receipt and no failure: it is no verdict on whatever else the run brings, and the next plan makes the
/// container again. A call whose outcome nobody knows is a failure as everywhere; what it left half-way is drift, and seen as that.
/// </remarks>
internal sealed class InPlaceSteps(RunContext context)
{
    public async Task<Receipt> UpdateAsync(UpdateContainer step)
    {
        if (await ProbeAsync(step) is { } done)
        {
            return done;
        }

        var container = await context.ExpectAsync(step.Service, step.Container);
        if (ContainerUpdate.Back(context.RecordedOf(step.Service, container.Id), step.Fields) is not { } update)
        {
            return new LeftDrifted(container.Id, $"no engine can unset {string.Join(", ", step.Fields)} again");
        }

        return await CorrectAsync(container, () => context.Host.UpdateContainerAsync(container.Id, update, default), async () =>
            Still(step, await context.ExpectAsync(step.Service, step.Container)));
    }

    public async Task<Receipt> ReconnectAsync(ReconnectNetwork step)
    {
        if (await ProbeAsync(step) is { } done)
        {
            return done;
        }

        var container = await context.ExpectAsync(step.Service, step.Container);
        var network = await NetworkAsync(step.Network) ?? throw new StepFailedException(
            FailureClass.Environmental, $"the network {step.Network} that {step.Service} is to join is gone", "something else on this host removed it; see docker events");
        var wanted = Specified(step);
        return await CorrectAsync(
            container,
            async () =>
            {
                if (container.Networks.Any(joined => joined.Network == step.Network))
                {
                    await context.Host.DisconnectAsync(network.Id, container.Id, default);
                }

                await context.Host.ConnectAsync(network.Id, container.Id, wanted, default);
            },
            async () => Still(step, await context.ExpectAsync(step.Service, step.Container), network));
    }

    public async Task<Receipt> DisconnectAsync(DisconnectNetwork step)
    {
        if (await ProbeAsync(step) is { } done)
        {
            return done;
        }

        var container = await context.ExpectAsync(step.Service, step.Container);
        var network = (await NetworkAsync(step.Network))?.Id ?? step.Network;
        return await CorrectAsync(container, () => context.Host.DisconnectAsync(network, container.Id, default), async () =>
            IsOn(await context.ExpectAsync(step.Service, step.Container), step.Network) ? $"it is still on network {step.Network}" : null);
    }

    /// <summary>A receipt when there is nothing left to do; null when there is, or when the container is gone.</summary>
    public async Task<Receipt?> ProbeAsync(UpdateContainer step) =>
        await context.FindAsync(step.Service, step.Container) is { } container && Still(step, container) is null ? new Skipped("its settings are as they were made") : null;

    /// <inheritdoc cref="ProbeAsync(UpdateContainer)"/>
    public async Task<Receipt?> ProbeAsync(ReconnectNetwork step) =>
        await context.FindAsync(step.Service, step.Container) is { } container && await NetworkAsync(step.Network) is { } network && Still(step, container, network) is null
            ? new Skipped($"it is on network {step.Network} as it was made for")
            : null;

    /// <inheritdoc cref="ProbeAsync(UpdateContainer)"/>
    public async Task<Receipt?> ProbeAsync(DisconnectNetwork step) =>
        await context.FindAsync(step.Service, step.Container) is { } container && !IsOn(container, step.Network) ? new Skipped($"it is not on network {step.Network} any more") : null;

    /// <param name="still">What is still not as it was made; null when all of it is.</param>
    private async Task<Receipt> CorrectAsync(ObservedContainer container, Func<Task> correct, Func<Task<string?>> still)
    {
        try
        {
            await correct();
        }
        catch (ContainerHostException refused) when (refused.Failure is HostFailure.Invalid or HostFailure.Conflict or HostFailure.Engine)
        {
            return new LeftDrifted(container.Id, context.Redactor.Redact(refused.Message));
        }

        return await still() is { } reason ? new LeftDrifted(container.Id, reason) : new Performed();
    }

    private string? Still(UpdateContainer step, ObservedContainer container)
    {
        var recorded = context.RecordedOf(step.Service, container.Id);
        var differing = step.Fields.Where(field => recorded.GetValueOrDefault(field) != container.Fields.GetValueOrDefault(field)).ToList();
        return differing.Count == 0 ? null : $"the engine left {string.Join(", ", differing)} as it was";
    }

    private string? Still(ReconnectNetwork step, ObservedContainer container, ObservedNetwork network)
    {
        // What was never started knows its networks by name only.
        if (container.Networks.FirstOrDefault(joined => joined.Network == step.Network) is not { } joined || (joined.NetworkId.Length > 0 && joined.NetworkId != network.Id))
        {
            return $"it is not on network {step.Network}";
        }

        var recorded = NetworkFields.Of(context.RecordedOf(step.Service, container.Id), step.Network);
        return recorded.Count == 0 || recorded == NetworkFields.Of(container.Fields, step.Network) ? null : $"it is on network {step.Network} in another way than it was made for";
    }

    private static bool IsOn(ObservedContainer container, string network) => container.Networks.Any(joined => joined.Network == network);

    private NetworkAttachment Specified(ReconnectNetwork step) =>
        context.Sealed.FindService(step.SpecDigest)?.Spec.Networks.FirstOrDefault(attachment => attachment.Network == step.Network)
        ?? throw new StepFailedException(FailureClass.Environmental, $"the sealed specification {step.SpecDigest} of {step.Service}, which names the network {step.Network}, is missing from the state directory");

    private async Task<ObservedNetwork?> NetworkAsync(string name) =>
        (await context.Host.ListNetworksAsync(default)).FirstOrDefault(network => network.Name == name);
}
