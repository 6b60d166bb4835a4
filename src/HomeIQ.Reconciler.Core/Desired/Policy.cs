using System.Text.Json.Serialization;

namespace HomeIQ.Reconciler.Desired;

/// <summary><c>reconciler.yaml</c> as a value: how change is made.</summary>
public sealed record Policy
{
    /// <summary>Services of a later phase move only when those of all earlier ones are verified; services in no phase move last.</summary>
    public ValueList<Phase> Phases { get; init; } = [];

    /// <summary>Data that moves with the commit, by name.</summary>
    public ValueList<DesiredDatabase> Databases { get; init; } = [];

    public FloatingTags FloatingTags { get; init; } = FloatingTags.Refuse;

    /// <summary>More removals than the larger of the two need an approval.</summary>
    public int RemovalsMax { get; init; } = 2;

    /// <summary>Percent of the services.</summary>
    public int RemovalsShare { get; init; } = 20;

    /// <summary>How many steps may be under way at once.</summary>
    public int Parallel { get; init; } = 4;

    /// <summary>How a commit is watched after its verification, before it becomes last known-good.</summary>
    public SoakPolicy Soak { get; init; } = new();

    /// <summary>How many different things that ran, the present one counted, can be gone back to: their images, contents and sealed states are kept. At least 1.</summary>
    public int Generations { get; init; } = 3;
}

/// <summary>How long and how strictly the services of a commit are watched before it is promoted.</summary>
/// <param name="For">Zero: it is promoted as soon as it is verified.</param>
/// <param name="Errors">What a log that fills with errors means.</param>
public sealed record SoakPolicy(TimeSpan For, LogErrors Errors = LogErrors.Fail)
{
    /// <summary>Minutes, not seconds: what leaks or deadlocks takes a while.</summary>
    public SoakPolicy()
        : this(TimeSpan.FromMinutes(5))
    {
    }

    public static SoakPolicy None { get; } = new(TimeSpan.Zero);
}

/// <summary>What is done about a log in which errors come much faster than before the change.</summary>
public enum LogErrors
{
    Fail,
    Warn,
    Ignore,
}

public sealed record Phase(string Name, ValueList<string> Services);

public enum FloatingTags
{
    Refuse,
    Allow,
}

public enum Risk
{
    Low,
    Medium,
    High,
}

public enum DriftPolicy
{
    Correct,
    Warn,
    Ignore,
}

/// <summary>What the operator says about one service, defaults of the file already applied.</summary>
public sealed record ServicePolicy
{
    public Risk Risk { get; init; } = Risk.Low;

    public DriftPolicy Drift { get; init; } = DriftPolicy.Correct;

    /// <summary>Services whose restart or re-creation makes this one restart; sorted.</summary>
    public ValueList<string> RestartWith { get; init; } = [];

    public bool AllowDowngrade { get; init; }

    /// <summary>The most that verification may take; null = what the health check itself can need, or a minute.</summary>
    public TimeSpan? VerifyTimeout { get; init; }

    public ValueList<Probe> Probes { get; init; } = [];
}

/// <summary>A question put to a running service; it passes, fails, or cannot be asked (inconclusive).</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "probe")]
[JsonDerivedType(typeof(HttpProbe), "http")]
[JsonDerivedType(typeof(TcpProbe), "tcp")]
[JsonDerivedType(typeof(ExecProbe), "exec")]
public abstract record Probe
{
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Of one attempt.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);
}

/// <summary>An HTTP GET. Either <paramref name="Url"/>, or container port and path (then the published or the container's own address is used).</summary>
/// <param name="Json">Dotted paths into the body (<c>dependencies.sqlite.status</c>) and the text that must stand there.</param>
public sealed record HttpProbe(string? Url, int? Port, string Path, string Scheme, ValueList<int> Status, ValueMap<string> Json) : Probe;

/// <summary>A TCP connection to a container port.</summary>
public sealed record TcpProbe(int Port) : Probe;

/// <summary>A command inside the container that must end with 0.</summary>
public sealed record ExecProbe(ValueList<string> Command) : Probe;
