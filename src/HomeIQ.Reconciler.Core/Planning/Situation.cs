using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Planning;

/// <summary>All that a plan is made from. Same situation, same plan.</summary>
public sealed record Situation
{
    public required DesiredState Desired { get; init; }

    /// <summary>Null on a host that was never promoted: a run then only goes forward.</summary>
    public EffectiveState? Effective { get; init; }

    public required ObservedState Observed { get; init; }

    /// <summary>The sealed state that <see cref="Desired"/> stands for when a person goes back to it: its very images; else null.</summary>
    public EffectiveState? GoesBackTo { get; init; }

    /// <summary>The files of the commit that is gone back to are at hand, so that what was built here can be built again.</summary>
    public bool HasSource { get; init; }

    /// <summary>Only containers, networks and volumes with this instance label are ours.</summary>
    public required string Instance { get; init; }

    /// <summary>Key of this host for specification digests.</summary>
    public required ValueList<byte> Key { get; init; }

    public ValueList<QuarantineEntry> Quarantine { get; init; } = [];

    /// <summary>What a person put off; those whose time is over count no more.</summary>
    public ValueList<Suspension> Suspensions { get; init; } = [];

    /// <summary>The sealed state of this host is gone, or containers of this instance are here that no run of this state directory made: it was lost, or another one acts under this name.</summary>
    public bool IsStateLost { get; init; }

    /// <summary>What may be let go of; null where it was not looked at, and then nothing is.</summary>
    public Generations? Generations { get; init; }

    /// <summary>Ids of containers that an earlier run could not put right while they stay the same.</summary>
    public ValueList<string> LeftDrifted { get; init; } = [];

    /// <summary>Ask registries again for tags whose text did not change (<c>--refresh</c>).</summary>
    public bool Refresh { get; init; }
}

/// <summary>Content that failed verification: a desired state is held exactly while it contains every pair.</summary>
/// <param name="Id">Short and stable, for people.</param>
/// <param name="Contents">Service or <c>network NAME</c> to content digest.</param>
/// <param name="Expires">Null for what was measured bad: it never expires by itself.</param>
public sealed record QuarantineEntry(
    string Id, string Run, string Revision, DateTimeOffset At, ValueMap<string> Contents, string Service, string Reason, DateTimeOffset? Expires = null);
