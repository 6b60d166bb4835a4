using HomeIQ.Reconciler.Changes;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Journaling;

/// <summary>Makes the steps of one way back: first what is undone, in reverse, then what is woken, in the old state's order.</summary>
internal sealed class WayBack
{
    private readonly EffectiveState before;

    /// <summary>In the order of their intents, over all runs, with numbers of their own; clean-up left out, which is never taken back.</summary>
    private readonly List<BegunStep> begun = [];

    /// <summary>What each run made, by the numbers of its steps: "the container that this run made" is another one in each.</summary>
    private readonly Dictionary<int, Traces> tracesOf = [];

    private readonly HashSet<string> made = new(StringComparer.Ordinal);

    private readonly List<Node> undone = [];

    private readonly List<Wake> wakes = [];

    /// <param name="runs">Oldest first.</param>
    public WayBack(IReadOnlyList<RunRecord> runs, EffectiveState before)
    {
        this.before = before;
        var offset = 0;
        foreach (var run in runs)
        {
            var steps = run.Begun.Where(step => !step.Planned.IsCleanUp).Select(step => Moved(step, offset)).ToList();
            var known = new Traces(steps);
            steps.ForEach(step => tracesOf[step.Planned.Number] = known);
            made.UnionWith(steps.Select(step => step.Receipt).OfType<ContainerMade>().Select(receipt => receipt.ContainerId));
            begun.AddRange(steps);
            offset += run.Plan.Steps.Count;
        }
    }

    public ValueList<PlannedStep> Steps()
    {
        foreach (var step in Enumerable.Reverse(begun))
        {
            if (Inverse(step) is { } inverse)
            {
                undone.Add(new(step.Planned.Number, inverse.Step, inverse.Cause));
            }
            else if (ToWake(step) is { } wake && !made.Contains(wake.Container.Id ?? ""))
            {
                wakes.Add(wake);
            }
        }

        var order = new ReverseOrder(begun, undone);
        foreach (var node in undone)
        {
            // What is undone waits for what was built on it, and for what of the same service came later.
            node.After.AddRange(order.WaitsOf(node.Forward));
            if (undone.TakeWhile(other => other != node).LastOrDefault(other => Of(other.Step) == Of(node.Step)) is { } later)
            {
                node.After.Add(later);
            }
        }

        var nodes = undone.Concat(new WakeOrder(before, begun, wakes, undone, order).Nodes()).ToList();
        return Numbered(nodes);
    }

    /// <summary>What steps work on one after the other: a service's container, a volume whatever its database is called.</summary>
    private static string Of(Step step) => step is RestoreData restore ? $"volume {restore.Volume}" : step.Subject;

    /// <summary>An intent is enough: nobody knows whether it ran.</summary>
    private bool StartedSince(BegunStep copy) =>
        begun.SkipWhile(step => step != copy).Any(step => step.Planned.Step is StartContainer or RestartContainer or UnpauseContainer or Migrate);

    private static BegunStep Moved(BegunStep step, int offset) => offset == 0 ? step : step with
    {
        Planned = step.Planned with { Number = step.Planned.Number + offset, After = [.. step.Planned.After.Select(after => after + offset)] },
    };

    /// <summary>Numbers in the order of reading; who is waited for through another is not named again.</summary>
    private static ValueList<PlannedStep> Numbered(List<Node> nodes)
    {
        var numbers = nodes.Index().ToDictionary(pair => pair.Item, pair => pair.Index + 1);
        var earlier = new Dictionary<Node, HashSet<Node>>();
        var steps = new List<PlannedStep>();
        foreach (var node in nodes)
        {
            var further = node.After.SelectMany(after => earlier[after]).ToHashSet();
            var nearest = node.After.Where(after => !further.Contains(after)).Select(after => numbers[after]);
            steps.Add(new(numbers[node], node.Step, $"rolling back: {node.Cause}", [.. nearest.Distinct().Order()]));
            earlier[node] = [.. further, .. node.After];
        }

        return [.. steps];
    }

    /// <summary>What takes a begun step back at once; null when nothing does, or when waking does it later.</summary>
    private (Step Step, string Cause)? Inverse(BegunStep begun)
    {
        var skipped = begun.Receipt is Skipped;
        var service = begun.Planned.Step.Subject;
        var traces = tracesOf[begun.Planned.Number];
        switch (begun.Planned.Step)
        {
            case StartContainer { Container.Id: null } start:
                return (new StopContainer(service, traces.New(service, start.Container.Name)), "it was started by this run");
            case StartContainer start when !skipped && traces.Stopped(start.Container.Id):
                return (new StopContainer(service, start.Container), "it was started by this run");
            case RenameContainer { Container.Id: null } rename:
                return LetGoOf(traces, service, begun.Receipt is null ? rename.Container.Name : rename.To, rename.To);
            case CreateContainer create when !skipped && !traces.Renamed(service):
                return LetGoOf(traces, service, create.TemporaryName, create.TemporaryName);
            // Without a receipt, or with nothing started since, the data is what it was.
            case BackUp backup when begun.Receipt is BackedUp copied && StartedSince(begun):
                return (new RestoreData(backup.Database, backup.Volume, copied.Copy, copied.Inode, copied.Run), $"the data of {PlanText.Revision(before.Revision)}");
            case SetRestartPolicy { Was: { } was } set when !skipped:
                return (new SetRestartPolicy(service, set.Container, was, set.Restart), "as this run found it");
            // What one run made and a later one set aside goes, too: nobody wants it back.
            case SetAside aside when !skipped && !made.Contains(aside.Container.Id ?? ""):
                return (
                    new PutBack(service, aside.Container with { Name = aside.AsideName }, aside.Container.Name, aside.SpecDigest, aside.ImageId, aside.Restart),
                    $"the container of {PlanText.Revision(before.Revision)}");
            case PutBack back when !skipped:
                return (
                    new SetAside(service, back.Container with { Name = back.Name }, back.Container.Name, back.SpecDigest, back.ImageId, back.Restart),
                    "it was put back by this run");
            case CreateNetwork create when !skipped && KnownAs(create.Network.Name) is null:
                return (new RemoveNetwork(create.Network), "it was created by this run");

            // It was gone and is needed: those who were on it have joined it.
            case CreateNetwork create when !skipped && KnownAs(create.Network.Name) is { } known && known != create.Network:
                return (new ReplaceNetwork(create.Network, known), $"the settings of {PlanText.Revision(before.Revision)}");
            case ReplaceNetwork replace when !skipped && replace.From != replace.To:
                return (new ReplaceNetwork(replace.To, replace.From), $"the settings of {PlanText.Revision(before.Revision)}");
            case RemoveNetwork remove when !skipped:
                return (new CreateNetwork(remove.Network), "it was removed by this run");

            // Woken later, see ToWake.
            case StopContainer or RestartContainer:

            // Found stopped, paused, renamed or gone, with other settings, on other networks, and put right: that was drift, and the
            // old state wants it so, too. What was left half-way is drift again, and the next plan's matter.
            case UpdateContainer or ReconnectNetwork or DisconnectNetwork:
            // An image, a content, a volume, a question and a proof do no harm; the rest is clean-up, or comes after the last way back.
            case PullImage or BuildImage or KeepImage or ExportContent or CreateVolume or Rehearse or TakeBaseline or VerifyService or UnpauseContainer or Soak:
            case Promote or RemoveContainer or ReleaseImage or ReleaseStates or ReleaseCopies:
            // What is migrated is put back as a whole.
            case BackUp or Migrate or RestoreData:
            case StartContainer or RenameContainer or CreateContainer or SetRestartPolicy or SetAside or PutBack or CreateNetwork or ReplaceNetwork or RemoveNetwork:
                return null;

            default:
                throw new NotSupportedException($"No way back from {begun.Planned.Step.GetType().Name}.");
        }
    }

    /// <summary>The network of ours that bore the name before.</summary>
    private DesiredNetwork? KnownAs(string name) => before.Networks.FirstOrDefault(known => known.Network.Name == name && !known.Network.External)?.Network;

    /// <summary>What is to run again: what was stopped while it ran, and what was restarted because of something that has gone back now.</summary>
    private static Wake? ToWake(BegunStep begun) => (begun.Planned.Step, begun.Receipt) switch
    {
        (_, Skipped) => null,
        (StopContainer { Container.Id: not null } stop, _) =>
            new(begun.Planned.Number, stop.Service, stop.Container, new StartContainer(stop.Service, stop.Container), "it ran before")
            {
                // Without a receipt nobody knows what the step did; but what it found is known from when it was planned.
                WasIdle = begun.Receipt is ContainerStopped stopped ? !stopped.WasRunning : stop.FoundStopped,
            },
        (RestartContainer { Container.Id: not null, ForDrift: false } restart, _) =>
            new(begun.Planned.Number, restart.Service, restart.Container, restart, "what it was restarted for has gone back"),
        _ => null,
    };

    /// <summary>The container that the run made: kept for inspection when it ever ran, else removed.</summary>
    private static (Step Step, string Cause) LetGoOf(Traces traces, string service, string name, string finalName)
    {
        var container = traces.New(service, name);
        if (!traces.Started(service))
        {
            return (new RemoveContainer(service, container), "it was created by this run and never started");
        }

        var aside = ContainerNames.Failed(finalName, container.Id ?? "new");
        var (digest, image) = traces.Made(service);
        return (new SetAside(service, container, aside, digest, image, RestartPolicy.No), "kept for inspection");
    }
}

/// <summary>A step of the way back, before it has its number.</summary>
internal sealed class Node(int forward, Step step, string cause)
{
    /// <summary>The step that it takes back.</summary>
    public int Forward { get; } = forward;

    public Step Step { get; } = step;

    public string Cause { get; } = cause;

    public List<Node> After { get; } = [];
}

/// <summary>A service that is to run again, and the step that makes it run.</summary>
internal sealed record Wake(int Forward, string Service, ContainerRef Container, Step Step, string Cause)
{
    /// <summary>It did not run before, and is woken only for those that share a namespace of it: they cannot start without it.</summary>
    public bool WasIdle { get; init; }
}

/// <summary>What the journal tells about the containers that the run itself made.</summary>
internal sealed class Traces
{
    private readonly Dictionary<string, (CreateContainer Step, ContainerMade? Receipt)> created = new(StringComparer.Ordinal);

    private readonly HashSet<string> renamed = new(StringComparer.Ordinal);

    private readonly HashSet<string> started = new(StringComparer.Ordinal);

    private readonly HashSet<string> stopped = new(StringComparer.Ordinal);

    public Traces(IEnumerable<BegunStep> begun)
    {
        foreach (var step in begun)
        {
            switch (step.Planned.Step)
            {
                case CreateContainer create:
                    created[create.Service] = (create, step.Receipt as ContainerMade);
                    break;
                case RenameContainer { Container.Id: null } rename:
                    renamed.Add(rename.Service);
                    break;
                case StartContainer { Container.Id: null } start:
                    started.Add(start.Service);
                    break;
                case StopContainer { Container.Id: { } id }:
                    stopped.Add(id);
                    break;
            }
        }
    }

    /// <summary>The container that the run made for a service; without an id when the journal does not know it.</summary>
    public ContainerRef New(string service, string name) => new(created.TryGetValue(service, out var made) ? made.Receipt?.ContainerId : null, name);

    public (string SpecDigest, string ImageId) Made(string service) =>
        created.TryGetValue(service, out var made) ? (made.Step.SpecDigest, made.Receipt?.ImageId ?? made.Step.ImageId ?? "") : ("", "");

    public bool Renamed(string service) => renamed.Contains(service);

    /// <summary>The run itself had stopped the container, so that starting it again is part of what goes back.</summary>
    public bool Stopped(string? id) => id is not null && stopped.Contains(id);

    /// <summary>An intent is enough: nobody knows whether it ran.</summary>
    public bool Started(string service) => started.Contains(service);
}
