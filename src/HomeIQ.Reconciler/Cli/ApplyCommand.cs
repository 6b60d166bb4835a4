using System.CommandLine;
using HomeIQ.Reconciler.Applying;
using HomeIQ.Reconciler.Planning;
using HomeIQ.Reconciler.Reconciling;
using HomeIQ.Reconciler.Web;

namespace HomeIQ.Reconciler.Cli;

/// <summary><c>homeiq apply</c>: brings the host to the branch's newest commit, or puts it back.</summary>
internal static class ApplyCommand
{
    public static Command Create(AgentOptions agent)
    {
        var revision = new Option<string?>("--revision") { Description = "the commit, branch or tag to apply (default: the branch's newest commit)", HelpName = "REF" };
        var approve = new Option<string?>("--approve") { Description = "the digest of the plan that you read and approve of", HelpName = "DIGEST" };
        var refresh = PlanCommand.Refresh();
        var force = Force();
        var command = new Command("apply", """
            Bring this host to the branch's newest commit: pull and build, swap in dependency
            order, verify, promote. If anything fails, everything that was changed goes back.

            Ends with 0 when the host is on the commit, 1 when it was tried and put back (or cut
            off), 2 when it was refused or is wrong, 3 when the way back failed, 4 when it waits
            for --approve, is suspended, or is held because this content failed before. It is
            refused, too, while another homeiq acts on this engine for this instance, from wherever.

              homeiq apply
              homeiq apply --approve 1f3a9c02
            """) { revision, approve, refresh, force };
        command.Does((parsed, terminal, cancellationToken) => RunAsync(
            terminal, parsed, agent.Read(parsed), "apply", new(parsed.GetValue(revision), parsed.GetValue(approve), parsed.GetValue(refresh), parsed.GetValue(force)),
            reconciliation => reconciliation.ApplyAsync(parsed.GetValue(revision), parsed.GetValue(approve), parsed.GetValue(refresh), watches: true, cancellationToken, parsed.GetValue(force)), cancellationToken));
        return command;
    }

    public static Option<bool> Force() => new("--force") { Description = "go on although a person suspended it (homeiq suspend)" };

    /// <summary>Runs a mutating verb with live progress and prints how it ended; where a daemon acts from the state directory, it does it.</summary>
    public static async Task<int> RunAsync(
        Terminal terminal, ParseResult parsed, AgentSettings settings, string verb, Ask ask, Func<Reconciliation, Task<ApplyReport>> run, CancellationToken cancellationToken)
    {
        ApplyReport report;
        using (var log = Log.Open(parsed))
        using (var progress = new RunProgress(terminal, TimeProvider.System))
        {
            var listener = new Listener<RunEvent>(happened =>
            {
                progress.Report(happened);
                log?.Runs.Report(happened);
            });
            if (await DaemonClient.FindAsync(settings.StateDirectory, cancellationToken) is { } daemon)
            {
                using (daemon)
                {
                    report = await daemon.AskAsync(verb, ask, listener, cancellationToken);
                }
            }
            else
            {
                await using var session = Session.Open(settings, listener);
                report = await run(session.Reconciliation);
            }
        }

        terminal.Problems(report.Problems);
        if (report.Plan is { } plan && report.Result is ApplyResult.AwaitingApproval)
        {
            terminal.Line(PlanText.Of(plan));
            terminal.Line();
        }

        foreach (var refusal in report.Run is null ? report.Plan?.Refusals ?? [] : [])
        {
            terminal.Error(refusal.Message, refusal.Hint);
        }

        var (word, code) = report.Result switch
        {
            ApplyResult.NothingToDo or ApplyResult.Applied => (terminal.Green("ok"), ExitCode.Success),
            ApplyResult.Soaking => (terminal.Green("ok"), ExitCode.Success),
            ApplyResult.RolledBack => (terminal.Yellow("not applied"), ExitCode.Different),
            ApplyResult.Incomplete => (terminal.Red("incomplete"), ExitCode.Different),
            ApplyResult.CutOff => (terminal.Red("cut off"), ExitCode.Different),
            ApplyResult.RollbackFailed => (terminal.Red("rollback failed"), ExitCode.RollbackFailed),
            ApplyResult.Held => (terminal.Yellow("held"), ExitCode.Waiting),
            ApplyResult.Suspended => (terminal.Yellow("suspended"), ExitCode.Waiting),
            ApplyResult.AwaitingApproval => (terminal.Yellow("awaiting approval"), ExitCode.Waiting),
            ApplyResult.Refused => (terminal.Red("refused"), ExitCode.Error),
            _ => (terminal.Red("invalid"), ExitCode.Error),
        };
        terminal.Line($"{word}: {report.Summary}");
        if (report.Hint is { } hint)
        {
            terminal.Line($"  {hint}");
        }

        if (report.Run is { } id && code != ExitCode.Success)
        {
            terminal.Line($"  homeiq show {id} tells what was done");
        }

        return code;
    }
}
