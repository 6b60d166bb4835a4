using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Docker;

/// <summary>An image of the fake engine or of its registry. How containers of it behave is in its environment, as in the real test images.</summary>
public sealed record FakeImage(string Id)
{
    /// <summary><c>START_DELAY</c>, <c>NEVER_HEALTHY</c>, <c>UNHEALTHY_AFTER</c>, <c>CRASH_AFTER</c>, <c>EXIT</c>, <c>STOP_DELAY</c>, <c>WAIT_FOR</c>, <c>HEALTH_BODY</c>.</summary>
    public ValueMap<string> Environment { get; init; } = ValueMap<string>.Empty;

    public ValueMap<string> Labels { get; init; } = ValueMap<string>.Empty;

    public HealthCheck? HealthCheck { get; init; }

    /// <summary>Paths that become anonymous volumes.</summary>
    public ValueList<string> Volumes { get; init; } = [];

    public ValueList<string> RepoDigests { get; init; } = [];

    public ValueList<string> Tags { get; init; } = [];

    public ObservedImage Observed => new(
        Id, RepoDigests, Labels.TryGetValue(ObservedImage.BuildLabel, out var build) ? build : null, HealthCheck is { IsDisabled: false });

    /// <summary>The reference with its tag written out, without the hub's own prefix and without digest.</summary>
    public static string Normalize(string reference)
    {
        var name = reference.Split('@')[0];
        name = name.StartsWith("docker.io/", StringComparison.Ordinal) ? name["docker.io/".Length..] : name;
        name = name.StartsWith("library/", StringComparison.Ordinal) ? name["library/".Length..] : name;
        return name.LastIndexOf(':') > name.LastIndexOf('/') ? name : $"{name}:latest";
    }

    public static string RepositoryOf(string reference) => Normalize(reference) is var name ? name[..name.LastIndexOf(':')] : "";
}
