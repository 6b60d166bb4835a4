using System.CommandLine;
using System.Text.Json;
using HomeIQ.Reconciler.Planning;
using HomeIQ.Reconciler.Reconciling;
using HomeIQ.Reconciler.Web;

namespace HomeIQ.Reconciler.Cli;

/// <summary><c>homeiq adopt</c>: takes over what runs, without touching it.</summary>
internal static class AdoptCommand
{
    public static Command Create(AgentOptions agent)
    {
        var revision = new Option<string?>("--revision") { Description = "the commit, branch or tag that says what the services are called (default: the branch's newest commit)", HelpName = "REF" };
        var ours = new Option<bool>("--ours") { Description = "rebuild a lost state directory from the labels of our own containers" };
        var yes = new Option<bool>("--yes", "-y") { Description = "record it without asking" };
        var output = Verb.Output(OutputFormat.Table, OutputFormat.Json);
        var command = new Command("adopt", """
            Take over what Docker Compose runs on this host, as it runs: show in what it is not
            what the commit says, and record it as the first last known-good state. Nothing is
            stopped, started or made anew. What differs is what plan shows afterwards; the next
            apply that changes a service replaces its container, and can put the old one back.

            Containers are found by Compose's labels, or by their names; networks and volumes
            that Compose made are taken over as they are. With --ours a state directory that
            was lost is rebuilt from the labels of our own containers; what only it knew is
            gone: older generations to roll back to, the quarantine, the history.

            Ends with 0 when it is recorded, 2 when it is refused, 4 when nobody agreed.

              homeiq adopt                shows it, asks, records it
              homeiq adopt --yes          the same in a script
              homeiq adopt --ours         after the state directory was lost
            """) { revision, ours, yes, output };
        command.Does(async (parsed, terminal, cancellationToken) =>
        {
            var settings = agent.Read(parsed);
            using (var daemon = await DaemonClient.FindAsync(settings.StateDirectory, cancellationToken))
            {
                if (daemon is not null)
                {
                    terminal.Error($"a daemon acts from {settings.StateDirectory}; nothing was touched", "stop homeiq run first, adopt, and start it again");
                    return ExitCode.Error;
                }
            }

            await using var session = Session.Open(settings);
            var adopting = await session.Reconciliation.LookAtAdoptionAsync(parsed.GetValue(revision), parsed.GetValue(ours), cancellationToken);
            terminal.Problems(adopting.Problems);
            if (adopting.Adoption is not { } adoption)
            {
                return Tell(terminal, adopting.Obstacle!);
            }

            var isJson = parsed.GetValue(output) is OutputFormat.Json;
            terminal.Line(isJson ? JsonSerializer.Serialize(adoption, CoreJson.Indented.Adoption) : AdoptionText.Of(adoption));
            if (adoption.Refusals.Count > 0)
            {
                terminal.Error("nothing was recorded", adoption.Refusals[0].Hint);
                return ExitCode.Error;
            }

            if (!parsed.GetValue(yes) && !await AgreesAsync(terminal, cancellationToken))
            {
                terminal.Error("nothing was recorded: nobody agreed", "homeiq adopt --yes records it");
                return ExitCode.Waiting;
            }

            var report = await session.Reconciliation.AdoptAsync(adopting, cancellationToken);
            terminal.Problems(report.Problems);
            return isJson && report.Result is ApplyResult.Applied ? ExitCode.Success : Tell(terminal, report);
        });
        return command;
    }

    /// <summary>Only a person at a terminal is asked.</summary>
    private static async Task<bool> AgreesAsync(Terminal terminal, CancellationToken cancellationToken)
    {
        if (!terminal.IsInteractive || Console.IsInputRedirected)
        {
            return false;
        }

        await terminal.Out.WriteAsync("\nRecord this? [y/N] ");
        return await Console.In.ReadLineAsync(cancellationToken) is { } answer && answer.Trim().ToUpperInvariant() is "Y" or "YES";
    }

    private static int Tell(Terminal terminal, ApplyReport report)
    {
        var isDone = report.Result is ApplyResult.Applied or ApplyResult.NothingToDo;
        terminal.Line();
        terminal.Line($"{(isDone ? terminal.Green("ok") : terminal.Red(report.Result is ApplyResult.Invalid ? "invalid" : "refused"))}: {report.Summary}");
        if (report.Hint is { } hint)
        {
            terminal.Line($"  {hint}");
        }

        return isDone ? ExitCode.Success : ExitCode.Error;
    }
}
