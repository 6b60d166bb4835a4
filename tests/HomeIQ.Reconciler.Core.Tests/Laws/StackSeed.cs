using CsCheck;
using HomeIQ.Reconciler.Desired;

namespace HomeIQ.Reconciler.Laws;

/// <summary>A service as a handful of small numbers, so that CsCheck can make it smaller; what cannot be meant is left out when it becomes a service.</summary>
/// <param name="Needs">One bit for each earlier service.</param>
/// <param name="Shares">1 + the earlier service whose network namespace it shares; 0 or too large = none.</param>
/// <param name="Networks">One bit for each network; none = the first.</param>
/// <param name="Address">A static address on its first network, of the few that there are; 0 or too large = none.</param>
/// <param name="Drift">6 = told only, 7 = ignored, where nobody else is concerned; else corrected.</param>
internal sealed record ServiceSeed(
    bool Present, int Image, int Env, int Port, int Needs, int Conditions, int RestartWith, int Shares, int Networks, bool Health, bool OneShot, bool Volume, bool Content, int Phase,
    bool Off, int Address, int Drift, bool Renamed)
{
    public static readonly Gen<ServiceSeed> Gen =
        from shape in CsCheck.Gen.Select(CsCheck.Gen.Int[0, 9], CsCheck.Gen.Int[1, 3], CsCheck.Gen.Int[0, 2], CsCheck.Gen.Int[0, 8])
        from ties in CsCheck.Gen.Select(CsCheck.Gen.Int[0, 0xfff], CsCheck.Gen.Int[0, 0xfff], CsCheck.Gen.Int[0, 0xfff], CsCheck.Gen.Int[0, 40])
        from rest in CsCheck.Gen.Select(CsCheck.Gen.Int[0, 7], CsCheck.Gen.Bool, CsCheck.Gen.Int[0, 9], CsCheck.Gen.Int[0, 3])
        from mask in CsCheck.Gen.Select(CsCheck.Gen.Int[0, 0xfff], CsCheck.Gen.Int[0, 0xfff])
        from more in CsCheck.Gen.Select(CsCheck.Gen.Int[0, 9], CsCheck.Gen.Int[0, 9], CsCheck.Gen.Int[0, 7], CsCheck.Gen.Int[0, 9])
        select new ServiceSeed(
            shape.Item1 > 0, shape.Item2, shape.Item3, shape.Item4, ties.Item1 & mask.Item1, ties.Item2, ties.Item3 & mask.Item1 & mask.Item2, ties.Item4,
            rest.Item1, rest.Item2, rest.Item3 == 0, rest.Item4 == 1, rest.Item4 == 2, rest.Item3 % 3,
            more.Item1 == 9, more.Item2, more.Item3, more.Item4 == 9);

    /// <summary>The next commit's service: each kind of field either stays or is taken from another seed.</summary>
    public ServiceSeed Changed(ServiceSeed other, int what) => (what % 16) switch
    {
        0 => this with { Image = (Image % 3) + 1 },
        1 => this with { Env = (Env + 1) % 3 },
        2 => this with { Port = other.Port },
        3 => this with { Present = !Present },
        4 => this with { Networks = other.Networks },
        5 => this with { Needs = other.Needs, RestartWith = other.RestartWith, Image = other.Image },
        6 => this with { Health = !Health, Shares = other.Shares },
        7 => other,
        8 => this with { Renamed = !Renamed },
        9 => this with { Off = !Off },
        10 => this with { Address = other.Address },
        11 => this with { Drift = other.Drift },
        _ => this,
    };
}

/// <summary>A stack as numbers; the same names in every commit.</summary>
internal sealed record StackSeed(ServiceSeed[] Services, int Internal, bool Phased)
{
    private const int NetworkCount = 3;

    public static Gen<StackSeed> Gen(int most) =>
        from services in ServiceSeed.Gen.Array[1, most]
        from networks in CsCheck.Gen.Int[0, 7]
        from phased in CsCheck.Gen.Int[0, 3]
        select new StackSeed(services, networks, phased == 0);

    public static string Name(int index) => $"s{(char)('a' + index)}";

    public DesiredState ToState(string revision)
    {
        var services = Services.Select((seed, index) => (seed, index)).Where(pair => pair.seed.Present).Select(pair => Service(pair.seed, pair.index)).ToList();
        return new()
        {
            Project = "laws",
            Revision = revision,
            Services = [.. WithoutClashes(services)],
            Networks = [.. Enumerable.Range(0, NetworkCount).Where(index => services.Any(service => service.Spec.Networks.Any(joined => joined.Network == $"net{index}"))).Select(Network)],
            Volumes = [.. services.SelectMany(service => service.Spec.Mounts).Where(mount => mount.Kind == MountKind.Volume).Select(mount => mount.Source).Distinct(StringComparer.Ordinal).Select(name => new DesiredVolume(name))],
            Contents = [.. services.SelectMany(service => service.Spec.Mounts).Select(mount => mount.Content).OfType<string>().Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Select(digest => new BoundContent(digest, $"files/{digest}"))],
            Policy = new()
            {
                RemovalsMax = 1000,
                Databases =
                [
                    .. services.SelectMany(service => service.Spec.Mounts.Where(mount => mount.Kind == MountKind.Volume).Select(mount => (mount.Source, service.Name))).DistinctBy(pair => pair.Source).Index()
                        .Select(pair => pair.Index % 2 == 1
                            ? new DesiredDatabase($"data of {pair.Item.Name}", DatabaseKind.Volume, pair.Item.Name, "/data")
                            : new DesiredDatabase($"data of {pair.Item.Name}", DatabaseKind.Sqlite, pair.Item.Name, "/data/app.db") { Migration = new(["migrate"], TimeSpan.FromMinutes(1)) }),
                ],
                Soak = Phased ? new() : SoakPolicy.None,
                Phases = Phased ? [new("first", [.. InPhase(services, 0)]), new("second", [.. InPhase(services, 1)])] : [],
            },
        };
    }

    private IEnumerable<string> InPhase(List<DesiredService> services, int phase) => services.Select(service => service.Name).Where(name => Services[name[1] - 'a'].Phase == phase);

    private DesiredNetwork Network(int index) => new($"net{index}") { Internal = (Internal & (1 << index)) != 0 };

    private DesiredService Service(ServiceSeed seed, int index)
    {
        var name = Name(index);
        // What others are bound to is neither off nor left as somebody made it: what becomes of them then is told by tests of its own.
        var isAlone = !Services.Index().Any(other => other.Item.Present && other.Index > index && (IsSet(other.Item.Needs, index) || IsSet(other.Item.RestartWith, index) || other.Item.Shares == index + 1));
        var shares = seed.Shares > 0 && seed.Shares <= index && Services[seed.Shares - 1] is { Present: true, OneShot: false } ? Name(seed.Shares - 1) : null;
        return new()
        {
            Name = name,
            ContainerName = $"laws-{name}{(seed.Renamed ? "-new" : "")}",
            Scale = seed.Off && isAlone ? 0 : 1,
            Spec = new()
            {
                Image = $"{name}:{seed.Image}",
                Command = seed.OneShot ? ["true"] : null,
                Environment = seed.Env == 0 ? ValueMap<string>.Empty : new([new("LEVEL", $"{seed.Env}")]),
                Restart = new(seed.OneShot ? "no" : "unless-stopped"),
                HealthCheck = seed.Health && !seed.OneShot ? new(["CMD", "check"], TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1), 3, TimeSpan.Zero) : null,
                NetworkMode = shares is null ? null : $"service:{shares}",
                Ports = shares is null && seed.Port is > 0 and < 5 ? [new(80, HostPort: 8000 + seed.Port)] : [],
                Networks = shares is null ? [.. NetworksOf(seed, name)] : [],
                Mounts =
                [
                    .. seed.Content ? new[] { new MountSpec(MountKind.Content, $"c{seed.Env}", "/etc/conf", ReadOnly: true) { Content = $"c{seed.Env}" } } : [],
                    .. seed.Volume ? new[] { new MountSpec(MountKind.Volume, $"laws_{(index % 4 == 3 ? Name(index - 1) : name)}", "/data") } : [],
                ],
            },
            DependsOn = [.. Needed(seed.Needs, index).Select(need => new Dependency(Name(need), Condition(seed, need), Restart: (seed.Conditions & (0x800 >> need)) != 0))],
            Policy = new()
            {
                AllowDowngrade = seed.Phase == 0,
                Drift = (seed.Drift, isAlone && shares is null) switch { (6, true) => DriftPolicy.Warn, (7, true) => DriftPolicy.Ignore, _ => DriftPolicy.Correct },
                RestartWith = [.. Needed(seed.RestartWith, index).Where(need => !Services[need].OneShot).Select(Name)],
            },
        };
    }

    private static IEnumerable<NetworkAttachment> NetworksOf(ServiceSeed seed, string name) =>
        Enumerable.Range(0, NetworkCount)
            .Where(network => seed.Networks == 0 ? network == 0 : (seed.Networks & (1 << network)) != 0)
            .Select((network, place) => new NetworkAttachment($"net{network}") { Aliases = [name], Ipv4Address = place == 0 && seed.Address is > 0 and < 4 ? $"10.{network}.0.{seed.Address}" : null });

    private static bool IsSet(int mask, int bit) => (mask & (1 << bit)) != 0;

    private IEnumerable<int> Needed(int mask, int index) => Enumerable.Range(0, index).Where(need => IsSet(mask, need) && Services[need].Present);

    private DependencyCondition Condition(ServiceSeed seed, int need) =>
        Services[need].OneShot ? DependencyCondition.CompletedSuccessfully
        : (seed.Conditions & (1 << need)) != 0 ? DependencyCondition.Healthy
        : DependencyCondition.Started;

    /// <summary>Two services that publish one port, or have one address, are refused, and would prove nothing.</summary>
    private static IEnumerable<DesiredService> WithoutClashes(IEnumerable<DesiredService> services)
    {
        var ports = new HashSet<int?>();
        var addresses = new HashSet<string>(StringComparer.Ordinal);
        return services
            .Select(service => service.Spec.Ports.All(port => ports.Add(port.HostPort)) ? service : service with { Spec = service.Spec with { Ports = [] } })
            .Select(service => service with
            {
                Spec = service.Spec with { Networks = [.. service.Spec.Networks.Select(joined => joined.Ipv4Address is not { } address || addresses.Add(address) ? joined : joined with { Ipv4Address = null })] },
            });
    }
}

/// <summary>What somebody else did to the host: a kind and a service, as numbers.</summary>
internal sealed record DriftSeed(int Kind, int Service)
{
    public static readonly Gen<DriftSeed[]> Gen =
        CsCheck.Gen.Select(CsCheck.Gen.Int[0, 13], CsCheck.Gen.Int[0, 11], (kind, service) => new DriftSeed(kind, service)).Array[0, 3];
}

/// <summary>A story: a stack that was installed, what happened to its host, the next commit, and the dice for everything that has no order.</summary>
internal sealed record Story(StackSeed Stack, (ServiceSeed Other, int What)[] Commit, int Internal, DriftSeed[] Drift, int Cut, int Dice)
{
    public static readonly Gen<Story> Gen =
        from stack in StackSeed.Gen(12)
        from commit in CsCheck.Gen.Select(ServiceSeed.Gen, CsCheck.Gen.Int[0, 47]).Array[0, 12]
        from networks in CsCheck.Gen.Int[0, 40]
        from drift in DriftSeed.Gen
        from chance in CsCheck.Gen.Select(CsCheck.Gen.Int[0, 200], CsCheck.Gen.Int[1, 1_000_000])
        select new Story(stack, commit, networks, drift, chance.Item1, chance.Item2);

    /// <summary>The same story with other seeds for the services of the first stack and of the commit.</summary>
    public Story With(Func<ServiceSeed, int, ServiceSeed> bend) => this with
    {
        Stack = Stack with { Services = [.. Stack.Services.Select(bend)] },
        Commit = [.. Commit.Select((change, index) => change with { Other = bend(change.Other, index) })],
    };

    /// <summary>The same story in which something surely happened to each of its services.</summary>
    public Story AndDrift() => this with { Drift = [.. Drift, .. Stack.Services.Select((_, index) => new DriftSeed((Dice + index) % 5, index))] };

    public DesiredState First => Stack.ToState(Stacks.Old);

    public DesiredState Next => (Stack with
    {
        Services = [.. Enumerable.Range(0, Math.Max(Stack.Services.Length, 0)).Select(index => index < Commit.Length ? Stack.Services[index].Changed(Commit[index].Other, Commit[index].What) : Stack.Services[index])],
        Internal = Internal < 8 ? Internal : Stack.Internal,
    }).ToState(Stacks.New);

    /// <summary>The same dice for the same story: picks one of so many.</summary>
    public Func<int, int> NewDice()
    {
        var state = (uint)Dice;
        return count =>
        {
            state = (state * 1664525) + 1013904223;
            return (int)((state >> 8) % (uint)count);
        };
    }

    public override string ToString() => $"{nameof(Story)} first: {Words(First)}\nnext: {Words(Next)}\ndrift: {string.Join(", ", Drift.Select(drift => $"{drift.Kind} of {StackSeed.Name(drift.Service)}"))}, cut: {Cut}, dice: {Dice}";

    private static string Words(DesiredState state) => string.Concat(state.Services.Select(service =>
        $"\n  {service.Name} {service.Spec.Image} env={service.Spec.Environment} ports={service.Spec.Ports} nets={string.Join(',', service.Spec.Networks.Select(joined => $"{joined.Network}{joined.Ipv4Address}"))} mode={service.Spec.NetworkMode}"
        + $" needs={string.Join(',', service.DependsOn.Select(need => $"{need.Service}:{need.Condition}{(need.Restart ? ":restart" : "")}"))} with={service.Policy.RestartWith} health={service.Spec.HealthCheck is not null} cmd={service.Spec.Command}"
        + $" mounts={service.Spec.Mounts} name={service.ContainerName} scale={service.Scale} drift={service.Policy.Drift}")) + $"\n  networks {string.Join(", ", state.Networks.Select(network => $"{network.Name}{(network.Internal ? " internal" : "")}"))}";
}
