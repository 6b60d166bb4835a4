using HomeIQ.Reconciler.Applying;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Docker;
using HomeIQ.Reconciler.Forges;
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
    private readonly AgentSettings settings;
    private readonly IContainerHost host;
    private readonly EngineLock engineLock;
    private readonly StateDirectory state;
    private readonly IJournal journal;
    private readonly TimeProvider time;
    private readonly Lookout lookout;
    private readonly StatusLook looks;
    private readonly Runs runs;
    private readonly RevertOffers offers;
    private readonly Gate gate;
    private readonly UnderWatch watch;
    private readonly CommitRuns commitRuns;
    private readonly ApplyPass apply;
    private readonly RollbackPass rollback;
    private readonly AdoptionPass adoption;
    private readonly ServiceLogs logs;
    private readonly CommitStatuses statuses;

    public Reconciliation(
        AgentSettings settings, IContainerHost engine, EngineLock engineLock, GitSource source, StateDirectory state, IJournal journal, TimeProvider time, IProgress<RunEvent> progress, Forge? forge = null)
    {
        this.settings = settings;
        this.engineLock = engineLock;
        this.state = state;
        this.journal = journal;
        this.time = time;
        var sealedStore = new SealedStore(state);
        host = LabellingHost.Over(engine, sealedStore, journal, settings.Instance);
        var commits = new KeptCommits(source, sealedStore, journal);
        lookout = new(settings, host, source, state, sealedStore, journal, time);
        looks = new(settings, lookout, engineLock, state, sealedStore, journal, time);
        logs = new(settings, host, lookout);
        offers = new(new(settings, source, sealedStore, journal, lookout, forge, time), journal);
        statuses = new(forge, time);
        gate = new(journal);
        runs = new(settings, host, engineLock, state, sealedStore, commits, journal, time, progress);
        watch = new(host, lookout, runs, journal, time, progress);
        commitRuns = new(lookout, runs);
        apply = new(settings.Instance, lookout, gate, runs, commitRuns, watch, offers, journal);
        rollback = new(lookout, gate, runs, watch, new PastStates(sealedStore, journal), sealedStore, journal, time);
        adoption = new(settings, host, engineLock, state, sealedStore, lookout, commits, journal);
    }

    /// <summary>The engine as this reconciler sees it: with its labels on what it adopted.</summary>
    public IContainerHost Host => host;

    /// <inheritdoc cref="Lookout.PlanAsync"/>
    public Task<Planned> PlanAsync(string? revision, bool refresh, CancellationToken cancellationToken) => lookout.PlanAsync(revision, refresh, cancellationToken);

    /// <inheritdoc cref="Lookout.PlanEffectiveAsync"/>
    public Task<Planned> PlanEffectiveAsync(CancellationToken cancellationToken) => lookout.PlanEffectiveAsync(seen: null, cancellationToken);

    /// <inheritdoc cref="StatusLook.TakeAsync"/>
    public Task<HostStatus> StatusAsync(CancellationToken cancellationToken) => looks.TakeAsync(cancellationToken);

    /// <inheritdoc cref="StatusLook.ServicesAsync"/>
    public Task<ValueList<ServiceReport>> ServicesAsync(CancellationToken cancellationToken) => looks.ServicesAsync(cancellationToken);

    /// <inheritdoc cref="ServiceLogs.ReadAsync"/>
    public IAsyncEnumerable<string> LogsAsync(string service, LogRange range, CancellationToken cancellationToken) => logs.ReadAsync(service, range, cancellationToken);

    /// <summary>Brings the host to the branch's newest commit, or says why not.</summary>
    /// <param name="approve">The digest that a person approved; null when none was given.</param>
    /// <param name="watches">Stay until the watch over the commit has ended; false where a loop does the watching.</param>
    /// <param name="force">Go on although it is suspended.</param>
    public Task<ApplyReport> ApplyAsync(string? revision, string? approve, bool refresh, bool watches, CancellationToken cancellationToken, bool force = false) =>
        ToldAsync(() => AloneAsync(() => apply.ApplyAsync(revision, approve, refresh, watches, force, cancellationToken), cancellationToken), watches, cancellationToken);

    /// <summary>Tries the branch's newest commit although it failed before: what holds it is released.</summary>
    public Task<ApplyReport> RetryAsync(bool watches, CancellationToken cancellationToken, bool force = false) =>
        ToldAsync(() => AloneAsync(() => apply.RetryAsync(watches, force, cancellationToken), cancellationToken), watches, cancellationToken);

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
        statuses.Beside(status, cancellationToken);
        var watched = watch.Run;
        if (watched is not null && watch.SuspensionOf(watched) is not null)
        {
            // Neither trusted nor taken back meanwhile: the watch begins anew.
            watch.Forget();
        }
        else if (watched is not null && planned is { Observed: { } observed, Effective: { } held })
        {
            var verdict = await watch.LookAsync(watched, held, observed.Containers, cancellationToken);
            if (verdict.IsOver)
            {
                return new(time.GetUtcNow(), status, planned.Plan, await watch.EndAsync(watched, verdict), Attempt.Now);
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
            Next = Runs.LeavesRest(journal, report) ? time.GetUtcNow() : watched is null ? null : time.GetUtcNow() + SoakWatch.Round,
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
        if (watched is not null && !isRepair && !UnderWatch.MaySupersede(plan, watched))
        {
            return (null, new(null, $"run {watched.Id} is still being watched, and {PlanText.Revision(plan.Revision)} changes none of its services"));
        }

        var attempt = Attempts.For(plan, journal.Runs(Attempts.RecentRuns));
        return attempt.IsDue(time.GetUtcNow())
            ? (isRepair ? await runs.BeginAsync(planned, RunCause.Drift, cancellationToken) : await commitRuns.BeginAsync(planned, RunCause.Commit, cancellationToken, watched?.Id), attempt)
            : (null, attempt);
    }

    /// <summary>Waits for what is still under way beside the passes.</summary>
    public Task SettledAsync() => Task.WhenAll(offers.SettledAsync(), statuses.SettledAsync());

    /// <summary>Why the forge did not take what it was told last; null while it does, and where there is none.</summary>
    public string? ForgeProblem => statuses.Problem;

    /// <summary>Has somebody told when the repository has answered to an offered branch: there is something new to say.</summary>
    public void TellOfOffers(Action answered) => offers.Answered = answered;

    /// <inheritdoc cref="CommitRuns.Consider"/>
    public void Consider(Revision head) => commitRuns.Consider(head);

    private Task<HostStatus> StatusAsync(SourceView source, Planned planned, CancellationToken cancellationToken) =>
        looks.OfAsync(
            source.Head is null ? planned with { Plan = null, Desired = null } : planned,
            source.Failure?.Message ?? (planned.Plan is null ? planned.Problems.FirstOrDefault(found => found.Severity is Desired.Severity.Error)?.ToString() : null),
            cancellationToken);

    /// <summary>Goes back to the last known-good state, or to the one before when the host is there already, and quarantines what it leaves.</summary>
    /// <param name="force">Go on although it is suspended.</param>
    /// <param name="commit">The known-good commit to go back to, or how its id begins; null = the one before.</param>
    public Task<ApplyReport> RollbackAsync(CancellationToken cancellationToken, bool force = false, string? commit = null) =>
        AloneAsync(() => rollback.RollbackAsync(force, commit, cancellationToken), cancellationToken);

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

    /// <summary>Git is told how it ended, where no loop does so.</summary>
    private async Task<ApplyReport> ToldAsync(Func<Task<ApplyReport>> verb, bool watches, CancellationToken cancellationToken)
    {
        var report = await verb();
        return watches ? await statuses.AfterAsync(report, () => looks.TakeAsync(cancellationToken), cancellationToken) : report;
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

    /// <summary>When the first suspension ends by itself: that is worth a look.</summary>
    private DateTimeOffset? NextResumption() =>
        journal.Standing().OfType<Suspension>().Where(suspension => suspension.Until > time.GetUtcNow()).Min(suspension => (DateTimeOffset?)suspension.Until);
}
