using HomeIQ.Reconciler.Applying;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Docker;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Observed;
using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>The run that is verified and watched, from when it came to that until it is promoted, taken back or superseded.</summary>
internal sealed class UnderWatch(IContainerHost host, Lookout lookout, Runs runs, IJournal journal, TimeProvider time, IProgress<RunEvent> progress)
{
    /// <summary>Between two looks at what is watched, where no event asks for one.</summary>
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(1);

    private (string Run, SoakWatch Watch)? watch;

    /// <summary>A fix need not wait until what it mends has been watched to the end.</summary>
    public static bool MaySupersede(Plan plan, RunRecord watched) => plan.Contents.Keys.Any(watched.Plan.Contents.ContainsKey);

    /// <summary>The run under watch; null when there is none.</summary>
    public RunRecord? Run => journal.Pointers().Soaking is { } run ? journal.Find(run) : null;

    /// <summary>Looks once at its services.</summary>
    /// <param name="held">The state that the host is held to meanwhile.</param>
    public Task<SoakVerdict> LookAsync(RunRecord run, EffectiveState held, IReadOnlyList<ObservedContainer> containers, CancellationToken cancellationToken) =>
        WatchOf(run).LookAsync(held, containers, cancellationToken);

    /// <summary>The watch begins anew with the next look.</summary>
    public void Forget() => watch = null;

    private SoakWatch WatchOf(RunRecord run)
    {
        if (watch?.Run != run.Id)
        {
            watch = (run.Id, new SoakWatch(runs.ContextOf(run, lookout.Effective()), run.Plan, run.Plan.Steps.Select(step => step.Step).OfType<Soak>().Single()));
        }

        return watch.Value.Watch;
    }

    /// <summary>Promotes the run, or takes it back, as the verdict says.</summary>
    public Task<ApplyReport> EndAsync(RunRecord run, SoakVerdict verdict)
    {
        Forget();
        return runs.EndSoakAsync(run, runs.ContextOf(run, lookout.Effective()), verdict);
    }

    /// <summary>Where there is no loop to watch, the verb itself does.</summary>
    /// <param name="report">Of what began the run; given back as it is when that did not come to a watch.</param>
    /// <param name="watches">False where a loop does the watching.</param>
    public async Task<ApplyReport> ToItsEndAsync(ApplyReport report, bool watches, CancellationToken cancellationToken)
    {
        if (!watches || report is not { Result: ApplyResult.Soaking, Run: { } id })
        {
            return report;
        }

        var run = journal.Find(id)!;
        var step = run.Plan.Steps.Single(step => step.Step is Soak);
        progress.Report(new StepBegan(step, IsRollback: false));
        while (true)
        {
            var verdict = await LookAsync(run, lookout.Effective()!, await host.ListContainersAsync(cancellationToken), cancellationToken);
            if (verdict.IsOver)
            {
                return await EndAsync(run, verdict);
            }

            progress.Report(new StepProgressed(step, $"{verdict.Reason}, {Duration.ToText(TimeSpan.FromSeconds(Math.Ceiling(verdict.Left.TotalSeconds)))} left"));
            await Task.Delay(verdict.Left < LookAgain ? verdict.Left : LookAgain, time, cancellationToken);
        }
    }

    /// <summary>What a person put off and a watched run is about; null when its watch goes on.</summary>
    public Suspension? SuspensionOf(RunRecord watched) => journal.Standing().OfType<Suspension>().FirstOrDefault(suspension =>
        suspension.Until > time.GetUtcNow() && (suspension.Service is not { } service || watched.Plan.Contents.ContainsKey(service)));

    /// <summary>What a verb answers that would end the watch while a person has put it off; null when nobody has.</summary>
    public ApplyReport? PutOff(RunRecord watched, Plan plan) => SuspensionOf(watched) is { } suspension
        ? new(ApplyResult.Suspended, $"{suspension.ToText()}; nothing was touched", Plan: plan) { Hint = "homeiq resume ends it; --force goes on" }
        : null;
}
