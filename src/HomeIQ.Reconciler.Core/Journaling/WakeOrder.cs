using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Journaling;

/// <summary>Puts what is to run again into order: each after what it stands on is back, and after the services that it needs are verified.</summary>
internal sealed class WakeOrder(EffectiveState before, IReadOnlyList<BegunStep> begun, IReadOnlyList<Wake> all, IReadOnlyList<Node> undone, ReverseOrder reverse)
{
    private readonly List<Node> nodes = [];

    private readonly List<Wake> wakes = [.. Needed(before, all)];

    /// <summary>Service to the last step of its waking.</summary>
    private readonly Dictionary<string, Node> awake = new(StringComparer.Ordinal);

    private readonly HashSet<string> visited = new(StringComparer.Ordinal);

    public IReadOnlyList<Node> Nodes()
    {
        // Stops in the reverse order of the run; restarts in the run's own order, for what they were restarted for comes first there, too.
        var restarts = wakes.Where(wake => wake.Step is RestartContainer).Reverse();
        foreach (var wake in wakes.Where(wake => wake.Step is not RestartContainer).Concat(restarts))
        {
            Visit(wake.Service);
        }

        return nodes;
    }

    /// <summary>What was found stopped stays stopped, unless somebody who ran lives in its namespace and could not start without it.</summary>
    private static IEnumerable<Wake> Needed(EffectiveState before, IReadOnlyList<Wake> all)
    {
        var needed = new HashSet<string>(StringComparer.Ordinal);
        var providers = new List<Wake>();
        var open = new Stack<Wake>(all.Where(wake => !wake.WasIdle));
        while (open.TryPop(out var wake))
        {
            if (!needed.Add(wake.Service) || before.Find(wake.Service) is not { } known)
            {
                continue;
            }

            foreach (var provider in Namespaces(known.Service.Spec).Select(before.Find).OfType<EffectiveService>())
            {
                // Whether it runs, the journal does not know when the run never came to it; starting what runs is nothing.
                var found = all.FirstOrDefault(other => other.Service == provider.Service.Name && other.Container.Id == provider.ContainerId) ?? Provider(provider, wake);
                providers.Add(found with { Cause = $"{wake.Service} shares its namespace" });
                open.Push(found);
            }
        }

        return all.Where(wake => !wake.WasIdle).Concat(providers).DistinctBy(wake => (wake.Container.Id, wake.Step.GetType().Name));
    }

    private static Wake Provider(EffectiveService provider, Wake user)
    {
        var container = new ContainerRef(provider.ContainerId, provider.Service.ContainerName);
        return new(user.Forward, provider.Service.Name, container, new StartContainer(provider.Service.Name, container), "");
    }

    private void Visit(string service)
    {
        if (!visited.Add(service))
        {
            return;
        }

        var needs = NeedsOf(service).ToList();
        needs.ForEach(Visit);

        // Stopped and restarted in one run: being started is being restarted. A left-over container of the service is a container of its own.
        foreach (var wake in wakes.Where(wake => wake.Service == service).OrderBy(wake => wake.Step is RestartContainer).DistinctBy(wake => wake.Container.Id, StringComparer.Ordinal))
        {
            Add(wake);
        }
    }

    private void Add(Wake wake)
    {
        var service = wake.Service;
        var node = new Node(wake.Forward, wake.Step, wake.Cause);
        node.After.AddRange(reverse.WaitsOf(wake.Forward));
        node.After.AddRange(undone.Where(other => other.Step is ReplaceNetwork));
        node.After.AddRange(undone.Where(other => other.Step.Subject == service).TakeLast(1));
        node.After.AddRange(AwakeBelow(service, []).Distinct());
        nodes.Add(node);
        if (before.Find(service) is not { } known || known.ContainerId != wake.Container.Id)
        {
            return;
        }

        var proof = new Node(wake.Forward, new VerifyService(service, wake.Container, known.SpecDigest), $"{service} as in {PlanText.Revision(before.Revision)}");
        proof.After.Add(node);
        nodes.Add(proof);
        awake[service] = proof;
    }

    /// <summary>The nearest services below this one that are woken, too; those that run all the while are looked through.</summary>
    private IEnumerable<Node> AwakeBelow(string service, HashSet<string> seen) => NeedsOf(service)
        .Where(seen.Add)
        .SelectMany(need => awake.TryGetValue(need, out var node) ? [node] : AwakeBelow(need, seen));

    /// <summary>What the old state says, and for a restarted service what the run restarted it for.</summary>
    private IEnumerable<string> NeedsOf(string service)
    {
        var old = before.Find(service)?.Service;
        var needs = old is null
            ? []
            : old.DependsOn.Select(dependency => dependency.Service)
                .Concat(Namespaces(old.Spec))
                .Concat(old.Policy.RestartWith);

        return needs
            .Concat(wakes.Where(wake => wake.Service == service && wake.Step is RestartContainer).SelectMany(wake => StartedBefore(wake.Forward)))
            .Where(need => need != service)
            .Distinct(StringComparer.Ordinal);
    }

    private static IEnumerable<string> Namespaces(ContainerSpec spec) =>
        from mode in new[] { spec.NetworkMode, spec.IpcMode, spec.PidMode }
        where mode is not null && mode.StartsWith("service:", StringComparison.Ordinal)
        select mode["service:".Length..];

    /// <summary>Services that a forward step waited to see started or restarted.</summary>
    private IEnumerable<string> StartedBefore(int forward)
    {
        var byNumber = begun.ToDictionary(step => step.Planned.Number, step => step.Planned);
        var open = new Stack<int>([forward]);
        var seen = new HashSet<int>();
        while (open.TryPop(out var number))
        {
            foreach (var after in byNumber.TryGetValue(number, out var step) ? step.After : [])
            {
                if (seen.Add(after) && byNumber.TryGetValue(after, out var earlier))
                {
                    open.Push(after);
                    if (earlier.Step is StartContainer or RestartContainer)
                    {
                        yield return earlier.Step.Subject;
                    }
                }
            }
        }
    }
}
