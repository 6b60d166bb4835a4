using HomeIQ.Reconciler.Docker;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Histories;

/// <summary>What failed verification so far, as the engine saw it happen, and whether any of it was made again although nobody had asked for it.</summary>
/// <param name="commits">What each commit asks for.</param>
internal sealed class Verdicts(IReadOnlyDictionary<string, Asked> commits)
{
    private readonly List<ValueMap<Content>> standing = [];
    private readonly HashSet<string> measured = new(StringComparer.Ordinal);
    private readonly Queue<(int At, Asked? Of)> releases = [];
    private int read;

    /// <summary>A person lets out what that commit contains, or everything.</summary>
    /// <param name="events">How many events there were until then.</param>
    public void Release(int events, Asked? of) => releases.Enqueue((events, of));

    /// <summary>Takes note of what happened since the last time.</summary>
    /// <returns>Each creation of what had failed.</returns>
    public IReadOnlyList<string> Read(IReadOnlyList<EngineEvent> events, Func<string, RunRecord?> find)
    {
        var again = new List<string>();
        for (; read < events.Count; read++)
        {
            LetOut(read);
            if (Ownership.FromLabels(events[read].Attributes) is not { } owner)
            {
                continue;
            }

            switch (events[read].Action)
            {
                case "create" when Failed(owner, events[read].Attributes["image"]) is { } failed:
                    again.Add($"run {owner.Run} made {owner.Service} of {owner.Revision[..8]} again, although it failed as {failed}");
                    break;
                case "health_status: unhealthy" when find(owner.Run) is { } run && IsVerdict(run) && measured.Add(run.Id):
                    standing.Add(SuspectsOf(owner, run));
                    break;
            }
        }

        LetOut(read);
        return again;
    }

    /// <summary>The set of contents that failed together, which the container's commit contains all of, itself among them.</summary>
    private ValueMap<Content>? Failed(Ownership owner, string image) => standing.Find(failed =>
        commits[owner.Revision].Contains(failed) && failed.TryGetValue(owner.Service, out var content) && image == $"house/app:{content.Tag}");

    /// <summary>What changed in the service and in what it needs, itself included (DESIGN §6.3).</summary>
    private ValueMap<Content> SuspectsOf(Ownership owner, RunRecord run)
    {
        var before = commits[run.Plan.From!].Services;
        var changed = commits[owner.Revision].Services.Where(service => !(before.TryGetValue(service.Key, out var was) && was == service.Value)).ToList();
        var suspects = changed.Where(service => Asked.Closure(owner.Service).Contains(service.Key)).ToList();
        return new(suspects.Count > 0 ? suspects : changed);
    }

    /// <summary>Not when the process died before it had measured it, or when a newer commit had taken the run's turn by then.</summary>
    private static bool IsVerdict(RunRecord run) => run.Verdict is not null || run is { Phase: RunPhase.RolledBack, WasStopped: false, Summary: { } told } && !told.Contains("overtaken by", StringComparison.Ordinal) && !told.Contains("cut off", StringComparison.Ordinal);

    private void LetOut(int upTo)
    {
        while (releases.TryPeek(out var release) && release.At <= upTo)
        {
            releases.Dequeue();
            standing.RemoveAll(failed => release.Of is not { } asked || asked.Contains(failed));
        }
    }
}
