using HomeIQ.Reconciler.Changes;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Docker;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Observed;
using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Applying;

/// <summary>Seals what a run has made as a state to hold the host to; the journal's pointer to it moves with the step's receipt.</summary>
internal sealed class Promotion(RunContext context, EventHub events)
{
    private readonly Baseline baseline = new(context);

    /// <summary>Seals what runs; a state that was sealed when the watch over it began is only looked at once more.</summary>
    public async Task<Receipt> PromoteAsync(Promote step)
    {
        if (context.Watched is not { } watched)
        {
            return await SealAsync(step.Revision);
        }

        var state = context.Sealed.FindState(watched) ?? throw new StepFailedException(FailureClass.Environmental, $"the sealed state {watched} is gone", "put the state directory back if there is a copy");
        var containers = (await context.Host.ListContainersAsync(default)).ToDictionary(container => container.Id, StringComparer.Ordinal);
        var tasks = CompletedTask.AwaitedAmong(state.Services.Select(service => service.Service));
        foreach (var service in state.Services.Where(service => context.MadeFor(service.Service.Name) is not null))
        {
            if (containers.TryGetValue(service.ContainerId, out var container))
            {
                await JudgeAsync(service.Service, container, tasks.Contains(service.Service.Name));
            }
        }

        return new StateSealed(IsRepair: false);
    }

    /// <summary>Seals what runs as the state of a revision, under the run's id.</summary>
    public async Task<Receipt> SealAsync(string revision)
    {
        var desired = context.Desired ?? throw new StepFailedException(FailureClass.Environmental, "there is no desired state to promote");
        var containers = (await context.Host.ListContainersAsync(default))
            .Where(container => container.Owner?.Instance == context.Instance)
            .ToDictionary(container => container.Name, StringComparer.Ordinal);
        var networks = await context.Host.ListNetworksAsync(default);
        var touched = context.Journal.Find(context.Run)?.Plan.Steps.Select(step => step.Step.Subject).ToHashSet(StringComparer.Ordinal) ?? [];
        var tasks = CompletedTask.AwaitedAmong(desired.Services);
        var services = new List<EffectiveService>();
        foreach (var service in desired.Services.Where(service => service.Scale > 0))
        {
            var held = context.Before?.Find(service.Name);
            var container = context.MadeFor(service.Name) is null && held is not null && containers.Values.FirstOrDefault(candidate => candidate.Id == held.ContainerId) is { } same
                ? same
                : containers.GetValueOrDefault(service.ContainerName);
            if (container is null && held is not null && (service.Policy.Drift is not DriftPolicy.Correct || !touched.Contains(service.Name)))
            {
                // Gone, and to be left alone or not this run's doing: what the host is held to stays as it was, and is put right as drift where it may be.
                services.Add(held with { Service = service });
                continue;
            }

            if (container is null)
            {
                throw new StepFailedException(FailureClass.Environmental, $"the container {service.ContainerName} is gone at the end of the run", "something else on this host removed it; see docker events");
            }

            if (context.MadeFor(service.Name)?.ContainerId == container.Id)
            {
                await JudgeAsync(service, container, tasks.Contains(service.Name));
            }

            var before = context.Before?.Find(service.Name);
            var recorded = before?.ContainerId == container.Id ? Recorded(before, container) : context.Sealed.FindRecorded(container.Id) ?? container.Fields;
            var digest = container.Owner!.SpecDigest;
            var repoDigest = context.ImageFor(service.Name)?.RepoDigest ?? (before?.ImageId == container.ImageId ? before.RepoDigest : null)
                ?? (service.Build is null ? (await context.Host.FindImageAsync(container.ImageId, default))?.DigestIn(ImagePin.Parse(service.Spec.Image).Repository) : null);
            // An image that was not built anew is still the old source: the commit's newer one is not what runs.
            var made = before is not null && before.ImageId == container.ImageId ? service with { Build = before.Service.Build } : service;
            services.Add(new(made, digest, container.ImageId, repoDigest, container.Id, recorded));
        }

        var state = new EffectiveState
        {
            Project = desired.Project,
            Revision = revision,
            EngineVersion = context.EngineVersion,
            Services = [.. services],
            Networks = [.. desired.Networks.Select(network => new EffectiveNetwork(network, IdOf(network, networks.FirstOrDefault(there => there.Name == network.Name))))],
            Volumes = desired.Volumes,
            Contents = desired.Contents,
            Policy = desired.Policy with { Soak = SoakPolicy.None },
            Adopted = context.Before?.Adopted ?? [],
        };
        context.Sealed.PutState(context.Run, state);
        return new StateSealed(context.Before is { } former && IsRepairOf(former, state));
    }

    /// <summary>One that somebody made again with other settings, and that is not ours to replace, does not become the right one: it stays drift.</summary>
    private string IdOf(DesiredNetwork network, ObservedNetwork? found) =>
        found is { Owner: null } && context.Before?.Networks.FirstOrDefault(known => known.Network.Name == network.Name) is { } known
        && Differ.Drifted(known with { Network = network }, found) is not null
            ? known.Id
            : found?.Id ?? "";

    /// <summary>Unset fields of a container that outlived a change of the engine's version are recorded again.</summary>
    private ValueMap<string> Recorded(EffectiveService before, ObservedContainer container) =>
        context is { Before.EngineVersion: { Length: > 0 } earlier, EngineVersion: { Length: > 0 } now } && earlier != now
            ? Recording.Again(before.Service.Spec, before.Recorded, container.Fields)
            : before.Recorded;

    /// <summary>Verified, and since then? What crashed or fell ill while others were verified is not promoted. What the plan left stopped was never started.</summary>
    private async Task JudgeAsync(DesiredService service, ObservedContainer container, bool completes)
    {
        if (container.Status != ContainerStatus.Created
            && HealthVerdict.Of(container, service.Spec, HealthVerdict.Settle, restartsBefore: 0, limit: null, completes) is { State: HealthState.Failed } verdict
            && !baseline.WasSo(service.Name, container, verdict.Trouble))
        {
            var (failureClass, by) = await events.WasStoppedAsync(container, CancellationToken.None) ? (FailureClass.Environmental, ": something else on this host stopped it") : (FailureClass.Verification, "");
            throw await Evidence.OfAsync(context, failureClass, service.Name, container, $"it was healthy when it was verified, but then {verdict.Reason}{by}");
        }
    }

    private static bool IsRepairOf(EffectiveState former, EffectiveState state) =>
        former.Revision == state.Revision && Bare(former) == Bare(state);

    /// <summary>What was asked for, without what was made from it.</summary>
    private static ValueList<EffectiveService> Bare(EffectiveState state) =>
        [.. state.Services.Select(service => service with { ContainerId = "", RepoDigest = null, Recorded = ValueMap<string>.Empty })];

    /// <summary>After a way back: the state before, with the ids of containers that had to be made again; null when none was.</summary>
    public static EffectiveState? Reseal(EffectiveState before, RunContext context)
    {
        var again = before.Services.Select(service =>
            context.RemadeFor(service.Service.Name) is { } made && made.ContainerId != service.ContainerId
                ? service with { ContainerId = made.ContainerId, Recorded = context.Sealed.FindRecorded(made.ContainerId) ?? service.Recorded }
                : service).ToValueList();
        return again == before.Services ? null : before with { Services = again };
    }
}
