using System.CommandLine;
using System.Text.Json;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Observed;
using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Cli;

/// <summary><c>homeiq show RUN</c>: one run, step by step, as the journal tells it.</summary>
internal static class ShowCommand
{
    public static Command Create(AgentOptions agent)
    {
        var id = new Argument<string?>("RUN") { Description = "id of the run, or its beginning (default: the newest)", Arity = ArgumentArity.ZeroOrOne };
        var output = Verb.Output(OutputFormat.Table, OutputFormat.Json);
        var command = new Command("show", """
            Show one run as the journal tells it: each step, how long it took, what failed and
            where its evidence lies, and the way back if there was one.

              homeiq show
              homeiq show 261123-0415
            """) { id, output };
        command.Does((parsed, terminal, _) =>
        {
            var settings = agent.Read(parsed);
            using var journal = Session.OpenJournal(settings);
            var run = parsed.GetValue(id) is { } asked ? journal.Find(asked) : (journal.Runs(1) is [var newest] ? newest : null);
            if (run is null)
            {
                throw new UsageException(parsed.GetValue(id) is { } unknown ? $"there is no run {unknown}, or several begin so" : "there was no run yet", "homeiq history lists the runs");
            }

            if (parsed.GetValue(output) is OutputFormat.Json)
            {
                terminal.Line(JsonSerializer.Serialize(run, CoreJson.Indented.RunRecord));
            }
            else
            {
                Print(terminal, run, settings.StateDirectory);
            }

            return Task.FromResult(ExitCode.Success);
        });
        return command;
    }

    private static void Print(Terminal terminal, RunRecord run, string state)
    {
        terminal.Line($"{terminal.Bold($"run {run.Id}")}  {HistoryCommand.Paint(terminal, run.Phase)}  {run.StartedAt:u}  took {HistoryCommand.Took(run)}");
        terminal.Line(PlanText.Headline(run.Plan));
        if (run.Summary is { } summary)
        {
            terminal.Line(summary);
        }

        Steps(terminal, run.Begun, state);
        if (run.RollbackPlan is not null)
        {
            terminal.Line();
            terminal.Line(terminal.Yellow("the way back"));
            Steps(terminal, run.RollbackBegun, state);
        }

        if (run.Offer is { } offer)
        {
            terminal.Line();
            terminal.Line(offer.Commit is { } commit ? $"the branch {offer.Branch} ({PlanText.Revision(commit)}) leads out: it puts what failed back" : $"no revert branch: {offer.Problem}");
            if (offer.Commit is not null && (offer.Request ?? offer.Problem) is { } request)
            {
                terminal.Line(request);
            }
        }
    }

    /// <summary>What failed before anything stopped, and what of it still fails.</summary>
    internal static IEnumerable<string> FailingBefore(Receipt? receipt) => receipt switch
    {
        BaselineTaken baseline => baseline.Failing.Select(finding => $"fails already: {finding.Answer.Text}").Concat(baseline.Trouble switch
        {
            Trouble.Unhealthy => ["it is unhealthy already"],
            Trouble.Restarting => ["the engine keeps restarting it already"],
            _ => [],
        }),
        ServiceVerified verified => verified.FailingBefore.Select(text => $"was failing before: {text}"),
        _ => [],
    };

    private static void Steps(Terminal terminal, IEnumerable<BegunStep> steps, string state)
    {
        foreach (var step in steps)
        {
            var took = step.EndedAt is { } ended ? $"{(ended - step.BegunAt).TotalSeconds,7:0.00} s" : "        -";
            var mark = step switch
            {
                { Failure: not null } => terminal.Red("FAILED"),
                { Receipt: null } => terminal.Yellow("cut   "),
                { Receipt: Skipped } => terminal.Dim("skip  "),
                _ => terminal.Green("ok    "),
            };
            terminal.Line($"{step.Planned.Number,4}  {mark}  {took}  {StepText.Of(step.Planned.Step)}  {terminal.Dim($"({step.Planned.Cause})")}");
            foreach (var found in FailingBefore(step.Receipt))
            {
                terminal.Line($"              {found.ReplaceLineEndings(" ")}");
            }

            if (step.Failure is { } failure)
            {
                terminal.Line($"              {failure.Class}: {failure.ReasonOf(step.Planned.Step).ReplaceLineEndings(" ")}");
                if (failure.Evidence is { } evidence)
                {
                    terminal.Line($"              evidence: {Path.Combine(state, evidence)}");
                }
            }
        }
    }
}
