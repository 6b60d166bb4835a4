using HomeIQ.Reconciler.Desired;

namespace HomeIQ.Reconciler.Planning;

/// <summary>Which of the contents that a run changed can have made a service fail (DESIGN §6.3).</summary>
public static class Suspects
{
    /// <summary>What changed in the failed service and in what it depends on, directly or not; all that changed when none of these did.</summary>
    public static ValueMap<string> Of(string service, Plan plan, DesiredState desired)
    {
        var services = desired.Services.ToDictionary(candidate => candidate.Name, StringComparer.Ordinal);
        var closure = new HashSet<string>(StringComparer.Ordinal);
        var open = new Stack<string>([service]);
        while (open.TryPop(out var next))
        {
            if (closure.Add(next) && services.TryGetValue(next, out var found))
            {
                foreach (var dependency in found.DependsOn)
                {
                    open.Push(dependency.Service);
                }
            }
        }

        var suspects = plan.Contents.Where(content => closure.Contains(content.Key)).ToList();
        return suspects.Count > 0 ? new(suspects) : plan.Contents;
    }
}
