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

    public EffectiveState? Effective { get; private set; }

    public static string Digest(DesiredService service) => SpecDigest.Of(service, Key.ToArray());

    /// <summary>Names the service with all that it is verified by.</summary>
    public static string Content(DesiredService service) => ContentDigest.Of(service, Key.ToArray());

    public Plan Plan(DesiredState desired) => Planner.PlanFor(new()
    {
        Desired = desired,
        Effective = Effective,
        Observed = Host.State with { Containers = [.. Host.State.Containers.OrderBy(container => container.Name, StringComparer.Ordinal)] },
        Instance = Instance,
        Key = Key,
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
        Host.Run(plan, dice);
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
        var name = $"laws-{StackSeed.Name(drift.Service)}";
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
            .Select(container => $"{container.Id} {container.Name.Replace("-by-hand", "", StringComparison.Ordinal)} {container.Restart} {string.Join(',', container.Networks.Select(joined => joined.Network))} {container.NetworkMode} {container.Fields}");
        var networks = Host.State.Networks.Select(network => network.Settings).Concat((Effective?.Networks ?? []).Select(network => network.Network)).DistinctBy(network => network.Name).OrderBy(network => network.Name, StringComparer.Ordinal).Select(network => $"{network.Name} {network.Internal}");

        return string.Join('\n', containers.Concat(networks));
    }

    /// <summary>Foreign objects, in full.</summary>
    public string Foreigners() => string.Join('\n', Host.State.Containers.Where(container => container.Owner is null).Concat<object>(Host.State.Networks.Where(network => network.Owner is null)));

    private void Change(string name, Func<ObservedContainer, ObservedContainer> change) =>
        Host.Tamper(state => state with { Containers = [.. state.Containers.Select(container => container.Name == name && container.Owner is not null ? change(container) : container)] });
}
