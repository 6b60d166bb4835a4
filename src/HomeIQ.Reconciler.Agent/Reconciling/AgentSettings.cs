namespace HomeIQ.Reconciler.Reconciling;

/// <summary>The agent's own settings: they live on the host, not in Git. From flags, <c>HOMEIQ_*</c> variables or a JSON file, in that order of precedence.</summary>
public sealed record AgentSettings
{
    /// <summary>A path, <c>file://</c>, <c>http(s)://</c>, <c>ssh://</c> or <c>USER@HOST:PATH</c>.</summary>
    public string Repository { get; init; } = "";

    /// <summary>Branch or tag.</summary>
    public string Branch { get; init; } = "main";

    /// <summary>Folder of the desired state in the repository.</summary>
    public string Path { get; init; } = "desired-state";

    public string StateDirectory { get; init; } = "/var/lib/homeiq";

    /// <summary><c>unix:///var/run/docker.sock</c> or <c>tcp://host:port</c>.</summary>
    public string Docker { get; init; } = "unix:///var/run/docker.sock";

    /// <summary>Whose containers are ours: the value of the instance label.</summary>
    public string Instance { get; init; } = "homeiq";

    public ValueList<string> EnvFiles { get; init; } = [];

    public ValueList<string> Profiles { get; init; } = [];

    /// <summary>Required here, in the policy file or in the Compose file; never taken from a folder's name.</summary>
    public string? ProjectName { get; init; }

    /// <summary>Where writable relative binds live on the host.</summary>
    public string? ProjectDirectory { get; init; }

    public string? GitUser { get; init; }

    public string? GitPassword { get; init; }

    public string? GitToken { get; init; }

    /// <summary>The file of the private key for a repository over ssh.</summary>
    public string? GitSshKey { get; init; }

    /// <summary>The file of the host keys that are trusted over ssh.</summary>
    public string? GitKnownHosts { get; init; }

    /// <summary>The forge that is told how commits fare; null for none.</summary>
    public Forges.ForgeSettings? Forge { get; init; }

    /// <summary>Folder of Docker's <c>config.json</c> with the credentials of registries.</summary>
    public string? DockerConfig { get; init; }

    /// <summary>The engine runs on this machine: its ports are ours, and published ports are reached on loopback.</summary>
    public bool EngineIsLocal => Docker.StartsWith("unix:", StringComparison.Ordinal);

    /// <summary>The engine's own folders are this machine's, so that volumes can be copied.</summary>
    public bool VolumesAreLocal { get => field || EngineIsLocal; init; }

    public string ProbeHost => EngineIsLocal ? "127.0.0.1" : new Uri(Docker).Host;
}
