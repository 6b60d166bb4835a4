using HomeIQ.Reconciler.Compose;
using HomeIQ.Reconciler.Contents;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Docker;
using HomeIQ.Reconciler.Git;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Locking;
using HomeIQ.Reconciler.Observed;
using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>Takes over a host as it runs: looks, and when a person agrees, records. No container is touched.</summary>
internal sealed class AdoptionPass(
    AgentSettings settings, IContainerHost host, EngineLock engineLock, StateDirectory state, SealedStore sealedStore, Lookout lookout, KeptCommits commits, IJournal journal)
{
    private readonly ContentStore contents = new(state.ContentFolder);

    /// <summary>What would be recorded, or why nothing can be.</summary>
    /// <param name="ours">Rebuild a lost state directory from our own labels.</param>
    public async Task<Adopting> LookAsync(string? revision, bool ours, CancellationToken cancellationToken)
    {
        if (lookout.Effective() is { } held)
        {
            return ours
                ? new(new ApplyReport(ApplyResult.NothingToDo, $"nothing is lost: this state directory holds the host to {PlanText.Revision(held.Revision)}"))
                : new(new ApplyReport(ApplyResult.Refused, $"this state directory holds the host to {PlanText.Revision(held.Revision)} already; nothing was touched")
                {
                    Hint = "homeiq plan shows what differs from the branch, and homeiq apply installs what is missing",
                });
        }

        var planned = await lookout.PlanAsync(revision, refresh: false, cancellationToken);
        if (planned is not { Desired: { } desired, Observed: { } observed })
        {
            return new(new ApplyReport(ApplyResult.Invalid, "the desired state has errors; nothing was touched") { Problems = planned.Problems });
        }

        if (ours && IsUnfinished(observed))
        {
            return new(new ApplyReport(ApplyResult.Refused, "nothing is lost: the first install from this state directory is not finished; nothing was touched") { Hint = "homeiq apply goes on with it" });
        }

        var situation = new AdoptionSituation
        {
            Desired = desired,
            Observed = observed,
            Instance = settings.Instance,
            Key = state.Key(),
            IsOurs = ours,
            LooksSecret = SecretNames.LooksSecret,
        };
        situation = await AskAsync(situation, cancellationToken);
        var (adoption, found) = Adopter.For(situation);
        return new(adoption, new(situation, found, planned.Tree)) { Problems = planned.Problems };
    }

    /// <summary>Records what was looked at, if it still is so.</summary>
    public async Task<ApplyReport> RecordAsync(Adopting adopting, CancellationToken cancellationToken)
    {
        var (situation, found, tree) = adopting.Found!.Value;
        var plan = Adopter.PlanFor(situation, found);
        foreach (var service in found.Services)
        {
            sealedStore.PutService(service.SpecDigest, service.Service);
            sealedStore.PutService(Changes.ContentDigest.Of(service.Service, situation.Key.ToArray()), service.Service);
            sealedStore.PutRecorded(service.ContainerId, service.Recorded);
        }

        // A run that was cut off before its promotion has recorded nothing: the next start drops it.
        var run = journal.Begin(new RunStarted(plan, Before: null, RunCause.Adopt));
        foreach (var step in plan.Steps.Where(step => step.Step is not Promote))
        {
            journal.Append(run, new StepIntended(step.Number, IsRollback: false));
            await engineLock.ConfirmAsync();
            await PrepareAsync(step.Step, situation, tree, cancellationToken);
            journal.Append(run, new StepDone(step.Number, IsRollback: false, new Performed()));
        }

        if (Adopter.FirstMoved(found, situation.Observed, await host.ListContainersAsync(cancellationToken)) is { } moved)
        {
            journal.End(run, new RunEnded(RunPhase.Cancelled, null, $"{moved} was changed or started again meanwhile"));
            return new(ApplyResult.Refused, $"somebody changed the container of {moved}, or started it again, while it was looked at; nothing was recorded", run) { Hint = "run homeiq adopt again when nobody else is at work here" };
        }

        var promote = plan.Steps[^1];
        await engineLock.ConfirmAsync();
        sealedStore.PutState(run, found with { Adopted = [.. found.Adopted.Select(adopted => adopted with { Run = run })] });
        journal.Promote(run, new StepDone(promote.Number, IsRollback: false, new StateSealed(IsRepair: false)), run);
        var count = $"{found.Services.Count} container{(found.Services.Count == 1 ? " is" : "s are")}";
        var summary = $"{count} adopted as last known-good, beside {PlanText.Revision(found.Revision)}; each is the very same as before, and none was started again";
        journal.End(run, new RunEnded(RunPhase.Succeeded, null, summary));
        return new(ApplyResult.Applied, summary, run, plan)
        {
            Problems = commits.Keep(),
            Hint = "homeiq plan shows what the next apply would change",
        };
    }

    /// <summary>This state directory knows the runs that made our containers, and none of them was promoted yet.</summary>
    private bool IsUnfinished(ObservedState observed)
    {
        var made = observed.Containers.Select(container => container.Owner).OfType<Ownership>().Where(owner => owner.Instance == settings.Instance).ToList();
        return journal.Pointers().Effective is null && made.Count > 0 && made.TrueForAll(owner => journal.Find(owner.Run) is not null);
    }

    private async Task PrepareAsync(Step step, AdoptionSituation situation, ISourceTree? tree, CancellationToken cancellationToken)
    {
        switch (step)
        {
            case KeepImage keep:
                await host.TagImageAsync(keep.ImageId, keep.Tag, cancellationToken);
                break;
            case ExportContent export:
                contents.Export(tree, situation.Desired.Contents.First(content => content.Digest == export.Digest));
                break;
            default:
                throw new NotSupportedException($"No adoption takes {step.GetType().Name}.");
        }
    }

    /// <summary>Adds what the engine knows of the containers beyond what every pass looks at.</summary>
    private async Task<AdoptionSituation> AskAsync(AdoptionSituation situation, CancellationToken cancellationToken)
    {
        var made = new List<KeyValuePair<string, MadeFrom>>();
        var images = situation.Observed.Images.ToDictionary(StringComparer.Ordinal);
        foreach (var container in Adopter.ContainersIn(situation))
        {
            made.Add(KeyValuePair.Create(container.Id, await host.ReadSpecificationAsync(container.Id, cancellationToken)));
            if (!images.ContainsKey(container.ImageId) && await host.FindImageAsync(container.ImageId, cancellationToken) is { } image)
            {
                images[container.ImageId] = image;
            }
        }

        return situation with { Made = new(made), Observed = situation.Observed with { Images = new(images) } };
    }
}

/// <summary>An adoption that a person may agree to; or why there is none.</summary>
public sealed class Adopting
{
    internal Adopting(ApplyReport obstacle) => (Obstacle, Problems) = (obstacle, obstacle.Problems);

    internal Adopting(Adoption adoption, (AdoptionSituation Situation, EffectiveState State, ISourceTree? Tree) found) => (Adoption, Found) = (adoption, found);

    /// <summary>Null when there is nothing to look at.</summary>
    public Adoption? Adoption { get; }

    /// <summary>Null when there is something to agree to.</summary>
    public ApplyReport? Obstacle { get; }

    public ValueList<Problem> Problems { get; internal init; } = [];

    internal (AdoptionSituation Situation, EffectiveState State, ISourceTree? Tree)? Found { get; }
}
