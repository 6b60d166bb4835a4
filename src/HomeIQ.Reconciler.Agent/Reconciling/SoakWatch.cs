using System.Text.RegularExpressions;
using HomeIQ.Reconciler.Applying;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Docker;
using HomeIQ.Reconciler.Observed;
using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>Watches the services of a run before it is promoted: restarts, health, probes, and errors in their logs against those before.</summary>
/// <remarks>A container that somebody stopped or removed is drift, which is put right meanwhile, and no verdict on the version.</remarks>
internal sealed partial class SoakWatch(RunContext context, Plan plan, Soak soak)
{
    /// <summary>Between two rounds of questions.</summary>
    public static readonly TimeSpan Round = TimeSpan.FromSeconds(15);

    /// <summary>What somebody stopped is given so long to be up again before the watch ends all the same; that takes the run back, as environmental.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan Again = TimeSpan.FromSeconds(1);

    /// <summary>A probe fails when it fails so many rounds in succession.</summary>
    private const int Rounds = 3;

    private const int LogLines = 1000;

    /// <summary>Whether a line tells of an error is said at its beginning.</summary>
    private const int LongestLine = 2000;

    /// <summary>Fewer error lines than this are no flood, whatever their share.</summary>
    private const int FewErrors = 20;

    private readonly ProbeRunner probes = new(context);
    private readonly Baseline baseline = new(context);
    private readonly long began = context.Time.GetTimestamp();
    private readonly Dictionary<string, int> restarts = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> failedRounds = new(StringComparer.Ordinal);

    /// <summary>Ids of the containers whose errors were told.</summary>
    private readonly HashSet<string> warned = new(StringComparer.Ordinal);
    private TimeSpan? lastRound;

    /// <param name="held">The state that the host is held to meanwhile.</param>
    public async Task<SoakVerdict> LookAsync(EffectiveState held, IReadOnlyList<ObservedContainer> containers, CancellationToken cancellationToken)
    {
        var passed = context.Time.GetElapsedTime(began);
        var left = soak.For - passed;
        var asks = lastRound is null || passed - lastRound >= Round || left <= TimeSpan.Zero;
        lastRound = asks ? passed : lastRound;
        var tasks = CompletedTask.AwaitedAmong(held.Services.Select(service => service.Service));
        foreach (var name in soak.Services)
        {
            var service = held.Find(name);
            var container = containers.FirstOrDefault(candidate => candidate.Id == service?.ContainerId);
            if (service is null || container is null)
            {
                continue;
            }

            var illness = IllnessOf(container)
                ?? await EndOfAsync(service.Service, container, tasks.Contains(name), cancellationToken)
                ?? (asks ? await AskAsync(service.Service, container, cancellationToken) ?? await FloodOfAsync(name, container) : null);
            if (illness is not null)
            {
                var (evidence, hint) = await Evidence.SaveAsync(context, name, container, illness);
                return new(passed, left, $"fell ill {Duration.ToText(Whole(passed))} after it was verified: {illness}", name, evidence) { Hint = hint };
            }
        }

        if (left <= TimeSpan.Zero && passed < soak.For + Patience && soak.Services.Select(held.Find).FirstOrDefault(service => service is not null && IsDown(service, containers, tasks)) is { } down)
        {
            return new(passed, Again, $"{down.Service.Name} was stopped or removed by somebody: waiting until it is up again");
        }

        return new(passed, left > TimeSpan.Zero ? left : TimeSpan.Zero, $"stayed well for {Duration.ToText(Whole(passed))}");
    }

    /// <summary>It should run, and does not: no verdict, and nothing to promote either.</summary>
    private static bool IsDown(EffectiveService held, IReadOnlyList<ObservedContainer> containers, IReadOnlySet<string> tasks) =>
        held.Service is { Scale: > 0, Policy.Drift: DriftPolicy.Correct }
        && (containers.FirstOrDefault(container => container.Id == held.ContainerId) is not { } live
            || (live.Status is not ContainerStatus.Running && !CompletedTask.Is(live, held.Service.Spec, tasks.Contains(held.Service.Name))));

    private static TimeSpan Whole(TimeSpan span) => TimeSpan.FromSeconds(Math.Floor(span.TotalSeconds));

    private string? IllnessOf(ObservedContainer container)
    {
        // A container that was made again meanwhile begins at none.
        var before = restarts.TryGetValue(container.Id, out var known) ? known : restarts[container.Id] = container.RestartCount;
        return container switch
        {
            _ when container.RestartCount > before => $"it ended and was restarted by the engine ({container.RestartCount - before} times)",
            { Status: ContainerStatus.Restarting } => $"it ended with exit code {container.ExitCode} and is restarted by the engine",
            { Status: ContainerStatus.Running, Health: ContainerHealth.Unhealthy } => $"unhealthy: {container.LastHealthOutput?.Trim().ReplaceLineEndings(" ")}",
            _ => null,
        };
    }

    /// <summary>One that the engine does not start again, that has not done its work and that nobody stopped.</summary>
    private async Task<string?> EndOfAsync(DesiredService service, ObservedContainer container, bool isAwaited, CancellationToken cancellationToken)
    {
        if (container is not { Status: ContainerStatus.Exited, Restart.Name: "no" or "on-failure" } || CompletedTask.Is(container, service.Spec, isAwaited))
        {
            return null;
        }

        // Where the engine does not tell any more, a bad exit code is a program's own, and a good one may be the answer to a stop.
        var wasStopped = await EventHub.WasStoppedAsync(context.Host, container, cancellationToken) ?? container.ExitCode == 0;
        return wasStopped ? null : $"it ended with exit code {container.ExitCode}";
    }

    private async Task<string?> AskAsync(DesiredService service, ObservedContainer container, CancellationToken cancellationToken)
    {
        if (container.Status is not ContainerStatus.Running)
        {
            return null;
        }

        foreach (var (index, probe) in service.Policy.Probes.Index())
        {
            var key = $"{service.Name} {index}";
            var answer = await probes.AskAsync(probe, service, container, cancellationToken);
            failedRounds[key] = answer.Result is ProbeResult.Fail && !baseline.WasSo(service.Name, probe, answer) ? failedRounds.GetValueOrDefault(key) + 1 : 0;
            if (failedRounds[key] >= Rounds)
            {
                return answer.Text;
            }
        }

        return null;
    }

    /// <summary>A log that fills with errors as it did not before.</summary>
    private async Task<string?> FloodOfAsync(string service, ObservedContainer container)
    {
        if (soak.Errors is LogErrors.Ignore || plan.Steps.Select(step => step.Step).OfType<SetAside>().FirstOrDefault(aside => aside.Service == service) is not { Container.Id: { } former })
        {
            return null;
        }

        if (await ErrorsAsync(container.Id) is not { Lines: >= FewErrors } now || await ErrorsAsync(former) is not { } then || now.Share <= 3 * then.Share + 0.1)
        {
            return null;
        }

        var words = $"{now.Lines} of the last {now.Of} log lines are errors ({now.Share:0 %}; before the change {then.Share:0 %})";
        if (soak.Errors is LogErrors.Fail)
        {
            return words;
        }

        if (warned.Add(container.Id))
        {
            context.Progress.Report(new StepProgressed(plan.Steps.Single(step => step.Step == soak), $"{service}: {words}"));
        }

        return null;
    }

    /// <summary>Null when the log cannot be read: the container is gone, or its logging driver keeps nothing. What cannot be compared is no verdict.</summary>
    private async Task<ErrorLines?> ErrorsAsync(string container)
    {
        try
        {
            var lines = await context.Host.ReadLogsAsync(container, LogLines, default);
            return new(lines.Count(line => ErrorLine().IsMatch(line.Length > LongestLine ? line[..LongestLine] : line)), lines.Count);
        }
        catch (ContainerHostException)
        {
            return null;
        }
    }

    private readonly record struct ErrorLines(int Lines, int Of)
    {
        public double Share => Of == 0 ? 0 : (double)Lines / Of;
    }

    /// <summary>The words by which the loggers in use mark an error: a level by itself, a level field, or a stack trace's first line.</summary>
    [GeneratedRegex("""\b(ERROR|CRITICAL|FATAL|PANIC)\b|\blevel"?\s*[=:]\s*"?(error|critical|fatal|panic)\b|^Traceback \(|^Unhandled exception""", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 60_000)]
    private static partial Regex ErrorLine();
}
