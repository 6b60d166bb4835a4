using System.CommandLine;
using HomeIQ.Reconciler.Web;

namespace HomeIQ.Reconciler.Cli;

/// <summary><c>homeiq reconcile</c>: has the daemon look now.</summary>
internal static class ReconcileCommand
{
    public static Command Create(AgentOptions agent)
    {
        var command = new Command("reconcile", """
            Have the daemon look at repository and host now, instead of at its next interval.

              homeiq reconcile
            """);
        command.Does(async (parsed, terminal, cancellationToken) =>
        {
            using var daemon = await DaemonClient.FindAsync(agent.Read(parsed).StateDirectory, cancellationToken)
                ?? throw new UsageException("no daemon acts from this state directory", "start one with homeiq run; homeiq apply does it once");
            await daemon.ReconcileAsync(cancellationToken);
            terminal.Line("asked; homeiq status tells");
            return ExitCode.Success;
        });
        return command;
    }
}
