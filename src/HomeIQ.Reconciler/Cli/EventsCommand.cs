using System.CommandLine;
using System.Text.Json;
using HomeIQ.Reconciler.Applying;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Reporting;
using HomeIQ.Reconciler.Web;

namespace HomeIQ.Reconciler.Cli;

/// <summary><c>homeiq events</c>: what happened, and what happens.</summary>
internal static class EventsCommand
{
    /// <summary>Runs that are looked through at the most.</summary>
    private const int Runs = 100;

    public static Command Create(AgentOptions agent)
    {
        var follow = new Option<bool>("--follow", "-f") { Description = "go on with what a running daemon tells, until interrupted" };
        var most = Verb.Count("--most", "-n", "how many of what happened before, at the most", 50);
        var output = Verb.Output(OutputFormat.Table, OutputFormat.Json);
        var command = new Command("events", """
            List what happened on this host, oldest first: runs with their steps, what was
            quarantined, what a person decided. Reads the journal; --follow goes on with what the
            daemon tells. With -o json each event is an object on a line of its own.

              homeiq events
              homeiq events --follow -o json | jq -c 'select(.kind == "step-failed")'
            """) { follow, most, output };
        command.Does(async (parsed, terminal, cancellationToken) =>
        {
            var settings = agent.Read(parsed);
            var format = parsed.GetValue(output);
            using var journal = Session.OpenJournal(settings);
            if (!parsed.GetValue(follow))
            {
                foreach (var happened in Before(journal, parsed.GetValue(most)))
                {
                    Print(terminal, happened, format);
                }

                return ExitCode.Success;
            }

            using var daemon = await DaemonClient.FindAsync(settings.StateDirectory, cancellationToken)
                ?? throw new UsageException("no daemon acts from this state directory: there is nobody to follow", "start one with homeiq run, or leave --follow out");

            // Told before the journal is read, so that nothing falls in between; what both tell is printed once.
            HashSet<HostEvent>? printed = null;
            await foreach (var news in daemon.FollowAsync(cancellationToken))
            {
                if (printed is null)
                {
                    printed = [];
                    foreach (var happened in Before(journal, parsed.GetValue(most)))
                    {
                        printed.Add(happened with { At = default });
                        Print(terminal, happened, format);
                    }
                }

                if (Of(news) is { } now && !printed.Remove(now with { At = default }))
                {
                    Print(terminal, now, format);
                }
            }

            return ExitCode.Success;
        });
        return command;
    }

    private static IEnumerable<HostEvent> Before(IJournal journal, int most) => journal.Runs(Runs).SelectMany(HostEvents.Of)
        .Concat(journal.Quarantine().Select(HostEvents.Of))
        .Concat(journal.Decisions(most).Select(HostEvents.Of))
        .OrderBy(happened => happened.At)
        .TakeLast(most);

    /// <summary>Null for what is no event by itself: the beginning of a step, its progress, a status.</summary>
    private static HostEvent? Of(News news) => news switch
    {
        { Event: RunBegan began } => HostEvents.Began(news.At, began.Run, began.Plan),
        { Event: StepEnded ended } => HostEvents.Done(news.At, news.Run, ended.Step.Step, ended.Receipt),
        { Event: StepBroke broke } => HostEvents.Failed(news.At, news.Run, broke.Step.Step, broke.Failure),
        { Event: RollbackBegan back } => HostEvents.WentBack(news.At, news.Run, back.Plan, back.Reason),
        { Event: RunFinished finished } => HostEvents.Finished(news.At, finished.Run, finished.Phase, finished.Summary),
        { Decision: { } decision } => HostEvents.Of(decision with { At = news.At }),
        _ => null,
    };

    private static void Print(Terminal terminal, HostEvent happened, OutputFormat format)
    {
        terminal.Line(format is OutputFormat.Json
            ? JsonSerializer.Serialize(happened, DaemonJson.Default.HostEvent)
            : $"{happened.At:u}  {happened.Run ?? "-",-15}  {Paint(terminal, happened.Kind)}  {happened.Message.ReplaceLineEndings(" ")}");
        terminal.Out.Flush();
    }

    private static string Paint(Terminal terminal, string kind) => kind switch
    {
        "step-failed" or "quarantined" => terminal.Red(kind.PadRight(14)),
        "rollback-began" or "suspension" => terminal.Yellow(kind.PadRight(14)),
        _ => kind.PadRight(14),
    };
}
