using System.CommandLine;
using System.Text.Json;
using HomeIQ.Reconciler.Planning;
using HomeIQ.Reconciler.Reporting;

namespace HomeIQ.Reconciler.Cli;

/// <summary><c>homeiq get [SERVICE]</c>: one service in full. Touches nothing.</summary>
internal static class GetCommand
{
    public static Command Create(AgentOptions agent)
    {
        var name = new Argument<string?>("SERVICE") { Description = "the service (default: all of them)", Arity = ArgumentArity.ZeroOrOne };
        var output = Verb.Output(OutputFormat.Table, OutputFormat.Json);
        var command = new Command("get", """
            Show a service in full. What is wanted, held and running, digest and container, health,
            what differs and what drifted, and why it is held: since when, what failed with its
            evidence, what waits behind it, the ways out. Touches nothing.

              homeiq get
              homeiq get data-api
              homeiq get data-api -o json | jq .held
            """) { name, output };
        command.Does(async (parsed, terminal, cancellationToken) =>
        {
            var settings = agent.Read(parsed);
            await using var session = Session.Open(settings);
            var reports = await session.Reconciliation.ServicesAsync(cancellationToken);
            if (parsed.GetValue(name) is not { } asked)
            {
                List(terminal, reports, parsed.GetValue(output));
                return ExitCode.Success;
            }

            var report = reports.FirstOrDefault(candidate => candidate.Status.Service == asked)
                ?? throw new UsageException($"there is no service {asked}", reports.Count == 0 ? "nothing is wanted on this host yet" : $"known are: {string.Join(", ", reports.Select(known => known.Status.Service))}");
            if (parsed.GetValue(output) is OutputFormat.Json)
            {
                terminal.Line(JsonSerializer.Serialize(report, StatusJson.Default.ServiceReport));
            }
            else
            {
                Print(terminal, report, settings.StateDirectory);
            }

            return ExitCode.Success;
        });
        return command;
    }

    private static void List(Terminal terminal, ValueList<ServiceReport> reports, OutputFormat format)
    {
        if (format is OutputFormat.Json)
        {
            terminal.Line(JsonSerializer.Serialize(reports, StatusJson.Default.ValueListServiceReport));
            return;
        }

        Table.Print(terminal, ["SERVICE", "SYNC", "HEALTH", "WANTED", "HELD", "CONTAINER", "SINCE"], reports.Select(report => (string[])
        [
            report.Status.Service, StatusCommand.Paint(terminal, report.Status.Sync), StatusCommand.Paint(terminal, report.Status.Health),
            report.WantedImage ?? "-", report.HeldImage ?? "-", Short(report.ContainerId), report.Status.Since is { } since ? $"{since:u}" : "-",
        ]));
    }

    private static void Print(Terminal terminal, ServiceReport report, string state)
    {
        var status = report.Status;
        terminal.Line($"{terminal.Bold(status.Service)}  {StatusCommand.Paint(terminal, status.Sync)}  {StatusCommand.Paint(terminal, status.Health)}{(status.Verified ? "" : "  (neither health check nor probe)")}");
        Row("wanted", report.WantedImage ?? "not by the branch head that is known");
        Row("held to", report.HeldImage is { } held ? $"{held}  {report.HeldDigest ?? report.HeldImageId}" : "nothing yet");
        Row("container", report.ContainerId is null ? $"{status.Container}: there is none" : $"{status.Container}  {Short(report.ContainerId)}, {report.ContainerStatus?.ToString().ToLowerInvariant()}{(status.Since is { } since ? $" since {since:u}" : "")}{(report.RestartCount > 0 ? $", restarted {report.RestartCount} times by the engine" : "")}");
        if (report.RunningImageId is { } running && running != report.HeldImageId)
        {
            Row("image", $"{status.Image}  {running}");
        }

        if (status.Detail.Length > 0)
        {
            Row("health", status.Detail.ReplaceLineEndings(" "));
        }

        Rows("changes", report.Changes);
        Rows("drift", report.Drift);
        Rows("needs", report.Needs.Count == 0 ? [] : [string.Join(", ", report.Needs)]);
        Rows("needed by", report.Dependents.Count == 0 ? [] : [string.Join(", ", report.Dependents)]);
        Rows("suspended", report.Suspended is { } suspended ? [suspended] : []);
        if (report.Held is { } hold)
        {
            terminal.Line();
            terminal.Line($"{terminal.Yellow("held")} by {hold.Quarantine}");
            HoldText.Print(terminal, hold, state);
        }

        void Row(string title, string text) => terminal.Line($"  {terminal.Dim(title.PadRight(10))}{text}");

        void Rows(string title, IEnumerable<string> lines)
        {
            foreach (var (line, index) in lines.Select((line, index) => (line, index)))
            {
                Row(index == 0 ? title : "", line);
            }
        }
    }

    private static string Short(string? id) => id is null ? "-" : PlanText.Revision(id);
}
