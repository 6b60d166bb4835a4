using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Cli;

/// <summary><c>homeiq history</c>: the runs of this host, newest first.</summary>
internal static class HistoryCommand
{
    public static Command Create(AgentOptions agent)
    {
        var most = new Option<int>("--most", "-n") { Description = "how many runs at the most", HelpName = "N", DefaultValueFactory = _ => 20 };
        most.CustomParser = result =>
        {
            if (int.TryParse(result.Tokens[0].Value, out var number) && number > 0)
            {
                return number;
            }

            result.AddError($"-n {result.Tokens[0].Value} is no number of runs");
            return 0;
        };
        var output = Verb.Output(OutputFormat.Table, OutputFormat.Json, OutputFormat.Markdown);
        var command = new Command("history", """
            List what was done on this host, newest first, and how it ended. Reads the journal only.

              homeiq history
            """) { most, output };
        command.Does((parsed, terminal, _) =>
        {
            using var journal = Session.OpenJournal(agent.Read(parsed));
            var runs = journal.Runs(parsed.GetValue(most));
            switch (parsed.GetValue(output))
            {
                case OutputFormat.Json:
                    terminal.Line(JsonSerializer.Serialize(runs.ToValueList(), CoreJson.Indented.ValueListRunRecord));
                    break;
                case OutputFormat.Markdown:
                    Table.PrintMarkdown(terminal, ["run", "ended", "from", "to", "how"], runs.Select(run => (string[])
                    [
                        run.Id, run.EndedAt is { } ended ? ended.ToString("u", CultureInfo.InvariantCulture) : "-", Short(run.Plan.From), Short(run.Plan.Revision), run.Summary ?? run.Phase.ToString(),
                    ]));
                    break;
                default:
                    Table.Print(terminal, ["RUN", "CAUSE", "FROM", "TO", "TOOK", "PHASE", "SUMMARY"], runs.Select(run => (string[])
                    [
                        run.Id, run.Cause, Short(run.Plan.From), Short(run.Plan.Revision), Took(run), Paint(terminal, run.Phase), (run.Summary ?? "unfinished").ReplaceLineEndings(" "),
                    ]));
                    break;
            }

            return Task.FromResult(ExitCode.Success);
        });
        return command;
    }

    public static string Took(RunRecord run) => run.EndedAt is { } ended ? $"{(ended - run.StartedAt).TotalSeconds:0.0} s" : "-";

    public static string Paint(Terminal terminal, RunPhase phase) => phase switch
    {
        RunPhase.Succeeded => terminal.Green(phase.ToString()),
        RunPhase.RollbackFailed or RunPhase.Incomplete => terminal.Red(phase.ToString()),
        _ => terminal.Yellow(phase.ToString()),
    };

    private static string Short(string? revision) => revision is null ? "-" : PlanText.Revision(revision);
}
