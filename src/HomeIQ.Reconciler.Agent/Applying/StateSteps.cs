using System.Text.Json;
using HomeIQ.Reconciler.Changes;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Observed;
using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Applying;

/// <summary>Lets go of sealed states, and of every file in the state directory that nothing which stays needs: specifications, inspects, contents, evidence.</summary>
/// <remarks>What stays is worked out anew from what is there, so that doing it twice, or after a crash in the middle, comes to the same. The journal stays whole.</remarks>
internal sealed class StateSteps(RunContext context)
{
    public async Task<Receipt> ReleaseAsync(ReleaseStates step)
    {
        var containers = await context.Host.ListContainersAsync(default);
        var unfinished = context.Journal.Unfinished();
        var states = StatesThatStay(step, unfinished);
        var steps = unfinished.SelectMany(run => run.Plan.Steps.Concat(run.RollbackPlan?.Steps ?? [])).Select(planned => planned.Step).ToList();
        var ours = containers.Where(container => container.Owner?.Instance == context.Instance).ToList();
        var specifications = states.Values.SelectMany(state => state.Services).Select(service => service.SpecDigest)
            .Concat(ours.Select(container => container.Owner!.SpecDigest))
            .Concat(steps.Select(SpecificationOf).OfType<string>())
            .ToHashSet(StringComparer.Ordinal);
        var contents = states.Values.SelectMany(state => state.Services).Select(service => service.Service)
            .Concat(specifications.Select(context.Sealed.FindService).OfType<DesiredService>())
            .SelectMany(service => service.Spec.Mounts).Select(mount => mount.Content).OfType<string>()
            .Concat(containers.SelectMany(container => container.Mounts).Select(mount => ContentAt(mount.Source)).OfType<string>())
            .Concat(steps.OfType<ExportContent>().Select(export => export.Digest))
            .ToHashSet(StringComparer.Ordinal);
        var recorded = states.Values.SelectMany(state => state.Services).Select(service => service.ContainerId)
            .Concat(containers.Select(container => container.Id))
            .ToHashSet(StringComparer.Ordinal);

        // The states first: none is ever there without what it needs.
        var (released, sealedFiles) = context.Sealed.Prune(states.Keys.ToHashSet(StringComparer.Ordinal), specifications, recorded);
        return new StatesReleased(released, sealedFiles, context.Contents.Prune(contents).Count, PruneEvidence(
            states.Keys, [.. unfinished.Select(run => run.Id), .. ours.Where(container => ContainerNames.IsFailed(container.Name)).Select(container => container.Owner!.Run)]));
    }

    /// <summary>All but those that the step names; and of these nothing that the journal points to or an unfinished run began from.</summary>
    private Dictionary<string, EffectiveState> StatesThatStay(ReleaseStates step, IReadOnlyList<RunRecord> unfinished)
    {
        var pointers = context.Journal.Pointers();
        var pinned = unfinished.SelectMany(run => new[] { run.Before, run.After, run.Id }).Concat([pointers.Effective, pointers.LastKnownGood, pointers.Previous, pointers.Soaking]).ToHashSet(StringComparer.Ordinal);
        var old = step.States.Where(id => !pinned.Contains(id)).ToHashSet(StringComparer.Ordinal);
        var states = new Dictionary<string, EffectiveState>(StringComparer.Ordinal);
        foreach (var id in context.Sealed.States().Where(id => !old.Contains(id)))
        {
            try
            {
                states[id] = context.Sealed.FindState(id) ?? throw new JsonException("it is empty");
            }
            catch (JsonException unreadable)
            {
                // Nobody can tell what it needs.
                throw new StepFailedException(
                    FailureClass.Environmental, $"the sealed state {id} cannot be read: {unreadable.Message}", $"nothing is let go of until {Path.Combine(context.State.SealedFolder, "states", id)}.json is mended or removed");
            }
        }

        return states;
    }

    /// <summary>The evidence of runs that are older than every state that stays, and of which no failed container is left.</summary>
    private int PruneEvidence(IEnumerable<string> states, HashSet<string> needed)
    {
        var age = context.Journal.RunIds().Index().ToDictionary(run => run.Item, run => run.Index, StringComparer.Ordinal);
        var oldest = states.Select(id => age.GetValueOrDefault(SealedStore.RunOf(id))).DefaultIfEmpty(int.MaxValue).Max();
        var old = Directory.EnumerateDirectories(context.State.EvidenceFolder)
            .Where(folder => Path.GetFileName(folder) is var run && age.GetValueOrDefault(run) > oldest && !needed.Contains(run))
            .ToList();
        foreach (var folder in old)
        {
            Directory.Delete(folder, recursive: true);
        }

        return old.Count;
    }

    private static string? SpecificationOf(Step step) => step switch
    {
        CreateContainer create => create.SpecDigest,
        VerifyService verify => verify.Digest,
        SetAside aside => aside.SpecDigest,
        PutBack back => back.SpecDigest,
        _ => null,
    };

    /// <summary>The digest of the export that a container mounts, wherever below it.</summary>
    private string? ContentAt(string source)
    {
        var root = context.Contents.Root.TrimEnd('/') + "/";
        return source.StartsWith(root, StringComparison.Ordinal) ? source[root.Length..].Split('/')[0] : null;
    }
}
