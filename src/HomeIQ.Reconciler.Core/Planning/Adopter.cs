using HomeIQ.Reconciler.Changes;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Planning;

/// <summary>Decides what of a host is taken over as it runs: by a commit, which says what the services are called, and by what is there.</summary>
public static class Adopter
{
    private const string ComposeLabel = "com.docker.compose.";

    /// <summary>The containers that would be adopted, so that the engine can be asked what each was made from.</summary>
    public static IReadOnlyList<ObservedContainer> ContainersIn(AdoptionSituation situation) => [.. new Candidates(situation, new Remarks()).Find().Select(found => found.Container)];

    /// <returns>What is shown, and the state that would be sealed: what runs, as the last known-good one.</returns>
    public static (Adoption Adoption, EffectiveState State) For(AdoptionSituation situation)
    {
        var (desired, observed) = (situation.Desired, situation.Observed);
        var remarks = new Remarks();
        RefuseOthers(situation, remarks);
        var found = new Candidates(situation, remarks).Find();
        var serviceOf = found.ToDictionary(pair => pair.Container.Id, pair => pair.Service.Name, StringComparer.Ordinal);
        var services = new List<EffectiveService>();
        var shown = new List<AdoptedService>();
        foreach (var (service, container) in found.OrderBy(pair => pair.Service.Name, StringComparer.Ordinal))
        {
            var runs = Running(situation, service, container, serviceOf);
            services.Add(new(runs, SpecDigest.Of(runs, [.. situation.Key]), container.ImageId, RepoDigest(observed, container), container.Id, container.Fields));
            var isWanted = desired.Find(service.Name) is not null;
            shown.Add(new(service.Name, container.Id, container.Name, container.Image, container.ImageId, container.Status, isWanted ? Differ.Fields(runs, service) : []));
            Note(situation, service, container, remarks);
        }

        if (found.Count == 0 && remarks.Refusals.Count == 0)
        {
            RefuseNothing(situation, remarks);
        }

        var (networks, takenNetworks) = Networks(situation, remarks);
        var (volumes, takenVolumes) = Volumes(situation, remarks);
        var mounted = services.SelectMany(service => service.Service.Spec.Mounts).Select(mount => mount.Content).OfType<string>().ToHashSet(StringComparer.Ordinal);
        var state = new EffectiveState
        {
            Project = desired.Project,
            Revision = desired.Revision,
            EngineVersion = observed.Engine.Version,
            Services = [.. services],
            Networks = networks,
            Volumes = volumes,
            Contents = [.. desired.Contents.Where(content => mounted.Contains(content.Digest))],
            Policy = desired.Policy with { Soak = SoakPolicy.None },
            Adopted =
            [
                .. services.Select(service => new Adopted(service.ContainerId, service.Service.Name, "", desired.Revision, service.SpecDigest)),
                .. takenNetworks.Select(network => new Adopted(network.Id, "", "", desired.Revision, "")),
                .. takenVolumes.Select(volume => new Adopted(volume, "", "", desired.Revision, "")),
            ],
        };
        ValueList<string> missing = [.. desired.Services.Where(service => service.Scale > 0).Select(service => service.Name).Except(serviceOf.Values, StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        return (new(desired.Project, desired.Revision, situation.IsOurs, [.. shown], missing, [.. takenNetworks.Select(network => network.Name)], takenVolumes, remarks.Warnings, remarks.Refusals), state);
    }

    /// <summary>The steps of recording it: what the way back will need is kept, and then it is the last known-good state.</summary>
    public static Plan PlanFor(AdoptionSituation situation, EffectiveState state)
    {
        var draft = new PlanDraft();
        foreach (var service in state.Services.Where(service => situation.Observed.Images.ContainsKey(service.ImageId)))
        {
            draft.Add(new KeepImage(service.Service.Name, service.ImageId, Preparation.KeepTag(situation.Instance, service.Service.Name, service.ImageId)), "whatever happens to its own tag, a way back finds it", Section.Keep);
        }

        foreach (var content in state.Contents.Where(content => !situation.Observed.IntactContents.Contains(content.Digest)))
        {
            var reader = state.Services.First(service => service.Service.Spec.Mounts.Any(mount => mount.Content == content.Digest)).Service.Name;
            draft.Add(new ExportContent(reader, content.Digest), "it was lost, and the container cannot start again without it", Section.Contents);
        }

        draft.AfterEverything(draft.Add(new Promote(state.Revision), "it runs already", Section.Promote));
        var plan = new Plan { Project = state.Project, Revision = state.Revision, Steps = draft.Numbered()! };
        return plan with { Digest = PlanDigest.Of(plan) };
    }

    /// <summary>The first of these that is not as it was when it was looked at; null when all are the very same, and were not so much as started again.</summary>
    public static string? FirstMoved(EffectiveState state, ObservedState before, IEnumerable<ObservedContainer> after)
    {
        var was = before.Containers.ToDictionary(container => container.Id, StringComparer.Ordinal);
        var now = after.ToDictionary(container => container.Id, StringComparer.Ordinal);
        return state.Services
            .FirstOrDefault(service => !now.TryGetValue(service.ContainerId, out var container) || container.StartedAt != was[service.ContainerId].StartedAt || container.Fields != service.Recorded)
            ?.Service.Name;
    }

    private static DesiredService Running(AdoptionSituation situation, DesiredService service, ObservedContainer container, Dictionary<string, string> serviceOf)
    {
        if (!situation.Made.TryGetValue(container.Id, out var made))
        {
            return service;
        }

        var runs = RunningService.Of(service, container.Name, made, serviceOf.GetValueOrDefault, situation.LooksSecret);
        var image = ImageOf(situation.Observed, container);

        // Made by id, since its tag meant another one then; what people know it by is the tag that means it now.
        if (ImagePin.Parse(runs.Spec.Image) is { Repository: "sha256" } && situation.Observed.Images.TryGetValue(service.Spec.Image, out var meant) && meant.Id == container.ImageId)
        {
            runs = runs with { Spec = runs.Spec with { Image = service.Spec.Image } };
        }

        // Nobody can tell from what source an image was built that does not say so.
        return runs with { Build = service.Build is { } build && image?.BuildDigest == build.Digest ? build : null };
    }

    private static ObservedImage? ImageOf(ObservedState observed, ObservedContainer container) => observed.Images.TryGetValue(container.ImageId, out var image) ? image : null;

    private static string? RepoDigest(ObservedState observed, ObservedContainer container) => ImageOf(observed, container)?.DigestIn(ImagePin.Parse(container.Image).Repository);

    private static void Note(AdoptionSituation situation, DesiredService service, ObservedContainer container, Remarks remarks)
    {
        if (container.Name != service.ContainerName)
        {
            remarks.Warn("other-name", service.Name, $"its container is called {container.Name}: the next apply renames it to {service.ContainerName}, running as it is");
        }

        if (!container.IsUp)
        {
            remarks.Warn("not-running", service.Name, $"{container.Name} does not run ({container.Status.ToString().ToLowerInvariant()}): it is recorded as it is, and the next apply starts it");
        }
        else if (HealthVerdict.TroubleOf(container) is not Trouble.None)
        {
            remarks.Warn("unwell", service.Name, $"{container.Name} is not well: it is recorded as it is, and a way back leads to just that");
        }

        if (ImageOf(situation.Observed, container) is null)
        {
            remarks.Warn("image-gone", service.Name, $"the image of {container.Name} is gone from the engine: without it the container cannot be made again");
        }

        if (service.Spec.Mounts.Any(mount => mount.Kind == MountKind.Content && container.Mounts.FirstOrDefault(there => there.Target == mount.Target) is { } there && !there.Source.EndsWith($"/{mount.Source}", StringComparison.Ordinal)))
        {
            remarks.Warn("other-files", service.Name, situation.IsOurs && container.Owner is not null
                ? "it mounts files of another commit, which were lost with the state directory: it cannot be started again, and the next apply makes it anew"
                : "it mounts files of a working copy: the next apply makes it anew with those of the commit");
        }
    }

    private static void RefuseOthers(AdoptionSituation situation, Remarks remarks)
    {
        foreach (var network in situation.Desired.Networks.Where(network => !network.External))
        {
            if (situation.Observed.Networks.FirstOrDefault(found => found.Name == network.Name) is { Owner: { } owner } && owner.Instance != situation.Instance)
            {
                remarks.Refuse("network-taken", network.Name, $"the network belongs to the instance {owner.Instance} of homeiq", "give it another name, or make it external");
            }
        }

        foreach (var volume in situation.Desired.Volumes.Where(volume => !volume.External))
        {
            if (situation.Observed.Volumes.FirstOrDefault(found => found.Name == volume.Name) is { Owner: { } owner } && owner.Instance != situation.Instance)
            {
                remarks.Refuse("volume-taken", volume.Name, $"the volume belongs to the instance {owner.Instance} of homeiq", "give it another name, or make it external");
            }
        }
    }

    private static void RefuseNothing(AdoptionSituation situation, Remarks remarks)
    {
        if (situation.IsOurs)
        {
            remarks.Refuse("nothing", situation.Instance, $"no container of the instance {situation.Instance} is here", "say --instance NAME if it is called otherwise; homeiq apply installs what is not here");
            return;
        }

        var projects = situation.Observed.Containers.Select(container => container.ComposeProject).OfType<string>().Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        remarks.Refuse("nothing", situation.Desired.Project, $"nothing of the Compose project {situation.Desired.Project} runs here, and no container bears the name of one of its services",
            projects.Count == 0 ? "homeiq apply installs what is not here" : $"running here: {Text.Join(projects, 5)}; say --project-name NAME if it is one of these");
    }

    private static (ValueList<EffectiveNetwork> Networks, List<ObservedNetwork> Taken) Networks(AdoptionSituation situation, Remarks remarks)
    {
        var networks = new List<EffectiveNetwork>();
        var taken = new List<ObservedNetwork>();
        foreach (var wanted in situation.Desired.Networks)
        {
            if (situation.Observed.Networks.FirstOrDefault(network => network.Name == wanted.Name) is not { } found)
            {
                continue;
            }

            // Whether others may attach by hand means something on a network of several machines only.
            var settings = found.Settings with { Labels = WithoutBookkeeping(found.Settings.Labels), Attachable = wanted.Driver == "overlay" ? found.Settings.Attachable : wanted.Attachable };
            var isSame = wanted.External || FieldComparison.OfWhatIsSet(wanted, settings).Count == 0;
            networks.Add(new(isSame ? wanted : settings with { Pools = wanted.Pools.Count == 0 ? [] : settings.Pools }, found.Id));
            if (!isSame)
            {
                remarks.Warn("network-differs", wanted.Name, $"the network has other settings than the commit says ({ServiceDecisions.Describe(FieldComparison.OfWhatIsSet(settings, wanted))}): the next apply replaces it");
            }

            if (!wanted.External && found.Owner is null)
            {
                if (found.ComposeProject is { } project && project != situation.Desired.Project)
                {
                    remarks.Warn("network-of-others", wanted.Name, $"the network belongs to the Compose project {project}: it is used as it is");
                }
                else
                {
                    taken.Add(found);
                }
            }
        }

        return ([.. networks], taken);
    }

    private static (ValueList<DesiredVolume> Volumes, ValueList<string> Taken) Volumes(AdoptionSituation situation, Remarks remarks)
    {
        var volumes = new List<DesiredVolume>();
        var taken = new List<string>();
        foreach (var wanted in situation.Desired.Volumes)
        {
            if (situation.Observed.Volumes.FirstOrDefault(volume => volume.Name == wanted.Name) is not { } found)
            {
                continue;
            }

            var settings = found.Settings with { Labels = WithoutBookkeeping(found.Settings.Labels) };
            volumes.Add(wanted.External ? wanted : settings);
            if (!wanted.External && found.Owner is null)
            {
                if (found.ComposeProject is { } project && project != situation.Desired.Project)
                {
                    remarks.Warn("volume-of-others", wanted.Name, $"the volume belongs to the Compose project {project}: it is used with the data that it holds");
                }
                else
                {
                    taken.Add(wanted.Name);
                }
            }
        }

        return ([.. volumes], [.. taken]);
    }

    private static ValueMap<string> WithoutBookkeeping(ValueMap<string> labels) => new(labels.Where(label => !label.Key.StartsWith(ComposeLabel, StringComparison.Ordinal)));
}
