using HomeIQ.Reconciler.Changes;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Planning;

/// <summary>What is done with a service's container, the stronger the further down.</summary>
internal enum Move
{
    None,

    /// <summary>It runs, and was not proven yet.</summary>
    Verify,

    /// <summary>It runs on, and is put right while it does.</summary>
    Adjust,
    Unpause,
    Restart,

    /// <summary>Stopped and started again around something that it must not see (its network is replaced).</summary>
    Bounce,
    Start,

    /// <summary>There is no container.</summary>
    Create,
    Replace,
    Remove,
}

/// <summary>One service while the plan is being made: what is known, what was decided, and the steps that came of it.</summary>
internal sealed class ServiceWork(string name, DesiredService? desired, EffectiveService? effective, ObservedContainer? container)
{
    private string? specDigest;
    private string? contentDigest;

    public string Name { get; } = name;

    public DesiredService? Desired { get; } = desired;

    public EffectiveService? Effective { get; } = effective;

    /// <summary>The container that stands for the service now, under whatever name.</summary>
    public ObservedContainer? Container { get; } = container;

    public Move Move { get; private set; }

    public List<string> Causes { get; } = [];

    public string Cause => string.Join("; ", Causes);

    /// <summary>The desired state asks for another container than the one that is held.</summary>
    public bool IsChanged { get; set; }

    public bool RenameBack { get; set; }

    /// <summary>What is put right without another container; void when there is to be one.</summary>
    public InPlace Adjustment { get; set; } = InPlace.Nothing;

    /// <summary>Digests of exports that are put back for the container that stays.</summary>
    public HashSet<string> Restore { get; } = new(StringComparer.Ordinal);

    /// <summary>Somebody else's restart is among the reasons of its own.</summary>
    public bool RestartsWithOthers { get; set; }

    /// <summary>Its container does not bear the restart policy that it is to have: a first install that failed disarmed it.</summary>
    public bool Rearm { get; set; }

    /// <summary>Found stopped, and to be left stopped.</summary>
    public bool LeaveStopped { get; set; }

    /// <summary>A one-shot that ended well: let alone as long as its container is; a new container has to do the task again.</summary>
    public bool HasDoneItsTask(Inventory inventory) => Container is { } live && Desired is { } wanted && inventory.IsCompleted(live, wanted);

    /// <summary>It comes to run in this plan around a copy of what it mounts: its stop is part of the plan, found stopped or not, so that the way back stops it again.</summary>
    public bool StopsForData { get; set; }

    public int Phase { get; set; }

    public int Order { get; set; }

    /// <summary>Another step needs the stop, so that it cannot wait for anything but the preparation.</summary>
    public bool StopIsAwaited { get; set; }

    public DraftStep? Create { get; set; }

    public DraftStep? Stop { get; set; }

    public DraftStep? Aside { get; set; }

    public DraftStep? Rename { get; set; }

    /// <summary>Settings put back, networks joined or left, one after the other.</summary>
    public List<DraftStep> Adjusted { get; } = [];

    /// <summary>The step after which it runs: a start, restart or unpause.</summary>
    public DraftStep? Start { get; set; }

    public DraftStep? Verify { get; set; }

    public bool IsRunning => Container is { IsUp: true };

    /// <summary>The last step of the service: who needs it waits for that.</summary>
    public DraftStep? Ready => Verify ?? Start ?? Adjusted.LastOrDefault();

    public bool MakesContainer => Move is Move.Create or Move.Replace;

    /// <summary>It comes up anew in this plan: whoever caches its address has to follow.</summary>
    public bool ComesUpAnew => Move is Move.Create or Move.Replace or Move.Start or Move.Restart or Move.Bounce && !LeaveStopped;

    /// <summary>Others may find it under another address.</summary>
    public bool MayHaveMoved => ComesUpAnew || (Move == Move.Adjust && Adjustment.Rejoin.Count > 0);

    public void Raise(Move move, string cause)
    {
        if (move == Move.Replace && Container is null)
        {
            move = Move.Create;
        }

        Move = move > Move ? move : Move;
        if (!Causes.Contains(cause))
        {
            Causes.Add(cause);
        }
    }

    public string SpecDigest(Inventory inventory) => specDigest ??= Changes.SpecDigest.Of(Desired!, inventory.Key);

    /// <summary>Under which the service lies sealed with all that it is verified by: its specification may stay while its probes change.</summary>
    public string ContentDigest(Inventory inventory) => contentDigest ??= Changes.ContentDigest.Of(Desired!, inventory.Key);
}
