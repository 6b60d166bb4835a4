using HomeIQ.Reconciler.Changes;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Planning;

/// <summary>Sets the table for a plan: a stack that is installed or not, what the next commit says, what happened to the host meanwhile.</summary>
public sealed record Table
{
    public const string Instance = "home";
    public const string Engine = "29.3.0";

    public static readonly ValueList<byte> Key = [.. Enumerable.Range(1, 32).Select(number => (byte)number)];

    public static readonly DateTimeOffset Now = new(2026, 11, 23, 4, 0, 0, TimeSpan.Zero);

    public required Situation Situation { get; init; }

    public Plan Plan => Planner.PlanFor(Situation);

    public string Steps => ShortText.Of(Plan);

    public DesiredState Desired => Situation.Desired;

    public EffectiveState Effective => Situation.Effective!;

    public ObservedState Observed => Situation.Observed;

    /// <summary>A service from the registry, with a health check, on the network <c>homeiq-network</c>.</summary>
    public static DesiredService Service(string name, params string[] needs) => new()
    {
        Name = name,
        ContainerName = $"homeiq-{name}",
        Spec = new ContainerSpec
        {
            Image = $"homeiq/{name}:1.0.0",
            HealthCheck = new HealthCheck(["CMD", "true"], TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1), 3, TimeSpan.Zero),
            Restart = new("unless-stopped"),
            Networks = [new("homeiq-network") { Aliases = [name] }],
        },
        DependsOn = [.. needs.Select(need => new Dependency(need, DependencyCondition.Healthy)).OrderBy(need => need.Service, StringComparer.Ordinal)],
    };

    /// <summary>Nothing on the host yet.</summary>
    public static Table Fresh(params DesiredService[] services) => new()
    {
        Situation = new Situation
        {
            Desired = StateOf("commit-1", services),
            Observed = new ObservedState { At = Now, Engine = new("ENGINE", Engine, "1.51", "linux", "x86_64") },
            Instance = Instance,
            Key = Key,
        },
    };

    /// <summary>The services are installed, run, and were promoted; the desired state is that very commit.</summary>
    public static Table Installed(params DesiredService[] services)
    {
        var fresh = Fresh(services);
        var containers = services.Where(service => service.Scale > 0).Select(ContainerOf).OrderBy(container => container.Name, StringComparer.Ordinal).ToValueList();
        var observed = fresh.Observed with
        {
            Containers = containers,
            Networks = [.. fresh.Desired.Networks.Select(network => new ObservedNetwork($"net-{network.Name}", network, network.External ? null : Ours("")))],
            Volumes = [.. fresh.Desired.Volumes.Select(volume => new ObservedVolume(volume, $"/volumes/{volume.Name}", volume.External ? null : Ours("")))],
            Images = new(services.Where(service => service.Scale > 0).SelectMany(Images).DistinctBy(pair => pair.Key, StringComparer.Ordinal)),
            IntactContents = [.. fresh.Desired.Contents.Select(content => content.Digest)],
        };
        var effective = new EffectiveState
        {
            Project = "homeiq",
            Revision = "commit-1",
            EngineVersion = Engine,
            Services =
            [
                .. fresh.Desired.Services.Select(service => new EffectiveService(
                    service, SpecDigest.Of(service, [.. Key]), service.Scale > 0 ? ImageId(service.Spec.Image) : "", RepoDigest(service),
                    service.Scale > 0 ? Id(service.Name) : "", service.Scale > 0 ? ContainerOf(service).Fields : ValueMap<string>.Empty)),
            ],
            Networks = [.. fresh.Desired.Networks.Select(network => new EffectiveNetwork(network, $"net-{network.Name}"))],
            Volumes = fresh.Desired.Volumes,
        };

        return fresh with { Situation = fresh.Situation with { Effective = effective, Observed = observed } };
    }

    /// <summary>The state directory is lost (or there was never a promotion): the host is as it is, and nothing is known of it.</summary>
    public Table Forgotten() => this with { Situation = Situation with { Effective = null } };

    /// <summary>A new commit with these services instead of those of the same name; new ones are added.</summary>
    public Table Commit(params DesiredService[] services)
    {
        var names = services.Select(service => service.Name).ToHashSet(StringComparer.Ordinal);
        return Desire(StateOf("commit-2", [.. Desired.Services.Where(service => !names.Contains(service.Name)), .. services]) with { Policy = Desired.Policy });
    }

    public Table Commit(string service, Func<DesiredService, DesiredService> change) => Commit(change(Desired.Find(service)!));

    public Table CommitSpec(string service, Func<ContainerSpec, ContainerSpec> change) => Commit(service, was => was with { Spec = change(was.Spec) });

    public Table CommitImage(string service, string image) => CommitSpec(service, spec => spec with { Image = image });

    /// <summary>A new commit without these services.</summary>
    public Table CommitWithout(params string[] services) =>
        Desire(StateOf("commit-2", [.. Desired.Services.Where(service => !services.Contains(service.Name))]) with { Policy = Desired.Policy });

    public Table CommitNothing() => Desire(Desired with { Revision = "commit-2" });

    public Table CommitNetwork(string name, Func<DesiredNetwork, DesiredNetwork> change) =>
        Desire(Desired with { Revision = "commit-2", Networks = [.. Desired.Networks.Select(network => network.Name == name ? change(network) : network)] });

    public Table Desire(DesiredState desired) => this with { Situation = Situation with { Desired = desired } };

    /// <summary>The policy was always like this.</summary>
    public Table Policy(Func<Policy, Policy> change) => Desire(Desired with { Policy = change(Desired.Policy) });

    public Table Observe(Func<ObservedState, ObservedState> change) => this with { Situation = Situation with { Observed = change(Observed) } };

    public Table Container(string service, Func<ObservedContainer, ObservedContainer> change) => Observe(observed => observed with
    {
        Containers = [.. observed.Containers.Select(container => container.Owner?.Service == service ? change(container) : container)],
    });

    /// <summary>What was recorded of the service's container, and what it still is.</summary>
    public Table Record(string service, ValueMap<string> fields) => Container(service, container => container with { Fields = fields }).Remember(service, fields);

    /// <summary>The field was never set.</summary>
    public Table Forget(string service, string field) => Record(service, Effective.Find(service)!.Recorded.Without(field));

    /// <summary>Somebody changed a field of the service's container, or took it away.</summary>
    public Table Drift(string service, string field, string? value) => Container(
        service, container => container with { Fields = value is null ? container.Fields.Without(field) : container.Fields.With(field, value) });

    public Table OffNetwork(string service, string network) => Container(service, container => SimulatedHost.Without(container, network));

    public Table OnNetwork(string service, string network) => Container(service, container => SimulatedHost.Joined(container, new(network, $"net-{network}", ["by-hand"], null, null, null)));

    private Table Remember(string service, ValueMap<string> fields) => this with
    {
        Situation = Situation with
        {
            Effective = Effective with { Services = [.. Effective.Services.Select(known => known.Service.Name == service ? known with { Recorded = fields } : known)] },
        },
    };

    public Table Stopped(string service, int exitCode = 137) => Container(service, container => container with { Status = ContainerStatus.Exited, ExitCode = exitCode, PublishedPorts = [] });

    public Table ContainerGone(string service) => Observe(observed => observed with { Containers = [.. observed.Containers.Where(container => container.Owner?.Service != service)] });

    public Table ImageGone(string reference) => Observe(observed => observed with
    {
        Images = new(observed.Images.Where(pair => pair.Key != reference && pair.Value.Id != ImageId(reference))),
    });

    public Table ImageThere(string reference, ObservedImage? image = null) => Observe(observed => observed with
    {
        Images = observed.Images.With(reference, image ?? new(ImageId(reference), [], null, false)),
    });

    public Table Add(ObservedContainer container) => Observe(observed => observed with { Containers = [.. observed.Containers, container] });

    public Table Quarantined(params string[] services) => this with
    {
        Situation = Situation with
        {
            Quarantine =
            [
                .. Situation.Quarantine,
                new("q1", "run-7", "commit-0", Now.AddHours(-1), new(services.Select(name => KeyValuePair.Create(name, ContentDigest.Of(Desired.Find(name)!, [.. Key])))), services[0], "never healthy"),
            ],
        },
    };

    /// <summary>A container of somebody else.</summary>
    public static ObservedContainer Foreign(string name, params PortBinding[] ports) => new()
    {
        Id = $"foreign-{name}",
        Name = name,
        Image = "other:1",
        ImageId = "sha256:other",
        Status = ContainerStatus.Running,
        Ports = [.. ports],
        PublishedPorts = [.. ports],
    };

    /// <summary>A container with our label that the tests put anywhere.</summary>
    public static ObservedContainer Leftover(string name, string service, ContainerStatus status = ContainerStatus.Exited) =>
        Foreign(name) with { Id = $"left-{name}", Owner = Ours(service), Status = status };

    public static string Id(string service) => $"{Hex(service)}{Hex(service + "/container")}";

    public static string ImageId(string reference) => $"sha256:{Hex(reference)}{Hex(reference + "/image")}";

    public static Ownership Ours(string service, string digest = "") => new(Instance, service, "run-1", "commit-1", digest);

    public static ObservedContainer ContainerOf(DesiredService service) => new()
    {
        Id = Id(service.Name),
        Name = service.ContainerName,
        Image = service.Spec.Image,
        ImageId = ImageId(service.Spec.Image),
        Status = ContainerStatus.Running,
        Health = service.Spec.HealthCheck is null or { IsDisabled: true } ? ContainerHealth.None : ContainerHealth.Healthy,
        Owner = Ours(service.Name, SpecDigest.Of(service, [.. Key])),
        Restart = service.Spec.Restart,
        Ports = service.Spec.Ports,
        PublishedPorts = service.Spec.Ports,
        Mounts =
        [
            .. service.Spec.Mounts.Where(mount => mount.Kind is MountKind.Volume or MountKind.Bind)
                .Select(mount => new ObservedMount(mount.Kind == MountKind.Volume ? "volume" : "bind", mount.Kind == MountKind.Volume ? mount.Source : "", mount.Source, mount.Target, mount.ReadOnly)),
        ],
        Networks = [.. service.Spec.Networks.Select(network => new ObservedAttachment(network.Network, $"net-{network.Network}", network.Aliases, network.Ipv4Address, network.Ipv4Address, null))],
        Fields = new(
        [
            new("Config.Env.PATH", "/usr/bin"), .. service.Spec.Memory == 0 ? [] : new[] { KeyValuePair.Create("HostConfig.Memory", $"{service.Spec.Memory}") }, new("HostConfig.RestartPolicy.Name", service.Spec.Restart.Name),
            .. service.Spec.Environment.Select(pair => KeyValuePair.Create($"Config.Env.{pair.Key}", pair.Value)),
            .. service.Spec.Networks.Select(network => KeyValuePair.Create($"NetworkSettings.Networks.{network.Network}", "attached")),
        ]),
    };

    private static DesiredState StateOf(string revision, DesiredService[] services) => new()
    {
        Project = "homeiq",
        Revision = revision,
        Policy = new() { Soak = SoakPolicy.None },
        Services = [.. services.OrderBy(service => service.Name, StringComparer.Ordinal)],
        Networks = [.. Named(services.SelectMany(service => service.Spec.Networks).Select(network => network.Network)).Select(name => new DesiredNetwork(name))],
        Volumes =
        [
            .. Named(services.SelectMany(service => service.Spec.Mounts).Where(mount => mount is { Kind: MountKind.Volume, Source.Length: > 0 }).Select(mount => mount.Source))
                .Select(name => new DesiredVolume(name)),
        ],
        Contents = [.. Named(services.SelectMany(service => service.Spec.Mounts).Select(mount => mount.Content).OfType<string>()).Select(digest => new BoundContent(digest, $"files/{digest}"))],
    };

    private static IEnumerable<string> Named(IEnumerable<string> names) => names.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);

    private static string? RepoDigest(DesiredService service) => service.Build is null ? $"homeiq/{service.Name}@sha256:{Hex(service.Spec.Image)}" : null;

    private static IEnumerable<KeyValuePair<string, ObservedImage>> Images(DesiredService service)
    {
        var image = new ObservedImage(ImageId(service.Spec.Image), RepoDigest(service) is { } digest ? [digest] : [], service.Build?.Digest, HasHealthCheck: false);
        return [new(service.Spec.Image, image), new(image.Id, image)];
    }

    private static string Hex(string text) => Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(text)).AsSpan(0, 16));
}
