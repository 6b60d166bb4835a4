using System.CommandLine;
using System.Text.Json;
using HomeIQ.Reconciler.Reporting;

namespace HomeIQ.Reconciler.Cli;

/// <summary><c>homeiq doctor</c>: is the set-up of this host sound, and what is to be done? Touches nothing.</summary>
internal static class DoctorCommand
{
    public static Command Create(AgentOptions agent)
    {
        var output = Verb.Output(OutputFormat.Table, OutputFormat.Json);
        var command = new Command("doctor", """
            Check the set-up of this host, and say what to do. A line for each of: engine, disk
            space, state directory with key, journal and sealed state, clock, daemon, systemd unit,
            credentials, repository and branch, desired state. Touches nothing.
            Ends with 0 when nothing fails, 1 when something does; warnings are no failure.

              homeiq doctor
              homeiq doctor -o json | jq '.[] | select(.result != "Ok")'
            """) { output };
        command.Does(async (parsed, terminal, cancellationToken) =>
        {
            var settings = agent.Read(parsed);
            var found = new List<Finding>();
            var isTable = parsed.GetValue(output) is OutputFormat.Table;
            await foreach (var finding in new Doctor(settings).ExamineAsync(cancellationToken))
            {
                found.Add(finding);
                if (isTable)
                {
                    Print(terminal, finding);
                }
            }

            if (!isTable)
            {
                terminal.Line(JsonSerializer.Serialize(found.ToValueList(), StatusJson.Default.ValueListFinding));
            }

            return found.Any(finding => finding.Result is Soundness.Fail) ? ExitCode.Different : ExitCode.Success;
        });
        return command;
    }

    private static void Print(Terminal terminal, Finding finding)
    {
        var word = finding.Result switch
        {
            Soundness.Ok => terminal.Green("ok  "),
            Soundness.Warn => terminal.Yellow("warn"),
            _ => terminal.Red("FAIL"),
        };
        terminal.Line($"{word}  {finding.Check,-13}  {finding.Message.ReplaceLineEndings(" ")}{(finding.Hint is { } hint ? $" ({hint})" : "")}");
    }
}
