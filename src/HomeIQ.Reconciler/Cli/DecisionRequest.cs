using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Planning;
using HomeIQ.Reconciler.Reconciling;
using HomeIQ.Reconciler.Web;

namespace HomeIQ.Reconciler.Cli;

/// <summary>Has a decision taken: by the daemon of the state directory, which acts on it at once, else in the journal itself.</summary>
internal static class DecisionRequest
{
    public static async Task<int> RunAsync(Terminal terminal, AgentSettings settings, Decision decision, CancellationToken cancellationToken)
    {
        var report = await TakeAsync(settings, decision, cancellationToken);
        if (!report.IsTaken)
        {
            terminal.Error(report.Summary, report.Hint);
            return ExitCode.Error;
        }

        terminal.Line($"{terminal.Green("ok")}: {report.Summary}");
        if (report.Hint is { } hint)
        {
            terminal.Line($"  {hint}");
        }

        return ExitCode.Success;
    }

    private static async Task<DecisionReport> TakeAsync(AgentSettings settings, Decision decision, CancellationToken cancellationToken)
    {
        if (await DaemonClient.FindAsync(settings.StateDirectory, cancellationToken) is { } daemon)
        {
            using (daemon)
            {
                return await daemon.DecideAsync(decision, cancellationToken);
            }
        }

        using var journal = Session.OpenJournal(settings);
        using var state = StateDirectory.Open(settings.StateDirectory);
        return new Decisions(new SealedStore(state), journal, TimeProvider.System).Take(decision);
    }
}
