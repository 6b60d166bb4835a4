using HomeIQ.Reconciler.Changes;
using HomeIQ.Reconciler.Observed;
using HomeIQ.Reconciler.Reconciling;
using HomeIQ.Reconciler.Reporting;

namespace HomeIQ.Reconciler.Histories;

/// <content>What is lawful.</content>
internal sealed partial class House
{
    private const string Death = "death";

    /// <summary>First words of the points at which a process changes the engine; the others are about the journal.</summary>
    private static readonly HashSet<string> Changes = new(
        ["create", "start", "stop", "unpause", "rename", "restart", "update", "remove", "pull", "build", "tag", "untag", "connect", "disconnect"], StringComparer.Ordinal);

    private readonly Verdicts verdicts;
    private readonly List<string> broken = [];

    /// <summary>What was last known-good when all was at rest for the last time, and how many commits there were.</summary>
    private (Asked Asked, int Commits) trusted = (Asked.First, 0);

    /// <summary>Looks at the laws now that the daemon has come to rest.</summary>
    private async Task IsLawfulAsync(HostStatus rest, string after)
    {
        if (rest.LastKnownGood is not { } commit || !commits.TryGetValue(commit, out var good))
        {
            Break($"last known-good is {rest.LastKnownGood}");
        }
        else
        {
            await IsNewOrKnownGoodAsync(rest, good);
            trusted = (good, branch.Count);
        }

        Keep(after);
    }

    /// <summary>Says what was broken so far.</summary>
    private void Keep(string after)
    {
        foreach (var again in verdicts.Read(stage.Engine.Events, process.Journal.Find))
        {
            Break(again);
        }

        lock (broken)
        {
            Assert.True(broken.Count == 0, $"{string.Join('\n', broken)}\nafter: {after}\nbranch: {string.Join(" | ", branch)}\nruns:\n{string.Join('\n', process.Journal.Runs(10).Select(run => $"{run.Id} {run.Cause} {commits[run.Plan.Revision]} {run.Phase} {run.Summary}"))}");
        }
    }

    /// <summary>Outside of runs the host is the newest commit, or where that is bad, one that was good before; and the status tells which.</summary>
    private async Task IsNewOrKnownGoodAsync(HostStatus rest, Asked good)
    {
        var asked = branch[^1];
        if (!isGitAway && !asked.IsBad && (rest.Sync != Sync.Synced || good.Services != asked.Services))
        {
            Break($"a good commit waits: {rest.Sync}, known good is {good}");
        }

        if (!isGitAway && asked.IsBad && !(rest is { Sync: Sync.Held, Held.Count: > 0 } && rest.Held.All(hold => hold is { Reason.Length: > 0, WaysOut.Count: > 0 })))
        {
            Break($"a bad commit is {rest.Sync}, held by {string.Join(", ", rest.Held)}");
        }

        if (stage.Kept("last-known-good") is not { } kept || commits[kept].Services != good.Services)
        {
            Break($"the repository keeps {stage.Kept("last-known-good")} as last known-good, and the journal {rest.LastKnownGood}");
        }

        if (good != trusted.Asked && !branch.Skip(trusted.Commits).Contains(good))
        {
            Break($"last known-good went to {good}, which nobody had committed since");
        }

        if (await PictureAsync() is var picture && picture != good.Picture)
        {
            Break($"the host is\n{picture}\ninstead of\n{good.Picture}");
        }
    }

    /// <summary>Every container but those that failed and are kept for inspection.</summary>
    private async Task<string> PictureAsync() => string.Join('\n', (await stage.Engine.ListContainersAsync(CancellationToken.None))
        .Where(container => container.IsUp || !ContainerNames.IsFailed(container.Name))
        .Select(container => $"{container.Name} {Word(container.Status)} {Word(container.Health)} {container.Image} LEVEL={container.Fields["Config.Env.LEVEL"]} restart={container.Restart}"));

    private static string Word<T>(T value) where T : struct, Enum => $"{value}".ToLowerInvariant();

    /// <summary>Looks at the laws after each pass, at rest or not.</summary>
    private void Look(PassReport pass)
    {
        if (pass.Status is not { } status)
        {
            return;
        }

        foreach (var known in new[] { status.LastKnownGood, status.Effective }.OfType<string>().Where(known => commits[known].IsBad).Distinct())
        {
            Break($"the host is held to {commits[known]}, and known good is {status.LastKnownGood}");
        }

        if (status is { Sync: Sync.Synced, Revision: { } revision, Effective: var effective } && commits[revision].Services != (effective is null ? null : commits[effective].Services))
        {
            Break($"{commits[revision]} is called synced while the host is held to {effective}");
        }

        if (status.Sync == Sync.Held && !(status.Holds.Count > 0 && status.Holds.All(hold => hold is { Message.Length: > 0, Hint.Length: > 0 })))
        {
            Break("held, and nobody is told why or what to do");
        }
    }

    /// <summary>Nothing is done to the engine while this happens.</summary>
    private async Task QuietlyAsync(Func<Task> nothing)
    {
        var (told, seen) = (stage.Engine.Transcript.Count, stage.Engine.Events.Count);
        await nothing();
        if (stage.Engine.Transcript.Count > told)
        {
            Break($"nothing had happened, and the engine was told:\n{string.Join('\n', $"{stage.Engine.Transcript}".Split('\n').Skip(told))}");
        }

        foreach (var stir in stage.Engine.Events.Skip(seen).Where(stir => !stir.Action.StartsWith("health_status", StringComparison.Ordinal)))
        {
            Break($"nothing had happened, and {stir.Attributes["name"]}: {stir.Action}");
        }
    }

    /// <summary>Looks at each point that a process passes; nothing is changed but by a run, which is on record before.</summary>
    private bool Dies(string point)
    {
        if (point.Split(' ') is ["before", var word, ..] && Changes.Contains(word) && process.Journal.Unfinished().Count == 0)
        {
            Break($"outside of any run: {point}");
        }

        return point == Death || ++points == diesAt;
    }

    private void Break(string law)
    {
        lock (broken)
        {
            broken.Add(law);
        }
    }
}
