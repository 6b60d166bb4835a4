using HomeIQ.Reconciler.Desired;

namespace HomeIQ.Reconciler.Changes;

public sealed class EngineFieldsTests
{
    private static readonly ContainerSpec Nothing = new() { Image = "a:1" };

    private static readonly ContainerSpec Everything = new()
    {
        Image = "a:1",
        Command = ["a"],
        Entrypoint = ["b"],
        Environment = new([new("TZ", "UTC")]),
        Labels = new([new("a.b", "c")]),
        User = "1",
        WorkingDirectory = "/",
        Hostname = "h",
        DomainName = "d",
        Tty = true,
        StdinOpen = true,
        Init = false,
        ReadOnly = true,
        Privileged = true,
        StopSignal = "INT",
        StopGracePeriod = TimeSpan.Zero,
        HealthCheck = HealthCheck.Disabled,
        Ports = [new(1)],
        Mounts = [new(MountKind.Volume, "v", "/v")],
        Tmpfs = new([new("/t", "")]),
        NetworkMode = "host",
        IpcMode = "host",
        PidMode = "host",
        UtsMode = "host",
        UserNamespaceMode = "host",
        CgroupMode = "host",
        CgroupParent = "p",
        ExtraHosts = ["a:1"],
        Dns = ["1"],
        DnsSearch = ["l"],
        DnsOptions = ["o"],
        CapAdd = ["A"],
        CapDrop = ["B"],
        SecurityOptions = ["s"],
        GroupAdd = ["g"],
        Devices = [new("/a", "/b")],
        DeviceCgroupRules = ["r"],
        Sysctls = new([new("a", "1")]),
        Ulimits = new([new("nofile", new(1, 1))]),
        StorageOptions = new([new("size", "1")]),
        Runtime = "r",
        Memory = 1,
        MemoryReservation = 1,
        MemorySwap = 1,
        MemorySwappiness = 0,
        NanoCpus = 1,
        CpuShares = 1,
        CpuQuota = 1,
        CpuPeriod = 1,
        CpusetCpus = "0",
        CpusetMems = "0",
        PidsLimit = 1,
        ShmSize = 1,
        OomScoreAdjustment = 1,
        OomKillDisable = true,
        Logging = new("json-file", []),
    };

    [Theory]
    [InlineData("Config.Cmd")]
    [InlineData("Config.Entrypoint")]
    [InlineData("Config.Env.TZ")]
    [InlineData("Config.Labels.a.b")]
    [InlineData("Config.User")]
    [InlineData("Config.WorkingDir")]
    [InlineData("Config.Hostname")]
    [InlineData("Config.Domainname")]
    [InlineData("Config.Tty")]
    [InlineData("Config.OpenStdin")]
    [InlineData("Config.StopSignal")]
    [InlineData("Config.StopTimeout")]
    [InlineData("Config.Healthcheck.Test")]
    [InlineData("Config.ExposedPorts.1/tcp")]
    [InlineData("HostConfig.PortBindings.1/tcp")]
    [InlineData("HostConfig.Binds")]
    [InlineData("HostConfig.Mounts./v.Source")]
    [InlineData("HostConfig.Tmpfs./t")]
    [InlineData("HostConfig.LogConfig.Type")]
    [InlineData("HostConfig.NetworkMode")]
    [InlineData("HostConfig.IpcMode")]
    [InlineData("HostConfig.PidMode")]
    [InlineData("HostConfig.UTSMode")]
    [InlineData("HostConfig.UsernsMode")]
    [InlineData("HostConfig.CgroupnsMode")]
    [InlineData("HostConfig.CgroupParent")]
    [InlineData("HostConfig.ExtraHosts")]
    [InlineData("HostConfig.Dns")]
    [InlineData("HostConfig.DnsSearch")]
    [InlineData("HostConfig.DnsOptions")]
    [InlineData("HostConfig.CapAdd")]
    [InlineData("HostConfig.CapDrop")]
    [InlineData("HostConfig.SecurityOpt")]
    [InlineData("HostConfig.GroupAdd")]
    [InlineData("HostConfig.Devices./b.PathOnHost")]
    [InlineData("HostConfig.DeviceCgroupRules")]
    [InlineData("HostConfig.Sysctls.a")]
    [InlineData("HostConfig.Ulimits.nofile.Soft")]
    [InlineData("HostConfig.StorageOpt.size")]
    [InlineData("HostConfig.Runtime")]
    [InlineData("HostConfig.Init")]
    [InlineData("HostConfig.ReadonlyRootfs")]
    [InlineData("HostConfig.Privileged")]
    [InlineData("HostConfig.Memory")]
    [InlineData("HostConfig.MemoryReservation")]
    [InlineData("HostConfig.MemorySwap")]
    [InlineData("HostConfig.MemorySwappiness")]
    [InlineData("HostConfig.NanoCpus")]
    [InlineData("HostConfig.CpuShares")]
    [InlineData("HostConfig.CpuQuota")]
    [InlineData("HostConfig.CpuPeriod")]
    [InlineData("HostConfig.CpusetCpus")]
    [InlineData("HostConfig.CpusetMems")]
    [InlineData("HostConfig.PidsLimit")]
    [InlineData("HostConfig.ShmSize")]
    [InlineData("HostConfig.OomScoreAdj")]
    [InlineData("HostConfig.OomKillDisable")]
    public void A_field_is_the_desired_state_s_own_exactly_when_the_desired_state_sets_it(string field)
    {
        Assert.True(EngineFields.IsSet(Everything, field));
        Assert.False(EngineFields.IsSet(Nothing, field));
    }

    [Theory]
    [InlineData("HostConfig.RestartPolicy.Name", true)]
    [InlineData("NetworkSettings.Networks.a.Aliases", true)]
    [InlineData("HostConfig.SomethingOfTomorrow", false)]
    [InlineData("Config.Env.PATH", false)]
    [InlineData("Config.Labels.org.opencontainers.image.version", false)]
    [InlineData("Nonsense", false)]
    public void Some_are_always_and_some_never(string field, bool isSet) => Assert.Equal(isSet, EngineFields.IsSet(Everything, field));
}
