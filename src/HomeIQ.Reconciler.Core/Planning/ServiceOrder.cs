using HomeIQ.Reconciler.Desired;

namespace HomeIQ.Reconciler.Planning;

/// <summary>The desired services with everything that they need before them; equal ones by name.</summary>
internal static class ServiceOrder
{
    /// <summary>The order, or a cycle (first and last name are the same).</summary>
    public static (IReadOnlyList<DesiredService> Services, IReadOnlyList<string> Cycle) Of(Inventory inventory)
    {
        var needs = inventory.Desired.Values.ToDictionary(service => service.Name, service => Needs(inventory, service), StringComparer.Ordinal);
        var users = needs.Keys.ToDictionary(name => name, _ => new List<string>(), StringComparer.Ordinal);
        var open = new Dictionary<string, int>(StringComparer.Ordinal);
        var ready = new PriorityQueue<string, string>(StringComparer.Ordinal);
        foreach (var (name, needed) in needs)
        {
            open[name] = needed.Count;
            if (needed.Count == 0)
            {
                ready.Enqueue(name, name);
            }

            foreach (var need in needed)
            {
                users[need].Add(name);
            }
        }

        var ordered = new List<DesiredService>(needs.Count);
        while (ready.TryDequeue(out var name, out _))
        {
            ordered.Add(inventory.Desired[name]);
            open.Remove(name);
            foreach (var user in users[name].Where(user => --open[user] == 0))
            {
                ready.Enqueue(user, user);
            }
        }

        return (ordered, open.Count == 0 ? [] : Cycle(needs, open));
    }

    public static List<string> Needs(Inventory inventory, DesiredService service) => Needs(service, inventory.Desired, inventory.ByContainerName);

    /// <summary>The desired services that this one depends on, restarts with, or shares a namespace of; by name.</summary>
    public static List<string> Needs(DesiredService service, IReadOnlyDictionary<string, DesiredService> desired, IReadOnlyDictionary<string, string> byContainerName) =>
    [
        .. service.DependsOn.Select(dependency => dependency.Service)
            .Concat(service.Policy.RestartWith.Where(name => name != service.Name))
            .Concat(Inventory.Providers(service, byContainerName))
            .Where(desired.ContainsKey)
            .Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>Whoever is left waits for somebody who is left: following that leads round.</summary>
    private static List<string> Cycle(Dictionary<string, List<string>> needs, Dictionary<string, int> left)
    {
        var path = new List<string>();
        var place = new Dictionary<string, int>(StringComparer.Ordinal);
        var name = left.Keys.Min(StringComparer.Ordinal)!;
        while (place.TryAdd(name, path.Count))
        {
            path.Add(name);
            name = needs[name].First(left.ContainsKey);
        }

        return [.. path.Skip(place[name]), name];
    }
}
