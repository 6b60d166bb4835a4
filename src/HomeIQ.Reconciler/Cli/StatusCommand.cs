using System.CommandLine;
using System.Text.Json;
using HomeIQ.Reconciler.Planning;
using HomeIQ.Reconciler.Reporting;

namespace HomeIQ.Reconciler.Cli;

/// <summary><c>homeiq status</c>: how the host stands. Touches nothing.</summary>
internal static class StatusCommand
{
    public static Command Create(AgentOptions agent)
    {
        var output = Verb.Output(OutputFormat.Table, OutputFormat.Json, OutputFormat.Markdown);
        var command = new Command("status", """
            Show how this host stands: in sync or not, healthy or not, what it is held to and
            why, service by service. Touches nothing.

              homeiq status
              homeiq status -o json | jq .health
            """) { output };
        command.Does(async (parsed, terminal, cancellationToken) =>
        {
            var settings = agent.Read(parsed);
            await using var session = Session.Open(settings);
            var status = await session.Reconciliation.StatusAsync(cancellationToken);
            switch (parsed.GetValue(output))
            {
                case OutputFormat.Json:
                    terminal.Line(JsonSerializer.Serialize(status, StatusJson.Default.HostStatus));
                    break;
                case OutputFormat.Markdown:
                    PrintMarkdown(terminal, status);
                    break;
                default:
                    Print(terminal, status, settings.StateDirectory);
                    break;
            }

            return ExitCode.Success;
        });
        return command;
    }

    public static string Paint(Terminal terminal, Sync sync) => sync switch
    {
        Sync.Synced => terminal.Green(sync.ToString()),
        Sync.Unknown => terminal.Red(sync.ToString()),
        _ => terminal.Yellow(sync.ToString()),
    };

    public static string Paint(Terminal terminal, Health health) => health switch
    {
        Health.Healthy => terminal.Green(health.ToString()),
        Health.Progressing or Health.Suspended => terminal.Yellow(health.ToString()),
        _ => terminal.Red(health.ToString()),
    };

    private static void Print(Terminal terminal, HostStatus status, string state)
    {
        terminal.Line($"{terminal.Bold(status.Project)}  {Paint(terminal, status.Sync)}  {Paint(terminal, status.Health)}");
        terminal.Line($"  branch head      {Revision(status.Revision)}{(status.PendingSteps > 0 ? $"  ({status.PendingSteps} steps away: homeiq plan)" : "")}");
        terminal.Line($"  held to          {Revision(status.Effective)}");
        terminal.Line($"  last known-good  {Revision(status.LastKnownGood)}");
        Remarks(terminal, terminal.Yellow("held"), status.Holds);
        foreach (var hold in status.Held)
        {
            HoldText.Print(terminal, hold, state);
        }

        Remarks(terminal, terminal.Red("refused"), status.Refusals);
        Remarks(terminal, terminal.Yellow("warning"), status.Warnings);
        if (status.LockedBy is { } other)
        {
            terminal.Line($"  {terminal.Yellow("locked")}: somebody else acts on this engine for {status.Instance}: {other}");
        }

        if (status.WatchedRun is { } watched)
        {
            terminal.Line($"  {terminal.Cyan("watched")}: run {watched} is verified and is watched before it becomes last known-good");
        }

        if (status.Waiting is { } waiting)
        {
            terminal.Line($"  {terminal.Yellow("waiting")}: {waiting}");
        }

        if (status.Suspended is { } suspended)
        {
            terminal.Line($"  {terminal.Yellow("suspended")}: {suspended}");
        }

        foreach (var digest in status.Approved)
        {
            terminal.Line($"  {terminal.Cyan("approved")}: plan {digest}, for one run that has not begun yet");
        }

        if (status.UnfinishedRun is { } run)
        {
            terminal.Line(status.IsRunUnderWay
                ? $"  {terminal.Cyan("under way")}: run {run}; what differs below is its work"
                : $"  {terminal.Yellow("unfinished")}: run {run} was cut off; the next homeiq apply finishes it");
        }

        if (status.SourceProblem is { } problem)
        {
            terminal.Line($"  {terminal.Yellow("source")}: {problem}");
        }

        terminal.Line();
        Table.Print(
            terminal,
            ["SERVICE", "SYNC", "HEALTH", "IMAGE", "DETAIL"],
            status.Services.Select(service => (string[])
            [
                service.Service, Paint(terminal, service.Sync), Paint(terminal, service.Health) + (service.Verified ? "" : "*"), service.Image, service.Detail.ReplaceLineEndings(" "),
            ]));
        if (status.Services.Any(service => !service.Verified))
        {
            terminal.Line("* neither health check nor probe: nothing but \"it runs\" stands behind this");
        }

        if (status.KeptVolumes.Count > 0)
        {
            terminal.Line($"kept: {(status.KeptVolumes.Count == 1 ? "volume" : "volumes")} {string.Join(", ", status.KeptVolumes)}, which nothing wants any more (homeiq removes no data; docker volume rm does)");
        }

        foreach (var change in status.Drift)
        {
            terminal.Line($"{terminal.Yellow("drift")}: {ChangeText.Of(change)}");
        }
    }

    private static void PrintMarkdown(Terminal terminal, HostStatus status)
    {
        terminal.Line($"**{status.Project}**: {status.Sync}, {status.Health}, held to `{Revision(status.Effective)}`");
        terminal.Line();
        var remarks = status.Holds.Select(hold => ("held", hold)).Concat(status.Refusals.Select(refusal => ("refused", refusal))).Concat(status.Warnings.Select(warning => ("warning", warning))).ToList();
        foreach (var (word, remark) in remarks)
        {
            terminal.Line($"- **{word}**: {remark.Message.ReplaceLineEndings(" ")}{(remark.Hint is { } hint ? $" ({hint.ReplaceLineEndings(" ")})" : "")}");
        }

        if (remarks.Count > 0)
        {
            terminal.Line();
        }

        Table.PrintMarkdown(terminal, ["service", "sync", "health", "image"], status.Services.Select(service => (string[])[service.Service, service.Sync.ToString(), service.Health.ToString(), $"`{service.Image}`"]));
    }

    private static void Remarks(Terminal terminal, string word, IEnumerable<Remark> remarks)
    {
        foreach (var remark in remarks)
        {
            terminal.Line($"  {word}: {remark.Message}{(remark.Hint is { } hint ? $" ({hint})" : "")}");
        }
    }

    private static string Revision(string? revision) => revision is null ? "-" : PlanText.Revision(revision);
}
