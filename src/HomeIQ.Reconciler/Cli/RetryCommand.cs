using System.CommandLine;

namespace HomeIQ.Reconciler.Cli;

/// <summary><c>homeiq retry</c>: try what failed once more, although nothing changed.</summary>
internal static class RetryCommand
{
    public static Command Create(AgentOptions agent)
    {
        var force = ApplyCommand.Force();
        var command = new Command("retry", """
            Try the branch's newest commit once more although it failed before: releases the
            quarantine that holds it, and applies it. Ends as apply does.

              homeiq retry
            """) { force };
        command.Does((parsed, terminal, cancellationToken) => ApplyCommand.RunAsync(
            terminal, parsed, agent.Read(parsed), "retry", new(Force: parsed.GetValue(force)), reconciliation => reconciliation.RetryAsync(watches: true, cancellationToken, parsed.GetValue(force)), cancellationToken));
        return command;
    }
}
