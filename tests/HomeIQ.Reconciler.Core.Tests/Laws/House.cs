using HomeIQ.Reconciler.Changes;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Observed;
using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Laws;

/// <summary>A simulated host with what the agent would remember about it, on which the laws are played.</summary>
internal sealed class House
{
    public const string Instance = "home";

    private static readonly RestartPolicy ByHand = new("on-failure", 7);

    private static readonly ValueList<byte> Key = [1, 2, 3, 4];

    private static readonly ObservedContainer Foreign = new()
    {
        Id = "foreign-1",
        Name = "theirs",
        Image = "theirs:1",
        ImageId = "sha256:theirs",
        Status = ContainerStatus.Running,
        Ports = [new(80, HostPort: 9999)],
        ComposeProject = "theirs",
        Networks = [new("theirs", "foreign-net", ["theirs"], "10.1.1.1", null, null)],
    };

    public House()
    {
        Host = new(
            new()
            {
                At = Stacks.Start,
                Engine = new("engine", "20.10.24", "1.41", "Debian", "x86_64"),
                Containers = [Foreign],
                Networks = [new("foreign-net", new("theirs"), null)],
            },
            Instance);
    }

    public SimulatedHost Host { get; }

    /// <summary>What was told to be impossible in place.</summary>
    public HashSet<string> LeftDrifted { get; } = new(StringComparer.Ordinal);

    /// <summary>Who was taken off which network by hand.</summary>
    private readonly HashSet<(string Id, string Network)> takenOff = [];

    public EffectiveState? Effective { get; private set; }

    public static string Digest(DesiredService service) => SpecDigest.Of(service, Key.ToArray());

    /// <summary>Names the service with all that it is verified by.</summary>
    public static string Content(DesiredService service) => ContentDigest.Of(service, Key.ToArray());

    public Plan Plan(DesiredState desired, params ReadOnlySpan<QuarantineEntry> quarantine) => Planner.PlanFor(new()
    {
        Quarantine = [.. quarantine],
        Desired = desired,
        Effective = Effective,
        Observed = Host.State with { Containers = [.. Host.State.Containers.OrderBy(container => container.Name, StringComparer.Ordinal)] },
        Instance = Instance,
        Key = Key,
        LeftDrifted = [.. LeftDrifted],
    });

    /// <summary>Plans and performs; null when the plan may not run.</summary>
    public Plan? Reach(DesiredState desired, Func<int, int> dice)
    {
        var plan = Plan(desired);
        if (plan.VerdictFor(plan.Digest) is not (Verdict.Ready or Verdict.Nothing))
        {
            return null;
        }

        Host.Begin(desired, Digest, Content);
        var journal = new List<JournalEntry>();
        try
        {
            Host.Run(plan, dice, journal: journal);
        }
        finally
        {
            LeftDrifted.UnionWith(journal.OfType<StepDone>().Select(done => done.Receipt).OfType<LeftDrifted>().Select(left => left.ContainerId));
        }

        Remember(desired);
        return plan;
    }

    /// <summary>Performs the first steps of a plan and returns the journal of them.</summary>
    public RunRecord Begin(DesiredState desired, Plan plan, Func<int, int> dice, int most)
    {
        Host.Begin(desired, Digest, Content);
        var entries = Host.Run(plan, dice, most);
        if (Host.IsPromoted)
        {
            Remember(desired);
        }

        return RunReader.Read("run-2", [new RunStarted(plan, Effective is null ? null : "state-1", "apply"), .. entries])!;
    }

    public void Remember(DesiredState desired) => Effective = Host.Sealed(desired);

    public void Drift(DriftSeed drift)
    {
        var name = Host.State.Containers.FirstOrDefault(container => container.Owner?.Service == StackSeed.Name(drift.Service))?.Name;
        switch (drift.Kind)
        {
            case 0:
                Change(name, container => container with { Status = ContainerStatus.Exited, ExitCode = 137, Health = ContainerHealth.None });
                break;
            case 1:
                Host.Tamper(state => state with { Containers = [.. state.Containers.Where(container => container.Name != name)] });
                break;
            case 2:
                Change(name, container => container with { Name = $"{name}-by-hand" });
                break;
            case 3:
                Change(name, container => container.Status == ContainerStatus.Running ? container with { Status = ContainerStatus.Paused } : container);
                break;
            case 4:
                Change(name, container => container with { Fields = container.Fields.With("HostConfig.Memory", "4096") });
                break;
            case 5:
                Host.Tamper(state => state with { IntactContents = [] });
                break;
            case 6:
                Host.Tamper(state => state with
                {
                    Containers = [.. state.Containers.Where(container => container.Id != $"stranger-{drift.Service}"), Foreign with { Id = $"stranger-{drift.Service}", Name = $"stranger-{drift.Service}", Ports = [] }],
                });
                break;
            case 7:
                Host.Tamper(state => state with
                {
                    Containers =
                    [
                        .. state.Containers.Where(container => container.Id != "orphan"),
                        new() { Id = "orphan", Name = "laws-orphan", Image = "x:1", ImageId = "sha256:x", Status = ContainerStatus.Running, Owner = new(Instance, "orphan", "run-0", Stacks.Old, "none") },
                    ],
                });
                break;
            case 9:
                Change(name, container => container with
                {
                    Restart = ByHand,
                    Fields = container.Fields.With("HostConfig.RestartPolicy.Name", ByHand.Name).With("HostConfig.RestartPolicy.MaximumRetryCount", $"{ByHand.MaximumRetries}"),
                });
                break;
            case 10:
                Change(name, container =>
                {
                    foreach (var network in container.Networks.Take(1))
                    {
                        takenOff.Add((container.Id, network.Network));
                    }

                    return container.Networks is [var first, ..] ? SimulatedHost.Without(container, first.Network) : container;
                });
                break;
            case 11:
                Change(name, container => container.Networks.Count == 0 || container.Networks.Any(joined => joined.Network == "theirs")
                    ? container
                    : SimulatedHost.Joined(container, new("theirs", "foreign-net", ["by-hand"], null, null, null)));
                break;
            case 12:
                Change(name, container => container.Networks is [var first, ..]
                    ? SimulatedHost.Joined(SimulatedHost.Without(container, first.Network), first with { Aliases = [.. first.Aliases.Append("by-hand")] })
                    : container);
                break;
            case 13:
                // Made again with other settings, by somebody who put our label on it; whoever was on it has stopped for that.
                Host.Tamper(state => state.Networks.All(network => network.Name != "net1") ? state : state with
                {
                    Networks = [.. state.Networks.Select(network => network.Name == "net1" ? network with { Id = "net1-by-hand", Settings = network.Settings with { Attachable = true } } : network)],
                    Containers = [.. state.Containers.Select(container => container.Networks.Any(joined => joined.Network == "net1") ? container with { Status = ContainerStatus.Exited, ExitCode = 143, Health = ContainerHealth.None } : container)],
                });
                break;
            default:
                // An engine refuses this while somebody runs on it; afterwards they are all stopped.
                Host.Tamper(state => state with
                {
                    Networks = [.. state.Networks.Where(network => network.Name != "net1")],
                    Containers =
                    [
                        .. state.Containers.Select(container => container.Networks.Any(joined => joined.Network == "net1") ? container with { Status = ContainerStatus.Exited, ExitCode = 143, Health = ContainerHealth.None } : container),
                    ],
                });
                break;
        }
    }

    /// <summary>Somebody lives in the namespace of a container that is gone, or that lost its network: once stopped, it can never start again.</summary>
    public bool HasHomeless() => Host.State.Containers.Any(user =>
        user.NetworkMode.StartsWith("container:", StringComparison.Ordinal) && !Host.State.Containers.Any(provider => $"container:{provider.Id}" == user.NetworkMode && HasItsNetworks(provider)));

    private bool HasItsNetworks(ObservedContainer container) => container.Networks.All(joined => Host.State.Networks.Any(network => network.Id == joined.NetworkId));

    /// <summary>Containers that run.</summary>
    public HashSet<string> Up() => [.. Host.State.Containers.Where(container => container.Status is ContainerStatus.Running or ContainerStatus.Paused).Select(container => container.Id)];

    /// <summary>The host as far as a run may not leave it changed: whose container it is, what it is called, on which networks; what failed and was kept is left out.</summary>
    public string Picture()
    {
        var containers = Host.State.Containers
            .Where(container => !ContainerNames.IsFailed(container.Name))
            .OrderBy(container => container.Id, StringComparer.Ordinal)
            .Select(container => $"{container.Id} {container.Name.Replace("-by-hand", "", StringComparison.Ordinal)} {(container.Restart == ByHand ? Restart(container) : container.Restart)} {string.Join(',', Networks(container))} {container.NetworkMode} {Settings(container)}");
        var networks = Host.State.Networks.Select(network => network.Settings).Concat((Effective?.Networks ?? []).Select(network => network.Network)).DistinctBy(network => network.Name).OrderBy(network => network.Name, StringComparer.Ordinal).Select(network => $"{network.Name} {network.Internal}");

        var data = (Effective?.Volumes ?? []).Select(volume => volume.Name).Order(StringComparer.Ordinal).Select(name => $"{name} {(Host.Data.TryGetValue(name, out var written) ? written : "")}");

        return string.Join('\n', containers.Concat(networks).Concat(data));
    }

    /// <summary>What was done by hand and can be put right in place counts as put right, since no way back undoes that.</summary>
    private IEnumerable<string> Networks(ObservedContainer container) => container.Networks.Select(joined => joined.Network).Where(network => network != "theirs")
        .Concat(takenOff.Where(taken => taken.Id == container.Id).Select(taken => taken.Network)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);

    private RestartPolicy? Restart(ObservedContainer container) => Effective?.Services.FirstOrDefault(service => service.ContainerId == container.Id)?.Service.Spec.Restart;

    private static ValueMap<string> Settings(ObservedContainer container) => new(container.Fields.Where(field =>
        !field.Key.StartsWith("NetworkSettings.", StringComparison.Ordinal) && !field.Key.StartsWith("HostConfig.RestartPolicy.", StringComparison.Ordinal)));

    /// <summary>Foreign objects, in full.</summary>
    public string Foreigners() => string.Join('\n', Host.State.Containers.Where(container => container.Owner is null).Concat<object>(Host.State.Networks.Where(network => network.Owner is null)));

    private void Change(string? name, Func<ObservedContainer, ObservedContainer> change) =>
        Host.Tamper(state => state with { Containers = [.. state.Containers.Select(container => container.Name == name && container.Owner is not null ? change(container) : container)] });
}
