using HomeIQ.Reconciler.Desired;

namespace HomeIQ.Reconciler.Planning;

/// <summary>Decides what older generations are let go of once a new state is promoted: a generation is what runs, by specification and image.</summary>
/// <remarks>States that run the same (a commit of words only, a repair, a way back) count as one, or they would push out what a person may want back.</remarks>
internal sealed class Retention(Inventory inventory, IReadOnlyDictionary<string, ServiceWork> works, Generations generations)
{
    private readonly int most = inventory.Situation.Desired.Policy.Generations;

    public void CleanUp(PlanDraft draft, DraftStep promote)
    {
        var kept = Kept();
        var cause = $"the newest {Text.Count(most, "generation")} {(most == 1 ? "is" : "are")} kept, and nothing needs it";
        var images = ImagesInUse(draft, kept);
        foreach (var (tag, image) in generations.KeepTags)
        {
            if (!images.Contains(image))
            {
                draft.Add(new ReleaseImage(ServiceOf(tag), tag), cause, Section.CleanUp, 2).After(promote);
            }
        }

        ValueList<string> old = [.. generations.States.Except(kept).Select(state => state.Id)];
        if (old.Count == 0)
        {
            return;
        }

        // Last, so that what a removed container alone needed goes along.
        var removals = draft.Steps.Where(step => step is { Section: Section.CleanUp, Step: RemoveContainer }).ToList();
        var release = draft.Add(new ReleaseStates(old), cause, Section.CleanUp, 3).After(promote);
        foreach (var removal in removals)
        {
            release.After(removal);
        }
    }

    private List<SealedState> Kept()
    {
        var seen = new HashSet<ValueList<Running>> { New() };
        var kept = new List<SealedState>();

        // A repair promotes, too, and leaves what a person goes back to as it is.
        var isOtherCommit = inventory.Situation.Effective?.Revision != inventory.Situation.Desired.Revision;
        foreach (var state in generations.States)
        {
            var running = Of(state.State);
            if (state.IsPinned || (state.IsPrevious && !isOtherCommit) || (state.IsPromoted && seen.Count < most && !seen.Contains(running)))
            {
                kept.Add(state);
                if (state.IsPromoted)
                {
                    seen.Add(running);
                }
            }
        }

        return kept;
    }

    private HashSet<string> ImagesInUse(PlanDraft draft, List<SealedState> kept)
    {
        var images = kept.SelectMany(state => state.State.Services).Select(service => service.ImageId).ToHashSet(StringComparer.Ordinal);
        images.UnionWith(inventory.Situation.Observed.Containers.Select(container => container.ImageId));
        images.UnionWith(draft.Steps.Select(step => (step.Step as CreateContainer)?.ImageId).OfType<string>());
        images.UnionWith(inventory.Desired.Values.Select(service => inventory.Image(service.Spec.Image)?.Id).OfType<string>());

        return images;
    }

    /// <summary>What will run once the plan is done; an image that is yet to be fetched is like no other.</summary>
    private ValueList<Running> New() =>
    [
        .. works.Values.Where(work => work.Desired is { Scale: > 0 }).OrderBy(work => work.Name, StringComparer.Ordinal).Select(work => work switch
        {
            { Create.Step: CreateContainer create } => new Running(work.Name, create.SpecDigest, create.ImageId ?? ""),
            { Effective: { } effective } => new(work.Name, effective.SpecDigest, effective.ImageId),
            _ => new(work.Name, work.Container?.Owner?.SpecDigest ?? "", work.Container?.ImageId ?? ""),
        }),
    ];

    private static ValueList<Running> Of(EffectiveState state) =>
        [.. state.Services.OrderBy(service => service.Service.Name, StringComparer.Ordinal).Select(service => new Running(service.Service.Name, service.SpecDigest, service.ImageId))];

    /// <summary><c>homeiq-keep/INSTANCE/SERVICE:IMAGE</c>.</summary>
    private static string ServiceOf(string tag)
    {
        var name = tag[(tag.LastIndexOf('/') + 1)..];
        return name.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon ? name[..colon] : name;
    }

    private sealed record Running(string Service, string SpecDigest, string ImageId);
}
