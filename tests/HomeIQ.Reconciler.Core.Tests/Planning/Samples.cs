using HomeIQ.Reconciler.Backups;
using HomeIQ.Reconciler.Changes;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Planning;

/// <summary>One value of every kind, with every property set to something that is not its default.</summary>
internal static class Samples
{
    public static readonly HttpProbe Http = new("http://x:1/health", 8086, "/health", "https", [200, 204], new([new("status", "pass"), new("dependencies.db", "up")]))
    {
        Interval = TimeSpan.FromMilliseconds(200),
        Timeout = TimeSpan.FromMinutes(1.5),
    };

    public static readonly ContainerSpec Spec = new()
    {
        Image = "influxdb:2.7.12",
        Platform = "linux/arm64",
        Command = ["influxd", "--bolt-path", "/data/a b"],
        Entrypoint = [],
        Environment = new([new("TZ", "Europe/Berlin"), new("EMPTY", ""), new("ODD", "a\"b\\c\n\u00e4\u4e16")]),
        Labels = new([new("com.example/a", "1")]),
        User = "1000:1000",
        WorkingDirectory = "/app",
        Hostname = "h",
        DomainName = "d",
        Tty = true,
        StdinOpen = true,
        Init = false,
        ReadOnly = true,
        Privileged = true,
        StopSignal = "SIGINT",
        StopGracePeriod = TimeSpan.FromSeconds(90),
        Restart = new("on-failure", 5),
        HealthCheck = new(["CMD-SHELL", "curl -f x"], TimeSpan.FromSeconds(30), TimeSpan.FromMilliseconds(1500), 3, TimeSpan.FromMinutes(2), TimeSpan.FromSeconds(1)),
        Ports = [new(8086, "udp", "127.0.0.1", 18086), new(9)],
        Expose = ["7/tcp"],
        Mounts =
        [
            new(MountKind.Volume, "data", "/data") { NoCopy = true, SubPath = "sub" },
            new(MountKind.Content, "ab12", "/etc/x", ReadOnly: true) { Content = "ab12" },
            new(MountKind.Bind, "/srv", "/srv") { Propagation = "rslave", CreateHostPath = false, SeedPath = "seed" },
            new(MountKind.Tmpfs, "", "/t") { TmpfsSize = 5, TmpfsMode = 511 },
        ],
        Tmpfs = new([new("/run", "size=64m")]),
        Networks =
        [
            new("net")
            {
                Aliases = ["a", "b"], Ipv4Address = "10.9.0.5", Ipv6Address = "fd00::5", MacAddress = "02:42:ac:11:00:02", LinkLocalAddresses = ["169.254.1.1"],
                DriverOptions = new([new("k", "v")]), Priority = 7,
            },
        ],
        NetworkMode = "service:db",
        IpcMode = "shareable",
        PidMode = "host",
        UtsMode = "host",
        UserNamespaceMode = "host",
        CgroupMode = "private",
        CgroupParent = "/p",
        ExtraHosts = ["x:1.2.3.4"],
        Dns = ["1.1.1.1"],
        DnsSearch = ["lan"],
        DnsOptions = ["ndots:1"],
        CapAdd = ["NET_ADMIN"],
        CapDrop = ["ALL"],
        SecurityOptions = ["no-new-privileges"],
        GroupAdd = ["audio"],
        Devices = [new("/dev/a", "/dev/b", "r")],
        DeviceCgroupRules = ["c 1:3 mr"],
        Sysctls = new([new("net.core.somaxconn", "9")]),
        Ulimits = new([new("nofile", new(1, 2))]),
        StorageOptions = new([new("size", "1G")]),
        Runtime = "runc",
        Memory = 1,
        MemoryReservation = 2,
        MemorySwap = -1,
        MemorySwappiness = 0,
        NanoCpus = 3,
        CpuShares = 4,
        CpuQuota = 5,
        CpuPeriod = 6,
        CpusetCpus = "0",
        CpusetMems = "1",
        PidsLimit = 7,
        ShmSize = 8,
        OomScoreAdjustment = -9,
        OomKillDisable = true,
        Logging = new("json-file", new([new("max-size", "10m")])),
        SecretFields = ["env.ODD"],
    };

    public static readonly DesiredService Service = new()
    {
        Name = "influxdb",
        ContainerName = "homeiq-influxdb",
        Spec = Spec,
        Build = new()
        {
            Context = "services/x",
            Dockerfile = "services/x/Dockerfile",
            DockerfileInline = "FROM y",
            Target = "t",
            Arguments = new([new("A", "1")]),
            Labels = new([new("L", "1")]),
            Network = "host",
            ExtraHosts = ["h:1.1.1.1"],
            ShmSize = 1,
            NoCache = true,
            Pull = true,
            Digest = "d",
        },
        Pull = PullPolicy.Build,
        DependsOn = [new("db", DependencyCondition.CompletedSuccessfully, Restart: true, Required: false)],
        Scale = 0,
        Policy = new()
        {
            Risk = Risk.High,
            Drift = DriftPolicy.Warn,
            RestartWith = ["mqtt"],
            AllowDowngrade = true,
            VerifyTimeout = TimeSpan.FromMinutes(3),
            Probes = [Http, new TcpProbe(1) { Timeout = TimeSpan.FromTicks(1) }, new ExecProbe(["true"])],
        },
        Position = new("compose.yaml", 3, 5),
    };

    public static readonly DesiredNetwork Network = new("net")
    {
        External = true,
        Driver = "macvlan",
        DriverOptions = new([new("parent", "eth0")]),
        Internal = true,
        Attachable = true,
        EnableIpv6 = true,
        IpamDriver = "x",
        IpamOptions = new([new("o", "1")]),
        Pools = [new("10.9.0.0/16", "10.9.0.1", "10.9.1.0/24", new([new("host", "10.9.0.9")])), new(null)],
        Labels = new([new("l", "1")]),
    };

    public static readonly DesiredVolume Volume = new("data") { External = true, Driver = "nfs", DriverOptions = new([new("o", "addr")]), Labels = new([new("l", "1")]) };

    public static readonly EffectiveState Effective = new()
    {
        Project = "homeiq",
        Revision = Stacks.Old,
        EngineVersion = "20.10.24",
        Services = [new(Service, "spec", "sha256:1", "influxdb@sha256:2", "c1", new([new("HostConfig.Memory", "1")]))],
        Networks = [new(Network, "n1")],
        Volumes = [Volume],
        Contents = [new("ab12", "files/x", "text", Secret: true, 384)],
    };

    public static readonly FieldChange Field = new("env.TOKEN", null, null, Secret: true);

    public static readonly ValueList<Change> Changes =
    [
        new ServiceAdded("weather"),
        new ServiceChanged("influxdb", [new("image", "influxdb:2.7.12", "influxdb:2.8.0"), new("memory", null, "512M"), Field]),
        new ServiceRemoved("old"),
        new PolicyChanged("api"),
        new ContainerMissing("web"),
        new ContainerNotRunning("web", "c2", ContainerStatus.Exited, 137),
        new ContainerRenamed("web", "c2", "web", "web-by-hand"),
        new ContainerDrifted("web", "c2", [new("HostConfig.Memory", "268435456", "0")]),
        new ContentDrifted("web", "ab12", "/etc/nginx/nginx.conf"),
        new OrphanFound("gone", "c3", "homeiq-gone"),
        new NetworkMissing("net"),
        new NetworkChanged("net", [new("internal", "False", "True")]),
        new NetworkRemoved("old-net"),
        new NetworkDrifted("net", [new("internal", "True", "False")]),
        new VolumeMissing("data"),
        new VolumeChanged("data", [new("driver", "local", "nfs")]),
        new VolumeReleased("old-data"),
    ];

    public static readonly ContainerRef Container = new("0123456789abcdef", "homeiq-influxdb");

    private static readonly MigrationJob Job = new("influxdb", "homeiq_influx", "/data", "app.db", "spec", new(["alembic", "upgrade", "head"], TimeSpan.FromMinutes(10)));

    private static readonly SqliteFacts Facts = new("s1", new([new("rows", 5)]), ["r1"]);

    public static readonly ValueList<Step> Steps =
    [
        new PullImage("influxdb", "influxdb:2.8.0", "linux/arm64"),
        new BuildImage("api", "homeiq/api:4.1", "d"),
        new KeepImage("influxdb", "sha256:1", "homeiq-keep:1"),
        new ExportContent("web", "ab12cd34ab12cd34ab12cd34"),
        new CreateNetwork(Network),
        new ReplaceNetwork(new("net"), Network),
        new RemoveNetwork(new("old-net")),
        new CreateVolume(Volume),
        new CreateContainer("influxdb", "homeiq-influxdb.new", "spec", "sha256:1"),
        new TakeBaseline("influxdb", Container, 2),
        new StopContainer("influxdb", Container, FoundStopped: true),
        new BackUp("metrics", "homeiq_influx") { Files = ["app.db"] },
        new Rehearse("metrics", Job),
        new Migrate("metrics", Job),
        new RestoreData("metrics", "homeiq_influx", "/volumes/homeiq_influx/homeiq-1", 42, "261123-0300"),
        new ReleaseCopies("metrics", "homeiq_influx"),
        new SetRestartPolicy("influxdb", Container, new("on-failure", 3), RestartPolicy.No),
        new SetAside("influxdb", Container, "homeiq-influxdb.kept-012345", "spec", "sha256:1", new("always")),
        new RenameContainer("influxdb", new(null, "homeiq-influxdb.new"), "homeiq-influxdb"),
        new StartContainer("influxdb", Container),
        new RestartContainer("web", Container),
        new UnpauseContainer("web", Container),
        new UpdateContainer("influxdb", Container, ["HostConfig.Memory", "HostConfig.RestartPolicy.Name"]),
        new ReconnectNetwork("influxdb", Container, "net", "spec"),
        new DisconnectNetwork("influxdb", Container, "other"),
        new VerifyService("influxdb", Container, "spec"),
        new PutBack("influxdb", Container, "homeiq-influxdb", "spec", "sha256:1", new("always")),
        new Soak(["api", "web"], TimeSpan.FromMinutes(5), LogErrors.Warn),
        new Promote(Stacks.New),
        new RemoveContainer("influxdb", new("0123456789abcdef", "homeiq-influxdb.kept-012345")),
        new ReleaseImage("influxdb", "homeiq-keep:1"),
        new ReleaseStates(["261123-0300", "261122-0300"]),
    ];

    public static readonly Plan Plan = new()
    {
        Project = "homeiq",
        Revision = Stacks.New,
        From = Stacks.Old,
        IsRollback = true,
        Changes = Changes,
        Steps = [.. Steps.Select((step, index) => new PlannedStep(index + 1, step, $"cause {index}", index > 2 ? [index - 1, index] : []) { IsCleanUp = index > 23 })],
        Warnings = [new("floating-tag", "web", "uses a floating tag", "pin it")],
        Refusals = [new("port-clash", "web", "port 80 is taken")],
        Approvals = [new("large-removal", "stack", "7 of 31 services would go", "look twice")],
        Holds = [new("quarantined", "influxdb", "failed before", "release it")],
        Suspensions = [new("suspended", "web", "web is suspended until tomorrow", "resume it")],
        Unverified = ["web"],
        Contents = new([new("influxdb", "d1")]),
        Digest = "0011223344556677",
    };

    public static readonly ValueList<Receipt> Receipts =
    [
        new Performed(), new Skipped("was there"), new ImageReady("sha256:1", "influxdb@sha256:2"), new NetworkMade("n1"), new ContainerMade("c1", "sha256:1"),
        new ContainerStopped(true, 137), new ContainerStarted(Stacks.Start),
        new BaselineTaken(Trouble.Unhealthy, [new(Http, new(ProbeResult.Inconclusive, "probe http: no such host", "no such name"))]),
        new ServiceVerified("healthy after 3.2 s") { FailingBefore = ["probe tcp 1: refused"] },
        new StateSealed(IsRepair: true), new StatesReleased(1, 2, 3, 4), new BackedUp("/volumes/homeiq_influx/homeiq-1", 42, "261123-0300", 5, 6) { Databases = new([new("app.db", Facts)]) },
        new Rehearsed("metrics", new(TimeSpan.FromSeconds(2), ["r2"], Facts, Facts with { Revisions = ["r2"] })), new Migrated("metrics", TimeSpan.FromSeconds(2), Facts), new CopiesReleased(2),
        new LeftDrifted("c1", "HostConfig.Memory is still 1"),
    ];

    public static readonly ValueList<Decision> Decisions = [new Release("q-1"), new Suspension("web", Stacks.Start.AddHours(2), "the roof is open"), new Resumption(null), new Approval("0123456789abcdef")];

    public static readonly ValueList<JournalEntry> Entries =
    [
        new RunStarted(Plan, "state-1", "apply"), new PhaseEntered(RunPhase.RollbackFailed), new StepIntended(3, true), .. Receipts.Select(receipt => new StepDone(3, false, receipt)),
        new StepFailed(4, true, FailureClass.Environmental, "no space left", "free some", "evidence/run-1/4"), new RollbackStarted(Plan, "never healthy") { WasStopped = true },
        new RunEnded(RunPhase.RolledBack, "state-1", "web was never healthy"), new RevertOffered("homeiq/revert-1", "c0ffee", "it is away"),
    ];

    public static readonly ObservedState Observed = new()
    {
        At = Stacks.Start,
        Engine = new("engine-1", "20.10.24", "1.41", "Debian", "x86_64"),
        Containers =
        [
            new()
            {
                Id = "c1", Name = "web", Image = "web:1", ImageId = "sha256:1", Status = ContainerStatus.Running, Health = ContainerHealth.Healthy, LastHealthOutput = "ok", FailingStreak = 1,
                ExitCode = 2, RestartCount = 3, StartedAt = Stacks.Start, Owner = new("home", "web", "run-1", Stacks.Old, "spec"), ComposeProject = "p", Restart = new("always"),
                Ports = [new(80, HostPort: 8080)], PublishedPorts = [new(80, HostPort: 8080)], Mounts = [new("volume", "data", "/var/lib/x", "/data", true)],
                Networks = [new("net", "n1", ["web"], "10.9.0.5", "10.9.0.5", "fd00::5")], NetworkMode = "net", IpcMode = "private", PidMode = "host", Fields = new([new("HostConfig.Memory", "1")]),
            },
        ],
        Networks = [new("n1", Network, new("home", "web", "run-1", Stacks.Old, ""), "p")],
        Volumes = [new(Volume, "/var/lib/x", null, "p")],
        Images = new([new("web:1", new("sha256:1", ["web@sha256:2"], "d", true))]),
        HostPorts = [new(22, "tcp", "0.0.0.0", "sshd")],
        IntactContents = ["ab12"],
        StaleReaders = [new("c1", Stacks.Start, "ab12")],
    };
}
