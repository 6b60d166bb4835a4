using HomeIQ.Reconciler.Desired;

namespace HomeIQ.Reconciler.Observed;

/// <summary>Services whose container may end: it has done its work then.</summary>
public static class CompletedTask
{
    /// <summary>A container that ended well and is not meant to be started again by itself has done its work; one that is asked for its health was meant to stay, and ended or was stopped.</summary>
    /// <param name="spec">What the container was asked to be; null when nobody knows, and its own word has to do. A health check that only its image has says nothing of a task.</param>
    /// <param name="isAwaited">Others wait until it has completed.</param>
    public static bool Is(ObservedContainer container, ContainerSpec? spec, bool isAwaited) =>
        container is { Status: ContainerStatus.Exited, ExitCode: 0 }
        && (spec?.Restart ?? container.Restart).Name is "no" or "on-failure"
        && (isAwaited || spec?.HealthCheck is null or { IsDisabled: true });

    /// <summary>The services that others wait for until they have completed.</summary>
    public static IReadOnlySet<string> AwaitedAmong(IEnumerable<DesiredService> services) => services
        .SelectMany(user => user.DependsOn)
        .Where(dependency => dependency.Condition == DependencyCondition.CompletedSuccessfully)
        .Select(dependency => dependency.Service)
        .ToHashSet(StringComparer.Ordinal);
}
