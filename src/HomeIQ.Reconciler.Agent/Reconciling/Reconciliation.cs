using HomeIQ.Reconciler.Applying;
using HomeIQ.Reconciler.Compose;
using HomeIQ.Reconciler.Contents;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Docker;
using HomeIQ.Reconciler.Git;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Observing;
using HomeIQ.Reconciler.Planning;
using HomeIQ.Reconciler.Reporting;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>One pass: fetch, load, observe once, decide, gate, apply, journal, report.</summary>
/// <remarks>Looking verbs perform no mutating engine call and take no lock; mutating ones hold the state directory and first finish what a crash left.</remarks>
public sealed class Reconciliation(
    AgentSettings settings, IContainerHost host, GitSource source, StateDirectory state, IJournal journal, TimeProvider time, IProgress<RunEvent> progress)
{
    private readonly SealedStore sealedStore = new(state);
    private readonly ContentStore contents = new(state.ContentFolder);
    private readonly ValueList<byte> key = state.Key();

    /// <summary>Fetches the repository and plans for the branch's newest commit, or for the revision asked for.</summary>
    public async Task<Planned> PlanAsync(string? revision, bool refresh, CancellationToken cancellationToken)
    {
        var fetched = await source.FetchAsync(cancellationToken);
        var commit = source.Resolve(revision ?? settings.Branch);
        var tree = source.TreeAt(commit.Id);
        var loaded = DesiredStateLoader.Load(Request(tree));
        if (loaded.State is not { } desired)
        {
            return new(commit, tree, null, Effective(), null, null, loaded.Problems);
        }

        var effective = Effective();
        var observed = await ObserveAsync(desired, effective, cancellationToken);
        var plan = Planner.PlanFor(Situation(desired, effective, observed, refresh));
        return new(commit, tree, desired, effective, observed, WithHistory(plan, fetched, effective), loaded.Problems);
    }

    /// <summary>The host against what it is held to: drift alone, with Git left out.</summary>
    public async Task<Planned> PlanEffectiveAsync(CancellationToken cancellationToken)
    {
        if (Effective() is not { } effective)
        {
            return new(null, null, null, null, null, null, []);
        }

        var desired = DesiredOf(effective);
        var observed = WithImagesOf(effective, await ObserveAsync(desired, effective, cancellationToken));
        return new(null, null, desired, effective, observed, Planner.PlanFor(Situation(desired, effective, observed, refresh: false)), []);
    }

    /// <summary>Brings the host to the branch's newest commit, or says why not.</summary>
    /// <param name="approve">The digest that a person approved; null when none was given.</param>
    public async Task<ApplyReport> ApplyAsync(string? revision, string? approve, bool refresh, CancellationToken cancellationToken)
    {
        if (await PrepareAsync(cancellationToken) is { } obstacle)
        {
            return obstacle;
        }

        var planned = await PlanAsync(revision, refresh, cancellationToken);
        if (planned is not { Plan: { } plan, Desired: { } desired })
        {
            return new(ApplyResult.Invalid, "the desired state has errors; nothing was touched") { Problems = planned.Problems };
        }

        var report = Gate(plan, approve) ?? await RunAsync(plan, desired, planned.Tree, planned, "apply", cancellationToken);
        return report with { Problems = [.. planned.Problems, .. report.Problems] };
    }

    /// <summary>Goes back to the last known-good state, or to the one before when the host is there already, and quarantines what it leaves.</summary>
    public async Task<ApplyReport> RollbackAsync(CancellationToken cancellationToken)
    {
        if (await PrepareAsync(cancellationToken) is { } obstacle)
        {
            return obstacle;
        }

        var pointers = journal.Pointers();
        if (sealedStore.FindState(pointers.Effective) is not { } effective || sealedStore.FindState(pointers.Previous) is not { } target)
        {
            return new(ApplyResult.Refused, "there is no earlier known-good state to go back to; nothing was touched")
            {
                Hint = "homeiq history lists what was applied",
            };
        }

        var desired = DesiredOf(target);
        var observed = WithImagesOf(target, await ObserveAsync(desired, [effective, target], cancellationToken));
        // A person asks for it by name: what was left in quarantine by an earlier failure is no reason against a state that worked.
        var plan = Planner.PlanFor(Situation(desired, effective, observed, refresh: false) with { Quarantine = [] });
        var withPolicy = plan with { Refusals = [.. plan.Refusals.Where(refusal => refusal.Code is not ("downgrade" or "floating-tag"))], Approvals = [] };
        if (Gate(withPolicy, approve: null) is { } waiting)
        {
            return waiting;
        }

        var left = Planner.PlanFor(Situation(DesiredOf(effective), target, observed, refresh: false)).Contents;
        if (left.Count > 0)
        {
            journal.AddQuarantine(new($"q-{Short(effective.Revision)}", "rollback", effective.Revision, time.GetUtcNow(), left, left.Keys.First(), "a person went back from it"));
        }

        var planned = new Planned(null, null, desired, effective, observed, withPolicy, []);
        return await RunAsync(withPolicy, desired, tree: null, planned, "rollback", cancellationToken);
    }

    /// <summary>How the host stands. A repository that cannot be read is told, not fatal.</summary>
    public async Task<HostStatus> StatusAsync(CancellationToken cancellationToken)
    {
        Planned planned;
        string? problem = null;
        try
        {
            planned = await PlanAsync(revision: null, refresh: false, cancellationToken);
            problem = planned.Plan is null ? planned.Problems.FirstOrDefault(found => found.Severity is Severity.Error)?.ToString() : null;
        }
        catch (GitException unreachable)
        {
            problem = unreachable.Message;
            planned = await PlanEffectiveAsync(cancellationToken) with { Plan = null, Desired = null };
        }

        var observed = planned.Observed ?? await ObserveAsync(planned.Desired, planned.Effective, cancellationToken);
        return HostStatus.Of(planned.Plan, planned.Desired, planned.Effective, observed, settings.Instance) with
        {
            Project = planned.Desired?.Project ?? planned.Effective?.Project ?? settings.ProjectName ?? "",
            Revision = planned.Revision?.Id,
            UnfinishedRun = journal.Unfinished() is [.., var unfinished] ? unfinished.Id : null,
            SourceProblem = problem,
        };
    }

    /// <summary>A forced push is followed, and told: what the host runs may not be part of the branch's history any more.</summary>
    private Plan WithHistory(Plan plan, Fetched fetched, EffectiveState? effective)
    {
        var left = effective is not null && source.Kept(GitSource.Effective) == effective.Revision && !source.IsAncestor(effective.Revision, fetched.Head.Id);
        return fetched.HistoryRewritten || left
            ? plan with
            {
                Warnings = [.. plan.Warnings, new Remark(
                    "history-rewritten", settings.Branch, $"the history of {settings.Branch} was rewritten: {(left ? "the commit that this host runs is not part of it any more" : "it was force-pushed since the last fetch")}",
                    "look at who pushed it; the commit that the host runs stays readable here")],
            }
            : plan;
    }

    /// <summary>Keeps the commits that the host may go back to readable, whatever happens to the branch.</summary>
    /// <returns>What could not be kept: a rollback does without Git, but a person may miss it.</returns>
    private ValueList<Problem> KeepCommits()
    {
        var pointers = journal.Pointers();
        var lost = new List<Problem>();
        foreach (var (name, state) in ((string, string?)[])[(GitSource.Effective, pointers.Effective), (GitSource.LastKnownGood, pointers.LastKnownGood), ("previous", pointers.Previous)])
        {
            try
            {
                if (sealedStore.FindState(state) is { } known && source.Kept(name) != known.Revision)
                {
                    source.Keep(name, known.Revision);
                }
            }
            catch (GitException unreadable)
            {
                lost.Add(new(new SourcePosition("repository"), $"the {name} commit cannot be kept: {unreadable.Message}", "rolling back needs no Git; only its text is missing", Severity.Warning));
            }
        }

        return [.. lost];
    }

    private EffectiveState? Effective() => sealedStore.FindState(journal.Pointers().Effective);

    private Task<Observed.ObservedState> ObserveAsync(DesiredState? desired, EffectiveState? effective, CancellationToken cancellationToken) =>
        ObserveAsync(desired, effective is null ? [] : [effective], cancellationToken);

    private Task<Observed.ObservedState> ObserveAsync(DesiredState? desired, IReadOnlyList<EffectiveState> effective, CancellationToken cancellationToken) =>
        new Observer(host, contents, time).ObserveAsync(desired, effective, settings.EngineIsLocal, cancellationToken);

    private LoadRequest Request(ISourceTree tree) => new()
    {
        Tree = tree,
        Path = settings.Path,
        ProjectName = settings.ProjectName,
        ProjectDirectory = settings.ProjectDirectory,
        ContentRoot = state.ContentFolder,
        EnvFiles = settings.EnvFiles,
        Profiles = settings.Profiles,
    };

    private Situation Situation(DesiredState desired, EffectiveState? effective, Observed.ObservedState observed, bool refresh) => new()
    {
        Desired = desired,
        Effective = effective,
        Observed = observed,
        Instance = settings.Instance,
        Key = key,
        Quarantine = [.. journal.Quarantine()],
        IsStateLost = effective is null && observed.Containers.Any(container =>
            container.Owner is { } owner && owner.Instance == settings.Instance && journal.Find(owner.Run) is null),
        Refresh = refresh,
    };

    /// <summary>Takes the lock and finishes what a crash left; a report when that is as far as it goes.</summary>
    private async Task<ApplyReport?> PrepareAsync(CancellationToken cancellationToken)
    {
        if (!state.TryLock())
        {
            return new(ApplyResult.Refused, $"another homeiq acts from {state.Root}; nothing was touched") { Hint = "wait until it has finished" };
        }

        return await new RecoveryPass(this, journal).FinishAsync(cancellationToken);
    }

    private static ApplyReport? Gate(Plan plan, string? approve) => plan.VerdictFor(approve) switch
    {
        Verdict.Nothing => new(ApplyResult.NothingToDo, $"in sync with {Short(plan.Revision)}", Plan: plan),
        Verdict.Refused => new(ApplyResult.Refused, "this plan may not run; nothing was touched", Plan: plan),
        Verdict.Held => new(ApplyResult.Held, $"{plan.Holds[0].Message}", Plan: plan) { Hint = plan.Holds[0].Hint },
        Verdict.AwaitingApproval => new(
            ApplyResult.AwaitingApproval,
            approve is null ? "a person has to approve this plan; nothing was touched" : $"the approved digest {approve} is not this plan's; nothing was touched",
            Plan: plan)
        { Hint = $"homeiq apply --approve {plan.Digest}" },
        _ => null,
    };

    internal Task<ApplyReport> RunAsync(Plan plan, DesiredState desired, ISourceTree? tree, Planned planned, string cause, CancellationToken cancellationToken)
    {
        // Sealed before the run is on record: a journal that names a specification can rely on it.
        foreach (var service in desired.Services)
        {
            sealedStore.PutService(Changes.SpecDigest.Of(service, key.ToArray()), service);
        }

        var run = journal.Begin(new RunStarted(plan, journal.Pointers().Effective, cause));
        progress.Report(new RunBegan(run, plan));
        var context = ContextFor(run, plan.Revision, desired, tree, planned.Effective, planned.Observed?.Engine.Version ?? "");
        return PerformAsync(run, context, new HashSet<int>(), cancellationToken);
    }

    internal RunContext ContextFor(string run, string revision, DesiredState? desired, ISourceTree? tree, EffectiveState? before, string engineVersion) => new()
    {
        Run = run,
        Instance = settings.Instance,
        Revision = revision,
        Host = host,
        Sealed = sealedStore,
        Contents = contents,
        State = state,
        Desired = desired,
        Tree = tree,
        Before = before,
        EngineVersion = engineVersion,
        ProbeHost = settings.ProbeHost,
        Redactor = new Redactor([.. desired?.Secrets ?? [], .. before is null ? [] : DesiredOf(before).Secrets]),
        Time = time,
        Progress = progress,
    };

    internal EffectiveState? StateOf(string? id) => sealedStore.FindState(id);

    /// <summary>Goes forward with a run that is on record, and back when it fails.</summary>
    internal async Task<ApplyReport> PerformAsync(string run, RunContext context, IReadOnlySet<int> done, CancellationToken cancellationToken)
    {
        await using var events = new EventHub(host, time);
        var applier = new Applier(journal, new StepPerformer(context, events), context);
        var report = await new RunTransaction(journal, applier, context, time).CompleteAsync(run, done, cancellationToken);
        return report with { Problems = KeepCommits() };
    }

    internal async Task<ApplyReport> GoBackAsync(string run, RunContext context, StepFailed? failure, CancellationToken cancellationToken)
    {
        await using var events = new EventHub(host, time);
        var applier = new Applier(journal, new StepPerformer(context, events), context);
        cancellationToken.ThrowIfCancellationRequested();
        return await new RunTransaction(journal, applier, context, time).GoBackAsync(run, failure);
    }

    /// <summary>Takes away what a run had prepared before it was cut off.</summary>
    internal async Task ClearAwayAsync(RunRecord run, RunContext context)
    {
        await using var events = new EventHub(host, time);
        var applier = new Applier(journal, new StepPerformer(context, events), context);
        await new RunTransaction(journal, applier, context, time).ClearAwayAsync(run);
    }

    /// <summary>Does the clean-up that a promoted run was cut off from, and ends the run.</summary>
    internal Task<ApplyReport> FinishCleanUpAsync(RunRecord run, RunContext context, CancellationToken cancellationToken) =>
        PerformAsync(run.Id, context, run.Begun.Where(step => step.Receipt is not null).Select(step => step.Planned.Number).ToHashSet(), cancellationToken);

    /// <summary>The third crash on the same content is a verdict on it.</summary>
    internal void QuarantineCrashing(RunRecord run) => journal.AddQuarantine(new(
        $"q-{run.Id}", run.Id, run.Plan.Revision, time.GetUtcNow(), run.Plan.Contents, run.Plan.Contents.Keys.First(), $"{Recovery.CrashLimit} runs in succession went down on it"));

    /// <summary>Quarantines what a run that was cut off had measured bad; the dependencies are those of the sealed specifications.</summary>
    internal void QuarantineFailed(RunRecord run, BegunStep bad, EffectiveState before)
    {
        var created = run.Plan.Steps.Select(step => step.Step).OfType<CreateContainer>().Select(step => sealedStore.FindService(step.SpecDigest)).OfType<DesiredService>().ToList();
        var others = DesiredOf(before).Services.Where(service => created.All(made => made.Name != service.Name));
        var desired = new DesiredState { Project = run.Plan.Project, Revision = run.Plan.Revision, Services = [.. created, .. others] };
        var subject = bad.Planned.Step.Subject;
        journal.AddQuarantine(new($"q-{run.Id}", run.Id, run.Plan.Revision, time.GetUtcNow(), Suspects.Of(subject, run.Plan, desired), subject, bad.Failure!.Reason));
    }

    /// <summary>Asks the host about steps that were begun and never ended, so that the way on knows their receipts.</summary>
    internal async Task SettleAsync(RunRecord run, RunContext context, CancellationToken cancellationToken)
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

    /// <summary>The desired state that a sealed one stands for: nothing to build, nothing to pull, the images by id.</summary>
    private static DesiredState DesiredOf(EffectiveState effective) => new()
    {
        Project = effective.Project,
        Revision = effective.Revision,
        Services = [.. effective.Services.Select(service => service.Service with { Pull = PullPolicy.Missing })],
        Networks = [.. effective.Networks.Select(network => network.Network)],
        Volumes = effective.Volumes,
        Contents = [.. effective.Services.SelectMany(service => service.Service.Spec.Mounts).Select(mount => mount.Content).OfType<string>()
            .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Select(digest => new BoundContent(digest, Path: null))],
        Secrets = [.. effective.Services.SelectMany(service => service.Service.Spec.SecretFields
            .Where(field => field.StartsWith("env.", StringComparison.Ordinal))
            .Select(field => service.Service.Spec.Environment.TryGetValue(field["env.".Length..], out var value) ? value : "")).Distinct(StringComparer.Ordinal)],
    };

    /// <summary>References mean the images that they meant when the state was sealed.</summary>
    private static Observed.ObservedState WithImagesOf(EffectiveState target, Observed.ObservedState observed) => observed with
    {
        Images = new([.. observed.Images, .. target.Services
            .Where(service => observed.Images.ContainsKey(service.ImageId))
            .Select(service => KeyValuePair.Create(
                service.Service.Spec.Image, observed.Images[service.ImageId] with { BuildDigest = service.Service.Build?.Digest }))]),
    };

    private static string Short(string revision) => revision.Length > 8 ? revision[..8] : revision;
}
