using HomeIQ.Reconciler.Desired;

namespace HomeIQ.Reconciler.Observed;

public enum HealthState
{
    /// <summary>Too early to say.</summary>
    Waiting,
    Passed,
    Failed,
}

/// <summary>What is wrong with a container, by the engine's word.</summary>
public enum Trouble
{
    None,

    /// <summary>It runs, and is not healthy in its time.</summary>
    Unhealthy,

    /// <summary>It ends again and again, and the engine restarts it.</summary>
    Restarting,

    /// <summary>It does not run.</summary>
    Stopped,
}

/// <summary>What one look at a started container says about its health, and how long at most to wait before the next look can say more.</summary>
public sealed record HealthVerdict(HealthState State, string Reason)
{
    /// <summary>How long a container that nobody can ask must stay up before it counts as started.</summary>
    public static readonly TimeSpan Settle = TimeSpan.FromSeconds(3);

    /// <summary>How long a task may take that others wait for, when the policy sets no limit.</summary>
    public static readonly TimeSpan TaskLimit = TimeSpan.FromMinutes(10);

    /// <summary>Why it failed; <see cref="Trouble.None"/> while it has not.</summary>
    public Trouble Trouble { get; init; }

    /// <summary>What is wrong with a container that is let alone.</summary>
    public static Trouble TroubleOf(ObservedContainer container) => container switch
    {
        { Status: ContainerStatus.Restarting } => Trouble.Restarting,
        { Status: ContainerStatus.Running, Health: ContainerHealth.Unhealthy } => Trouble.Unhealthy,
        { Status: ContainerStatus.Running } => Trouble.None,
        _ => Trouble.Stopped,
    };

    /// <param name="spec">What the container was asked to be; null when nobody knows, and its own word has to do.</param>
    /// <param name="waited">Since the start, measured here: the engine's clock may differ.</param>
    /// <param name="restartsBefore">The container's restart count when it was started.</param>
    /// <param name="limit">The policy's time limit for the verification; null when it sets none.</param>
    /// <param name="completes">It has to end with 0; running is not enough.</param>
    public static HealthVerdict Of(ObservedContainer container, ContainerSpec? spec, TimeSpan waited, int restartsBefore, TimeSpan? limit, bool completes = false)
    {
        if (container.RestartCount > restartsBefore || container.Status is ContainerStatus.Restarting)
        {
            // The engine forgets the exit code as soon as it has started the container again.
            return Fail(Trouble.Restarting, container.ExitCode == 0 ? "it ended and was restarted by the engine" : $"it ended with exit code {container.ExitCode} and was restarted by the engine");
        }

        switch (container.Status)
        {
            case ContainerStatus.Exited when CompletedTask.Is(container, spec, completes) || (completes && container.ExitCode == 0):
                return new(HealthState.Passed, "completed with exit code 0");
            case ContainerStatus.Exited or ContainerStatus.Dead or ContainerStatus.Removing:
                return Fail(Trouble.Stopped, $"it ended with exit code {container.ExitCode}");
            case ContainerStatus.Created:
                return Fail(Trouble.Stopped, "it was never started");
            case ContainerStatus.Paused:
                return Fail(Trouble.Stopped, "it was paused from outside");
        }

        if (completes)
        {
            var most = limit ?? TaskLimit;
            return waited >= most ? Fail(Trouble.Unhealthy, $"it has not completed after {most.TotalSeconds:0.#} s, and others wait for that") : new(HealthState.Waiting, "running; others wait until it has completed");
        }

        if ((spec?.HealthCheck ?? container.HealthCheck) is not { IsDisabled: false } check)
        {
            return waited >= Settle ? new(HealthState.Passed, "running (no health check)") : new(HealthState.Waiting, "no health check; watching that it stays up");
        }

        switch (container.Health)
        {
            case ContainerHealth.Healthy:
                return new(HealthState.Passed, "healthy");
            case ContainerHealth.Unhealthy:
                return Fail(Trouble.Unhealthy, $"unhealthy{LastOutput(container)}");
        }

        var bound = limit is { } set && set < check.Bound ? set : check.Bound;
        return waited >= bound
            ? Fail(Trouble.Unhealthy, $"not healthy after {bound.TotalSeconds:0.#} s{LastOutput(container)}")
            : new(HealthState.Waiting, $"starting{LastOutput(container)}");
    }

    private static HealthVerdict Fail(Trouble trouble, string reason) => new(HealthState.Failed, reason) { Trouble = trouble };

    private static string LastOutput(ObservedContainer container) =>
        container.LastHealthOutput is { Length: > 0 } output ? $": {output.Trim().ReplaceLineEndings(" ")}" : "";
}
