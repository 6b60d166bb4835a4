namespace HomeIQ.Reconciler.Reconciling;

/// <summary>How often the daemon looks by itself. Events and requests come sooner.</summary>
public sealed record LoopSettings
{
    /// <summary>Between two full passes that no event asked for.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Between two looks at the repository.</summary>
    public TimeSpan FetchInterval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Each wait is drawn from this share around its length, so that many hosts do not ask one server at the same second.</summary>
    public double Jitter { get; init; } = 0.1;

    /// <summary>The first wait after an engine or a repository failed; it doubles up to <see cref="LongestBackOff"/>.</summary>
    public TimeSpan FirstBackOff { get; init; } = TimeSpan.FromSeconds(1);

    public TimeSpan LongestBackOff { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Draws the jitter: from 0 to 1.</summary>
    public Func<double> Draw { get; init; } = Random.Shared.NextDouble;

    /// <summary>A length with its jitter.</summary>
    public TimeSpan Around(TimeSpan length) => length * (1 + Jitter * (2 * Draw() - 1));

    /// <summary>The wait after so many failures in a row.</summary>
    public TimeSpan BackOff(int failures) =>
        Around(TimeSpan.FromTicks(Math.Min(LongestBackOff.Ticks, FirstBackOff.Ticks << Math.Clamp(failures - 1, 0, 20))));
}
