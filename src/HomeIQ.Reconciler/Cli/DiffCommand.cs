using System.CommandLine;
using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Cli;

/// <summary><c>homeiq diff</c>: which fields differ. Touches nothing.</summary>
internal static class DiffCommand
{
    public static Command Create(AgentOptions agent)
    {
        var effective = new Option<bool>("--effective") { Description = "compare with what the host is held to (drift) instead of the branch" };
        var output = Verb.Output(OutputFormat.Table, OutputFormat.Json);
        var command = new Command("diff", """
            Show which services differ from the branch, field by field. Touches nothing.
            Ends with 0 when nothing differs, 1 when something does, 2 on an error.

              homeiq diff
              homeiq diff --effective     what somebody changed on this host by hand
            """) { effective, output };
        command.Does(async (parsed, terminal, cancellationToken) =>
        {
            await using var session = Session.Open(agent.Read(parsed));
            var planned = parsed.GetValue(effective)
                ? await session.Reconciliation.PlanEffectiveAsync(cancellationToken)
                : await session.Reconciliation.PlanAsync(revision: null, refresh: false, cancellationToken);
            terminal.Problems(planned.Problems);
            if (planned.Plan is not { } plan)
            {
                terminal.Error(parsed.GetValue(effective) ? "nothing was ever applied from this state directory" : "the desired state has errors", null);
                return ExitCode.Error;
            }

            terminal.Line(parsed.GetValue(output) is OutputFormat.Json
                ? PlanJson.WriteIndented(plan with { Steps = [] })
                : plan.Changes.Count == 0 ? "no differences" : string.Join('\n', ChangeText.Lines(plan.Changes)));
            return plan.Changes.Count == 0 ? ExitCode.Success : ExitCode.Different;
        });
        return command;
    }
}
