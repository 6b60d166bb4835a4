using HomeIQ.Reconciler.Changes;
using HomeIQ.Reconciler.Desired;

namespace HomeIQ.Reconciler.Planning;

/// <summary>Which of the contents that a run changed can have made a service fail (DESIGN §6.3).</summary>
public static class Suspects
{
    /// <summary>What changed in the failed service, in what it needs, directly or not, and in their networks; all that changed when none of these did.</summary>
    public static ValueMap<string> Of(string service, Plan plan, DesiredState desired)
    {
        var services = desired.Services.ToDictionary(candidate => candidate.Name, StringComparer.Ordinal);
        var byContainerName = desired.Services.DistinctBy(candidate => candidate.ContainerName, StringComparer.Ordinal)
            .ToDictionary(candidate => candidate.ContainerName, candidate => candidate.Name, StringComparer.Ordinal);
        var closure = new HashSet<string>(StringComparer.Ordinal);
        var open = new Stack<string>([service]);
        while (open.TryPop(out var next))
        {
            if (closure.Add(next) && services.TryGetValue(next, out var found))
            {
                foreach (var need in ServiceOrder.Needs(found, services, byContainerName))
                {
                    open.Push(need);
                }
            }
        }

        var attached = services.Values.Where(candidate => closure.Contains(candidate.Name)).SelectMany(candidate => candidate.Spec.Networks)
            .Select(attachment => ContentDigest.NameOf(new DesiredNetwork(attachment.Network))).ToHashSet(StringComparer.Ordinal);
        var suspects = plan.Contents.Where(content => closure.Contains(content.Key) || attached.Contains(content.Key)).ToList();
        return suspects.Count > 0 ? new(suspects) : plan.Contents;
    }
}
