using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Docker;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Observed;
using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Applying;

/// <summary>What failed before anything stopped: noted then, and afterwards told instead of blamed on the run (DESIGN §6.4).</summary>
/// <remarks>
/// A probe is excused when it stands in both policies as it is and fails the same way. The engine's own verdict is excused only where nothing of the
/// service itself changed: a version that was put in to be judged has to become healthy, whatever was before it.
/// </remarks>
internal sealed class Baseline(RunContext context)
{
    /// <summary>The most that the asking may take, all probes side by side.</summary>
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(10);

    private readonly ProbeRunner probes = new(context);

    /// <summary>Asks every probe of the state before once. What cannot be asked is noted as such: nothing here fails a run.</summary>
    public async Task<Receipt> TakeAsync(TakeBaseline step, CancellationToken cancellationToken)
    {
        ObservedContainer? container;
        try
        {
            container = await context.FindAsync(step.Service, step.Container);
        }
        catch (ContainerHostException unavailable)
        {
            return new Skipped($"it could not be asked: {context.Redactor.Redact(unavailable.Message)}");
        }

        if (container is null || HealthVerdict.TroubleOf(container) is Trouble.Stopped)
        {
            return new Skipped("it does not run any more");
        }

        var known = context.Before?.Find(step.Service)?.Service;
        var asked = container.Status == ContainerStatus.Running && known is not null ? known.Policy.Probes : [];
        var findings = await Task.WhenAll(asked.Select(async probe => new ProbeFinding(probe, await AskAsync(probe, known!, container, cancellationToken))));
        return new BaselineTaken(HealthVerdict.TroubleOf(container), [.. findings.Where(finding => finding.Answer.Result is not ProbeResult.Pass)]);
    }

    /// <summary>The probe failed in the same way before anything stopped.</summary>
    public bool WasSo(string service, Probe probe, ProbeAnswer answer) =>
        context.BaselineOf(service) is { } before && before.Failing.Any(finding => finding.Probe == probe && finding.Answer.IsLike(Redacted(answer)));

    /// <summary>The engine found the same wrong with the service before anything stopped, and its container is that one, or made of the same.</summary>
    public bool WasSo(string service, ObservedContainer container, Trouble trouble) =>
        trouble is Trouble.Unhealthy or Trouble.Restarting
        && context.BaselineOf(service)?.Trouble == trouble
        && context.BackTo?.Find(service) is { } before
        && (before.ContainerId == container.Id || (before.SpecDigest == container.Owner?.SpecDigest && before.ImageId == container.ImageId));

    private async Task<ProbeAnswer> AskAsync(Probe probe, DesiredService service, ObservedContainer container, CancellationToken cancellationToken)
    {
        var answer = await probes.AskAsync(probe.Timeout > Bound ? probe with { Timeout = Bound } : probe, service, container, cancellationToken);
        return Redacted(probe.Timeout > Bound && answer.Way == ProbeRunner.NoAnswer ? answer with { Result = ProbeResult.Inconclusive } : answer);
    }

    /// <summary>As it is journaled.</summary>
    private ProbeAnswer Redacted(ProbeAnswer answer) => answer with { Text = context.Redactor.Redact(answer.Text), Way = context.Redactor.Redact(answer.Way) };
}
