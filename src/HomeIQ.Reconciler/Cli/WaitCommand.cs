using System.CommandLine;
using HomeIQ.Reconciler.Reconciling;
using HomeIQ.Reconciler.Reporting;
using HomeIQ.Reconciler.Web;

namespace HomeIQ.Reconciler.Cli;

/// <summary><c>homeiq wait</c>: until the host stands as asked. Touches nothing.</summary>
internal static class WaitCommand
{
    private static readonly TimeSpan Usual = TimeSpan.FromMinutes(5);

    /// <summary>Between two looks where no daemon tells.</summary>
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(2);

    public static Command Create(AgentOptions agent)
    {
        var kind = new Option<string>("--for") { Description = "what to wait for: synced (on the commit), healthy (every service), ready (both, watched to the end, nothing needs a person)", HelpName = "synced|healthy|ready", Required = true };
        kind.AcceptOnlyFromAmong("synced", "healthy", "ready");
        var commit = new Option<string?>("--commit") { Description = "the commit that has to be the one, by its id or the beginning of it (default: whatever the branch head is)", HelpName = "REV" };
        var timeout = Verb.Span("--timeout", "how long at the most (default 5m)");
        var command = new Command("wait", """
            Wait until the host stands as asked: told by the daemon where one runs, else by looking
            again and again. Name the commit that you pushed, or what was there before may pass
            for it. Ends with 0 when it is so, 1 when the time is over, 2 when it does not come
            by itself any more: held, refused, or a person is needed. Touches nothing.

              homeiq wait --for=ready --commit "$(git rev-parse HEAD)"
              homeiq wait --for=healthy --timeout 90s
            """) { kind, commit, timeout };
        command.Does(async (parsed, terminal, cancellationToken) =>
        {
            var settings = agent.Read(parsed);
            var goal = new Goal(Kind(parsed.GetValue(kind)), Commit(parsed.GetValue(commit)));
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(parsed.GetValue(timeout) is var most && most > TimeSpan.Zero ? most : Usual);
            var last = "nothing was seen yet";
            try
            {
                await foreach (var status in StatusesAsync(settings, limit.Token))
                {
                    (var state, last) = goal.For(status);
                    if (state is not GoalState.Ahead)
                    {
                        terminal.Line($"{(state is GoalState.Reached ? terminal.Green("ok") : terminal.Red("out of reach"))}: {last}");
                        return state is GoalState.Reached ? ExitCode.Success : ExitCode.Error;
                    }
                }

                throw new IOException("the daemon stopped");
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                terminal.Line($"{terminal.Yellow("timed out")}: {last}");
                return ExitCode.Different;
            }
        });
        return command;
    }

    private static GoalKind Kind(string? word) => word switch { "synced" => GoalKind.Synced, "healthy" => GoalKind.Healthy, _ => GoalKind.Ready };

    private static string? Commit(string? given) => given is null || (given.Length >= 4 && given.All(char.IsAsciiHexDigitLower))
        ? given
        : throw new UsageException($"--commit {given} is no commit's id", "give at least four of its hex digits: git rev-parse HEAD prints them all");

    private static async IAsyncEnumerable<HostStatus> StatusesAsync(AgentSettings settings, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (await DaemonClient.FindAsync(settings.StateDirectory, cancellationToken) is { } daemon)
        {
            using (daemon)
            {
                await daemon.ReconcileAsync(cancellationToken);
                await foreach (var news in daemon.FollowAsync(cancellationToken))
                {
                    if (news.Status is { } status)
                    {
                        yield return status;
                    }
                }
            }

            yield break;
        }

        await using var session = Session.Open(settings);
        while (true)
        {
            yield return await session.Reconciliation.StatusAsync(cancellationToken);
            await Task.Delay(LookAgain, cancellationToken);
        }
    }
}
