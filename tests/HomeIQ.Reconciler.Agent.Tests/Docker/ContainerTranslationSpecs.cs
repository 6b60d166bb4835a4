using System.Text.Json;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Docker;

namespace HomeIQ.Reconciler.Agent.Tests.Docker;

/// <summary>Every property of a specification reaches the engine.</summary>
public sealed class ContainerTranslationSpecs
{
    private static readonly EngineApi Newest = new(EngineApi.Ours);
    private static readonly EngineApi Oldest = new(new Version(1, 41));
    private static readonly ContainerSpec Plain = new() { Image = "app:1" };
    private static readonly ValueMap<string> None = ValueMap<string>.Empty;

    /// <summary>Each property with a value of its own, and where and as what the engine is told of it.</summary>
    private static readonly Dictionary<string, (ContainerSpec Spec, string Path, string Expected)> Mapped = new()
    {
        ["Platform"] = (Plain with { Platform = "linux/arm64" }, "Platform", "\"linux/arm64\""),
        ["Command"] = (Plain with { Command = ["serve", "--all"] }, "Cmd", """["serve","--all"]"""),
        ["Entrypoint"] = (Plain with { Entrypoint = ["/bin/sh"] }, "Entrypoint", """["/bin/sh"]"""),
        ["Environment"] = (Plain with { Environment = Map("A", "1=2") }, "Env", """["A=1=2"]"""),
        ["Labels"] = (Plain with { Labels = Map("site", "attic") }, "Labels", """{"site":"attic"}"""),
        ["User"] = (Plain with { User = "1000" }, "User", "\"1000\""),
        ["WorkingDirectory"] = (Plain with { WorkingDirectory = "/srv" }, "WorkingDir", "\"/srv\""),
        ["Hostname"] = (Plain with { Hostname = "web" }, "Hostname", "\"web\""),
        ["DomainName"] = (Plain with { DomainName = "lan" }, "Domainname", "\"lan\""),
        ["Tty"] = (Plain with { Tty = true }, "Tty", "true"),
        ["StdinOpen"] = (Plain with { StdinOpen = true }, "OpenStdin", "true"),
        ["Init"] = (Plain with { Init = false }, "HostConfig.Init", "false"),
        ["ReadOnly"] = (Plain with { ReadOnly = true }, "HostConfig.ReadonlyRootfs", "true"),
        ["Privileged"] = (Plain with { Privileged = true }, "HostConfig.Privileged", "true"),
        ["StopSignal"] = (Plain with { StopSignal = "SIGINT" }, "StopSignal", "\"SIGINT\""),
        ["StopGracePeriod"] = (Plain with { StopGracePeriod = TimeSpan.FromSeconds(1.5) }, "StopTimeout", "2"),
        ["Restart"] = (Plain with { Restart = new("on-failure", 5) }, "HostConfig.RestartPolicy", """{"Name":"on-failure","MaximumRetryCount":5}"""),
        ["HealthCheck"] = (
            Plain with { HealthCheck = new(["CMD", "ok"], TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(2), 4, TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(1)) },
            "Healthcheck", """{"Test":["CMD","ok"],"Interval":200000000,"Timeout":2000000000,"StartPeriod":3000000000,"StartInterval":1000000000,"Retries":4}"""),
        ["Ports"] = (
            Plain with { Ports = [new(80, "tcp", "127.0.0.1", 8080), new(80)] },
            "HostConfig.PortBindings", """{"80/tcp":[{"HostIp":"127.0.0.1","HostPort":"8080"},{"HostIp":"","HostPort":""}]}"""),
        ["Expose"] = (Plain with { Expose = ["9000", "53/udp"] }, "ExposedPorts", """{"9000/tcp":{},"53/udp":{}}"""),
        ["Mounts"] = (Plain with { Mounts = [new(MountKind.Volume, "data", "/data", true)] }, "HostConfig.Mounts", """[{"Type":"volume","Source":"data","Target":"/data","ReadOnly":true}]"""),
        ["Tmpfs"] = (Plain with { Tmpfs = Map("/run", "size=1m") }, "HostConfig.Tmpfs", """{"/run":"size=1m"}"""),
        ["Networks"] = (Plain with { Networks = [new("front") { Aliases = ["web"] }] }, "NetworkingConfig.EndpointsConfig.front.Aliases", """["web"]"""),
        ["NetworkMode"] = (Plain with { NetworkMode = "host" }, "HostConfig.NetworkMode", "\"host\""),
        ["IpcMode"] = (Plain with { IpcMode = "shareable" }, "HostConfig.IpcMode", "\"shareable\""),
        ["PidMode"] = (Plain with { PidMode = "host" }, "HostConfig.PidMode", "\"host\""),
        ["UtsMode"] = (Plain with { UtsMode = "host" }, "HostConfig.UTSMode", "\"host\""),
        ["UserNamespaceMode"] = (Plain with { UserNamespaceMode = "host" }, "HostConfig.UsernsMode", "\"host\""),
        ["CgroupMode"] = (Plain with { CgroupMode = "private" }, "HostConfig.CgroupnsMode", "\"private\""),
        ["CgroupParent"] = (Plain with { CgroupParent = "/house" }, "HostConfig.CgroupParent", "\"/house\""),
        ["ExtraHosts"] = (Plain with { ExtraHosts = ["db:10.0.0.1"] }, "HostConfig.ExtraHosts", """["db:10.0.0.1"]"""),
        ["Dns"] = (Plain with { Dns = ["10.0.0.53"] }, "HostConfig.Dns", """["10.0.0.53"]"""),
        ["DnsSearch"] = (Plain with { DnsSearch = ["lan"] }, "HostConfig.DnsSearch", """["lan"]"""),
        ["DnsOptions"] = (Plain with { DnsOptions = ["ndots:1"] }, "HostConfig.DnsOptions", """["ndots:1"]"""),
        ["CapAdd"] = (Plain with { CapAdd = ["NET_ADMIN"] }, "HostConfig.CapAdd", """["NET_ADMIN"]"""),
        ["CapDrop"] = (Plain with { CapDrop = ["ALL"] }, "HostConfig.CapDrop", """["ALL"]"""),
        ["SecurityOptions"] = (Plain with { SecurityOptions = ["no-new-privileges:true"] }, "HostConfig.SecurityOpt", """["no-new-privileges:true"]"""),
        ["GroupAdd"] = (Plain with { GroupAdd = ["0"] }, "HostConfig.GroupAdd", """["0"]"""),
        ["Devices"] = (
            Plain with { Devices = [new("/dev/ttyUSB0", "/dev/zigbee", "rw")] },
            "HostConfig.Devices", """[{"PathOnHost":"/dev/ttyUSB0","PathInContainer":"/dev/zigbee","CgroupPermissions":"rw"}]"""),
        ["DeviceCgroupRules"] = (Plain with { DeviceCgroupRules = ["c 1:3 mr"] }, "HostConfig.DeviceCgroupRules", """["c 1:3 mr"]"""),
        ["Sysctls"] = (Plain with { Sysctls = Map("net.core.somaxconn", "1024") }, "HostConfig.Sysctls", """{"net.core.somaxconn":"1024"}"""),
        ["Ulimits"] = (Plain with { Ulimits = new([KeyValuePair.Create("nofile", new Ulimit(10, 20))]) }, "HostConfig.Ulimits", """[{"Name":"nofile","Hard":20,"Soft":10}]"""),
        ["StorageOptions"] = (Plain with { StorageOptions = Map("size", "1G") }, "HostConfig.StorageOpt", """{"size":"1G"}"""),
        ["Runtime"] = (Plain with { Runtime = "runsc" }, "HostConfig.Runtime", "\"runsc\""),
        ["Memory"] = (Plain with { Memory = 1 }, "HostConfig.Memory", "1"),
        ["MemoryReservation"] = (Plain with { MemoryReservation = 2 }, "HostConfig.MemoryReservation", "2"),
        ["MemorySwap"] = (Plain with { MemorySwap = -1 }, "HostConfig.MemorySwap", "-1"),
        ["MemorySwappiness"] = (Plain with { MemorySwappiness = 0 }, "HostConfig.MemorySwappiness", "0"),
        ["NanoCpus"] = (Plain with { NanoCpus = 500_000_000 }, "HostConfig.NanoCpus", "500000000"),
        ["CpuShares"] = (Plain with { CpuShares = 512 }, "HostConfig.CpuShares", "512"),
        ["CpuQuota"] = (Plain with { CpuQuota = 50000 }, "HostConfig.CpuQuota", "50000"),
        ["CpuPeriod"] = (Plain with { CpuPeriod = 100000 }, "HostConfig.CpuPeriod", "100000"),
        ["CpusetCpus"] = (Plain with { CpusetCpus = "0-1" }, "HostConfig.CpusetCpus", "\"0-1\""),
        ["CpusetMems"] = (Plain with { CpusetMems = "0" }, "HostConfig.CpusetMems", "\"0\""),
        ["PidsLimit"] = (Plain with { PidsLimit = 100 }, "HostConfig.PidsLimit", "100"),
        ["ShmSize"] = (Plain with { ShmSize = 1 << 20 }, "HostConfig.ShmSize", "1048576"),
        ["OomScoreAdjustment"] = (Plain with { OomScoreAdjustment = -500 }, "HostConfig.OomScoreAdj", "-500"),
        ["OomKillDisable"] = (Plain with { OomKillDisable = true }, "HostConfig.OomKillDisable", "true"),
        ["Logging"] = (Plain with { Logging = new("local", Map("max-size", "1m")) }, "HostConfig.LogConfig", """{"Type":"local","Config":{"max-size":"1m"}}"""),
    };

    /// <summary>The image comes as an id beside the specification; what is secret is our own bookkeeping.</summary>
    private static readonly string[] NotForTheEngine = [nameof(ContainerSpec.Image), nameof(ContainerSpec.SecretFields)];

    public static TheoryData<string> Properties => [.. Mapped.Keys];

    [Fact]
    public void Every_property_of_a_specification_is_known_here()
    {
        var properties = typeof(ContainerSpec).GetProperties().Where(property => property.Name != "EqualityContract").Select(property => property.Name);

        Assert.Equal(properties.Order(), Mapped.Keys.Concat(NotForTheEngine).Order());
    }

    [Theory]
    [MemberData(nameof(Properties))]
    public void A_property_reaches_the_engine(string property)
    {
        var (spec, path, expected) = Mapped[property];

        Assert.Equal(expected, At(spec, Newest, path));
        Assert.NotEqual(expected, At(Plain, Newest, path));
    }

    [Fact]
    public void Our_labels_stand_beside_the_specifications_own()
    {
        var made = ContainerTranslation.ToCreate("a", Mapped["Labels"].Spec, "sha256:1", Map("io.homeiq.service", "web"), Newest, null);

        Assert.Equal([("io.homeiq.service", "web"), ("site", "attic")], made.Labels.Select(pair => (pair.Key, pair.Value)).Order());
        Assert.Equal(("a", "sha256:1"), (made.Name, made.Image));
    }

    [Fact]
    public void What_nobody_set_is_left_to_the_engine_and_the_image()
    {
        foreach (var path in new[] { "Cmd", "Entrypoint", "Healthcheck", "StopTimeout", "HostConfig.LogConfig", "HostConfig.Init", "HostConfig.PidsLimit", "HostConfig.MemorySwappiness" })
        {
            Assert.Equal("nothing", At(Plain, Newest, path));
        }
    }

    [Fact]
    public void A_disabled_health_check_replaces_the_images_own()
    {
        Assert.Equal("""["NONE"]""", At(Plain with { HealthCheck = HealthCheck.Disabled }, Newest, "Healthcheck.Test"));
    }

    [Fact]
    public void An_older_engine_gets_the_first_network_at_create_and_the_others_later()
    {
        var spec = Plain with { Networks = [new("front"), new("back"), new("admin")] };

        Assert.Equal("nothing", At(spec, Oldest, "NetworkingConfig.EndpointsConfig.back"));
        Assert.NotEqual("nothing", At(spec, Oldest, "NetworkingConfig.EndpointsConfig.front"));
        Assert.NotEqual("nothing", At(spec, Newest, "NetworkingConfig.EndpointsConfig.admin"));
        Assert.Equal(["back", "admin"], ContainerTranslation.LaterNetworks(spec, Oldest).Select(network => network.Network));
        Assert.Empty(ContainerTranslation.LaterNetworks(spec, Newest));
        Assert.Equal("\"front\"", At(spec, Newest, "HostConfig.NetworkMode"));
    }

    [Fact]
    public void Addresses_and_options_of_an_attachment_reach_the_engine()
    {
        var endpoint = ContainerTranslation.ToEndpoint(new("front")
        {
            Ipv4Address = "10.0.0.5",
            Ipv6Address = "fd00::5",
            LinkLocalAddresses = ["169.254.1.1"],
            DriverOptions = Map("a", "b"),
            MacAddress = "02:00:00:00:00:01",
        });

        Assert.Equal(("10.0.0.5", "fd00::5", "169.254.1.1"), (endpoint.IPAMConfig!.IPv4Address, endpoint.IPAMConfig.IPv6Address, endpoint.IPAMConfig.LinkLocalIPs![0]));
        Assert.Equal(("b", "02:00:00:00:00:01"), (endpoint.DriverOpts["a"], endpoint.MacAddress));
        Assert.Null(ContainerTranslation.ToEndpoint(new("front")).IPAMConfig);
    }

    [Fact]
    public void What_an_older_engine_would_silently_leave_out_is_refused_by_name()
    {
        var interval = Plain with { HealthCheck = new(["CMD", "ok"], default, default, 1, default, TimeSpan.FromSeconds(1)) };
        var address = Plain with { Networks = [new("front") { MacAddress = "02:00:00:00:00:01" }] };
        var folder = Plain with { Mounts = [new(MountKind.Volume, "data", "/data") { SubPath = "a" }] };

        foreach (var (spec, word) in new[] { (interval, "start_interval"), (address, "mac_address"), (folder, "subpath") })
        {
            Assert.Null(Record.Exception(() => Newest.Require(spec)));
            var refused = Assert.Throws<ContainerHostException>(() => Oldest.Require(spec));
            Assert.Equal(HostFailure.Invalid, refused.Failure);
            Assert.Contains(word, refused.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("1.41", "1.41")]
    [InlineData("1.52", "1.52")]
    [InlineData("1.99", "1.52")]
    public void The_lower_version_of_both_sides_is_spoken(string theirs, string spoken) =>
        Assert.Equal(Version.Parse(spoken), EngineApi.Negotiate(theirs).Version);

    [Fact]
    public void An_engine_without_a_version_is_refused() => Assert.Throws<ContainerHostException>(() => EngineApi.Negotiate(null));

    private static string At(ContainerSpec spec, EngineApi api, string path)
    {
        var parameters = ContainerTranslation.ToCreate("a", spec, "sha256:1", None, api, "/content");
        return EngineText.Of(parameters, path);
    }

    private static ValueMap<string> Map(string key, string value) => new([KeyValuePair.Create(key, value)]);
}
