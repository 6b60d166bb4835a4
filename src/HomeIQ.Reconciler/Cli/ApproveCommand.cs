using System.CommandLine;
using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Cli;

/// <summary><c>homeiq approve DIGEST</c>: a person agrees to just that plan.</summary>
internal static class ApproveCommand
{
    public static Command Create(AgentOptions agent)
    {
        var digest = new Argument<string>("DIGEST") { Description = "the digest of the plan, as homeiq plan shows it" };
        var command = new Command("approve", """
            Agree to just the plan that you read: removals, an empty state or another volume want
            that. The daemon begins it at once, else the next apply does. It is good for one run;
            another commit, another setting of this host or another step has another digest.

              homeiq plan
              homeiq approve 1f3a9c02d4e5b6a7
            """) { digest };
        command.Does((parsed, terminal, cancellationToken) =>
            DecisionRequest.RunAsync(terminal, agent.Read(parsed), new Approval(parsed.GetValue(digest)!), cancellationToken));
        return command;
    }
}
