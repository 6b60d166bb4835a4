using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Changes;

/// <summary>A container that somebody else made: what of it is as the commit says, and what is not.</summary>
public sealed class RunningServiceTests
{
    private const string Anonymous = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    private static readonly ContainerSpec Wanted = new()
    {
        Image = "homeiq/api:1.0.0",
        Environment = ValueMap<string>.Empty.With("LEVEL", "info").With("TOKEN", "right"),
        Ports = [new(8080, HostPort: 8080)],
        Mounts = [new(MountKind.Bind, "/srv/logs", "/logs"), new(MountKind.Content, "abc", "/etc/api.conf", ReadOnly: true), new(MountKind.Volume, "data", "/data") { NoCopy = true }],
        Networks = [new("house") { Aliases = ["api"], Priority = 5 }],
        SecretFields = ["env.TOKEN"],
    };

    private static readonly ContainerSpec Image = new()
    {
        Image = "",
        Command = ["serve"],
        Environment = ValueMap<string>.Empty.With("PATH", "/bin").With("LEVEL", "info"),
        Labels = ValueMap<string>.Empty.With("maintainer", "ada"),
        Expose = ["8080/tcp", "9090/tcp"],
        Mounts = [new(MountKind.Volume, "", "/cache")],
        WorkingDirectory = "/app",
    };

    /// <summary>As Compose and the engine write it: nothing is left open.</summary>
    private static readonly ContainerSpec Found = Wanted with
    {
        Command = ["serve"],
        Environment = new([.. Image.Environment, .. Wanted.Environment]),
        Labels = ValueMap<string>.Empty.With("maintainer", "ada").With("com.docker.compose.project", "homeiq"),
        WorkingDirectory = "/app",
        Expose = ["8080/tcp", "9090/tcp"],
        Mounts =
        [
            new(MountKind.Volume, Anonymous, "/cache"), new(MountKind.Volume, "data", "/data"), new(MountKind.Bind, "/state/content/abc", "/etc/api.conf", ReadOnly: true),
            new(MountKind.Bind, "/srv/logs/", "/logs"),
        ],
        Networks = [new("house") { Aliases = ["api", "homeiq-api"] }],
        NetworkMode = "house",
        IpcMode = "private",
        CgroupMode = "private",
        Runtime = "runc",
        ShmSize = 64 << 20,
        MemorySwappiness = null,
        Logging = new("json-file", ValueMap<string>.Empty),
        SecretFields = [],
    };

    [Fact]
    public void What_image_engine_and_Compose_add_by_themselves_is_no_difference()
    {
        Assert.Equal(Wanted, Of(Found).Spec);
    }

    [Fact]
    public void Of_an_image_that_is_gone_nobody_knows_what_it_brought_along()
    {
        var runs = RunningService.Of(Service(Wanted), "homeiq-api", new(Found, new() { Image = "" }), _ => null, _ => false);

        Assert.Equal(["command", "env.PATH", "expose", "label.maintainer", "mount./cache", "working_dir"], Fields(runs));
    }

    public static TheoryData<string, Func<ContainerSpec, ContainerSpec>> Differences => new()
    {
        { "image", spec => spec with { Image = "homeiq/api:0.9.0" } },
        { "command", spec => spec with { Command = ["serve", "--fast"] } },
        { "env.LEVEL", spec => spec with { Environment = spec.Environment.With("LEVEL", "debug") } },
        { "env.OLD", spec => spec with { Environment = spec.Environment.With("OLD", "x") } },
        { "env.TOKEN", spec => spec with { Environment = spec.Environment.Without("TOKEN") } },
        { "label.team", spec => spec with { Labels = spec.Labels.With("team", "red") } },
        { "ports", spec => spec with { Ports = [new(8080, HostPort: 8081)] } },
        { "mount./etc/api.conf", spec => spec with { Mounts = [.. spec.Mounts.Select(mount => mount.Target == "/etc/api.conf" ? mount with { Source = "/root/homeiq/api.conf" } : mount)] } },
        { "mount./data", spec => spec with { Mounts = [.. spec.Mounts.Select(mount => mount.Target == "/data" ? mount with { Source = "old_data" } : mount)] } },
        { "mount./logs", spec => spec with { Mounts = [.. spec.Mounts.Select(mount => mount.Target == "/logs" ? mount with { ReadOnly = true } : mount)] } },
        { "network.house.aliases", spec => spec with { Networks = [new("house") { Aliases = ["api", "backend"] }] } },
        { "network.attic", spec => spec with { Networks = [.. spec.Networks, new("attic")] } },
        { "memory", spec => spec with { Memory = 512 << 20, MemorySwap = 1024 << 20 } },
        { "shm_size", spec => spec with { ShmSize = 128 << 20 } },
        { "restart", spec => spec with { Restart = new("always") } },
        { "logging.driver", spec => spec with { Logging = new("json-file", ValueMap<string>.Empty.With("max-size", "1m")) } },
    };

    [Theory]
    [MemberData(nameof(Differences))]
    public void What_is_not_as_the_commit_says_is_recorded_as_it_runs(string field, Func<ContainerSpec, ContainerSpec> change)
    {
        var runs = Of(change(Found));

        Assert.Contains(field, Fields(runs));
        Assert.All(Fields(runs), name => Assert.StartsWith(field.Split('.')[0], name, StringComparison.Ordinal));
    }

    [Fact]
    public void Values_that_the_commit_does_not_know_and_secret_ones_are_not_shown()
    {
        var runs = Of(Found with { Environment = Found.Environment.With("TOKEN", "old").With("FROM_A_FILE", "hidden").With("LEVEL", "debug") });

        var changes = Differ.Fields(runs, Service(Wanted));

        Assert.Equal([new("env.FROM_A_FILE", null, null, Secret: true), new("env.LEVEL", "debug", "info"), new("env.TOKEN", null, null, Secret: true)], changes);
    }

    [Fact]
    public void A_namespace_of_another_service_is_told_by_that_services_name()
    {
        var wanted = Wanted with { Networks = [], Ports = [], NetworkMode = "service:vpn", IpcMode = "service:vpn" };
        var found = Found with { Networks = [], Ports = [], NetworkMode = "container:1234", IpcMode = "container:1234" };

        Assert.Equal(wanted, RunningService.Of(Service(wanted), "homeiq-api", new(found, Image), id => id == "1234" ? "vpn" : null, _ => false).Spec);
        Assert.Equal("container:1234", RunningService.Of(Service(wanted), "homeiq-api", new(found, Image), _ => null, _ => false).Spec.NetworkMode);
    }

    private static DesiredService Of(ContainerSpec found) => RunningService.Of(Service(Wanted), "homeiq-api", new(found, Image), _ => null, _ => false);

    private static DesiredService Service(ContainerSpec spec) => new() { Name = "api", ContainerName = "homeiq-api", Spec = spec };

    private static IReadOnlyList<string> Fields(DesiredService runs) => [.. Differ.Fields(runs, Service(Wanted)).Select(field => field.Field)];
}
