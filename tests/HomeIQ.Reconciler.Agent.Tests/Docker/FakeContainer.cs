using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Docker;

/// <summary>A container of the fake engine. Changed only within the engine's gate.</summary>
internal sealed class FakeContainer
{
    public required string Id { get; init; }

    public required string Name { get; set; }

    public required ContainerSpec Spec { get; set; }

    public required FakeImage Image { get; init; }

    public required ValueMap<string> Labels { get; init; }

    public required RestartPolicy Restart { get; set; }

    public ContainerStatus Status { get; set; } = ContainerStatus.Created;

    public required ContainerHealth Health { get; set; }

    public string? LastHealthOutput { get; set; }

    public int FailingStreak { get; set; }

    public int ExitCode { get; set; }

    public int RestartCount { get; set; }

    public DateTimeOffset? StartedAt { get; set; }

    public DateTimeOffset? EndedAt { get; set; }

    /// <summary>Counts starts, so that what was arranged for an earlier life does not happen in a later one.</summary>
    public int Life { get; set; }

    public TimeSpan Backoff { get; set; }

    /// <summary>The provider's life when this container joined its namespace.</summary>
    public (string Id, int Life)? Joined { get; set; }

    public List<(DateTimeOffset At, string Text)> Logs { get; } = [];

    public Dictionary<string, string> Files { get; } = new(StringComparer.Ordinal);

    public List<ObservedMount> Mounts { get; } = [];

    /// <summary>By the network's name.</summary>
    public SortedDictionary<string, FakeEndpoint> Endpoints { get; } = new(StringComparer.Ordinal);

    public List<PortBinding> Published { get; } = [];

    public bool IsUp => Status is ContainerStatus.Running or ContainerStatus.Paused;

    public HealthCheck? Check => (Spec.HealthCheck ?? Image.HealthCheck) is { IsDisabled: false } check ? check : null;

    public string NetworkMode => Spec.NetworkMode ?? (Spec.Networks is [var first, ..] ? first.Network : "bridge");

    public string? Knob(string name) =>
        Spec.Environment.TryGetValue(name, out var own) ? NullIfEmpty(own) : Image.Environment.TryGetValue(name, out var images) ? NullIfEmpty(images) : null;

    public TimeSpan Seconds(string knob) =>
        Knob(knob) is { } text ? TimeSpan.FromSeconds(double.Parse(text, System.Globalization.CultureInfo.InvariantCulture)) : TimeSpan.Zero;

    public ObservedContainer Observe() => new()
    {
        Id = Id,
        Name = Name,
        Image = Spec.Image,
        ImageId = Image.Id,
        Status = Status,
        HealthCheck = Check,
        Health = Health,
        LastHealthOutput = LastHealthOutput,
        FailingStreak = FailingStreak,
        ExitCode = ExitCode,
        RestartCount = RestartCount,
        StartedAt = StartedAt,
        EndedAt = Status is ContainerStatus.Exited or ContainerStatus.Dead ? EndedAt : null,
        Owner = Ownership.FromLabels(Labels),
        ComposeProject = Labels.TryGetValue("com.docker.compose.project", out var project) ? project : null,
        Restart = Restart,
        Ports = Spec.Ports,
        PublishedPorts = IsUp ? [.. Published] : [],
        Mounts = [.. Mounts.OrderBy(mount => mount.Target, StringComparer.Ordinal)],
        Networks = [.. Endpoints.Select(pair => pair.Value.Observe(pair.Key))],
        NetworkMode = NetworkMode,
        IpcMode = Spec.IpcMode ?? "private",
        PidMode = Spec.PidMode ?? "",
        Fields = FakeFields.Of(this),
    };

    private static string? NullIfEmpty(string text) => text.Length > 0 ? text : null;
}

/// <summary>A container's place on a network. The network is known by id only from the first start on, as in the engine.</summary>
internal sealed class FakeEndpoint(NetworkAttachment wanted)
{
    public NetworkAttachment Wanted { get; } = wanted;

    public string NetworkId { get; set; } = "";

    public string? Address { get; set; }

    public ObservedAttachment Observe(string network) => new(network, NetworkId, Wanted.Aliases, Address, Wanted.Ipv4Address, Wanted.Ipv6Address);
}

/// <summary>A network of the fake engine.</summary>
internal sealed record FakeNetwork(string Id, DesiredNetwork Settings, ValueMap<string> Labels, int Order)
{
    /// <summary>The engine's own, which nobody can remove.</summary>
    public bool IsPredefined { get; init; }
}

/// <summary>A volume of the fake engine.</summary>
internal sealed record FakeVolume(DesiredVolume Settings, ValueMap<string> Labels);
