namespace HomeIQ.Reconciler.Docker;

/// <summary>Where the engine is, and how patient to be with it.</summary>
public sealed record DockerEngineSettings
{
    public const string DefaultEndpoint = "unix:///var/run/docker.sock";

    /// <summary><c>unix:///path</c>, <c>tcp://host:port</c> or <c>http://host:port</c>.</summary>
    public string Endpoint { get; init; } = DefaultEndpoint;

    /// <summary>Docker's own configuration folder with its <c>config.json</c>; null = <c>DOCKER_CONFIG</c> or <c>~/.docker</c>.</summary>
    public string? ConfigurationFolder { get; init; }

    /// <summary>Below it lie the exported contents that mounts of kind <c>Content</c> name.</summary>
    public string? ContentRoot { get; init; }

    /// <summary>How long an ordinary call may take; a stop may take its grace period longer.</summary>
    public TimeSpan CallDeadline { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a pull may go on without a sign of life.</summary>
    public TimeSpan PullSilence { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>How long a build may go on without a line of output.</summary>
    public TimeSpan BuildSilence { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>How long a command inside a container may take when its caller names no limit.</summary>
    public TimeSpan ExecDeadline { get; init; } = TimeSpan.FromMinutes(10);
}
