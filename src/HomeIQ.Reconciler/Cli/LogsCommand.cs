using System.CommandLine;
using HomeIQ.Reconciler.Reconciling;

namespace HomeIQ.Reconciler.Cli;

/// <summary><c>homeiq logs SERVICE</c>: what a service's container writes, without secrets. Touches nothing.</summary>
internal static class LogsCommand
{
    public static Command Create(AgentOptions agent)
    {
        var service = new Argument<string>("SERVICE") { Description = "the service" };
        var follow = new Option<bool>("--follow", "-f") { Description = "go on until the container ends or it is interrupted" };
        var tail = Verb.Count("--tail", "-n", "how many of the lines that are there, at the most", 100);
        var since = Verb.Span("--since", "only what was written in this time until now (default everything)");
        var command = new Command("logs", """
            Show what a service's container writes. Values that came from outside Git are shown as
            (secret), as in evidence. Touches nothing.

              homeiq logs data-api
              homeiq logs data-api --since 10m --follow
            """) { service, follow, tail, since };
        command.Does(async (parsed, terminal, cancellationToken) =>
        {
            await using var session = Session.Open(agent.Read(parsed));
            var range = new LogRange(
                parsed.GetValue(tail), parsed.GetValue(since) is var span && span > TimeSpan.Zero ? TimeProvider.System.GetUtcNow() - span : null, parsed.GetValue(follow));
            await foreach (var line in session.Reconciliation.LogsAsync(parsed.GetValue(service)!, range, cancellationToken))
            {
                terminal.Line(line);
                if (range.Follow)
                {
                    await terminal.Out.FlushAsync(cancellationToken);
                }
            }

            return ExitCode.Success;
        });
        return command;
    }
}
