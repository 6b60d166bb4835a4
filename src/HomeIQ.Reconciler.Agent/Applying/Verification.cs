using System.Globalization;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Docker;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Observed;
using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Applying;

/// <summary>Waits until a started service is healthy and its probes pass, or until it is certain that it will not.</summary>
internal sealed class Verification(RunContext context, EventHub events)
{
    /// <summary>How long probes may fail after the engine's verdict when the policy sets no time.</summary>
    private static readonly TimeSpan ProbeTime = TimeSpan.FromMinutes(1);

    /// <summary>Between two looks without an event; events come sooner.</summary>
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(1);

    private readonly ProbeRunner probes = new(context);

    private readonly Baseline baseline = new(context);

    public async Task<Receipt> VerifyAsync(PlannedStep planned, VerifyService step, CancellationToken cancellationToken)
    {
        // A specification is sealed once; what is asked of it may be something else in the state that the way back leads to.
        var service = context.BackTo?.Find(step.Service) is { } known && known.SpecDigest == step.Digest ? known.Service : context.Sealed.FindService(step.Digest);
        var began = context.Time.GetTimestamp();
        var (container, verdict) = await AwaitHealthAsync(planned, step, service, began, cancellationToken);
        var (evidence, failingBefore) = verdict.State is HealthState.Passed
            ? (verdict.Reason, new List<string>())
            : ("as ill as before", [context.Redactor.Redact(verdict.Reason)]);
        if (container.Status is ContainerStatus.Running && verdict.Trouble is not Trouble.Restarting && service is { Policy.Probes.Count: > 0 })
        {
            var excused = await AwaitProbesAsync(planned, step, service, cancellationToken);
            var passed = service.Policy.Probes.Count - excused.Count;
            evidence += passed == 0 ? "" : $"; {passed} {(passed == 1 ? "probe" : "probes")} passed";
            failingBefore.AddRange(excused);
        }

        var took = context.Time.GetElapsedTime(began).TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture);
        var told = failingBefore.Count == 0 ? "" : $"; was failing before: {string.Join("; ", failingBefore)}";
        return new ServiceVerified($"{evidence} after {took} s{told}") { FailingBefore = [.. failingBefore] };
    }

    /// <returns>A verdict that it passed, or failed as it did before anything stopped.</returns>
    private async Task<(ObservedContainer Container, HealthVerdict Verdict)> AwaitHealthAsync(
        PlannedStep planned, VerifyService step, DesiredService? service, long began, CancellationToken cancellationToken)
    {
        int? restartsBefore = null;
        bool? isStale = null;
        var shown = "";
        while (true)
        {
            var id = (await context.FindAsync(step.Service, step.Container))?.Id ?? step.Container.Name;
            var next = events.NextEventOf(id);
            // Looked at after the wait was taken out, so that an event in between is not missed.
            if (await context.Host.FindContainerAsync(id, default) is not { } container)
            {
                throw new StepFailedException(FailureClass.Environmental, $"the container of {step.Service} was removed while it was verified", "something else on this host removed it; see docker events");
            }

            restartsBefore ??= step.Container.Id is null ? 0 : container.RestartCount;

            // What an old container is said to be at the first look was said before: of one that was paused, its checks ran into the pause. The next word counts.
            isStale = container.Health is ContainerHealth.Unhealthy && (isStale ?? step.Container.Id is not null);
            if (isStale.Value)
            {
                container = container with { Health = ContainerHealth.Starting };
            }

            var verdict = HealthVerdict.Of(container, service?.Spec, context.Time.GetElapsedTime(began), restartsBefore.Value, service?.Policy.VerifyTimeout, step.Completes);
            switch (verdict.State)
            {
                case HealthState.Passed:
                case HealthState.Failed when baseline.WasSo(step.Service, container, verdict.Trouble):
                    return (container, verdict);
                case HealthState.Failed:
                    throw await EndedAsync(step.Service, container, verdict.Reason, cancellationToken);
            }

            if (verdict.Reason != shown)
            {
                shown = verdict.Reason;
                context.Progress.Report(new StepProgressed(planned, context.Redactor.Redact(shown)));
            }

            await events.WaitAsync(next, LookAgain, cancellationToken);
        }
    }

    /// <returns>What failed the same way before anything stopped.</returns>
    private async Task<IReadOnlyList<string>> AwaitProbesAsync(PlannedStep planned, VerifyService step, DesiredService service, CancellationToken cancellationToken)
    {
        var excused = new List<string>();
        var limit = service.Policy.VerifyTimeout ?? ProbeTime;
        var began = context.Time.GetTimestamp();
        foreach (var probe in service.Policy.Probes)
        {
            while (true)
            {
                var container = await context.FindAsync(step.Service, step.Container);
                if (container is not { Status: ContainerStatus.Running })
                {
                    throw await EndedAsync(step.Service, container, "it stopped running while its probes were asked", cancellationToken);
                }

                var answer = await probes.AskAsync(probe, service, container, cancellationToken);
                if (answer.Result is ProbeResult.Pass)
                {
                    break;
                }

                // What failed like this before gets the time to pass after all, but not all that a slow start is given.
                var waited = context.Time.GetElapsedTime(began);
                if ((waited >= limit || waited >= ProbeTime) && baseline.WasSo(step.Service, probe, answer))
                {
                    excused.Add(context.Redactor.Redact(answer.Text));
                    break;
                }

                if (waited >= limit)
                {
                    var failureClass = answer.Result is ProbeResult.Inconclusive ? FailureClass.Environmental : FailureClass.Verification;
                    throw await FailedAsync(failureClass, step.Service, container, $"{answer.Text} (asked for {limit.TotalSeconds:0.#} s)");
                }

                context.Progress.Report(new StepProgressed(planned, context.Redactor.Redact(answer.Text)));
                await Task.Delay(probe.Interval, context.Time, cancellationToken);
            }
        }

        return excused;
    }

    /// <summary>It is not well, or does not run any more. What somebody else stopped was not measured at all.</summary>
    private async Task<StepFailedException> EndedAsync(string service, ObservedContainer? container, string reason, CancellationToken cancellationToken) =>
        container is not null && await events.WasStoppedAsync(container, cancellationToken)
            ? await FailedAsync(FailureClass.Environmental, service, container, $"{reason}: something else on this host stopped it")
            : await FailedAsync(FailureClass.Verification, service, container, reason);

    private Task<StepFailedException> FailedAsync(FailureClass failureClass, string service, ObservedContainer? container, string reason) =>
        Evidence.OfAsync(context, failureClass, service, container, reason);
}
