using HomeIQ.Reconciler.Desired;

namespace HomeIQ.Reconciler.Policies;

/// <summary><c>reconciler.yaml</c> as it was read: what it says of files, project and services, with its defaults applied.</summary>
public sealed record PolicyFile
{
    public const string Name = "reconciler.yaml";

    /// <summary>The Compose files that it names; empty = the usual ones.</summary>
    public ValueList<string> Compose { get; init; } = [];

    public string? Project { get; init; }

    public Policy Policy { get; init; } = new();

    /// <summary>What holds for services that it does not name.</summary>
    public ServicePolicy Defaults { get; init; } = new();

    public ValueMap<ServicePolicy> Services { get; init; } = ValueMap<ServicePolicy>.Empty;
}
