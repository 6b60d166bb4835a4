using HomeIQ.Reconciler.Desired;

namespace HomeIQ.Reconciler.Changes;

public sealed class SpecFieldsTests
{
    private static readonly byte[] Key = [1, 2, 3];

    private static readonly HealthCheck Check = new(["CMD", "a"], TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2), 3, TimeSpan.FromSeconds(4));
    private static readonly MountSpec Volume = new(MountKind.Volume, "data", "/data");
    private static readonly NetworkAttachment Attachment = new("net");
    private static readonly ContainerSpec Plain = new() { Image = "a:1" };

    /// <summary>Property, the specification before, the specification after, and the fields that differ.</summary>
    public static readonly TheoryData<string, ContainerSpec, ContainerSpec, string> Each = new()
    {
        { nameof(ContainerSpec.Image), Plain, Plain with { Image = "a:2" }, "image" },
        { nameof(ContainerSpec.Platform), Plain, Plain with { Platform = "linux/arm64" }, "platform" },
        { nameof(ContainerSpec.Command), Plain, Plain with { Command = ["run"] }, "command" },
        { nameof(ContainerSpec.Command), Plain, Plain with { Command = [] }, "command" },
        { nameof(ContainerSpec.Command), Plain with { Command = ["a b"] }, Plain with { Command = ["a", "b"] }, "command" },
        { nameof(ContainerSpec.Command), Plain with { Command = ["\"a", "b\""] }, Plain with { Command = ["a b"] }, "command" },
        { nameof(ContainerSpec.Command), Plain with { Command = ["a", ""] }, Plain with { Command = ["a"] }, "command" },
        { nameof(ContainerSpec.Entrypoint), Plain, Plain with { Entrypoint = ["/bin/run"] }, "entrypoint" },
        { nameof(ContainerSpec.Environment), Plain, Plain with { Environment = new([new("TZ", "UTC")]) }, "env.TZ" },
        { nameof(ContainerSpec.Environment), Plain, Plain with { Environment = new([new("EMPTY", "")]) }, "env.EMPTY" },
        { nameof(ContainerSpec.Labels), Plain, Plain with { Labels = new([new("a.b", "c")]) }, "label.a.b" },
        { nameof(ContainerSpec.User), Plain, Plain with { User = "1000" }, "user" },
        { nameof(ContainerSpec.WorkingDirectory), Plain, Plain with { WorkingDirectory = "/app" }, "working_dir" },
        { nameof(ContainerSpec.Hostname), Plain, Plain with { Hostname = "h" }, "hostname" },
        { nameof(ContainerSpec.DomainName), Plain, Plain with { DomainName = "d" }, "domainname" },
        { nameof(ContainerSpec.Tty), Plain, Plain with { Tty = true }, "tty" },
        { nameof(ContainerSpec.StdinOpen), Plain, Plain with { StdinOpen = true }, "stdin_open" },
        { nameof(ContainerSpec.Init), Plain, Plain with { Init = true }, "init" },
        { nameof(ContainerSpec.Init), Plain, Plain with { Init = false }, "init" },
        { nameof(ContainerSpec.ReadOnly), Plain, Plain with { ReadOnly = true }, "read_only" },
        { nameof(ContainerSpec.Privileged), Plain, Plain with { Privileged = true }, "privileged" },
        { nameof(ContainerSpec.StopSignal), Plain, Plain with { StopSignal = "SIGINT" }, "stop_signal" },
        { nameof(ContainerSpec.StopGracePeriod), Plain, Plain with { StopGracePeriod = TimeSpan.Zero }, "stop_grace_period" },
        { nameof(ContainerSpec.Restart), Plain, Plain with { Restart = new("always") }, "restart" },
        { nameof(ContainerSpec.Restart), Plain with { Restart = new("on-failure") }, Plain with { Restart = new("on-failure", 3) }, "restart" },
        { nameof(ContainerSpec.HealthCheck), Plain, Plain with { HealthCheck = HealthCheck.Disabled }, "health.interval, health.retries, health.start_period, health.test, health.timeout" },
        { nameof(HealthCheck.Test), With(Check), With(Check with { Test = ["CMD", "b"] }), "health.test" },
        { nameof(HealthCheck.Interval), With(Check), With(Check with { Interval = TimeSpan.FromMilliseconds(1500) }), "health.interval" },
        { nameof(HealthCheck.Timeout), With(Check), With(Check with { Timeout = TimeSpan.FromSeconds(9) }), "health.timeout" },
        { nameof(HealthCheck.Retries), With(Check), With(Check with { Retries = 9 }), "health.retries" },
        { nameof(HealthCheck.StartPeriod), With(Check), With(Check with { StartPeriod = TimeSpan.FromMinutes(5) }), "health.start_period" },
        { nameof(HealthCheck.StartInterval), With(Check), With(Check with { StartInterval = TimeSpan.FromTicks(1) }), "health.start_interval" },
        { nameof(ContainerSpec.Ports), Plain, Plain with { Ports = [new(80)] }, "ports" },
        { nameof(PortBinding.ContainerPort), With(new PortBinding(80, "tcp", "", 80)), With(new PortBinding(81, "tcp", "", 80)), "ports" },
        { nameof(PortBinding.Protocol), With(new PortBinding(80)), With(new PortBinding(80, "udp")), "ports" },
        { nameof(PortBinding.HostAddress), With(new PortBinding(80)), With(new PortBinding(80, "tcp", "127.0.0.1")), "ports" },
        { nameof(PortBinding.HostPort), With(new PortBinding(80)), With(new PortBinding(80, "tcp", "", 8080)), "ports" },
        { nameof(ContainerSpec.Expose), Plain, Plain with { Expose = ["80/tcp"] }, "expose" },
        { nameof(ContainerSpec.Mounts), Plain, With(Volume), "mount./data" },
        { nameof(MountSpec.Kind), With(Volume), With(Volume with { Kind = MountKind.Bind }), "mount./data" },
        { nameof(MountSpec.Source), With(Volume), With(Volume with { Source = "other" }), "mount./data" },
        { nameof(MountSpec.Target), With(Volume), With(Volume with { Target = "/new" }), "mount./data, mount./new" },
        { nameof(MountSpec.ReadOnly), With(Volume), With(Volume with { ReadOnly = true }), "mount./data" },
        { nameof(MountSpec.Content), With(Volume), With(Volume with { Content = "c1" }), "mount./data" },
        { nameof(MountSpec.SeedPath), With(Volume), With(Volume with { SeedPath = "seed" }), "mount./data" },
        { nameof(MountSpec.Propagation), With(Volume), With(Volume with { Propagation = "rslave" }), "mount./data" },
        { nameof(MountSpec.NoCopy), With(Volume), With(Volume with { NoCopy = true }), "mount./data" },
        { nameof(MountSpec.CreateHostPath), With(Volume), With(Volume with { CreateHostPath = false }), "mount./data" },
        { nameof(MountSpec.SubPath), With(Volume), With(Volume with { SubPath = "sub" }), "mount./data" },
        { nameof(MountSpec.TmpfsSize), With(Volume), With(Volume with { TmpfsSize = 1 << 20 }), "mount./data" },
        { nameof(MountSpec.TmpfsMode), With(Volume), With(Volume with { TmpfsMode = 0 }), "mount./data" },
        { nameof(ContainerSpec.Tmpfs), Plain, Plain with { Tmpfs = new([new("/tmp", "")]) }, "tmpfs./tmp" },
        { nameof(ContainerSpec.Networks), Plain, With(Attachment), "network.net" },
        { nameof(NetworkAttachment.Network), With(Attachment), With(Attachment with { Network = "other" }), "network.net, network.other" },
        { nameof(NetworkAttachment.Aliases), With(Attachment), With(Attachment with { Aliases = ["a"] }), "network.net.aliases" },
        { nameof(NetworkAttachment.Ipv4Address), With(Attachment), With(Attachment with { Ipv4Address = "10.0.0.2" }), "network.net.ipv4_address" },
        { nameof(NetworkAttachment.Ipv6Address), With(Attachment), With(Attachment with { Ipv6Address = "fd00::2" }), "network.net.ipv6_address" },
        { nameof(NetworkAttachment.MacAddress), With(Attachment), With(Attachment with { MacAddress = "02:42:ac:11:00:02" }), "network.net.mac_address" },
        { nameof(NetworkAttachment.LinkLocalAddresses), With(Attachment), With(Attachment with { LinkLocalAddresses = ["169.254.1.1"] }), "network.net.link_local_ips" },
        { nameof(NetworkAttachment.DriverOptions), With(Attachment), With(Attachment with { DriverOptions = new([new("o", "1")]) }), "network.net.driver_opts.o" },
        { nameof(NetworkAttachment.Priority), With(Attachment), With(Attachment with { Priority = 5 }), "network.net" },
        { nameof(ContainerSpec.NetworkMode), Plain, Plain with { NetworkMode = "host" }, "network_mode" },
        { nameof(ContainerSpec.IpcMode), Plain, Plain with { IpcMode = "host" }, "ipc" },
        { nameof(ContainerSpec.PidMode), Plain, Plain with { PidMode = "host" }, "pid" },
        { nameof(ContainerSpec.UtsMode), Plain, Plain with { UtsMode = "host" }, "uts" },
        { nameof(ContainerSpec.UserNamespaceMode), Plain, Plain with { UserNamespaceMode = "host" }, "userns_mode" },
        { nameof(ContainerSpec.CgroupMode), Plain, Plain with { CgroupMode = "host" }, "cgroup" },
        { nameof(ContainerSpec.CgroupParent), Plain, Plain with { CgroupParent = "p" }, "cgroup_parent" },
        { nameof(ContainerSpec.ExtraHosts), Plain, Plain with { ExtraHosts = ["a:1.2.3.4"] }, "extra_hosts" },
        { nameof(ContainerSpec.Dns), Plain, Plain with { Dns = ["1.1.1.1"] }, "dns" },
        { nameof(ContainerSpec.DnsSearch), Plain, Plain with { DnsSearch = ["lan"] }, "dns_search" },
        { nameof(ContainerSpec.DnsOptions), Plain, Plain with { DnsOptions = ["ndots:1"] }, "dns_opt" },
        { nameof(ContainerSpec.CapAdd), Plain, Plain with { CapAdd = ["NET_ADMIN"] }, "cap_add" },
        { nameof(ContainerSpec.CapDrop), Plain, Plain with { CapDrop = ["ALL"] }, "cap_drop" },
        { nameof(ContainerSpec.SecurityOptions), Plain, Plain with { SecurityOptions = ["no-new-privileges"] }, "security_opt" },
        { nameof(ContainerSpec.GroupAdd), Plain, Plain with { GroupAdd = ["0"] }, "group_add" },
        { nameof(ContainerSpec.Devices), Plain, Plain with { Devices = [new("/dev/a", "/dev/b")] }, "devices" },
        { nameof(DeviceMapping.HostPath), With(new DeviceMapping("/a", "/b")), With(new DeviceMapping("/c", "/b")), "devices" },
        { nameof(DeviceMapping.ContainerPath), With(new DeviceMapping("/a", "/b")), With(new DeviceMapping("/a", "/c")), "devices" },
        { nameof(DeviceMapping.Permissions), With(new DeviceMapping("/a", "/b")), With(new DeviceMapping("/a", "/b", "r")), "devices" },
        { nameof(ContainerSpec.DeviceCgroupRules), Plain, Plain with { DeviceCgroupRules = ["c 1:3 mr"] }, "device_cgroup_rules" },
        { nameof(ContainerSpec.Sysctls), Plain, Plain with { Sysctls = new([new("net.core.somaxconn", "1")]) }, "sysctl.net.core.somaxconn" },
        { nameof(ContainerSpec.Ulimits), Plain, Plain with { Ulimits = new([new("nofile", new(1, 2))]) }, "ulimit.nofile" },
        { nameof(Ulimit.Soft), With(new Ulimit(1, 3)), With(new Ulimit(2, 3)), "ulimit.nofile" },
        { nameof(Ulimit.Hard), With(new Ulimit(1, 3)), With(new Ulimit(1, 1)), "ulimit.nofile" },
        { nameof(ContainerSpec.StorageOptions), Plain, Plain with { StorageOptions = new([new("size", "1G")]) }, "storage_opt.size" },
        { nameof(ContainerSpec.Runtime), Plain, Plain with { Runtime = "nvidia" }, "runtime" },
        { nameof(ContainerSpec.Memory), Plain, Plain with { Memory = 512 << 20 }, "memory" },
        { nameof(ContainerSpec.Memory), Plain with { Memory = 1000 }, Plain with { Memory = 1001 }, "memory" },
        { nameof(ContainerSpec.MemoryReservation), Plain, Plain with { MemoryReservation = 1 }, "memory_reservation" },
        { nameof(ContainerSpec.MemorySwap), Plain, Plain with { MemorySwap = -1 }, "memory_swap" },
        { nameof(ContainerSpec.MemorySwappiness), Plain, Plain with { MemorySwappiness = 0 }, "memory_swappiness" },
        { nameof(ContainerSpec.NanoCpus), Plain, Plain with { NanoCpus = 1 }, "cpus" },
        { nameof(ContainerSpec.CpuShares), Plain, Plain with { CpuShares = 1 }, "cpu_shares" },
        { nameof(ContainerSpec.CpuQuota), Plain, Plain with { CpuQuota = 1 }, "cpu_quota" },
        { nameof(ContainerSpec.CpuPeriod), Plain, Plain with { CpuPeriod = 1 }, "cpu_period" },
        { nameof(ContainerSpec.CpusetCpus), Plain, Plain with { CpusetCpus = "0" }, "cpuset" },
        { nameof(ContainerSpec.CpusetMems), Plain, Plain with { CpusetMems = "0" }, "cpuset_mems" },
        { nameof(ContainerSpec.PidsLimit), Plain, Plain with { PidsLimit = 1 }, "pids_limit" },
        { nameof(ContainerSpec.ShmSize), Plain, Plain with { ShmSize = 1 }, "shm_size" },
        { nameof(ContainerSpec.OomScoreAdjustment), Plain, Plain with { OomScoreAdjustment = -1 }, "oom_score_adj" },
        { nameof(ContainerSpec.OomKillDisable), Plain, Plain with { OomKillDisable = true }, "oom_kill_disable" },
        { nameof(ContainerSpec.Logging), Plain, Plain with { Logging = new("json-file", []) }, "logging.driver" },
        { nameof(Logging.Driver), Plain with { Logging = new("json-file", []) }, Plain with { Logging = new("local", []) }, "logging.driver" },
        { nameof(Logging.Options), Plain with { Logging = new("json-file", []) }, Plain with { Logging = new("json-file", new([new("max-size", "10m")])) }, "logging.options.max-size" },
        { nameof(RestartPolicy.Name), Plain with { Restart = new("always") }, Plain with { Restart = new("unless-stopped") }, "restart" },
        { nameof(RestartPolicy.MaximumRetries), Plain with { Restart = new("on-failure") }, Plain with { Restart = new("on-failure", 1) }, "restart" },
    };

    [Theory]
    [MemberData(nameof(Each))]
    public void A_property_that_differs_is_a_field_that_differs_and_another_digest(string property, ContainerSpec before, ContainerSpec after, string fields)
    {
        Assert.NotEmpty(property);
        Assert.Equal(fields, string.Join(", ", FieldComparison.Between(SpecFields.Of(before), SpecFields.Of(after)).Select(field => field.Field)));
        Assert.NotEqual(Digest(before), Digest(after));
    }

    [Theory]
    [InlineData(typeof(ContainerSpec))]
    [InlineData(typeof(HealthCheck))]
    [InlineData(typeof(MountSpec))]
    [InlineData(typeof(NetworkAttachment))]
    [InlineData(typeof(PortBinding))]
    [InlineData(typeof(DeviceMapping))]
    [InlineData(typeof(Ulimit))]
    [InlineData(typeof(Logging))]
    [InlineData(typeof(RestartPolicy))]
    public void No_property_is_forgotten(Type type)
    {
        var covered = Each.Select(row => row.Data.Item1).ToHashSet(StringComparer.Ordinal);
        var properties = type.GetProperties(System.Reflection.BindingFlags.Public | System.Reflection.BindingFlags.Instance).Where(property => property.CanWrite).Select(property => property.Name);

        // How values are shown makes no other container.
        Assert.Equal([], properties.Where(name => name != nameof(ContainerSpec.SecretFields) && !covered.Contains(name)));
    }

    [Fact]
    public void What_is_left_to_image_and_engine_has_no_field()
    {
        Assert.Equal(["image"], SpecFields.Of(Plain).Keys);
    }

    [Theory]
    [InlineData(0, "0")]
    [InlineData(-1, "-1")]
    [InlineData(1023, "1023")]
    [InlineData(1024, "1K")]
    [InlineData(512L << 20, "512M")]
    [InlineData(1536L << 20, "1536M")]
    [InlineData(1L << 30, "1G")]
    public void Amounts_of_memory_read_as_people_write_them(long bytes, string text) => Assert.Equal(text, SpecFields.Bytes(bytes));

    [Fact]
    public void The_order_in_which_pairs_were_written_means_nothing()
    {
        var one = Plain with { Environment = new([new("A", "1"), new("B", "2")]), Labels = new([new("x", "1"), new("y", "2")]) };
        var other = Plain with { Environment = new([new("B", "2"), new("A", "1")]), Labels = new([new("y", "2"), new("x", "1")]) };

        Assert.Equal(Digest(one), Digest(other));
    }

    [Fact]
    public void Ports_in_another_order_are_the_same_ports()
    {
        Assert.Equal(Digest(Plain with { Ports = [new(1), new(2)] }), Digest(Plain with { Ports = [new(2), new(1)] }));
    }

    [Fact]
    public void Digests_are_keyed_and_stay_as_they_are()
    {
        Assert.Equal("c1c89c", Digest(Plain)[..6]);
        Assert.Equal(32, Digest(Plain).Length);
        Assert.NotEqual(Digest(Plain), SpecDigest.Of(Service(Plain), [9]));
    }

    [Fact]
    public void The_container_name_is_part_of_what_the_container_is()
    {
        Assert.NotEqual(Digest(Plain), SpecDigest.Of(Service(Plain) with { ContainerName = "b" }, Key));
    }

    [Fact]
    public void Pairs_do_not_run_into_each_other()
    {
        Assert.NotEqual(
            Digest(Plain with { Environment = new([new("A", "1"), new("B", "2")]) }),
            Digest(Plain with { Environment = new([new("A", "1env.B2")]) }));
    }

    [Fact]
    public void Marking_a_field_as_secret_makes_no_other_container()
    {
        var spec = Plain with { Environment = new([new("TOKEN", "t")]) };

        Assert.Equal(Digest(spec), Digest(spec with { SecretFields = ["env.TOKEN"] }));
    }

    public static readonly TheoryData<string, DesiredService> Content = new()
    {
        { "image", Service(Plain with { Image = "a:2" }) },
        { "scale", Service(Plain) with { Scale = 0 } },
        { "build", Service(Plain) with { Build = new() { Context = "", Dockerfile = "Dockerfile", Digest = "b1" } } },
        { "timeout", Service(Plain) with { Policy = new() { VerifyTimeout = TimeSpan.FromMinutes(2) } } },
        { "http probe", Service(Plain) with { Policy = new() { Probes = [new HttpProbe(null, 80, "/health", "http", [200], [])] } } },
        { "http probe's body", Service(Plain) with { Policy = new() { Probes = [new HttpProbe(null, 80, "/health", "http", [200], new([new("status", "ok")]))] } } },
        { "http probe's status", Service(Plain) with { Policy = new() { Probes = [new HttpProbe(null, 80, "/health", "http", [204], [])] } } },
        { "tcp probe", Service(Plain) with { Policy = new() { Probes = [new TcpProbe(80)] } } },
        { "exec probe", Service(Plain) with { Policy = new() { Probes = [new ExecProbe(["true"])] } } },
        { "probe's interval", Service(Plain) with { Policy = new() { Probes = [new TcpProbe(80) { Interval = TimeSpan.FromSeconds(7) }] } } },
        { "probe's timeout", Service(Plain) with { Policy = new() { Probes = [new TcpProbe(80) { Timeout = TimeSpan.FromSeconds(7) }] } } },
    };

    [Fact]
    public void Content_is_all_that_decides_whether_a_service_proves_good()
    {
        var digests = Content.Select(row => ContentDigest.Of(row.Data.Item2, Key)).Append(ContentDigest.Of(Service(Plain), Key)).ToList();

        Assert.Equal(digests.Count, digests.Distinct(StringComparer.Ordinal).Count());
    }

    public static readonly TheoryData<DesiredService> NoContent = new()
    {
        Service(Plain) with { DependsOn = [new("b", DependencyCondition.Healthy)] },
        Service(Plain) with { Pull = PullPolicy.Always },
        Service(Plain) with { Position = new("compose.yaml", 3, 4) },
        Service(Plain) with { Policy = new() { Risk = Risk.High, Drift = DriftPolicy.Ignore, RestartWith = ["b"], AllowDowngrade = true } },
    };

    [Theory]
    [MemberData(nameof(NoContent))]
    public void Order_risk_and_drift_policy_make_nothing_bad_good(DesiredService service)
    {
        Assert.Equal(ContentDigest.Of(Service(Plain), Key), ContentDigest.Of(service, Key));
    }

    private static DesiredService Service(ContainerSpec spec) => new() { Name = "a", ContainerName = "a", Spec = spec };

    private static string Digest(ContainerSpec spec) => SpecDigest.Of(Service(spec), Key);

    private static ContainerSpec With(HealthCheck check) => Plain with { HealthCheck = check };

    private static ContainerSpec With(MountSpec mount) => Plain with { Mounts = [mount] };

    private static ContainerSpec With(NetworkAttachment network) => Plain with { Networks = [network] };

    private static ContainerSpec With(PortBinding port) => Plain with { Ports = [port] };

    private static ContainerSpec With(DeviceMapping device) => Plain with { Devices = [device] };

    private static ContainerSpec With(Ulimit limit) => Plain with { Ulimits = new([new("nofile", limit)]) };
}
