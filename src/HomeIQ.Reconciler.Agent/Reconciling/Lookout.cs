using System.Text.Json;
using HomeIQ.Reconciler.Changes;
using HomeIQ.Reconciler.Compose;
using HomeIQ.Reconciler.Contents;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Docker;
using HomeIQ.Reconciler.Git;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Observed;
using HomeIQ.Reconciler.Observing;
using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>The part of a pass that changes nothing: fetch, load, observe once, decide.</summary>
public sealed class Lookout(AgentSettings settings, IContainerHost host, GitSource source, StateDirectory state, SealedStore sealedStore, IJournal journal, TimeProvider time)
{
    /// <summary>How far back is looked for what could not be put right in place.</summary>
    private const int RecentRuns = 20;

    private readonly Observer observer = new(host, new(state.ContentFolder), time);
    private readonly DataGuard guard = new(journal, settings.VolumesAreLocal);
    private readonly PastStates past = new(sealedStore, journal);
    private readonly ValueList<byte> key = state.Key();

    /// <summary>What the host is held to; null before the first promotion.</summary>
    public EffectiveState? Effective() => sealedStore.FindHeldState(journal.Pointers().Effective);

    /// <summary>Fetches the repository and plans for the branch's newest commit, or for the revision asked for.</summary>
    /// <param name="force">A person goes on with what is suspended.</param>
    public async Task<Planned> PlanAsync(string? revision, bool refresh, CancellationToken cancellationToken, bool force = false)
    {
        var fetched = await source.FetchAsync(cancellationToken);
        return await PlanAtAsync(source.Resolve(revision ?? settings.Branch), fetched, refresh, cancellationToken, force);
    }

    /// <summary>Plans for the newest commit that was fetched by whoever it was: a verb may have seen a newer one than the loop.</summary>
    public Task<Planned> PlanHeadAsync(Fetched fetched, CancellationToken cancellationToken) =>
        PlanAtAsync(source.Resolve(settings.Branch), fetched, refresh: false, cancellationToken);

    /// <summary>Plans for a commit that was fetched before: asks the engine, and nobody else.</summary>
    public async Task<Planned> PlanAtAsync(Revision commit, Fetched fetched, bool refresh, CancellationToken cancellationToken, bool force = false)
    {
        await using var look = observer.Begin(cancellationToken);
        var effective = Effective();
        var tree = source.TreeAt(commit.Id);
        var loaded = DesiredStateLoader.Load(Request(tree));
        if (loaded.State is not { } desired)
        {
            return new(commit, tree, null, effective, null, null, loaded.Problems);
        }

        var observed = await ObserveAsync(look, desired, effective is null ? [] : [effective], cancellationToken);
        var plan = await DecideAsync(Situation(desired, effective, observed, refresh, force), cancellationToken);
        return new(commit, tree, desired, effective, observed, WithHistory(plan, fetched, effective), loaded.Problems);
    }

    /// <summary>The host against what it is held to: drift alone, with Git left out.</summary>
    /// <param name="seen">What was looked at already in this pass; null to look now.</param>
    public async Task<Planned> PlanEffectiveAsync(ObservedState? seen, CancellationToken cancellationToken)
    {
        if (Effective() is not { } effective)
        {
            return new(null, null, null, null, seen, null, []);
        }

        var desired = effective.AsDesired();
        var observed = WithImagesOf(effective, seen ?? await ObserveAsync(desired, effective, cancellationToken));
        return new(null, TreeOf(effective), desired, effective, observed, await DecideAsync(Situation(desired, effective, observed, refresh: false), cancellationToken, isRepair: true), []);
    }

    /// <summary>What must not be shown of this host: the values from outside Git of the commits that are at hand, without a fetch.</summary>
    public IReadOnlyCollection<string> Secrets()
    {
        var effective = Effective();
        return
        [
            .. new[] { effective is null ? null : TreeOf(effective), TreeOfHead() }.OfType<ISourceTree>().SelectMany(tree => DesiredStateLoader.Load(Request(tree)).State?.Secrets ?? [])
                .Concat(effective?.AsDesired().Secrets ?? []).Where(secret => secret.Length > 0).Distinct(StringComparer.Ordinal),
        ];
    }

    /// <summary>What leads from one sealed state to another, with Git left out; and what the way there leaves.</summary>
    public async Task<(Planned Planned, ValueMap<string> Left)> PlanBackAsync(EffectiveState effective, EffectiveState target, bool force, CancellationToken cancellationToken)
    {
        var tree = TreeOf(target);
        // How much is kept, both have a say in: what the present policy keeps does not go by going back.
        var keep = Math.Max(target.Policy.Generations, effective.Policy.Generations);
        var desired = target.AsDesired() with { Policy = target.Policy with { Generations = keep } };
        var observed = WithImagesOf(target, await ObserveAsync(desired, [effective, target], cancellationToken));
        // A person asks for it by name: what was left in quarantine by an earlier failure is no reason against a state that worked.
        var plan = await DecideAsync(Situation(desired, effective, observed, refresh: false, force) with { Quarantine = [], GoesBackTo = target, HasSource = tree is not null }, cancellationToken);
        plan = plan with { Refusals = [.. plan.Refusals.Where(refusal => refusal.Code is not ("downgrade" or "floating-tag"))], Approvals = [] };
        var left = Planner.PlanFor(Situation(effective.AsDesired(), target, observed, refresh: false)).Contents;
        return (new(null, tree, desired, effective, observed, plan, []), left);
    }

    /// <summary>Whether the files of a commit still ask for all of what failed; null when they cannot be loaded.</summary>
    public bool? Contains(ISourceTree tree, QuarantineEntry entry) =>
        DesiredStateLoader.Load(Request(tree)).State is { } desired ? entry.Contents.All(pair => Changes.ContentDigest.Of(pair.Key, desired, key.ToArray()) == pair.Value) : null;

    /// <summary>The newest commit that was fetched, by whoever it was.</summary>
    public Revision Head() => source.Resolve(settings.Branch);

    /// <summary>The first of some contents that a commit has otherwise; null when it has all of them, cannot be loaded, or asks for what failed before.</summary>
    public string? FirstChanged(Revision commit, ValueMap<string> contents)
    {
        if (DesiredStateLoader.Load(Request(source.TreeAt(commit.Id))).State is not { } desired)
        {
            return null;
        }

        string? DigestOf(string name) => Changes.ContentDigest.Of(name, desired, key.ToArray());

        var changed = contents.FirstOrDefault(pair => DigestOf(pair.Key) != pair.Value).Key;
        return changed is null || journal.Quarantine().Any(entry => entry.Contents.All(pair => DigestOf(pair.Key) == pair.Value)) ? null : changed;
    }

    /// <summary>Only what is promoted lets go of anything, so that passes with nothing to do need not look at what there is.</summary>
    /// <param name="isRepair">While a run is watched nothing goes on account of it: it may yet turn out bad.</param>
    private async Task<Plan> DecideAsync(Situation situation, CancellationToken cancellationToken, bool isRepair = false) =>
        guard.Judge(await WithGenerationsAsync(situation, isRepair, cancellationToken), situation.Observed);

    private async Task<Plan> WithGenerationsAsync(Situation situation, bool isRepair, CancellationToken cancellationToken)
    {
        var plan = Planner.PlanFor(situation);
        if (!plan.Steps.Any(step => step.Step is Promote) || (isRepair && journal.Pointers().Soaking is not null))
        {
            return plan;
        }

        var tags = await host.ListTagsAsync(Planner.KeepTagPath(settings.Instance), cancellationToken);
        try
        {
            return Planner.PlanFor(situation with { Generations = new() { States = past.Read(), KeepTags = tags } });
        }
        catch (JsonException damaged)
        {
            var remark = new Remark("state-damaged", situation.Desired.Project, $"{damaged.Message.TrimEnd('.')}: nothing old is let go of", $"mend or remove it in {Path.Combine(state.SealedFolder, "states")}");
            return plan with { Warnings = [.. plan.Warnings, remark] };
        }
    }

    /// <summary>The files of a commit that is kept here, whether the repository can be reached or not; null when it is not kept.</summary>
    private ISourceTree? TreeOf(EffectiveState effective)
    {
        try
        {
            return source.TreeAt(effective.Revision);
        }
        catch (GitException)
        {
            return null;
        }
    }

    private ISourceTree? TreeOfHead()
    {
        try
        {
            return source.TreeAt(source.Resolve(settings.Branch).Id);
        }
        catch (GitException)
        {
            return null;
        }
    }

    /// <summary>A forced push is followed, and told: what the host runs may not be part of the branch's history any more.</summary>
    private Plan WithHistory(Plan plan, Fetched fetched, EffectiveState? effective)
    {
        // The newest head that anybody fetched: what a verb has just applied is newer than what the loop saw last.
        var left = effective is not null && source.Kept(GitSource.Effective) == effective.Revision && !source.IsAncestor(effective.Revision, Head().Id);
        return fetched.HistoryRewritten || left
            ? plan with
            {
                Warnings = [.. plan.Warnings, new Remark(
                    "history-rewritten", settings.Branch, $"the history of {settings.Branch} was rewritten: {(left ? "the commit that this host runs is not part of it any more" : "it was force-pushed since the last fetch")}",
                    "look at who pushed it; the commit that the host runs stays readable here")],
            }
            : plan;
    }

    /// <summary>Looks at the host once.</summary>
    public Task<ObservedState> ObserveAsync(DesiredState? desired, EffectiveState? effective, CancellationToken cancellationToken) =>
        ObserveAsync(desired, effective is null ? [] : [effective], cancellationToken);

    private async Task<ObservedState> ObserveAsync(DesiredState? desired, IReadOnlyList<EffectiveState> effective, CancellationToken cancellationToken)
    {
        await using var look = observer.Begin(cancellationToken);
        return await ObserveAsync(look, desired, effective, cancellationToken);
    }

    private async Task<ObservedState> ObserveAsync(HostLook look, DesiredState? desired, IReadOnlyList<EffectiveState> effective, CancellationToken cancellationToken)
    {
        var observed = await observer.ObserveAsync(look, desired, effective, settings.EngineIsLocal, cancellationToken);
        var kept = Kept();
        return kept.Count == 0 ? observed : observed with { Containers = [.. observed.Containers.Where(container => !kept.Contains(container.Id))] };
    }

    /// <summary>Containers that the run under watch, and what it superseded, would be taken back to: stopped, out of the way, and nobody's left-over.</summary>
    private HashSet<string> Kept() =>
        journal.Pointers().Soaking is { } watched && journal.Find(watched) is { } run
            ? journal.Since(run.Inherits ?? run.Id).SelectMany(known => known.Begun).Select(step => step.Planned.Step).OfType<SetAside>().Select(aside => aside.Container.Id).OfType<string>().ToHashSet(StringComparer.Ordinal)
            : [];

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

    private Situation Situation(DesiredState desired, EffectiveState? effective, ObservedState observed, bool refresh, bool force = false) => new()
    {
        Desired = desired,
        Effective = effective,
        Observed = observed,
        Instance = settings.Instance,
        Key = key,
        Quarantine = [.. journal.Quarantine()],
        Suspensions = force ? [] : [.. journal.Standing().OfType<Suspension>()],
        IsStateLost = effective is null && (journal.Pointers().Effective is not null || observed.Containers.Any(container =>
            container.Owner is { } owner && owner.Instance == settings.Instance && journal.Find(owner.Run) is null)),
        LeftDrifted = effective is null ? [] : LeftDrifted(effective, observed),
        Refresh = refresh,
    };

    /// <summary>Containers that recent runs could not put right in place; the journal is asked only when one of them may be meant.</summary>
    private ValueList<string> LeftDrifted(EffectiveState effective, ObservedState observed) =>
        Differ.Drift(effective, observed, settings.Instance).Any(change => change is ContainerDrifted or NetworkMissing)
            ? [.. journal.Runs(RecentRuns).SelectMany(run => run.LeftDrifted).Distinct(StringComparer.Ordinal)]
            : [];

    /// <summary>References mean the images that they meant when the state was sealed.</summary>
    private static ObservedState WithImagesOf(EffectiveState target, ObservedState observed) => observed with
    {
        Images = new([.. observed.Images, .. target.Services
            .Where(service => observed.Images.ContainsKey(service.ImageId))
            .Select(service => KeyValuePair.Create(
                service.Service.Spec.Image, observed.Images[service.ImageId] with { BuildDigest = service.Service.Build?.Digest }))]),
    };
}
