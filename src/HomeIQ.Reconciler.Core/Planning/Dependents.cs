using HomeIQ.Reconciler.Desired;

namespace HomeIQ.Reconciler.Planning;

/// <summary>Who needs whom, in both directions: by dependency, a shared namespace, or a restart that follows.</summary>
public static class Dependents
{
    /// <summary>All that need one of these, directly or not; by name, without these themselves.</summary>
    public static ValueList<string> Of(IReadOnlyCollection<string> services, DesiredState desired)
    {
        var needs = NeedsIn(desired);
        var found = services.ToHashSet(StringComparer.Ordinal);
        while (needs.Where(pair => !found.Contains(pair.Key) && pair.Value.Exists(found.Contains)).Select(pair => pair.Key).ToList() is { Count: > 0 } more)
        {
            found.UnionWith(more);
        }

        return [.. found.Except(services, StringComparer.Ordinal).Order(StringComparer.Ordinal)];
    }

    /// <summary>What a service needs directly; empty when it is not wanted.</summary>
    public static ValueList<string> NeedsOf(string service, DesiredState desired) => NeedsIn(desired).TryGetValue(service, out var needs) ? [.. needs] : [];

    private static Dictionary<string, List<string>> NeedsIn(DesiredState desired)
    {
        var services = desired.Services.ToDictionary(service => service.Name, StringComparer.Ordinal);
        var byContainerName = desired.Services.DistinctBy(service => service.ContainerName, StringComparer.Ordinal)
            .ToDictionary(service => service.ContainerName, service => service.Name, StringComparer.Ordinal);
        return services.Values.ToDictionary(service => service.Name, service => ServiceOrder.Needs(service, services, byContainerName), StringComparer.Ordinal);
    }
}
