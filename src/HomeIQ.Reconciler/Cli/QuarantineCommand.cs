using System.CommandLine;
using System.Text.Json;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Planning;
using HomeIQ.Reconciler.Reconciling;
using HomeIQ.Reconciler.Reporting;

namespace HomeIQ.Reconciler.Cli;

/// <summary><c>homeiq quarantine</c>: what failed and is not tried again by itself.</summary>
internal static class QuarantineCommand
{
    public static Command Create(AgentOptions agent) => new("quarantine", """
        Look at what failed and is not tried again by itself, or release it. A commit is held
        while it contains everything that failed together.

          homeiq quarantine list
          homeiq quarantine show q-261123-0415
          homeiq quarantine release q-261123-0415
        """)
    {
        List(agent),
        Show(agent),
        Release(agent),
    };

    private static Command List(AgentOptions agent)
    {
        var output = Verb.Output(OutputFormat.Table, OutputFormat.Json);
        var command = new Command("list", "List what is in quarantine. Reads the journal only.") { output };
        command.Does((parsed, terminal, _) =>
        {
            var holds = Read(agent.Read(parsed));
            if (parsed.GetValue(output) is OutputFormat.Json)
            {
                terminal.Line(JsonSerializer.Serialize(holds, StatusJson.Default.ValueListHold));
            }
            else if (holds.Count == 0)
            {
                terminal.Line("nothing is in quarantine");
            }
            else
            {
                Table.Print(terminal, ["ID", "SERVICE", "SINCE", "CONTENT", "REASON"], holds.Select(hold => (string[])
                [
                    hold.Quarantine, hold.Service, $"{hold.Since:u}", string.Join(", ", hold.Suspects.Select(Short)), hold.Reason.ReplaceLineEndings(" "),
                ]));
            }

            return Task.FromResult(ExitCode.Success);
        });
        return command;
    }

    private static Command Show(AgentOptions agent)
    {
        var id = Id();
        var output = Verb.Output(OutputFormat.Table, OutputFormat.Json);
        var command = new Command("show", "Show one entry in full: what it suspects, where the evidence lies, and the ways out.") { id, output };
        command.Does((parsed, terminal, _) =>
        {
            var settings = agent.Read(parsed);
            var asked = parsed.GetValue(id)!;
            var found = Read(settings).Where(hold => hold.Quarantine.StartsWith(asked, StringComparison.Ordinal)).ToList();
            var hold = found.Find(candidate => candidate.Quarantine == asked) ?? (found is [var only] ? only : null)
                ?? throw new UsageException($"there is no {asked} in quarantine, or several begin so", "homeiq quarantine list shows what is there");
            if (parsed.GetValue(output) is OutputFormat.Json)
            {
                terminal.Line(JsonSerializer.Serialize(hold, StatusJson.Default.Hold));
            }
            else
            {
                terminal.Line($"{terminal.Bold(hold.Quarantine)}  {hold.Service}");
                HoldText.Print(terminal, hold, settings.StateDirectory);
            }

            return Task.FromResult(ExitCode.Success);
        });
        return command;
    }

    private static Command Release(AgentOptions agent)
    {
        var id = Id();
        var command = new Command("release", "Forget that it failed: the branch's newest commit is tried again as it is, by the daemon at once, else by the next apply. The release is put on record.") { id };
        command.Does((parsed, terminal, cancellationToken) =>
            DecisionRequest.RunAsync(terminal, agent.Read(parsed), new Release(parsed.GetValue(id)!), cancellationToken));
        return command;
    }

    private static Argument<string> Id() => new("ID") { Description = "id of the entry, or its beginning" };

    private static ValueList<Hold> Read(AgentSettings settings)
    {
        using var journal = Session.OpenJournal(settings);
        using var state = StateDirectory.Open(settings.StateDirectory);
        var sealedStore = new SealedStore(state);
        return [.. journal.Quarantine().Select(entry => Hold.Of(entry, journal.Find(entry.Run), content => sealedStore.FindService(content)?.Spec.Image))];
    }

    private static string Short(Suspect suspect) => $"{suspect.Name}@{PlanText.Revision(suspect.Content)}";
}
