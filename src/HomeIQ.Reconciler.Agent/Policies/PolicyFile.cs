using HomeIQ.Reconciler.Compose;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Yaml;

namespace HomeIQ.Reconciler.Policies;

/// <summary><c>reconciler.yaml</c> as it was read: what it says of files, project and services, with its defaults applied.</summary>
internal sealed record PolicyFile
{
    public const string Name = "reconciler.yaml";

    /// <summary>The Compose files that it names; empty = the usual ones.</summary>
    public ValueList<string> Compose { get; init; } = [];

    /// <summary>The place of each of <see cref="Compose"/>.</summary>
    public ValueList<SourcePosition> ComposePositions { get; init; } = [];

    public string? Project { get; init; }

    public SourcePosition? ProjectPosition { get; init; }

    public Policy Policy { get; init; } = new();

    /// <summary>What holds for services that it does not name.</summary>
    public ServicePolicy Defaults { get; init; } = new();

    public ValueMap<ServicePolicy> Services { get; init; } = ValueMap<ServicePolicy>.Empty;

    /// <summary>Every service that it names, where, and the place in the file (<c>phases.core</c>).</summary>
    public ValueList<(string Service, SourcePosition Position, string Where)> Named { get; init; } = [];

    /// <summary>Reads the form; whether the named services exist is asked later.</summary>
    public static PolicyFile Read(YamlNode node, Findings problems) => new PolicyReader(problems).Read(node);

    /// <summary>The policy of one service; services that are not active count as not named.</summary>
    public ServicePolicy For(string service, IReadOnlySet<string> active)
    {
        var policy = Services.TryGetValue(service, out var own) ? own : Defaults;

        return policy with { RestartWith = [.. policy.RestartWith.Where(active.Contains)] };
    }

    public Policy PolicyFor(IReadOnlySet<string> active) =>
        Policy with { Databases = [.. Policy.Databases.Where(database => active.Contains(database.Service))], Phases = [.. Policy.Phases.Select(phase => phase with { Services = [.. phase.Services.Where(active.Contains)] })] };

    /// <summary>A name of no service is a slip of the pen; a service in two phases would have to move twice.</summary>
    public void CheckNames(IReadOnlySet<string> known, Findings problems)
    {
        var phases = new Dictionary<string, (string Where, SourcePosition Position)>(StringComparer.Ordinal);
        foreach (var (service, position, where) in Named)
        {
            if (!known.Contains(service))
            {
                problems.Error(position, where, $"there is no service `{service}`", Suggestions.For(service, known));
            }
            else if (where.StartsWith("phases.", StringComparison.Ordinal) && !phases.TryAdd(service, (where, position)))
            {
                problems.Error(position, where, $"`{service}` is in {phases[service].Where} already, at {phases[service].Position}", "a service moves in one phase");
            }
            else if (where == $"services.{service}.restart-with")
            {
                problems.Error(position, where, $"`{service}` cannot restart with itself");
            }
        }
    }
}
