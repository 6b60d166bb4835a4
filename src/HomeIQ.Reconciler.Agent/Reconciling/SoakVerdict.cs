namespace HomeIQ.Reconciler.Reconciling;

/// <summary>What a look at the services under watch says.</summary>
/// <param name="Left">How long the watch still lasts; zero when it is over.</param>
/// <param name="Reason">What was seen, in the operator's words.</param>
/// <param name="Service">The service that fell ill, which ends the watch at once; null while all are well.</param>
/// <param name="Evidence">Folder with the logs of the service that fell ill, below the state directory.</param>
/// <param name="Passed">How long it was watched.</param>
public sealed record SoakVerdict(TimeSpan Passed, TimeSpan Left, string Reason, string? Service = null, string? Evidence = null)
{
    /// <summary>What a person can look at when a service fell ill.</summary>
    public string? Hint { get; init; }

    public bool IsOver => Service is not null || Left <= TimeSpan.Zero;
}
