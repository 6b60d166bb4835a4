using System.CommandLine;

namespace HomeIQ.Reconciler.Cli;

/// <summary><c>homeiq rollback</c>: back to the known-good state before this one, without Git and without a registry.</summary>
internal static class RollbackCommand
{
    public static Command Create(AgentOptions agent)
    {
        var force = ApplyCommand.Force();
        var command = new Command("rollback", """
            Go back to the known-good state before the current one, and remember what was left
            as bad: it is not applied again until it changes. Needs neither Git nor a registry.
            Ends as apply does.

              homeiq rollback
            """) { force };
        command.Does((parsed, terminal, cancellationToken) => ApplyCommand.RunAsync(
            terminal, parsed, agent.Read(parsed), "rollback", new(Force: parsed.GetValue(force)), reconciliation => reconciliation.RollbackAsync(cancellationToken, parsed.GetValue(force)), cancellationToken));
        return command;
    }
}
