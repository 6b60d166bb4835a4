using System.Text.Json;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Docker;

/// <summary>The engine's inspect of a container in our words.</summary>
internal static class InspectTranslation
{
    private const string ComposeProjectLabel = "com.docker.compose.project";

    private static readonly TimeSpan HealthCheckDefault = TimeSpan.FromSeconds(30);

    public static ObservedContainer ToContainer(JsonElement inspect)
    {
        JsonElement? root = inspect;
        var config = inspect.At("Config");
        var host = inspect.At("HostConfig");
        var state = inspect.At("State");
        var labels = config.At("Labels").Map();
        var status = ToStatus(state.At("Status").Text());
        var startedAt = state.At("StartedAt").Time();
        var (health, output, streak) = ToHealth(config, state, status, startedAt);
        var ports = ToPorts(host.At("PortBindings"));
        return new()
        {
            Id = root.At("Id").Text(),
            Name = root.At("Name").Text().TrimStart('/'),
            Image = config.At("Image").Text(),
            ImageId = root.At("Image").Text(),
            Status = status,
            Health = health,
            LastHealthOutput = output,
            FailingStreak = streak,
            HealthCheck = ToHealthCheck(config.At("Healthcheck")),
            ExitCode = (int)state.At("ExitCode").Number(),
            RestartCount = (int)root.At("RestartCount").Number(),
            StartedAt = startedAt,
            EndedAt = status is ContainerStatus.Exited or ContainerStatus.Dead ? state.At("FinishedAt").Time() : null,
            Owner = Ownership.FromLabels(labels),
            ComposeProject = labels.TryGetValue(ComposeProjectLabel, out var project) ? project : null,
            Restart = ToRestart(host.At("RestartPolicy")),
            Ports = ports,
            PublishedPorts = status is ContainerStatus.Running or ContainerStatus.Paused ? ToPublished(inspect.At("NetworkSettings").At("Ports"), ports) : [],
            Mounts = ToMounts(inspect.At("Mounts"), host.At("Tmpfs")),
            Networks = ToAttachments(inspect),
            NetworkMode = InspectFields.NetworkModeOf(host),
            IpcMode = host.At("IpcMode").Text(),
            PidMode = host.At("PidMode").Text(),
            Fields = InspectFields.Of(inspect),
        };
    }

    /// <summary>Names on a network without the short id that engines up to API 1.44 add to them.</summary>
    public static ValueList<string> AliasesOf(JsonElement? endpoint, string containerId) =>
    [
        .. endpoint.At("Aliases").Texts()
            .Where(alias => alias.Length > 0 && !(alias.Length == 12 && containerId.StartsWith(alias, StringComparison.Ordinal)))
            .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal),
    ];

    private static ContainerStatus ToStatus(string status) => status switch
    {
        "created" => ContainerStatus.Created,
        "running" => ContainerStatus.Running,
        "paused" => ContainerStatus.Paused,
        "restarting" => ContainerStatus.Restarting,
        "removing" => ContainerStatus.Removing,
        "exited" => ContainerStatus.Exited,
        _ => ContainerStatus.Dead,
    };

    /// <remarks>
    /// The engine keeps the log of health checks over a restart, and calls a stopped container unhealthy: only checks that began after the
    /// start say anything about what runs now.
    /// </remarks>
    private static (ContainerHealth Health, string? Output, int Streak) ToHealth(
        JsonElement? config, JsonElement? state, ContainerStatus status, DateTimeOffset? startedAt)
    {
        var test = config.At("Healthcheck").At("Test").Texts().FirstOrDefault();
        var said = state.At("Health").At("Status").Text();
        if (test is null or "" or "NONE" || (said is "" or "none" && status is ContainerStatus.Running))
        {
            return (ContainerHealth.None, null, 0);
        }

        var checks = state.At("Health").At("Log").Items()
            .Select(entry => (Start: ((JsonElement?)entry).At("Start").Time(), Output: ((JsonElement?)entry).At("Output").Text()))
            .Where(entry => startedAt is not null && entry.Start > startedAt)
            .OrderBy(entry => entry.Start)
            .ToList();
        if (checks.Count == 0 || status is not (ContainerStatus.Running or ContainerStatus.Paused))
        {
            return (ContainerHealth.Starting, null, 0);
        }

        var health = said switch
        {
            "healthy" => ContainerHealth.Healthy,
            "unhealthy" => ContainerHealth.Unhealthy,
            _ => ContainerHealth.Starting,
        };
        return (health, checks[^1].Output.TrimEnd(), (int)state.At("Health").At("FailingStreak").Number());
    }

    /// <remarks>What is 0 means the engine's own default: 30 s, 30 s and three tries.</remarks>
    public static HealthCheck? ToHealthCheck(JsonElement? check)
    {
        var test = check.At("Test").Texts().ToValueList();
        var retries = (int)check.At("Retries").Number();
        return test is [] or ["NONE", ..]
            ? null
            : new(
                test, Or(check.At("Interval"), HealthCheckDefault), Or(check.At("Timeout"), HealthCheckDefault), retries > 0 ? retries : 3,
                Or(check.At("StartPeriod"), TimeSpan.Zero), check.At("StartInterval").Number() > 0 ? Or(check.At("StartInterval"), TimeSpan.Zero) : null);

        static TimeSpan Or(JsonElement? nanoseconds, TimeSpan otherwise) =>
            nanoseconds.Number() > 0 ? TimeSpan.FromTicks(nanoseconds.Number() / TimeSpan.NanosecondsPerTick) : otherwise;
    }

    private static RestartPolicy ToRestart(JsonElement? policy) =>
        policy.At("Name").Text() is { Length: > 0 } name ? new(name, (int)policy.At("MaximumRetryCount").Number()) : RestartPolicy.No;

    private static ValueList<PortBinding> ToPorts(JsonElement? bindings) =>
    [
        .. bindings.Members()
            .SelectMany(port => ((JsonElement?)port.Value).Items().Select(binding => ToPort(port.Name, binding)))
            .Distinct()
            .OrderBy(port => port.ContainerPort).ThenBy(port => port.Protocol, StringComparer.Ordinal)
            .ThenBy(port => port.HostAddress, StringComparer.Ordinal).ThenBy(port => port.HostPort ?? 0),
    ];

    // A port of all addresses is listed once for each IP version; both are the one that was asked for.
    private static ValueList<PortBinding> ToPublished(JsonElement? published, ValueList<PortBinding> asked) =>
    [
        .. ToPorts(published)
            .Select(port => port.HostAddress is "0.0.0.0" or "::"
                && asked.Any(one => one.HostAddress.Length == 0 && one.ContainerPort == port.ContainerPort && one.Protocol == port.Protocol)
                    ? port with { HostAddress = "" } : port)
            .Distinct(),
    ];

    private static PortBinding ToPort(string key, JsonElement? binding)
    {
        var slash = key.IndexOf('/', StringComparison.Ordinal);
        var number = int.TryParse(slash < 0 ? key : key[..slash], out var parsed) ? parsed : 0;
        return new(
            number,
            slash < 0 ? "tcp" : key[(slash + 1)..],
            binding.At("HostIp").Text(),
            int.TryParse(binding.At("HostPort").Text(), out var hostPort) && hostPort > 0 ? hostPort : null);
    }

    private static ValueList<ObservedMount> ToMounts(JsonElement? mounts, JsonElement? tmpfs) =>
    [
        .. mounts.Items().Select(item => (JsonElement?)item)
            .Select(mount => new ObservedMount(
                mount.At("Type").Text(), mount.At("Name").Text(), mount.At("Source").Text(), mount.At("Destination").Text(), !mount.At("RW").IsTrue()))
            .Concat(tmpfs.Members().Select(pair => new ObservedMount("tmpfs", "", "", pair.Name, Text(pair).Split(',').Contains("ro", StringComparer.Ordinal))))
            .DistinctBy(mount => mount.Target, StringComparer.Ordinal)
            .OrderBy(mount => mount.Target, StringComparer.Ordinal),
    ];

    /// <summary>The networks that a container is on, by name.</summary>
    /// <remarks>Engine 20.10 goes on listing a network that it refused to let a running container join; that entry has neither end nor network.</remarks>
    public static IEnumerable<JsonProperty> Joined(JsonElement inspect)
    {
        var isUp = ToStatus(inspect.At("State").At("Status").Text()) is ContainerStatus.Running or ContainerStatus.Paused;
        return inspect.At("NetworkSettings").At("Networks").Members()
            .Where(network => !isUp || network.Value.At("EndpointID").Text().Length > 0 || network.Value.At("NetworkID").Text().Length > 0);
    }

    private static ValueList<ObservedAttachment> ToAttachments(JsonElement inspect)
    {
        var id = inspect.At("Id").Text();
        return [.. Joined(inspect).OrderBy(network => network.Name, StringComparer.Ordinal).Select(network => ToAttachment(network.Name, network.Value, id))];
    }

    private static ObservedAttachment ToAttachment(string name, JsonElement? endpoint, string id)
    {
        var address = new[] { endpoint.At("IPAddress").Text(), endpoint.At("GlobalIPv6Address").Text() }.FirstOrDefault(text => text.Length > 0);
        var fixedAddresses = endpoint.At("IPAMConfig");
        return new(
            name, endpoint.At("NetworkID").Text(), AliasesOf(endpoint, id), address,
            NullIfEmpty(fixedAddresses.At("IPv4Address").Text()), NullIfEmpty(fixedAddresses.At("IPv6Address").Text()));
    }

    private static string Text(JsonProperty property) => ((JsonElement?)property.Value).Text();

    private static string? NullIfEmpty(string text) => text.Length > 0 ? text : null;
}
