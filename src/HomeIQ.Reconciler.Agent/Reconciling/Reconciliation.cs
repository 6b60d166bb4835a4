using HomeIQ.Reconciler.Applying;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Docker;
using HomeIQ.Reconciler.Git;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Locking;
using HomeIQ.Reconciler.Observing;
using HomeIQ.Reconciler.Planning;
using HomeIQ.Reconciler.Reporting;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>One pass: fetch, load, observe once, decide, gate, apply, journal, report.</summary>
/// <remarks>Looking verbs perform no mutating engine call and take no lock; mutating ones hold the state directory and the engine, and first finish what a crash left.</remarks>
public sealed class Reconciliation
{
    /// <summary>Between two looks at what is watched, where no event asks for one.</summary>
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(1);

    private readonly AgentSettings settings;
    private readonly IContainerHost host;
    private readonly EngineLock engineLock;
    private readonly IProgress<RunEvent> progress;
    private readonly StateDirectory state;
    private readonly IJournal journal;
    private readonly TimeProvider time;
    private readonly SealedStore sealedStore;
    private readonly Lookout lookout;
    private readonly Runs runs;
    private readonly PastStates past;
    private readonly RevertOffers offers;
    private readonly Gate gate;
    private readonly AdoptionPass adoption;
    private readonly ServiceLogs logs;
    private (string Run, SoakWatch Watch)? watch;
    private volatile RunUnderWay? underWay;

    public Reconciliation(
        AgentSettings settings, IContainerHost engine, EngineLock engineLock, GitSource source, StateDirectory state, IJournal journal, TimeProvider time, IProgress<RunEvent> progress)
    {
        this.settings = settings;
        this.engineLock = engineLock;
        this.progress = progress;
        this.state = state;
        this.journal = journal;
        this.time = time;
        sealedStore = new(state);
        host = LabellingHost.Over(engine, sealedStore, journal, settings.Instance);
        var commits = new KeptCommits(source, sealedStore, journal);
        lookout = new(settings, host, engineLock, source, state, sealedStore, journal, time);
        logs = new(settings, host, lookout);
        offers = new(new(settings, source, sealedStore, journal, lookout, time), journal);
        past = new(sealedStore, journal);
        gate = new(journal);
        runs = new(settings, host, engineLock, state, sealedStore, commits, journal, time, progress);
        adoption = new(settings, host, engineLock, state, sealedStore, lookout, commits, journal);
    }

    /// <summary>The engine as this reconciler sees it: with its labels on what it adopted.</summary>
    public IContainerHost Host => host;

    /// <inheritdoc cref="Lookout.PlanAsync"/>
    public Task<Planned> PlanAsync(string? revision, bool refresh, CancellationToken cancellationToken) => lookout.PlanAsync(revision, refresh, cancellationToken);

    /// <inheritdoc cref="Lookout.PlanEffectiveAsync"/>
    public Task<Planned> PlanEffectiveAsync(CancellationToken cancellationToken) => lookout.PlanEffectiveAsync(seen: null, cancellationToken);

    /// <inheritdoc cref="Lookout.StatusAsync"/>
    public Task<HostStatus> StatusAsync(CancellationToken cancellationToken) => lookout.StatusAsync(cancellationToken);

    /// <inheritdoc cref="Lookout.ServicesAsync"/>
    public Task<ValueList<ServiceReport>> ServicesAsync(CancellationToken cancellationToken) => lookout.ServicesAsync(cancellationToken);

    /// <inheritdoc cref="ServiceLogs.ReadAsync"/>
    public IAsyncEnumerable<string> LogsAsync(string service, LogRange range, CancellationToken cancellationToken) => logs.ReadAsync(service, range, cancellationToken);

    /// <summary>Brings the host to the branch's newest commit, or says why not.</summary>
    /// <param name="approve">The digest that a person approved; null when none was given.</param>
    /// <param name="watches">Stay until the watch over the commit has ended; false where a loop does the watching.</param>
    /// <param name="force">Go on although it is suspended.</param>
    public Task<ApplyReport> ApplyAsync(string? revision, string? approve, bool refresh, bool watches, CancellationToken cancellationToken, bool force = false) =>
        AloneAsync(() => ApplyAloneAsync(revision, approve, refresh, watches, force, cancellationToken), cancellationToken);

    private async Task<ApplyReport> ApplyAloneAsync(string? revision, string? approve, bool refresh, bool watches, bool force, CancellationToken cancellationToken)
    {
        var planned = await lookout.PlanAsync(revision, refresh, cancellationToken, force);
        if (planned.Plan is not { } plan)
        {
            return new(ApplyResult.Invalid, "the desired state has errors; nothing was touched") { Problems = planned.Problems };
        }

        if (Watched() is { } watched)
        {
            if (!force && SuspensionOf(watched) is { } suspension)
            {
                return PutOff(suspension, plan);
            }

            // A newer commit that changes what is under watch takes its place; any other waits until the watch is over.
            if (gate.Before(plan, approve) is null && Supersedes(plan, watched))
            {
                return await SoakedAsync(await BeginAsync(planned, RunCause.Apply, cancellationToken, watched.Id, revision), watches, cancellationToken);
            }

            if (!watches)
            {
                return new(ApplyResult.Soaking, $"run {watched.Id} is still being watched; what comes after it waits until then", watched.Id, plan);
            }

            if (await SoakedAsync(new(ApplyResult.Soaking, "", watched.Id), watches, cancellationToken) is { Result: not ApplyResult.Applied } ill)
            {
                return await offers.AfterAsync(ill, cancellationToken);
            }

            planned = await lookout.PlanAsync(revision, refresh, cancellationToken, force);
            plan = planned.Plan!;
        }

        var report = gate.Before(plan, approve) ?? await SoakedAsync(await BeginAsync(planned, RunCause.Apply, cancellationToken, revision: revision), watches, cancellationToken);
        if (LeavesRest(report) && await lookout.PlanAsync(revision, refresh: false, cancellationToken, force) is { Plan: { } rest } again)
        {
            report = gate.Before(rest, approve: null) ?? await SoakedAsync(await runs.BeginAsync(again, RunCause.Apply, cancellationToken), watches, cancellationToken);
        }

        report = report.Result is ApplyResult.Held ? await HealedAsync(report, planned, cancellationToken) : report;
        return await offers.AfterAsync(report with { Problems = [.. planned.Problems, .. report.Problems] }, cancellationToken);
    }

    /// <summary>Held is not abandoned, where there is no daemon either: what the host is held to is put right.</summary>
    private async Task<ApplyReport> HealedAsync(ApplyReport held, Planned planned, CancellationToken cancellationToken)
    {
        var healing = await lookout.PlanEffectiveAsync(planned.Observed, cancellationToken);
        if (healing.Plan is not { } plan || gate.Before(plan, approve: null) is not null)
        {
            return held;
        }

        var report = await runs.BeginAsync(healing, RunCause.Drift, cancellationToken);
        return report.Result is ApplyResult.Applied ? held with { Problems = [.. held.Problems, new(new(settings.Instance), report.Summary, $"homeiq show {report.Run}", Severity.Note)] } : report;
    }

    /// <summary>Tries the branch's newest commit although it failed before: what holds it is released.</summary>
    public Task<ApplyReport> RetryAsync(bool watches, CancellationToken cancellationToken, bool force = false) =>
        AloneAsync(() => RetryAloneAsync(watches, force, cancellationToken), cancellationToken);

    private async Task<ApplyReport> RetryAloneAsync(bool watches, bool force, CancellationToken cancellationToken)
    {
        var planned = await lookout.PlanAsync(revision: null, refresh: false, cancellationToken, force);
        if (planned.Plan is { Suspensions.Count: > 0 } suspended)
        {
            // Asked before anything is released: who is told to wait finds it as it was.
            return Gate.Suspended(suspended);
        }

        foreach (var entry in (planned.Plan?.Holds ?? []).Select(hold => hold.Quarantine).OfType<string>())
        {
            journal.ReleaseQuarantine(entry);
        }

        return await ApplyAloneAsync(revision: null, approve: null, refresh: false, watches, force, cancellationToken);
    }

    /// <summary>One pass of the loop: the branch head where it may be tried, else what the host is held to, so that held is not abandoned.</summary>
    public async Task<PassReport> PassAsync(SourceView source, CancellationToken cancellationToken)
    {
        if (state.TryLock() && await engineLock.TryTakeAsync(cancellationToken) is { } other)
        {
            // Looks on, and acts as soon as the lock is free.
            var seen = source.Head is { } branch ? await lookout.PlanHeadAsync(branch, cancellationToken) : await lookout.PlanEffectiveAsync(seen: null, cancellationToken);
            return new(time.GetUtcNow(), await StatusAsync(source, seen, cancellationToken), seen.Plan, null, new(null, LockedBy(other))) { Next = time.GetUtcNow() + engineLock.LookAgain };
        }

        if (await PrepareAsync(cancellationToken) is { } obstacle)
        {
            return new(time.GetUtcNow(), await StatusAsync(source, await lookout.PlanEffectiveAsync(seen: null, cancellationToken), cancellationToken), null, null, Attempt.Now, obstacle.Summary);
        }

        var planned = source.Head is { } head ? await lookout.PlanHeadAsync(head, cancellationToken) : await lookout.PlanEffectiveAsync(seen: null, cancellationToken);
        var status = await StatusAsync(source, planned, cancellationToken);
        var watched = Watched();
        if (watched is not null && SuspensionOf(watched) is not null)
        {
            // Neither trusted nor taken back meanwhile: the watch begins anew.
            watch = null;
        }
        else if (watched is not null && planned is { Observed: { } observed, Effective: { } held })
        {
            var verdict = await WatchOf(watched).LookAsync(held, observed.Containers, cancellationToken);
            if (verdict.IsOver)
            {
                return new(time.GetUtcNow(), status, planned.Plan, await EndWatchAsync(watched, verdict), Attempt.Now);
            }
        }

        var (report, waits) = await TryAsync(planned, watched, cancellationToken);
        if (report is null && source.Head is not null && planned.Effective is not null && planned.Plan is not { IsEmpty: true })
        {
            (report, var healing) = await TryAsync(await lookout.PlanEffectiveAsync(planned.Observed, cancellationToken), watched, cancellationToken);
            waits = healing.NotBefore is null && !healing.NeedsPerson ? waits : healing;
        }

        await offers.BesideAsync(planned.Plan, cancellationToken);
        return new(time.GetUtcNow(), status, planned.Plan, report, waits)
        {
            Next = LeavesRest(report) ? time.GetUtcNow() : watched is null ? null : time.GetUtcNow() + SoakWatch.Round,
        };
    }

    /// <summary>Begins a run when the plan may run and its turn has come.</summary>
    private async Task<(ApplyReport? Report, Attempt Waits)> TryAsync(Planned planned, RunRecord? watched, CancellationToken cancellationToken)
    {
        if (planned.Plan is not { } plan || plan.VerdictFor(gate.ApprovedOf(plan)) is not Verdict.Ready)
        {
            return (null, planned.Plan is { Suspensions.Count: > 0 } put && put.VerdictFor(null) is Verdict.Suspended ? new(NextResumption(), put.Suspensions[0].Message) : Attempt.Now);
        }

        var isRepair = plan.Changes.All(ChangeText.IsDrift) && plan.Contents.Count == 0 && plan.Revision == planned.Effective?.Revision;
        if (watched is not null && !isRepair && !Supersedes(plan, watched))
        {
            return (null, new(null, $"run {watched.Id} is still being watched, and {PlanText.Revision(plan.Revision)} changes none of its services"));
        }

        var attempt = Attempts.For(plan, journal.Runs(Attempts.RecentRuns));
        return attempt.IsDue(time.GetUtcNow())
            ? (isRepair ? await runs.BeginAsync(planned, RunCause.Drift, cancellationToken) : await BeginAsync(planned, RunCause.Commit, cancellationToken, watched?.Id), attempt)
            : (null, attempt);
    }

    /// <summary>Begins a run that a newer commit may overtake, unless a person named the one to go to.</summary>
    private async Task<ApplyReport> BeginAsync(Planned planned, string cause, CancellationToken cancellationToken, string? supersedes = null, string? revision = null)
    {
        if (revision is not null)
        {
            return await runs.BeginAsync(planned, cause, cancellationToken, supersedes);
        }

        using var run = new RunUnderWay(planned.Plan!, cancellationToken);
        underWay = run;
        try
        {
            // One that came while the plan was made has been told to nobody.
            Consider(lookout.Head());
            return await runs.BeginAsync(planned, cause, cancellationToken, supersedes, overtakable: run);
        }
        finally
        {
            underWay = null;
        }
    }

    /// <summary>Looks at a newer commit while a run is under way; if it changes what the run brings, the run goes back at once and the commit has its turn.</summary>
    /// <remarks>Called beside the worker. Without this a fix would wait until the check that it mends has failed for good.</remarks>
    public void Consider(Revision head)
    {
        try
        {
            if (underWay is { } run && run.Plan.Revision != head.Id && lookout.FirstChanged(head, run.Plan.Contents) is { } changed)
            {
                run.Overtake($"overtaken by {head.ShortId}, which changes {changed}");
            }
        }
        catch (JournalException)
        {
            // The run under way meets the same at its next step, and tells; it is not to be overtaken on a guess.
        }
    }

    /// <summary>Waits for what is still under way beside the passes.</summary>
    public Task SettledAsync() => offers.SettledAsync();

    /// <summary>What a run could not put right in place is made again without waiting for the usual interval.</summary>
    private bool LeavesRest(ApplyReport? report) => report is { Result: ApplyResult.Applied, Run: { } run } && journal.Find(run)!.LeftDrifted.Any();

    /// <summary>A fix need not wait until what it mends has been watched to the end.</summary>
    private static bool Supersedes(Plan plan, RunRecord watched) => plan.Contents.Keys.Any(watched.Plan.Contents.ContainsKey);

    /// <summary>The run under watch; null when there is none.</summary>
    private RunRecord? Watched() => journal.Pointers().Soaking is { } run ? journal.Find(run) : null;

    private SoakWatch WatchOf(RunRecord run)
    {
        if (watch?.Run != run.Id)
        {
            watch = (run.Id, new SoakWatch(runs.ContextOf(run, lookout.Effective()), run.Plan, run.Plan.Steps.Select(step => step.Step).OfType<Soak>().Single()));
        }

        return watch.Value.Watch;
    }

    private Task<ApplyReport> EndWatchAsync(RunRecord run, SoakVerdict verdict)
    {
        watch = null;
        return runs.EndSoakAsync(run, runs.ContextOf(run, lookout.Effective()), verdict);
    }

    /// <summary>Where there is no loop to watch, the verb itself does.</summary>
    private async Task<ApplyReport> SoakedAsync(ApplyReport report, bool watches, CancellationToken cancellationToken)
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
            var verdict = await WatchOf(run).LookAsync(lookout.Effective()!, await host.ListContainersAsync(cancellationToken), cancellationToken);
            if (verdict.IsOver)
            {
                return await EndWatchAsync(run, verdict);
            }

            progress.Report(new StepProgressed(step, $"{verdict.Reason}, {Duration.ToText(TimeSpan.FromSeconds(Math.Ceiling(verdict.Left.TotalSeconds)))} left"));
            await Task.Delay(verdict.Left < LookAgain ? verdict.Left : LookAgain, time, cancellationToken);
        }
    }

    private Task<HostStatus> StatusAsync(SourceView source, Planned planned, CancellationToken cancellationToken) =>
        lookout.StatusOfAsync(
            source.Head is null ? planned with { Plan = null, Desired = null } : planned,
            source.Failure?.Message ?? (planned.Plan is null ? planned.Problems.FirstOrDefault(found => found.Severity is Desired.Severity.Error)?.ToString() : null),
            cancellationToken);

    /// <summary>Goes back to the last known-good state, or to the one before when the host is there already, and quarantines what it leaves.</summary>
    /// <param name="force">Go on although it is suspended.</param>
    /// <param name="commit">The known-good commit to go back to, or how its id begins; null = the one before.</param>
    public Task<ApplyReport> RollbackAsync(CancellationToken cancellationToken, bool force = false, string? commit = null) =>
        AloneAsync(() => RollbackAloneAsync(force, commit, cancellationToken), cancellationToken);

    private async Task<ApplyReport> RollbackAloneAsync(bool force, string? commit, CancellationToken cancellationToken)
    {
        var pointers = journal.Pointers();
        if (Watched() is { } watched)
        {
            if (commit is not null && sealedStore.FindHeldState(pointers.LastKnownGood) is var good && good?.Revision.StartsWith(commit, StringComparison.Ordinal) != true)
            {
                return new(ApplyResult.Refused, $"run {watched.Id} is still being watched, and goes back to {PlanText.Revision(good?.Revision ?? "nothing")}; nothing was touched")
                {
                    Hint = "homeiq rollback goes back there; further from then on",
                };
            }

            if (!force && SuspensionOf(watched) is { } suspension)
            {
                return PutOff(suspension, watched.Plan);
            }

            watch = null;
            return await runs.EndSoakAsync(watched, runs.ContextOf(watched, lookout.Effective()), new(time.GetUtcNow() - watched.StartedAt, TimeSpan.Zero, "a person went back from it", watched.Plan.Contents.Keys.First()));
        }

        var (goesTo, obstacle) = commit is null ? (pointers.Previous, null) : past.Named(commit, pointers);
        if (obstacle is not null)
        {
            return obstacle;
        }

        if (sealedStore.FindHeldState(pointers.Effective) is not { } effective || sealedStore.FindHeldState(goesTo) is not { } target)
        {
            return new(ApplyResult.Refused, "there is no earlier known-good state to go back to; nothing was touched")
            {
                Hint = "homeiq history lists what was applied",
            };
        }

        var (planned, left) = await lookout.PlanBackAsync(effective, target, force, cancellationToken);
        if (gate.Before(planned.Plan!, approve: null) is { } waiting)
        {
            return waiting;
        }

        return await runs.BeginAsync(planned, RunCause.Rollback, cancellationToken, left: left, goesTo: goesTo);
    }

    /// <summary>What adopting this host as it runs would record. Holds the state directory and the engine's lock from here on, so that nobody acts in between.</summary>
    /// <param name="ours">Rebuild a lost state directory from our own labels.</param>
    public async Task<Adopting> LookAtAdoptionAsync(string? revision, bool ours, CancellationToken cancellationToken)
    {
        Adopting? adopting = null;
        var obstacle = await AloneAsync(async () =>
        {
            adopting = await adoption.LookAsync(revision, ours, cancellationToken);
            return new(ApplyResult.NothingToDo, "");
        }, cancellationToken);
        return adopting ?? new(obstacle);
    }

    /// <summary>Records what was looked at, when a person agrees.</summary>
    public Task<ApplyReport> AdoptAsync(Adopting adopting, CancellationToken cancellationToken) =>
        AloneAsync(() => adoption.RecordAsync(adopting, cancellationToken), cancellationToken);

    /// <summary>Does what a person asked for while nobody else acts, from this state directory or on this engine.</summary>
    private async Task<ApplyReport> AloneAsync(Func<Task<ApplyReport>> deed, CancellationToken cancellationToken)
    {
        try
        {
            return await PrepareAsync(cancellationToken) ?? await deed();
        }
        catch (LockLostException lost)
        {
            return new(ApplyResult.CutOff, $"ended between two steps, because the lock on the engine was lost: {lost.Message}", journal.Unfinished() is [.., var cut] ? cut.Id : null)
            {
                Hint = "somebody else may act on this engine; the next homeiq apply from here finishes what was begun, when it has the lock",
            };
        }
    }

    private string LockedBy(LockHolder other) => $"somebody else acts on this engine for the instance {settings.Instance}: {other}";

    /// <summary>Takes the locks and finishes what a crash left; a report when that is as far as it goes.</summary>
    private async Task<ApplyReport?> PrepareAsync(CancellationToken cancellationToken)
    {
        if (!state.TryLock())
        {
            return new(ApplyResult.Refused, $"another homeiq acts from {state.Root}; nothing was touched") { Hint = "wait until it has finished" };
        }

        if (await engineLock.TakeAsync(cancellationToken) is { } other)
        {
            return new(ApplyResult.Refused, $"{LockedBy(other)}; nothing was touched")
            {
                Hint = other.TakenName is { } name ? $"give that container another name: docker rename {name} NAME" : "wait until that has finished, or stop it if it is a daemon; a holder that died is found out by itself",
            };
        }

        return await new RecoveryPass(runs, journal).FinishAsync(cancellationToken);
    }

    /// <summary>What a person put off and a watched run is about; null when its watch goes on.</summary>
    private Suspension? SuspensionOf(RunRecord watched) => journal.Standing().OfType<Suspension>().FirstOrDefault(suspension =>
        suspension.Until > time.GetUtcNow() && (suspension.Service is not { } service || watched.Plan.Contents.ContainsKey(service)));

    private static ApplyReport PutOff(Suspension suspension, Plan plan) => new(ApplyResult.Suspended, $"{suspension.ToText()}; nothing was touched", Plan: plan) { Hint = "homeiq resume ends it; --force goes on" };

    /// <summary>When the first suspension ends by itself: that is worth a look.</summary>
    private DateTimeOffset? NextResumption() =>
        journal.Standing().OfType<Suspension>().Where(suspension => suspension.Until > time.GetUtcNow()).Min(suspension => (DateTimeOffset?)suspension.Until);
}
