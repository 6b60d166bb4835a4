using HomeIQ.Reconciler.Changes;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Planning;

/// <summary>Decides what is to be done. Pure: the same situation, the same plan.</summary>
public static class Planner
{
    public static Plan PlanFor(Situation situation)
    {
        var (desired, effective) = (situation.Desired, situation.Effective);
        var inventory = new Inventory(situation);
        var remarks = new Remarks();
        var changes = ChangesIn(inventory);
        var plan = new Plan { Project = desired.Project, Revision = desired.Revision, From = effective?.Revision, Changes = Shown(inventory, changes) };

        var (order, cycle) = ServiceOrder.Of(inventory);
        if (cycle.Count > 0)
        {
            remarks.Refuse("dependency-cycle", cycle[0], $"services wait for each other: {string.Join(" -> ", cycle)}", "take one of these dependencies away");
            return plan with { Refusals = remarks.Refusals };
        }

        var ground = new Ground(inventory, remarks);
        ground.Decide(changes);
        var data = new DataMoves(inventory, remarks);
        var works = Decide(inventory, order, changes, ground, data, remarks);
        var leftovers = Leftovers(inventory, works);

        var draft = new PlanDraft();
        Judge(inventory, works, leftovers, remarks);
        Draft(draft, inventory, works, leftovers, ground, data, remarks);
        data.Add(draft, works, leftovers);
        var soak = Soak(draft, inventory, works);
        var promote = Promote(draft, inventory, changes, soak);
        CleanUp(draft, inventory, works, leftovers, ground, promote);
        data.CleanUp(draft, promote);

        var steps = draft.Numbered();
        if (steps is null)
        {
            remarks.Refuse("no-order", desired.Project, "steps of this plan would wait for each other in a circle", "split the change into two commits");
        }
        else if (steps.Count > 0)
        {
            Judgements.OnSuspension(inventory, works.Values, remarks);
            foreach (var work in works.Values)
            {
                Judgements.OnHealth(work, remarks);
            }
        }

        plan = plan with
        {
            Steps = steps ?? [],
            Warnings = remarks.Warnings,
            Refusals = remarks.Refusals,
            Approvals = remarks.Approvals,
            Holds = remarks.Holds,
            Suspensions = remarks.Suspensions,
            Unverified = [.. works.Values.Where(work => work.Verify is not null && Judgements.IsUnverified(inventory, work)).Select(work => work.Name).Order(StringComparer.Ordinal)],
            Contents = new(
            [
                .. works.Values.Where(work => work is { IsChanged: true, Desired: not null, Move: not Move.None }).Select(work => KeyValuePair.Create(work.Name, work.ContentDigest(inventory))),
                .. ground.Replace.Select(replace => KeyValuePair.Create(ContentDigest.NameOf(replace.To), ContentDigest.Of(replace.To, inventory.Key))),
            ]),
        };

        return plan with { Digest = PlanDigest.Of(plan) };
    }

    /// <summary>The references by which the observer has to look for images, so that <see cref="ObservedState.Images"/> answers every question of the planner.</summary>
    public static IReadOnlyCollection<string> ImageReferences(DesiredState? desired, EffectiveState? effective)
    {
        var references = new SortedSet<string>(StringComparer.Ordinal);
        references.UnionWith((desired?.Services ?? []).Select(service => service.Spec.Image));
        references.UnionWith((effective?.Services ?? []).SelectMany(service => new[] { service.Service.Spec.Image, service.ImageId, service.RepoDigest ?? "" }));
        references.Remove("");

        return references;
    }

    /// <summary>The repository path below which an instance's tags keep images, so that <see cref="Generations.KeepTags"/> holds just those.</summary>
    public static string KeepTagPath(string instance) => Preparation.KeepPath(instance);

    private static List<Change> ChangesIn(Inventory inventory)
    {
        var (desired, effective, observed) = (inventory.Situation.Desired, inventory.Situation.Effective, inventory.Situation.Observed);
        var changes = Differ.Changes(desired, effective)
            .Where(change => change switch
            {
                NetworkMissing network => !inventory.Networks.ContainsKey(network.Network),
                VolumeMissing volume => !inventory.Volumes.ContainsKey(volume.Volume),
                _ => true,
            })
            .ToList();

        if (effective is not null)
        {
            var networks = desired.Networks.Select(network => network.Name).ToHashSet(StringComparer.Ordinal);
            var volumes = desired.Volumes.Select(volume => volume.Name).ToHashSet(StringComparer.Ordinal);
            changes.AddRange(Differ.Drift(effective, observed, inventory.Situation.Instance).Where(change => change switch
            {
                OrphanFound => true,
                NetworkMissing network => networks.Contains(network.Network),
                NetworkDrifted network => networks.Contains(network.Network),
                VolumeMissing volume => volumes.Contains(volume.Volume),
                _ => inventory.Desired.TryGetValue(change.Subject, out var service) && service.Scale > 0,
            }));
        }

        return changes;
    }

    /// <summary>What the operator asked not to hear of is not shown.</summary>
    private static ValueList<Change> Shown(Inventory inventory, List<Change> changes) =>
    [
        .. changes.Where(change =>
            !ChangeText.IsOfContainer(change)
            || inventory.Desired[change.Subject].Policy.Drift != DriftPolicy.Ignore),
    ];

    private static Dictionary<string, ServiceWork> Decide(
        Inventory inventory, IReadOnlyList<DesiredService> order, List<Change> changes, Ground ground, DataMoves data, Remarks remarks)
    {
        var decisions = new ServiceDecisions(inventory, changes.GroupBy(change => change.Subject, StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.ToList(), StringComparer.Ordinal), remarks);
        var works = new Dictionary<string, ServiceWork>(StringComparer.Ordinal);
        foreach (var desired in order)
        {
            works[desired.Name] = decisions.For(desired);
        }

        foreach (var (name, effective) in inventory.Effective)
        {
            if (!inventory.Desired.ContainsKey(name))
            {
                works[name] = decisions.ForRemoved(effective);
            }
        }

        var phases = inventory.Situation.Desired.Policy.Phases;
        var phaseOf = phases.SelectMany((phase, index) => phase.Services.Select(service => (service, index)))
            .DistinctBy(pair => pair.service, StringComparer.Ordinal)
            .ToDictionary(pair => pair.service, pair => pair.index, StringComparer.Ordinal);

        var consequences = new Consequences(inventory, works);
        consequences.OfNetworks(ground.MadeAgain, ground.Replaced);
        data.Decide(works);
        var place = 0;
        foreach (var work in works.Values)
        {
            work.Order = place++;
            work.Phase = work.Desired is null ? phases.Count + 1 : phaseOf.GetValueOrDefault(work.Name, phases.Count);
            consequences.OfNeeds(work, remarks);
            consequences.OfPhases(work, remarks);
        }

        return works;
    }

    /// <summary>Containers with our label that nothing explains; failed ones are kept for inspection.</summary>
    private static Dictionary<string, Leftover> Leftovers(Inventory inventory, Dictionary<string, ServiceWork> works)
    {
        var known = works.Values.Select(work => work.Container?.Id).OfType<string>().Concat(inventory.Effective.Values.Select(service => service.ContainerId))
            .ToHashSet(StringComparer.Ordinal);

        return inventory.Situation.Observed.Containers
            .Where(container => container.Owner?.Instance == inventory.Situation.Instance && !known.Contains(container.Id) && !ContainerNames.IsFailed(container.Name))
            .ToDictionary(container => container.Id, container => new Leftover(container), StringComparer.Ordinal);
    }

    private static void Judge(Inventory inventory, Dictionary<string, ServiceWork> works, Dictionary<string, Leftover> leftovers, Remarks remarks)
    {
        foreach (var work in works.Values)
        {
            Judgements.OnPins(inventory, work, remarks);
            Judgements.OnVolumes(work, remarks);
        }

        // Without an effective state, services that nobody remembers are removals like any other.
        var removed = works.Values.Where(work => work is { Desired: null, Effective.Service.Scale: > 0 }).Select(work => work.Name)
            .Concat(inventory.Situation.Effective is null
                ? leftovers.Values.Where(leftover => !ContainerNames.IsTemporary(leftover.Container.Name) && !inventory.Desired.ContainsKey(leftover.Service)).Select(leftover => leftover.Service)
                : [])
            .ToHashSet(StringComparer.Ordinal);
        if (removed.Count > 0 || (inventory.Situation.Desired.Services.Count == 0 && inventory.Situation.Effective is not { Services.Count: 0 }))
        {
            Judgements.OnRemovals(inventory, removed, remarks);
        }

        Judgements.OnLostState(inventory, remarks);
        Judgements.OnQuarantine(inventory, remarks);
        if (inventory.Situation.Effective is { EngineVersion.Length: > 0 } effective && effective.EngineVersion != inventory.Situation.Observed.Engine.Version)
        {
            remarks.Warn(
                "engine-changed", effective.Project,
                $"the engine was {effective.EngineVersion} when the containers were made and is {inventory.Situation.Observed.Engine.Version} now: only fields that the desired state sets are compared until the next promotion");
        }
    }

    private static void Draft(
        PlanDraft draft, Inventory inventory, Dictionary<string, ServiceWork> works, Dictionary<string, Leftover> leftovers, Ground ground, DataMoves data, Remarks remarks)
    {
        var preparation = new Preparation(draft, inventory, remarks);
        preparation.MakeGround(ground);
        foreach (var work in works.Values)
        {
            if (work.MakesContainer)
            {
                preparation.Make(work, works);
            }

            if (work.Move is Move.Replace or Move.Remove)
            {
                preparation.Keep(work);
            }

            preparation.Ask(work);
            preparation.Note(work);
            ServiceSteps.Add(draft, work, inventory);
            preparation.Await(work);
        }

        data.Prepare(draft, works);
        var preflight = new Preflight(inventory, remarks);
        preflight.Desired();
        new StepOrder(draft, inventory, works, leftovers, preflight).Decide(preparation.Replacements);
    }

    /// <summary>What changed is watched before it is promoted; drift that is put right was good before.</summary>
    private static DraftStep? Soak(PlanDraft draft, Inventory inventory, Dictionary<string, ServiceWork> works)
    {
        var policy = inventory.Situation.Desired.Policy.Soak;
        ValueList<string> changed = [.. works.Values.Where(work => work is { IsChanged: true, Desired: not null, Verify: not null }).Select(work => work.Name).Order(StringComparer.Ordinal)];
        if (policy.For <= TimeSpan.Zero || changed.Count == 0)
        {
            return null;
        }

        var soak = draft.Add(new Soak(changed, policy.For, policy.Errors), "a version that is healthy at first may still leak, crash or fill its log", Section.Soak);
        draft.AfterEverything(soak);

        return soak;
    }

    /// <summary>Seals the new state when anything in it is new; null when what is held stays as it is.</summary>
    private static DraftStep? Promote(PlanDraft draft, Inventory inventory, List<Change> changes, DraftStep? soak)
    {
        var (desired, effective) = (inventory.Situation.Desired, inventory.Situation.Effective);
        var moves = draft.Steps.Count > 0;
        var differs = effective is null || effective.Revision != desired.Revision || effective.Project != desired.Project
            || changes.Any(change => change is ServiceAdded or ServiceChanged or ServiceRemoved or PolicyChanged or NetworkChanged or NetworkRemoved or VolumeChanged or VolumeReleased);
        if (!moves && !differs)
        {
            return null;
        }

        var cause = soak is not null ? "all of it is verified and stayed well" : moves ? "all of it is done and verified" : effective is null ? "everything runs as it should already" : "no service changed";
        var promote = draft.Add(new Promote(desired.Revision), cause, Section.Promote);
        draft.AfterEverything(promote);

        return promote;
    }

    private static void CleanUp(
        PlanDraft draft, Inventory inventory, Dictionary<string, ServiceWork> works, Dictionary<string, Leftover> leftovers, Ground ground, DraftStep? promote)
    {
        foreach (var work in works.Values)
        {
            if (work.Aside is { Step: SetAside aside })
            {
                draft.Add(new RemoveContainer(work.Name, new(aside.Container.Id, aside.AsideName)), "its successor is verified, or it is not wanted any more", Section.CleanUp, 0, work.Order)
                    .After(promote);
            }
        }

        foreach (var leftover in leftovers.Values)
        {
            leftover.CleanUp(draft, promote);
        }

        // What failed is kept for inspection until its service gets another container.
        foreach (var failed in inventory.Situation.Observed.Containers.Where(container => container.Owner?.Instance == inventory.Situation.Instance && ContainerNames.IsFailed(container.Name)))
        {
            if (works.TryGetValue(failed.Owner!.Service, out var work) && work is { IsChanged: true, Aside: not null } && failed.Status is ContainerStatus.Exited or ContainerStatus.Created or ContainerStatus.Dead)
            {
                draft.Add(new RemoveContainer(work.Name, new(failed.Id, failed.Name)), "it failed in an earlier run, and its service has another container now", Section.CleanUp, 0, work.Order)
                    .After(promote);
            }
        }

        var removals = ground.Remove.Count == 0 ? [] : draft.Steps.Where(step => step is { Section: Section.CleanUp, Step: RemoveContainer }).ToList();
        foreach (var network in ground.Remove)
        {
            var remove = draft.Add(new RemoveNetwork(network), "no service is on it any more", Section.CleanUp, 1).After(promote);
            foreach (var removal in removals)
            {
                remove.After(removal);
            }
        }

        if (promote is not null && inventory.Situation.Generations is { } generations)
        {
            new Retention(inventory, works, generations).CleanUp(draft, promote);
        }
    }
}
