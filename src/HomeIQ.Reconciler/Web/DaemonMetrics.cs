using System.Diagnostics.Metrics;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Reconciling;
using HomeIQ.Reconciler.Reporting;

namespace HomeIQ.Reconciler.Web;

/// <summary>What Prometheus sees: the newest pass, and what has happened since the start.</summary>
internal sealed class DaemonMetrics : IDisposable
{
    public const string Name = "HomeIQ.Reconciler";

    private readonly Meter meter = new(Name);
    private readonly Counter<long> passes;
    private readonly Counter<long> runs;
    private readonly Counter<long> failedPasses;

    public DaemonMetrics(ReconcileLoop loop)
    {
        passes = meter.CreateCounter<long>("homeiq_passes", description: "Passes of the loop.");
        failedPasses = meter.CreateCounter<long>("homeiq_failed_passes", description: "Passes that could not do their work.");
        runs = meter.CreateCounter<long>("homeiq_runs", description: "Runs that ended in a pass, by result.");
        meter.CreateObservableGauge("homeiq_ready", () => loop.Latest?.Status?.Conditions is [{ Type: "Ready", Status: "True" }, ..] ? 1 : 0, description: "1 when in sync and healthy.");
        meter.CreateObservableGauge("homeiq_sync", () => OneHot(loop.Latest?.Status?.Sync ?? Sync.Unknown, "sync"), description: "1 for the sync status that holds.");
        meter.CreateObservableGauge("homeiq_service_healthy", () => Services(loop), description: "1 for a healthy service.");
        meter.CreateObservableGauge("homeiq_pending_steps", () => loop.Latest?.Status?.PendingSteps ?? 0, description: "Steps from what the host is held to, to the branch head.");
        meter.CreateObservableGauge("homeiq_suspended", () => loop.Latest?.Status?.Suspended is null ? 0 : 1, description: "1 while a person put something off.");
        meter.CreateObservableGauge("homeiq_last_pass_timestamp_seconds", () => loop.Latest?.At.ToUnixTimeMilliseconds() / 1000.0 ?? 0, description: "When the last pass ended.");
        loop.Tell(Count);
    }

    public void Dispose() => meter.Dispose();

    private void Count(PassReport report)
    {
        passes.Add(1);
        if (report.Problem is not null)
        {
            failedPasses.Add(1);
        }

        if (report.Run is { } run)
        {
            runs.Add(1, new KeyValuePair<string, object?>("result", run.Result.ToString()));
        }
    }

    private static IEnumerable<Measurement<int>> OneHot(Sync held, string label) =>
        Enum.GetValues<Sync>().Select(sync => new Measurement<int>(sync == held ? 1 : 0, new KeyValuePair<string, object?>(label, sync.ToString())));

    private static IEnumerable<Measurement<int>> Services(ReconcileLoop loop) =>
        (loop.Latest?.Status?.Services ?? []).Select(service => new Measurement<int>(service.Health is Health.Healthy ? 1 : 0, new KeyValuePair<string, object?>("service", service.Service)));
}
