using System.CommandLine;

namespace HomeIQ.Reconciler.Cli;

/// <summary><c>homeiq rollback</c>: back to the known-good state before this one, without Git and without a registry.</summary>
internal static class RollbackCommand
{
    public static Command Create(AgentOptions agent)
    {
        var force = ApplyCommand.Force();
        var commit = new Argument<string?>("COMMIT")
        {
            Arity = ArgumentArity.ZeroOrOne,
            Description = "The known-good commit to go back to, or how its id begins (homeiq history). Without it: the one before.",
        };
        commit.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && (text.Length < 4 || !text.All(char.IsAsciiHexDigit)))
            {
                result.AddError($"{text} is no commit id: at least 4 of its hexadecimal digits are needed");
            }
        });
        var command = new Command("rollback", """
            Go back to the known-good state before the current one, and remember what was left
            as bad: it is not applied again until it changes. Needs neither Git nor a registry.
            Ends as apply does.

              homeiq rollback
              homeiq rollback 32b0c9f     further back: every known-good commit that is kept
            """) { commit, force };
        command.Does((parsed, terminal, cancellationToken) => ApplyCommand.RunAsync(
            terminal, parsed, agent.Read(parsed), "rollback", new(Revision: parsed.GetValue(commit), Force: parsed.GetValue(force)),
            reconciliation => reconciliation.RollbackAsync(cancellationToken, parsed.GetValue(force), parsed.GetValue(commit)?.ToLowerInvariant()), cancellationToken));
        return command;
    }
}
