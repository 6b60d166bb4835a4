using System.CommandLine;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Planning;
using HomeIQ.Reconciler.Reconciling;

namespace HomeIQ.Reconciler.Cli;

/// <summary><c>homeiq plan</c>: what would change, and why. Touches nothing.</summary>
internal static class PlanCommand
{
    public static Command Create(AgentOptions agent)
    {
        var revision = new Option<string?>("--revision") { Description = "the commit, branch or tag to plan for (default: the branch's newest commit)", HelpName = "REF" };
        var from = new Option<string?>("--base") { Description = "compare two commits without an engine: from this one", HelpName = "REF" };
        var head = new Option<string?>("--head") { Description = "… to this one", HelpName = "REF" };
        var detailed = new Option<bool>("--detailed-exitcode") { Description = "end with 0 when there is nothing to do, 2 when there is, 1 on an error" };
        var refresh = Refresh();
        var output = Verb.Output(OutputFormat.Table, OutputFormat.Json, OutputFormat.Markdown);
        var command = new Command("plan", """
            Show what would change on this host, in which order, and why. Touches nothing.

            With --base and --head it compares two commits without an engine and without this
            host's settings: for the comment on a pull request (-o markdown).

              homeiq plan
              homeiq plan --base main --head my-branch -o markdown
            """) { revision, from, head, detailed, refresh, output };
        int Failed(ParseResult parsed) => parsed.GetValue(detailed) ? ExitCode.DetailedError : ExitCode.Error;
        command.Does(async (parsed, terminal, cancellationToken) =>
        {
            var settings = agent.Read(parsed);
            Planned planned;
            if (parsed.GetValue(from) is not null || parsed.GetValue(head) is not null)
            {
                if (parsed.GetValue(from) is not { } fromRef || parsed.GetValue(head) is not { } headRef)
                {
                    throw new UsageException("--base and --head go together", "homeiq plan --base main --head my-branch");
                }

                planned = await CommitComparison.PlanAsync(settings, fromRef, headRef, cancellationToken);
            }
            else
            {
                await using var session = Session.Open(settings);
                planned = await session.Reconciliation.PlanAsync(parsed.GetValue(revision), parsed.GetValue(refresh), cancellationToken);
            }

            terminal.Problems(planned.Problems);
            if (planned.Plan is not { } plan)
            {
                return Failed(parsed);
            }

            Print(terminal, plan, parsed.GetValue(output));
            return plan.Refusals.Count > 0 ? Failed(parsed) : parsed.GetValue(detailed) && !plan.IsEmpty ? 2 : ExitCode.Success;
        }, Failed);
        return command;
    }

    public static Option<bool> Refresh() => new("--refresh") { Description = "ask registries again for tags whose text did not change" };

    /// <summary>The plan in the form asked for: the same text in every place.</summary>
    public static void Print(Terminal terminal, Plan plan, OutputFormat format) => terminal.Line(format switch
    {
        OutputFormat.Json => PlanJson.WriteIndented(plan),
        OutputFormat.Markdown => PlanMarkdown.Of(plan).TrimEnd('\n'),
        _ => PlanText.Of(plan),
    });
}
