using HomeIQ.Reconciler.Changes;
using HomeIQ.Reconciler.Docker;
using HomeIQ.Reconciler.Observed;
using HomeIQ.Reconciler.Planning;
using HomeIQ.Reconciler.Reconciling;
using HomeIQ.Reconciler.Reporting;

namespace HomeIQ.Reconciler.Histories;

/// <summary>A house under a daemon, to which a history happens.</summary>
internal sealed partial class House : IAsyncDisposable
{
    /// <summary>A daemon that has nothing left to do comes to it sooner.</summary>
    private const int MostLooks = 60;

    private readonly Stage stage = new();
    private readonly List<Asked> branch = [];
    private readonly Dictionary<string, Asked> commits = new(StringComparer.Ordinal);
    private AgentProcess process = null!;
    private WatchedLoop loop = null!;
    private string head = "";
    private bool isGitAway;
    private int renamed;

    /// <summary>Points that processes have passed, and the one at which the next one dies; 0 = none.</summary>
    private int points, diesAt;

    private House()
    {
        verdicts = new(commits);
        Stacks.Publish(stage.Engine);
    }

    /// <summary>Installs the house, and lets everything happen to it, one after the other; whenever the daemon has come to rest the laws are looked at.</summary>
    public static async Task PlayAsync(History history)
    {
        await using var house = new House();
        // The house's time stands still while a move is made.
        house.stage.Clock.Join();
        house.Commit(Asked.First);
        house.Begin();
        await house.IsLawfulAsync(await house.RestAsync(seen: 0), "installed");
        foreach (var turn in history.Turns.Append(new(new LetPass(TimeSpan.FromDays(2)), null, 0)))
        {
            var seen = house.loop.Passes.Count;
            house.Arrange(turn);
            await house.HappenAsync(turn.Move);
            var rest = await house.RestAsync(seen);
            house.stage.Engine.Faults.Clear();
            house.diesAt = 0;
            await house.IsLawfulAsync(rest, $"{turn}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        stage.Dispose();
    }

    private void Arrange(Turn turn)
    {
        diesAt = turn.Meanwhile is Die ? points + turn.At : 0;
        if (turn.Meanwhile is { } meanwhile and not Die)
        {
            stage.Engine.Faults.Meanwhile(Faults.AnyChange, turn.Changes, () => Happen(meanwhile));
        }
    }

    private async Task HappenAsync(Move move)
    {
        switch (move)
        {
            case LetPass pass:
                await QuietlyAsync(() => Task.Delay(pass.Time, stage.Clock, TestContext.Current.CancellationToken));
                break;
            case Retry when !isGitAway:
                verdicts.Release(stage.Engine.Events.Count, commits[head]);
                await ToleratingDeathAsync(() => loop.Loop.AskAsync("retry", (reconciliation, cancellationToken) => reconciliation.RetryAsync(watches: false, cancellationToken)));
                break;
            case ReleaseAll:
                verdicts.Release(stage.Engine.Events.Count, of: null);
                foreach (var entry in process.Journal.Quarantine())
                {
                    process.Decisions.Take(new Release(entry.Id));
                }

                break;
            default:
                Happen(move);
                break;
        }
    }

    /// <summary>What can happen in the middle of a run, too.</summary>
    private void Happen(Move move)
    {
        switch (move)
        {
            case CommitMove commit:
                Reach(isThere: true);
                Commit(commit.Next(branch));
                loop.Loop.Reconcile();
                break;
            case GitGoesOrComes:
                Reach(isThere: isGitAway);
                break;
            case Meddle meddle:
                Meddle(meddle);
                break;
            case Die:
                Kill();
                break;
        }
    }

    private void Commit(Asked asked)
    {
        branch.Add(asked);
        head = stage.Commit(asked.Text);
        commits[head] = asked;
    }

    private void Reach(bool isThere)
    {
        if (isThere && isGitAway)
        {
            stage.MoveSourceBack();
        }
        else if (!isThere && !isGitAway)
        {
            stage.MoveSourceAway();
        }

        isGitAway = !isThere;
    }

    private void Meddle(Meddle meddle)
    {
        var there = stage.Engine.Picture.Split('\n').Select(line => line.Split(' ')).ToDictionary(words => words[0], words => words[1], StringComparer.Ordinal);
        var name = meddle.Kind == DriftKind.KeptRemoved ? there.Keys.FirstOrDefault(kept => kept.StartsWith($"{meddle.Service}.kept-", StringComparison.Ordinal)) : meddle.Service;
        if (name is null || !there.TryGetValue(name, out var status))
        {
            return;
        }

        switch (meddle.Kind)
        {
            case DriftKind.Stopped:
                stage.Engine.StopByHand(name);
                break;
            case DriftKind.Removed or DriftKind.KeptRemoved:
                stage.Engine.RemoveByHand(name);
                break;
            case DriftKind.Renamed:
                stage.Engine.RenameByHand(name, $"{name}-mine-{++renamed}");
                break;
            case DriftKind.Paused when status == "running":
                stage.Engine.Pause(name);
                break;
            case DriftKind.OtherRestartPolicy:
                stage.Engine.UpdateByHand(name, new() { Restart = new("always") });
                break;
        }
    }

    private void Begin()
    {
        process = stage.Begin(new Lifeline { CutWhen = passed => Dies(passed[^1]) });
        loop = process.Loop(DaemonStage.Rarely);
        loop.Loop.Tell(Look);
    }

    /// <summary>Nothing that the process tries from now on happens.</summary>
    private void Kill()
    {
        try
        {
            process.Life.Pass(Death);
        }
        catch (CutException)
        {
            // That is how it dies.
        }
    }

    private async Task EndAsync()
    {
        await ToleratingDeathAsync(async () => await loop.DisposeAsync());
        process.Dispose();
    }

    /// <summary>The first pass that saw all of it and has nothing left to do; whoever died is followed by another process.</summary>
    /// <param name="seen">Passes that had ended before it happened. One more may have been under way.</param>
    private async Task<HostStatus> RestAsync(int seen)
    {
        for (var looks = 0; looks < MostLooks; looks++)
        {
            if (looks < 2)
            {
                loop.Loop.Reconcile();
            }

            Keep("on the way to rest");
            PassReport? pass = null;
            await ToleratingDeathAsync(async () => pass = await loop.PassAsync(_ => true, seen + looks));
            if (process.Life.IsCut)
            {
                diesAt = 0;
                await EndAsync();
                Begin();
                (seen, looks) = (0, -1);
            }
            else if (looks > 0 && IsAtRest(pass!))
            {
                return pass!.Status!;
            }
        }

        var last = loop.Passes[^1];
        throw new InvalidOperationException($"does not come to rest: {last.Status?.Sync} {string.Join(", ", last.Status?.Drift.Select(change => $"{change}") ?? [])} {last.Waits.Reason} {last.Problem}\n{stage.Engine.Picture}");
    }

    private bool IsAtRest(PassReport pass) => pass is { Run: null, Problem: null, Status: { Drift.Count: 0 } status }
        && (isGitAway ? status.SourceProblem is not null : status is { SourceProblem: null, Sync: Sync.Synced or Sync.Held } && status.Revision == head);

    private async Task ToleratingDeathAsync(Func<Task> deed)
    {
        try
        {
            await deed();
        }
        catch (Exception) when (process.Life.IsCut)
        {
            // Whatever the dead say.
        }
    }
}
