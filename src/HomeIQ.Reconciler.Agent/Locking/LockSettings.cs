namespace HomeIQ.Reconciler.Locking;

/// <summary>How long a lock lives without a sign of its holder.</summary>
public sealed record LockSettings
{
    /// <summary>So long nobody takes a lock whose holder cannot be asked after; each renewal makes the engine write to its disk.</summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(45);

    /// <summary>Between two signs of life.</summary>
    public TimeSpan Renewal => Lease / 3;

    /// <summary>What was confirmed within this time is not asked for again before the next step.</summary>
    public TimeSpan Fresh => Lease / 15;
}
