using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Docker;

/// <content>Starting, stopping, crashing, health: what a container goes through in the clock's time.</content>
public sealed partial class FakeEngine
{
    private bool Start(FakeContainer container)
    {
        switch (container.Status)
        {
            case ContainerStatus.Running or ContainerStatus.Restarting:
                return false;
            case ContainerStatus.Paused:
                throw Conflict("cannot start a paused container, try unpause instead");
            case ContainerStatus.Dead or ContainerStatus.Removing:
                throw Conflict("container is marked for removal and cannot be started");
        }

        container.RestartCount = 0;
        container.Backoff = TimeSpan.Zero;
        Begin(container);
        return true;
    }

    private void Begin(FakeContainer container)
    {
        JoinNamespace(container);
        Plug(container);
        Publish(container);

        container.Life++;
        container.Status = ContainerStatus.Running;
        container.StartedAt = clock.Now;
        container.ExitCode = 0;
        container.FailingStreak = 0;
        container.LastHealthOutput = null;
        container.Health = container.Check is null ? ContainerHealth.None : ContainerHealth.Starting;
        Happened(container, "start");
        Migrate(container);
        Seed(container);

        var listens = container.Seconds("START_DELAY");
        if (container.Spec.Command is ["echo", ..] command)
        {
            container.Logs.AddRange(string.Join(' ', command.Skip(1)).Split('\n').Select(line => (clock.Now, line)));
            Later(container, TimeSpan.Zero, () => Exit(container, 0));
            return;
        }

        if (Work(container))
        {
            return;
        }

        Say(container, "starting");
        if (container.Knob("EXIT") is { } exit)
        {
            Later(container, listens, () => Exit(container, int.Parse(exit, System.Globalization.CultureInfo.InvariantCulture)));
        }
        else if (container.Knob("CRASH_AFTER") is not null)
        {
            Later(container, listens + container.Seconds("CRASH_AFTER"), () =>
            {
                Say(container, "fatal: crashed, as CRASH_AFTER says");
                Exit(container, 1);
            });
        }

        if (container.Check is { } check)
        {
            Later(container, UntilNextCheck(container, check), () => CheckHealth(container, check));
        }
    }

    private bool Stop(FakeContainer container, int exitCode)
    {
        switch (container.Status)
        {
            case ContainerStatus.Running or ContainerStatus.Paused:
                Say(container, "SIGTERM, ending");
                Happened(container, "kill", ("signal", "15"));
                End(container, exitCode);
                Happened(container, "stop");
                return true;
            case ContainerStatus.Restarting:
                container.Life++;
                container.Status = ContainerStatus.Exited;
                Happened(container, "kill", ("signal", "15"));
                Happened(container, "stop");
                return true;
            default:
                return false;
        }
    }

    /// <summary>The process ended by itself or was killed from outside: the restart policy has a say.</summary>
    private void Exit(FakeContainer container, int exitCode)
    {
        var ranFor = clock.Now - container.StartedAt!.Value;
        End(container, exitCode);
        var again = container.Restart switch
        {
            { Name: "always" or "unless-stopped" } => true,
            { Name: "on-failure", MaximumRetries: var most } => exitCode != 0 && (most == 0 || container.RestartCount < most),
            _ => false,
        };

        if (!again)
        {
            return;
        }

        // Doubling from 100 ms to a minute, and from the beginning after ten good seconds.
        container.Backoff = ranFor > TimeSpan.FromSeconds(10) || container.Backoff == TimeSpan.Zero
            ? TimeSpan.FromMilliseconds(100)
            : TimeSpan.FromTicks(Math.Min(container.Backoff.Ticks * 2, TimeSpan.TicksPerMinute));
        container.Status = ContainerStatus.Restarting;
        container.RestartCount++;
        Later(container, container.Backoff, () =>
        {
            try
            {
                Begin(container);
            }
            catch (ContainerHostException)
            {
                container.Status = ContainerStatus.Exited;
                container.ExitCode = 128;
            }
        });
    }

    private void End(FakeContainer container, int exitCode)
    {
        container.Life++;
        container.Status = ContainerStatus.Exited;
        container.EndedAt = clock.Now;
        container.ExitCode = exitCode;
        container.Published.Clear();
        if (container.Health != ContainerHealth.None)
        {
            // What the last life's checks said says nothing about the next one.
            (container.Health, container.LastHealthOutput, container.FailingStreak) = (ContainerHealth.Starting, null, 0);
        }

        foreach (var endpoint in container.Endpoints.Values)
        {
            endpoint.Address = null;
        }

        Happened(container, "die", ("exitCode", $"{exitCode}"));
    }

    private void CheckHealth(FakeContainer container, HealthCheck check)
    {
        if (container.Status == ContainerStatus.Running)
        {
            var result = FakeShell.Run(container, check.Test, Unwell(container));
            container.LastHealthOutput = result.Output.TrimEnd();
            var before = container.Health;
            if (result.ExitCode == 0)
            {
                container.FailingStreak = 0;
                container.Health = ContainerHealth.Healthy;
            }
            else if (container.Health != ContainerHealth.Starting || clock.Now - container.StartedAt >= check.StartPeriod)
            {
                container.FailingStreak++;
                container.Health = container.FailingStreak >= check.Retries ? ContainerHealth.Unhealthy : container.Health;
            }

            if (container.Health != before)
            {
                Happened(container, $"health_status: {container.Health.ToString().ToLowerInvariant()}");
            }
        }

        Later(container, UntilNextCheck(container, check), () => CheckHealth(container, check));
    }

    private TimeSpan UntilNextCheck(FakeContainer container, HealthCheck check) =>
        container.Health == ContainerHealth.Starting && clock.Now - container.StartedAt < check.StartPeriod
            ? check.StartInterval ?? TimeSpan.FromSeconds(5)
            : check.Interval;

    /// <summary>Why the application would not answer now; null when it does.</summary>
    private string? Unwell(FakeContainer container)
    {
        if (container.Files.ContainsKey("/tmp/sick") || container.Knob("NEVER_HEALTHY") is not null)
        {
            return "curl: (22) The requested URL returned error: 503";
        }

        if (container.StartedAt is not { } started || clock.Now - started < container.Seconds("START_DELAY") || WaitsFor(container, 0))
        {
            return "curl: (7) Failed to connect: Connection refused";
        }

        return container.Knob("UNHEALTHY_AFTER") is not null && clock.Now - started >= container.Seconds("START_DELAY") + container.Seconds("UNHEALTHY_AFTER")
            ? "curl: (22) The requested URL returned error: 503"
            : null;
    }

    private bool WaitsFor(FakeContainer container, int depth) =>
        depth < 32 && container.Knob("WAIT_FOR") is { } targets && targets.Split(' ').Any(target => !containers.Values.Any(other =>
            other.Status == ContainerStatus.Running
            && (other.Name == target.Split(':')[0] || other.Endpoints.Values.Any(endpoint => endpoint.Wanted.Aliases.Contains(target.Split(':')[0])))
            && !WaitsFor(other, depth + 1)));

    private void JoinNamespace(FakeContainer container)
    {
        container.Joined = null;
        foreach (var (mode, kind) in (ReadOnlySpan<(string?, string)>)[(container.Spec.NetworkMode, "network"), (container.Spec.IpcMode, "IPC"), (container.Spec.PidMode, "PID")])
        {
            if (mode is null || !mode.StartsWith("container:", StringComparison.Ordinal))
            {
                continue;
            }

            var provider = Find(mode["container:".Length..])
                ?? throw new ContainerHostException(HostFailure.NotFound, $"joining {kind} namespace of container: No such container: {mode["container:".Length..]}");
            if (!provider.IsUp)
            {
                throw Conflict($"cannot join {kind} namespace of a non running container: {provider.Id}");
            }

            container.Joined = (provider.Id, provider.Life);
        }
    }

    /// <summary>Takes the host ports, or takes none.</summary>
    private void Publish(FakeContainer container)
    {
        foreach (var port in container.Spec.Ports.Where(port => port.HostPort is not null))
        {
            if (hostPorts.Contains((port.HostPort!.Value, port.Protocol)))
            {
                throw Taken(container, $"failed to bind host port {Address(port)}:{port.HostPort}/{port.Protocol}: address already in use");
            }

            var clash = containers.Values.Any(other => other.IsUp && other != container && other.Published.Any(taken =>
                taken.HostPort == port.HostPort && taken.Protocol == port.Protocol
                && (Address(taken) == Address(port) || Address(taken) == "0.0.0.0" || Address(port) == "0.0.0.0")));
            if (clash)
            {
                throw Taken(container, $"Bind for {Address(port)}:{port.HostPort} failed: port is already allocated");
            }
        }

        container.Published.Clear();
        container.Published.AddRange(container.Spec.Ports.Select(port => port with { HostPort = port.HostPort ?? 32768 + made++ }));

        static string Address(PortBinding port) => port.HostAddress.Length > 0 ? port.HostAddress : "0.0.0.0";

        static ContainerHostException Taken(FakeContainer container, string reason) => new(
            HostFailure.PortTaken, $"failed to set up container networking: driver failed programming external connectivity on endpoint {container.Name}: {reason}");
    }

    private void Later(FakeContainer container, TimeSpan after, Action happening)
    {
        var life = container.Life;
        clock.At(clock.Now + after, () =>
        {
            lock (gate)
            {
                if (container.Life == life)
                {
                    happening();
                }
            }
        });
    }

    private void Say(FakeContainer container, string text) =>
        container.Logs.Add((clock.Now, $"{container.Knob("SERVICE") ?? "app"} {container.Knob("VERSION")}: {text}"));
}
