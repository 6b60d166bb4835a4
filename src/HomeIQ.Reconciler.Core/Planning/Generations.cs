using HomeIQ.Reconciler.Desired;

namespace HomeIQ.Reconciler.Planning;

/// <summary>What earlier runs left behind to go back to. Looked at only where something is promoted, which alone lets go of any of it.</summary>
public sealed record Generations
{
    /// <summary>Every sealed state, newest first.</summary>
    public ValueList<SealedState> States { get; init; } = [];

    /// <summary>Our tags that keep images from being pruned, each with the id of its image.</summary>
    public ValueMap<string> KeepTags { get; init; } = ValueMap<string>.Empty;
}

/// <summary>A state in the sealed store.</summary>
/// <param name="IsPromoted">False: it was never last known-good, because its run was cut off, superseded or went back.</param>
/// <param name="IsPinned">The host is held to it, or an unfinished run began from it.</param>
/// <param name="IsPrevious">A person would go back to it now; the promotion of another commit puts the present one in its place.</param>
public sealed record SealedState(string Id, EffectiveState State, bool IsPromoted, bool IsPinned, bool IsPrevious);
