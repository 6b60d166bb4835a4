using HomeIQ.Reconciler.Applying;
using HomeIQ.Reconciler.Contents;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Docker;
using HomeIQ.Reconciler.Git;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Locking;
using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>Begins runs, and finishes them in whatever process it takes: forward, back, or the clean-up alone.</summary>
internal sealed class Runs(
    AgentSettings settings, IContainerHost host, EngineLock engineLock, StateDirectory state, SealedStore sealedStore, KeptCommits commits, IJournal journal, TimeProvider time, IProgress<RunEvent> progress)
{
    private readonly ContentStore contents = new(state.ContentFolder);
    private readonly ValueList<byte> key = state.Key();

    /// <summary>Seals what the plan needs, puts the run on record, and completes it.</summary>
    /// <param name="supersedes">The run under watch whose place it takes; null for most.</param>
    /// <param name="left">Contents that a person goes back from: in quarantine before anything is done; null for most.</param>
    /// <param name="goesTo">Id of the sealed state that a person goes back to; null for all else.</param>
    /// <param name="overtakable">By which it is told that a newer commit overtakes it; null when none can.</param>
    public Task<ApplyReport> BeginAsync(
        Planned planned, string cause, CancellationToken cancellationToken, string? supersedes = null, ValueMap<string>? left = null, RunUnderWay? overtakable = null, string? goesTo = null)
    {
        var (plan, desired) = (planned.Plan!, planned.Desired!);
        // Sealed before the run is on record: a journal that names a specification can rely on it.
        foreach (var service in desired.Services)
        {
            sealedStore.PutService(Changes.SpecDigest.Of(service, key.ToArray()), service);
            sealedStore.PutService(Changes.ContentDigest.Of(service, key.ToArray()), service);
        }

        var pointers = journal.Pointers();
        var backTo = supersedes is null ? pointers.Effective : pointers.LastKnownGood;
        backTo = StateOf(backTo) is null ? null : backTo;
        var started = new RunStarted(plan, backTo, cause) { Inherits = supersedes, GoesTo = goesTo };
        var run = supersedes is null
            ? journal.Begin(started)
            : journal.Supersede(supersedes, new RunEnded(RunPhase.Superseded, null, $"superseded by {PlanText.Revision(plan.Revision)} before it was promoted"), started);
        if (left is not null && plan.From is { } from)
        {
            LeftContent.Quarantine(journal, run, from, left, time.GetUtcNow());
        }

        progress.Report(new RunBegan(run, plan));
        var context = ContextFor(run, plan.Revision, desired, planned.Tree, planned.Effective, StateOf(backTo), planned.Observed?.Engine.Version ?? "");
        Inherit(context, supersedes);
        context.UnderWay = overtakable;
        return PerformAsync(run, context, new HashSet<int>(), overtakable?.Stopped ?? cancellationToken);
    }

    /// <summary>The context of a run that another process or an earlier pass began, as the journal tells it.</summary>
    public RunContext ContextOf(RunRecord run, EffectiveState? desired = null)
    {
        var backTo = StateOf(run.Before);
        var context = ContextFor(run.Id, run.Plan.Revision, desired?.AsDesired(), tree: null, backTo, backTo, engineVersion: "");
        foreach (var (begun, isRollback) in run.Begun.Select(step => (step, false)).Concat(run.RollbackBegun.Select(step => (step, true))))
        {
            if (begun.Receipt is { } receipt)
            {
                context.Note(begun.Planned.Step, receipt, isRollback);
            }
        }

        Inherit(context, run.Inherits);
        return context;
    }

    /// <summary>How services stood before a run that was superseded counts for the run in its place: what that one broke was not so before.</summary>
    private void Inherit(RunContext context, string? superseded)
    {
        for (var id = superseded; id is not null && journal.Find(id) is { } run; id = run.Inherits)
        {
            context.Inherit(run);
        }
    }

    /// <summary>Ends a watch: promotes what stayed well, or takes back what did not.</summary>
    public async Task<ApplyReport> EndSoakAsync(RunRecord run, RunContext context, SoakVerdict verdict)
    {
        await using var events = new EventHub(host, time);
        var transaction = new RunTransaction(journal, new Applier(journal, new StepPerformer(context, events), context), context, time);
        var report = verdict.Service is not null
            ? await transaction.FailSoakAsync(run.Id, verdict, context.Redactor.Redact(verdict.Reason))
            : await transaction.FinishSoakAsync(run.Id, verdict.Reason, verdict.Passed);
        return report with { Problems = [.. report.Problems, .. commits.Keep()] };
    }

    private RunContext ContextFor(
        string run, string revision, DesiredState? desired, ISourceTree? tree, EffectiveState? before, EffectiveState? backTo, string engineVersion) => new()
        {
            Run = run,
            Instance = settings.Instance,
            Revision = revision,
            Host = host,
            Lock = engineLock,
            Sealed = sealedStore,
            Contents = contents,
            State = state,
            Journal = journal,
            Desired = desired,
            Tree = tree,
            Before = before,
            BackTo = backTo,
            EngineVersion = engineVersion,
            ProbeHost = settings.ProbeHost,
            IsEngineLocal = settings.EngineIsLocal,
            Redactor = new Redactor([.. desired?.Secrets ?? [], .. before is null ? [] : before.AsDesired().Secrets, .. backTo is null ? [] : backTo.AsDesired().Secrets]),
            Time = time,
            Progress = progress,
        };

    public EffectiveState? StateOf(string? id) => sealedStore.FindHeldState(id);

    /// <summary>Goes forward with a run that is on record, and back when it fails.</summary>
    public async Task<ApplyReport> PerformAsync(string run, RunContext context, IReadOnlySet<int> done, CancellationToken cancellationToken)
    {
        await using var events = new EventHub(host, time);
        var applier = new Applier(journal, new StepPerformer(context, events), context);
        var report = await new RunTransaction(journal, applier, context, time).CompleteAsync(run, done, cancellationToken);
        return report with { Problems = [.. report.Problems, .. commits.Keep()] };
    }

    public async Task<ApplyReport> GoBackAsync(string run, RunContext context, StepFailed? failure, CancellationToken cancellationToken)
    {
        await using var events = new EventHub(host, time);
        var applier = new Applier(journal, new StepPerformer(context, events), context);
        cancellationToken.ThrowIfCancellationRequested();
        return await new RunTransaction(journal, applier, context, time).GoBackAsync(run, failure);
    }

    /// <summary>Takes away what a run had prepared before it was cut off.</summary>
    public async Task ClearAwayAsync(RunRecord run, RunContext context)
    {
        await using var events = new EventHub(host, time);
        var applier = new Applier(journal, new StepPerformer(context, events), context);
        await new RunTransaction(journal, applier, context, time).ClearAwayAsync(run);
    }

    /// <summary>Does the clean-up that a promoted run was cut off from, and ends the run.</summary>
    public Task<ApplyReport> FinishCleanUpAsync(RunRecord run, RunContext context, CancellationToken cancellationToken) =>
        PerformAsync(run.Id, context, run.Begun.Where(step => step.Receipt is not null).Select(step => step.Planned.Number).ToHashSet(), cancellationToken);

    /// <summary>What a run could not put right in place is made again without waiting for the usual interval.</summary>
    public static bool LeavesRest(IJournal journal, ApplyReport? report) => report is { Result: ApplyResult.Applied, Run: { } run } && journal.Find(run)!.LeftDrifted.Any();

    /// <summary>Id of the quarantine entry for what a run measured bad.</summary>
    public static string VerdictOn(string run) => $"q-{run}";

    /// <summary>The third crash on the same content is a verdict on it.</summary>
    public void QuarantineCrashing(RunRecord run) => journal.AddQuarantine(new(
        VerdictOn(run.Id), run.Id, run.Plan.Revision, time.GetUtcNow(), run.Plan.Contents, run.Plan.Contents.Keys.First(), $"{Recovery.CrashLimit} runs in succession went down on it"));

    /// <summary>Quarantines what a run that was cut off had measured bad; the dependencies are those of the sealed specifications.</summary>
    public void QuarantineFailed(RunRecord run, BegunStep bad, EffectiveState before)
    {
        var created = run.Plan.Steps.Select(step => step.Step).OfType<CreateContainer>()
            .Select(step => sealedStore.FindService(step.SpecDigest) is { } made ? made with { Name = step.Service } : null).OfType<DesiredService>().ToList();
        var others = before.AsDesired().Services.Where(service => created.All(made => made.Name != service.Name));
        var desired = new DesiredState { Project = run.Plan.Project, Revision = run.Plan.Revision, Services = [.. created, .. others] };
        var subject = bad.Subject;
        journal.AddQuarantine(new(VerdictOn(run.Id), run.Id, run.Plan.Revision, time.GetUtcNow(), Suspects.Of(subject, run.Plan, desired), subject, bad.Failure!.Reason));
    }

    /// <summary>Asks the host about steps that were begun and never ended, so that the way on knows their receipts.</summary>
    public async Task SettleAsync(RunRecord run, RunContext context, CancellationToken cancellationToken)
    {
        await using var events = new EventHub(host, time);
        var performer = new StepPerformer(context, events);
        foreach (var begun in run.Begun.Where(step => step.EndedAt is null))
        {
            if (await performer.ProbeAsync(begun.Planned, cancellationToken) is { } receipt)
            {
                journal.Append(run.Id, new StepDone(begun.Planned.Number, IsRollback: false, receipt));
            }
        }
    }
}
