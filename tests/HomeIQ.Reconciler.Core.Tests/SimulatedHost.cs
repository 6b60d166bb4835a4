using HomeIQ.Reconciler.Changes;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Observed;
using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler;

/// <summary>A host as a value on which steps can be performed; it objects to whatever a real engine would refuse, and to every touch of what is not ours.</summary>
internal sealed class SimulatedHost(ObservedState state, string instance)
{
    private readonly Dictionary<string, DesiredService> specs = new(StringComparer.Ordinal);

    /// <summary>Container id to its fields just after creation.</summary>
    private readonly Dictionary<string, ValueMap<string>> recorded = new(StringComparer.Ordinal);

    /// <summary>Service to the container that the run under way made for it.</summary>
    private readonly Dictionary<string, string> made = new(StringComparer.Ordinal);

    private readonly Dictionary<string, string> imageOf = new(StringComparer.Ordinal);

    /// <summary>What was wrong with services before the run under way stopped anything.</summary>
    private readonly Dictionary<string, Trouble> troubles = new(StringComparer.Ordinal);

    /// <summary>On a way back, the services that are proven on it: what was not good before need not be good for others to start again.</summary>
    private HashSet<string>? proofs;

    private int ids;

    private int clock;

    public ObservedState State { get; private set; } = state;

    /// <summary>Containers that cannot be put right while they stay the same.</summary>
    public HashSet<string> Stubborn { get; } = new(StringComparer.Ordinal);

    /// <summary>Images whose containers never become healthy.</summary>
    public HashSet<string> BadImages { get; } = new(StringComparer.Ordinal);

    /// <summary>Volume to the images that ever wrote there, in one text.</summary>
    public ValueMap<string> Data { get; private set; } = ValueMap<string>.Empty;

    private readonly Dictionary<string, string> copies = new(StringComparer.Ordinal);

    public bool IsPromoted { get; private set; }

    /// <summary>What verification is asked to prove: services that a start must find healthy, by the desired state of the run.</summary>
    public DesiredState? Wanted { get; private set; }

    public EffectiveState? Effective { get; private set; }

    /// <summary>Somebody else does something to the host.</summary>
    public void Tamper(Func<ObservedState, ObservedState> change) => State = change(State);

    /// <summary>Makes a run's specifications known, as the sealed store does, and forgets the run before.</summary>
    public void Begin(DesiredState desired, params Func<DesiredService, string>[] digests)
    {
        Wanted = desired;
        IsPromoted = false;
        made.Clear();
        imageOf.Clear();
        troubles.Clear();
        foreach (var service in desired.Services)
        {
            foreach (var digest in digests)
            {
                specs[digest(service)] = service;
            }
        }
    }

    /// <summary>Performs every step in an order that respects only what each says that it waits for; <paramref name="pick"/> chooses among those that may begin.</summary>
    public List<JournalEntry> Run(Plan plan, Func<int, int> pick, int most = int.MaxValue, bool isRollback = false, List<JournalEntry>? journal = null)
    {
        journal ??= [];
        proofs = isRollback ? [.. plan.Steps.Where(step => step.Step is VerifyService).Select(step => step.Step.Subject)] : null;
        var open = plan.Steps.ToList();
        var done = new HashSet<int>();
        while (open.Count > 0 && done.Count < most)
        {
            var ready = open.Where(step => step.After.All(done.Contains)).ToList();
            Require(ready.Count > 0, "the plan waits for itself");
            var step = ready[pick(ready.Count)];
            journal.Add(new StepIntended(step.Number, isRollback));
            journal.Add(new StepDone(step.Number, isRollback, Perform(step.Step)));
            open.Remove(step);
            done.Add(step.Number);
        }

        return journal;
    }

    public Receipt Perform(Step step)
    {
        clock++;
        switch (step)
        {
            case PullImage pull:
                return Image(pull.Service, pull.Image, null);
            case BuildImage build:
                return Image(build.Service, build.Image, build.BuildDigest);
            case KeepImage keep:
                Require(State.Images.Values.Any(image => image.Id == keep.ImageId), $"image {keep.ImageId} is there");
                State = State with { Images = State.Images.With(keep.Tag, State.Images.Values.First(image => image.Id == keep.ImageId)) };
                return new Performed();
            case ReleaseImage release:
                Require(State.Containers.All(container => container.ImageId != (State.Images.TryGetValue(release.Tag, out var tagged) ? tagged.Id : "")), $"no container needs {release.Tag}");
                State = State with { Images = State.Images.Without(release.Tag) };
                return new Performed();
            case ReleaseStates release:
                Require(IsPromoted, "states go only after a promotion");
                return new StatesReleased(release.States.Count, 0, 0, 0);
            case ExportContent export:
                return Export(export.Digest);
            case CreateVolume create:
                State = State with { Volumes = [.. State.Volumes.Where(volume => volume.Name != create.Volume.Name), new(create.Volume, $"/volumes/{create.Volume.Name}", Owner("", ""))] };
                return new Performed();
            case CreateNetwork create:
                Require(State.Networks.All(network => network.Name != create.Network.Name), $"network {create.Network.Name} is not there yet");
                return MakeNetwork(create.Network);
            case RemoveNetwork remove:
                RequireOurs(Network(remove.Network.Name).Owner, $"network {remove.Network.Name}");
                Require(!State.Containers.Any(container => IsUp(container) && IsOn(container, remove.Network.Name)), $"nobody runs on network {remove.Network.Name}");
                State = State with { Networks = [.. State.Networks.Where(network => network.Name != remove.Network.Name)] };
                return new Performed();
            case ReplaceNetwork replace:
                return Replace(replace);
            case CreateContainer create:
                return Create(create.Service, create.TemporaryName, create.SpecDigest, create.ImageId ?? imageOf.GetValueOrDefault(create.Service));
            case RenameContainer rename:
                return Rename(Find(rename.Service, rename.Container), rename.To);
            case BackUp backup:
                RequireQuiet(backup.Volume);
                var copy = $"/volumes/{backup.Volume}/copy-{clock}";
                copies[copy] = DataOf(backup.Volume);
                return new BackedUp(copy, (ulong)clock, "run", 1, 1);
            case Rehearse { Job: var job } rehearse:
                Require(made.ContainsKey(job.Service), $"the container of {job.Service} is made");
                return new Rehearsed(rehearse.Database, new(TimeSpan.FromSeconds(1), [], Facts, Facts));
            case Migrate { Job: var job } migrate:
                RequireQuiet(job.Volume);
                Require(made.ContainsKey(job.Service), $"the container of {job.Service} is made");
                Data = Data.With(job.Volume, $"{DataOf(job.Volume)} migrated at {clock}");
                return new Migrated(migrate.Database, TimeSpan.FromSeconds(1), Facts);
            case RestoreData restore:
                RequireQuiet(restore.Volume);
                Data = Data.With(restore.Volume, copies[restore.Copy]);
                return new Performed();
            case ReleaseCopies release:
                Require(IsPromoted, $"copies of {release.Volume} go only after a promotion");
                return new CopiesReleased(0);
            case SetRestartPolicy set:
                Change(Rearmed(Find(set.Service, set.Container), set.Restart));
                return new Performed();
            case SetAside aside:
                Change(Rearmed(Find(aside.Service, aside.Container), RestartPolicy.No));
                return Rename(Find(aside.Service, aside.Container), aside.AsideName);
            case PutBack back:
                Change(Rearmed(Find(back.Service, back.Container), back.Restart));
                return Rename(Find(back.Service, back.Container), back.Name);
            case TakeBaseline baseline:
                var asked = Find(baseline.Service, baseline.Container);
                troubles[baseline.Service] = HealthVerdict.TroubleOf(asked);
                return new BaselineTaken(troubles[baseline.Service], []);
            case StopContainer stop:
                var stopped = Find(stop.Service, stop.Container);
                Change(stopped with { Status = IsUp(stopped) ? ContainerStatus.Exited : stopped.Status, Health = ContainerHealth.None });
                return new ContainerStopped(IsUp(stopped), stopped.ExitCode);
            case StartContainer start:
                return Start(Find(start.Service, start.Container));
            case RestartContainer restart:
                var again = Find(restart.Service, restart.Container) with { Status = ContainerStatus.Exited };
                Change(again);
                return Start(again);
            case UnpauseContainer unpause:
                Change(Find(unpause.Service, unpause.Container) with { Status = ContainerStatus.Running });
                return new Performed();
            case UpdateContainer update:
                return Update(Find(update.Service, update.Container), update.Fields);
            case ReconnectNetwork reconnect:
                return Reconnect(Find(reconnect.Service, reconnect.Container), reconnect.Network, reconnect.SpecDigest);
            case DisconnectNetwork disconnect:
                Change(Without(Find(disconnect.Service, disconnect.Container), disconnect.Network));
                return new Performed();
            case VerifyService verify:
                var proven = Find(verify.Service, verify.Container);
                Require(specs.ContainsKey(verify.Digest), $"the specification of {verify.Service} is sealed");
                Require(IsGood(proven) || IsAsIllAsBefore(verify.Service, proven), $"{verify.Service} is healthy");
                return new ServiceVerified("healthy");
            case RemoveContainer remove:
                var gone = Find(remove.Service, remove.Container);
                Require(!IsUp(gone), $"{gone.Name} has stopped before it is removed");
                State = State with { Containers = [.. State.Containers.Where(container => container.Id != gone.Id)] };
                return new Performed();
            case Soak soak:
                Require(soak.Services.All(name => Wanted!.Find(name) is not null), "only services of the wanted state are watched");
                return new Performed();
            case Promote promote:
                Require(promote.Revision == Wanted!.Revision, "the promoted revision is the wanted one");
                IsPromoted = true;
                Effective = Sealed(Wanted!);
                return new Performed();
            default:
                throw new NotSupportedException($"No simulation of {step.GetType().Name}.");
        }
    }

    /// <summary>What would be sealed now: the wanted services with the containers that bear their names.</summary>
    public EffectiveState Sealed(DesiredState desired) => new()
    {
        Project = desired.Project,
        Revision = desired.Revision,
        EngineVersion = State.Engine.Version,
        Services =
        [
            .. desired.Services.Select(service =>
            {
                // As what was held before, if it is still there; what is left alone although it is gone stays what it was.
                var held = made.ContainsKey(service.Name) ? null : Effective?.Find(service.Name);
                var live = State.Containers.FirstOrDefault(container => container.Id == held?.ContainerId)
                    ?? State.Containers.FirstOrDefault(container => container.Name == service.ContainerName && container.Owner?.Instance == instance);
                return live is null && held is not null && service.Policy.Drift is not DriftPolicy.Correct ? held with { Service = service }
                    : live is null
                    ? new EffectiveService(service, "", "", null, "", ValueMap<string>.Empty)
                    : new EffectiveService(service, live.Owner!.SpecDigest, live.ImageId, null, live.Id, recorded.GetValueOrDefault(live.Id) ?? live.Fields);
            }),
        ],
        Networks = [.. desired.Networks.Select(network => new EffectiveNetwork(network, State.Networks.FirstOrDefault(live => live.Name == network.Name)?.Id ?? ""))],
        Volumes = desired.Volumes,
    };

    private static bool IsUp(ObservedContainer container) => container.Status is ContainerStatus.Running or ContainerStatus.Paused or ContainerStatus.Restarting;

    private static bool IsOn(ObservedContainer container, string network) => container.Networks.Any(joined => joined.Network == network);

    private static ObservedContainer Rearmed(ObservedContainer container, RestartPolicy policy) =>
        container with { Restart = policy, Fields = new([.. container.Fields.Where(field => !field.Key.StartsWith("HostConfig.RestartPolicy.", StringComparison.Ordinal)), .. FieldsOf(policy)]) };

    private static IEnumerable<KeyValuePair<string, string>> FieldsOf(RestartPolicy policy) =>
        policy.MaximumRetries == 0
            ? [new("HostConfig.RestartPolicy.Name", policy.Name)]
            : [new("HostConfig.RestartPolicy.Name", policy.Name), new("HostConfig.RestartPolicy.MaximumRetryCount", $"{policy.MaximumRetries}")];

    /// <summary>What an inspect says of a container on a network.</summary>
    private static IEnumerable<KeyValuePair<string, string>> FieldsOf(string network, ValueList<string> aliases) =>
    [
        new($"NetworkSettings.Networks.{network}", "attached"), new($"NetworkSettings.Networks.{network}.Aliases", string.Join(' ', aliases)),
    ];

    /// <summary>One-shot services end well; the others run, and are healthy when they have a health check.</summary>
    private static bool IsGood(ObservedContainer container) =>
        container is { Status: ContainerStatus.Running, Health: ContainerHealth.None or ContainerHealth.Healthy } or { Status: ContainerStatus.Exited, ExitCode: 0, StartedAt: not null };

    /// <summary>What was ill before anything stopped is not blamed on the run, where nothing of its own changed.</summary>
    private bool IsAsIllAsBefore(string service, ObservedContainer container) =>
        troubles.GetValueOrDefault(service) is var trouble and (Trouble.Unhealthy or Trouble.Restarting) && HealthVerdict.TroubleOf(container) == trouble
        && Effective?.Find(service) is { } before && before.SpecDigest == container.Owner?.SpecDigest && before.ImageId == container.ImageId;

    private static void Require(bool holds, string what)
    {
        if (!holds)
        {
            throw new HostObjection($"Not so: {what}.");
        }
    }

    private static readonly Backups.SqliteFacts Facts = new("s", ValueMap<long>.Empty, []);

    private string DataOf(string volume) => Data.TryGetValue(volume, out var data) ? data : "";

    private void RequireQuiet(string volume) =>
        Require(!State.Containers.Any(container => IsUp(container) && container.MountsVolume(volume)), $"nobody who runs mounts {volume}");

    private void RequireOurs(Ownership? owner, string what) => Require(owner?.Instance == instance, $"{what} is ours");

    private Ownership Owner(string service, string digest) => new(instance, service, "run", Wanted?.Revision ?? "", digest);

    private ObservedNetwork Network(string name) =>
        State.Networks.FirstOrDefault(network => network.Name == name) ?? throw new HostObjection($"Not so: network {name} is there.");

    private ImageReady Image(string service, string reference, string? build)
    {
        var image = new ObservedImage($"sha256:{reference}{build}", [], build, false);
        State = State with { Images = State.Images.With(reference, image) };
        imageOf[service] = image.Id;
        return new(image.Id, null);
    }

    /// <summary>Who runs with what lay there before goes on seeing that.</summary>
    private Performed Export(string digest)
    {
        var readers = State.IntactContents.Contains(digest) ? [] : State.Containers
            .Where(container => IsUp(container) && container.Owner?.Instance == instance && specs.GetValueOrDefault(container.Owner.SpecDigest)?.Spec.Mounts.Any(mount => mount.Content == digest) == true)
            .Select(container => new StaleReader(container.Id, container.StartedAt, digest));
        State = State with
        {
            IntactContents = [.. State.IntactContents.Append(digest).Distinct(StringComparer.Ordinal)],
            StaleReaders = [.. State.StaleReaders.Concat(readers).Distinct()],
        };
        return new();
    }

    private NetworkMade MakeNetwork(DesiredNetwork network)
    {
        var id = $"net{++ids:x6}";
        State = State with { Networks = [.. State.Networks.Where(other => other.Name != network.Name), new(id, network, Owner("", ""))] };
        return new(id);
    }

    private NetworkMade Replace(ReplaceNetwork replace)
    {
        RequireOurs(Network(replace.From.Name).Owner, $"network {replace.From.Name}");
        var anew = MakeNetwork(replace.To);
        foreach (var container in State.Containers.ToList())
        {
            // As it was made for; what was not made for it, and is there, as it is.
            var specified = container.Owner?.Instance == instance ? specs.GetValueOrDefault(container.Owner.SpecDigest)?.Spec.Networks.FirstOrDefault(joined => joined.Network == replace.To.Name) : null;
            var attachment = specified is not null
                ? new(specified.Network, anew.NetworkId, specified.Aliases, null, specified.Ipv4Address, specified.Ipv6Address)
                : container.Networks.Where(joined => joined.Network == replace.To.Name).Select(joined => joined with { NetworkId = anew.NetworkId }).FirstOrDefault();
            if (attachment is not null)
            {
                Change(Joined(Without(container, replace.To.Name), attachment));
            }
        }

        return anew;
    }

    private ContainerMade Create(string service, string name, string digest, string? imageId)
    {
        Require(State.Containers.All(container => container.Name != name), $"the name {name} is free");
        Require(imageId is not null && State.Images.Values.Any(image => image.Id == imageId), $"the image {imageId} of {service} is there");
        Require(specs.TryGetValue(digest, out var wanted) && wanted.Name == service, $"the specification of {service} is sealed");
        var spec = wanted!.Spec;
        Require(spec.Mounts.All(mount => mount.Kind != MountKind.Volume || mount.Source.Length == 0 || State.Volumes.Any(volume => volume.Name == mount.Source)), $"the volumes of {service} are there");
        Require(spec.Mounts.All(mount => mount.Content is null || State.IntactContents.Contains(mount.Content)), $"the contents of {service} are exported");
        var fields = new ValueMap<string>([new("Config.Image", spec.Image), .. FieldsOf(spec.Restart), .. spec.Networks.SelectMany(joined => FieldsOf(joined.Network, joined.Aliases)), .. SpecFieldsOf(spec)]);
        var id = $"{++ids:x6}{service}";
        State = State with
        {
            Containers =
            [
                .. State.Containers,
                new()
                {
                    Id = id, Name = name, Image = spec.Image, ImageId = imageId!, Status = ContainerStatus.Created, Owner = Owner(service, digest), Restart = spec.Restart, Ports = spec.Ports,
                    Mounts = [.. spec.Mounts.Select(mount => new ObservedMount(mount.Kind == MountKind.Volume ? "volume" : "bind", mount.Source, mount.Source, mount.Target, mount.ReadOnly))],
                    Networks = [.. spec.Networks.Select(joined => new ObservedAttachment(joined.Network, Network(joined.Network).Id, joined.Aliases, null, joined.Ipv4Address, joined.Ipv6Address))],
                    NetworkMode = spec.NetworkMode is { } mode && mode.StartsWith("service:", StringComparison.Ordinal)
                        ? $"container:{Provider(mode["service:".Length..])}"
                        : spec.NetworkMode ?? (spec.Networks.Count > 0 ? spec.Networks[0].Network : "default"),
                    Fields = fields,
                },
            ],
        };
        recorded[id] = fields;
        made[service] = id;
        return new(id, imageId!);
    }

    /// <summary>The container whose namespace a new one joins: the one that this run made for the service, else the one that bears its name.</summary>
    private string Provider(string service)
    {
        if (made.TryGetValue(service, out var id))
        {
            return id;
        }

        var name = Wanted!.Find(service)?.ContainerName;
        var own = State.Containers.Where(container => container.Owner?.Instance == instance && container.Owner.Service == service && !ContainerNames.IsFailed(container.Name)).ToList();
        return (own.Find(container => container.Name == name) ?? own.Find(container => !ContainerNames.IsTemporary(container.Name)))?.Id ?? throw new HostObjection($"Not so: {service}, whose network is to be shared, is there.");
    }

    private static IEnumerable<KeyValuePair<string, string>> SpecFieldsOf(ContainerSpec spec) =>
        spec.Environment.Select(pair => new KeyValuePair<string, string>($"Config.Env.{pair.Key}", pair.Value))
            .Concat(spec.Memory == 0 ? [] : [new("HostConfig.Memory", $"{spec.Memory}")]);

    private Receipt Update(ObservedContainer container, ValueList<string> fields)
    {
        var former = recorded[container.Id];
        var update = ContainerUpdate.Back(former, fields);
        Require(update is not null, $"{string.Join(", ", fields)} of {container.Name} can be put back");
        if (Stubborn.Contains(container.Id))
        {
            return new LeftDrifted(container.Id, "stubborn");
        }

        var put = fields.Aggregate(container.Fields, (sofar, field) => former.TryGetValue(field, out var value) ? sofar.With(field, value) : sofar.Without(field));
        Change(container with { Fields = put, Restart = update!.Restart ?? container.Restart });
        return new Performed();
    }

    private Receipt Reconnect(ObservedContainer container, string network, string digest)
    {
        Require(specs.TryGetValue(digest, out _), $"the specification of {container.Name} is sealed");
        if (Stubborn.Contains(container.Id))
        {
            return new LeftDrifted(container.Id, "stubborn");
        }

        var wanted = specs[digest].Spec.Networks.Single(joined => joined.Network == network);
        var id = Network(network).Id;
        Change(Joined(Without(container, network), new(network, id, wanted.Aliases, null, wanted.Ipv4Address, wanted.Ipv6Address)));
        return new Performed();
    }

    /// <summary>The container on one network more.</summary>
    public static ObservedContainer Joined(ObservedContainer container, ObservedAttachment attachment) => container with
    {
        Networks = [.. container.Networks.Append(attachment).OrderBy(joined => joined.Network, StringComparer.Ordinal)],
        Fields = new([.. container.Fields, .. FieldsOf(attachment.Network, attachment.Aliases)]),
    };

    /// <summary>The container on one network less.</summary>
    public static ObservedContainer Without(ObservedContainer container, string network) => container with
    {
        Networks = [.. container.Networks.Where(joined => joined.Network != network)],
        Fields = new(container.Fields.Where(field => field.Key != $"NetworkSettings.Networks.{network}" && !field.Key.StartsWith($"NetworkSettings.Networks.{network}.", StringComparison.Ordinal))),
    };

    private Performed Rename(ObservedContainer container, string name)
    {
        Require(State.Containers.All(other => other.Name != name || other.Id == container.Id), $"the name {name} is free");
        Change(container with { Name = name });
        return new();
    }

    private Receipt Start(ObservedContainer container)
    {
        if (container.Status == ContainerStatus.Running)
        {
            return new Skipped("it runs already");
        }

        foreach (var other in State.Containers.Where(other => IsUp(other) && other.Id != container.Id))
        {
            Require(!other.Ports.Any(taken => container.Ports.Any(port => port.HostPort is not null && port.HostPort == taken.HostPort)), $"no port of {container.Name} is taken by {other.Name}");
            Require(!other.Networks.Any(taken => taken.StaticIpv4 is { } address && container.Networks.Any(own => own.Network == taken.Network && own.StaticIpv4 == address)), $"no address of {container.Name} is taken by {other.Name}");
        }

        Require(container.Networks.All(joined => Network(joined.Network).Id == joined.NetworkId), $"the networks of {container.Name} are those that it was made for");
        if (container.NetworkMode.StartsWith("container:", StringComparison.Ordinal))
        {
            var provider = State.Containers.FirstOrDefault(other => other.Id == container.NetworkMode["container:".Length..]);
            Require(provider is { Status: ContainerStatus.Running }, $"the container whose network {container.Name} shares is running");
        }

        foreach (var need in specs.GetValueOrDefault(container.Owner!.SpecDigest)?.DependsOn ?? [])
        {
            if (need.Required && proofs?.Contains(need.Service) != false && need.Condition != DependencyCondition.Started && NameOf(need.Service) is { } name && State.Containers.FirstOrDefault(other => other.Name == name) is { } below)
            {
                Require(IsGood(below), $"{need.Service} is good before {container.Name} starts");
            }
        }

        var spec = specs.GetValueOrDefault(container.Owner!.SpecDigest)?.Spec;
        var isBad = BadImages.Contains(container.ImageId);
        foreach (var volume in container.Mounts.Where(mount => mount is { Kind: "volume", ReadOnly: false }).Select(mount => mount.Name))
        {
            // Every version brings the data up to itself.
            Data = Data.With(volume, string.Join(' ', DataOf(volume).Split(' ', StringSplitOptions.RemoveEmptyEntries).Append(container.ImageId).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)));
        }

        Change(container with
        {
            Status = spec?.Command is ["true"] ? ContainerStatus.Exited : ContainerStatus.Running,
            ExitCode = 0,
            Health = isBad ? ContainerHealth.Unhealthy : spec?.HealthCheck is null ? ContainerHealth.None : ContainerHealth.Healthy,
            StartedAt = Stacks.Start.AddSeconds(clock),
        });
        return new ContainerStarted(Stacks.Start.AddSeconds(clock));
    }

    private string? NameOf(string service) => Wanted?.Find(service) is { Scale: > 0 } wanted ? wanted.ContainerName : null;

    /// <summary>Exactly the container that the step names: by id, with the name that it says, and ours.</summary>
    private ObservedContainer Find(string service, ContainerRef named)
    {
        var id = named.Id ?? made.GetValueOrDefault(service);
        var container = State.Containers.FirstOrDefault(candidate => candidate.Id == id) ?? throw new HostObjection($"Not so: {named.Name} ({id ?? "of this run"}) is there.");
        Require(container.Name == named.Name || (proofs is not null && named.Id is not null), $"{container.Name} is called {named.Name}");
        RequireOurs(container.Owner, container.Name);
        return container;
    }

    private void Change(ObservedContainer container) =>
        State = State with { Containers = [.. State.Containers.Select(other => other.Id == container.Id ? container : other)] };
}

/// <summary>The simulated host would not do what it was asked to.</summary>
internal sealed class HostObjection(string message) : Exception(message);
