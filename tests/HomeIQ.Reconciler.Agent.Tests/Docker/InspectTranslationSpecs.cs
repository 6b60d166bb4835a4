using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Docker;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Agent.Tests.Docker;

/// <summary>One container as four engines describe it.</summary>
public sealed class InspectTranslationSpecs
{
    private const string Id = "4f1c6a0d9b2e7783a5c4d1e0f9b8a7263544536271809fabecd1234567890abc";

    [Theory]
    [InlineData("20.10")]
    [InlineData("24")]
    [InlineData("27")]
    [InlineData("29")]
    public void The_facts_are_read_from_every_engine(string engine)
    {
        var seen = Read(engine);

        Assert.Equal((Id, "homeiq-web", "homeiq/web:1.2.0"), (seen.Id, seen.Name, seen.Image));
        Assert.Equal((ContainerStatus.Running, ContainerHealth.Healthy, "ok"), (seen.Status, seen.Health, seen.LastHealthOutput));
        Assert.Equal(DateTimeOffset.Parse("2026-03-01T10:00:05.1234567Z"), seen.StartedAt);
        Assert.Equal(new Ownership("house", "web", "run-7", "abc", "d1"), seen.Owner);
        Assert.Equal(new RestartPolicy("unless-stopped"), seen.Restart);
        Assert.Equal([new(8080, "tcp", "127.0.0.1", 8000), new PortBinding(9090)], seen.Ports);
        Assert.Equal([new(8080, "tcp", "127.0.0.1", 8000), new PortBinding(9090, HostPort: 32768)], seen.PublishedPorts);
        Assert.Equal(
            [
                new("volume", "homeiq_data", "/var/lib/docker/volumes/homeiq_data/_data", "/data", false),
                new("bind", "", "/etc/localtime", "/etc/localtime", true),
                new ObservedMount("tmpfs", "", "", "/run", false),
            ],
            seen.Mounts);
        var network = Assert.Single(seen.Networks);
        Assert.Equal(("homeiq", "172.18.0.5", null), (network.Network, network.Address, network.StaticIpv4));
        Assert.Equal(["frontend", "web"], network.Aliases);
    }

    [Theory]
    [InlineData("24")]
    [InlineData("27")]
    [InlineData("29")]
    public void The_fields_are_the_same_whichever_engine_writes_them(string engine) =>
        Assert.Equal(Lines(Read("20.10").Fields), Lines(Read(engine).Fields));

    [Fact]
    public void Fields_hold_what_was_set_and_nothing_else()
    {
        Assert.Equal(
            """
            Config.Entrypoint = ["/app/run"]
            Config.Env.EMPTY = 
            Config.Env.PATH = /bin
            Config.Env.TZ = Europe/Berlin
            Config.ExposedPorts.8080/tcp = yes
            Config.ExposedPorts.9090/tcp = yes
            Config.Healthcheck.Interval = 30000000000
            Config.Healthcheck.Retries = 3
            Config.Healthcheck.Test = ["CMD","curl","-f","http://localhost:8080/health"]
            Config.Healthcheck.Timeout = 10000000000
            Config.Labels.com.example.site = attic
            Config.WorkingDir = /app
            HostConfig.Binds = ["/etc/localtime:/etc/localtime:ro"]
            HostConfig.CapDrop = ["MKNOD","NET_RAW"]
            HostConfig.CgroupnsMode = host
            HostConfig.IpcMode = private
            HostConfig.LogConfig.Config.max-size = 10m
            HostConfig.LogConfig.Type = json-file
            HostConfig.MaskedPaths = ["/proc/acpi","/proc/asound"]
            HostConfig.Memory = 268435456
            HostConfig.MemorySwap = 536870912
            HostConfig.Mounts./data.Source = homeiq_data
            HostConfig.Mounts./data.Target = /data
            HostConfig.Mounts./data.Type = volume
            HostConfig.NetworkMode = homeiq
            HostConfig.PortBindings.8080/tcp = 127.0.0.1:8000
            HostConfig.PortBindings.9090/tcp = :*
            HostConfig.ReadonlyPaths = ["/proc/bus","/proc/fs"]
            HostConfig.RestartPolicy.Name = unless-stopped
            HostConfig.Runtime = runc
            HostConfig.ShmSize = 67108864
            HostConfig.Tmpfs./run = 
            HostConfig.Ulimits.nofile.Hard = 4096
            HostConfig.Ulimits.nofile.Name = nofile
            HostConfig.Ulimits.nofile.Soft = 1024
            Mounts./data.Destination = /data
            Mounts./data.Driver = local
            Mounts./data.Mode = z
            Mounts./data.Name = homeiq_data
            Mounts./data.RW = true
            Mounts./data.Source = /var/lib/docker/volumes/homeiq_data/_data
            Mounts./data.Type = volume
            Mounts./etc/localtime.Destination = /etc/localtime
            Mounts./etc/localtime.Mode = ro
            Mounts./etc/localtime.Propagation = rprivate
            Mounts./etc/localtime.Source = /etc/localtime
            Mounts./etc/localtime.Type = bind
            NetworkSettings.Networks.homeiq = attached
            NetworkSettings.Networks.homeiq.Aliases = frontend web
            """,
            Lines(Read("20.10").Fields));
    }

    public static TheoryData<string, string> Edits => new()
    {
        { "HostConfig.Memory", "1" },
        { "HostConfig.MemorySwappiness", "0" },
        { "HostConfig.CapAdd", """["SYS_TIME"]""" },
        { "HostConfig.RestartPolicy.Name", "\"no\"" },
        { "Config.Env", """["TZ=Europe/Paris"]""" },
        { "Config.Cmd", """["x"]""" },
        { "Config.Hostname", "\"attic\"" },
        { "Config.StopTimeout", "0" },
        { "NetworkSettings.Networks.homeiq.Aliases", """["other"]""" },
        { "NetworkSettings.Networks.homeiq.IPAMConfig", """{"IPv4Address":"172.18.0.9"}""" },
        { "NetworkSettings.Networks.second", """{"EndpointID":"e2","NetworkID":"n2"}""" },
    };

    [Theory]
    [MemberData(nameof(Edits))]
    public void A_change_of_a_setting_is_a_change_of_the_fields(string path, string value) =>
        Assert.NotEqual(Lines(Read("20.10").Fields), Lines(Read("20.10", (path, value)).Fields));

    [Theory]
    [InlineData("State.Pid", "9")]
    [InlineData("RestartCount", "4")]
    [InlineData("Name", "\"/other\"")]
    [InlineData("Config.Labels.io~homeiq~run", "\"run-8\"")]
    [InlineData("NetworkSettings.Networks.homeiq.IPAddress", "\"172.18.0.77\"")]
    [InlineData("NetworkSettings.Networks.homeiq.MacAddress", "\"02:42:ac:12:00:09\"")]
    [InlineData("NetworkSettings.Networks.homeiq.NetworkID", "\"b2\"")]
    [InlineData("AppArmorProfile", "\"\"")]
    [InlineData("NetworkSettings.Networks.refused", """{"EndpointID":"","NetworkID":""}""")]
    public void What_changes_by_itself_is_no_change_of_the_fields(string path, string value) =>
        Assert.Equal(Lines(Read("20.10").Fields), Lines(Read("20.10", (path, value)).Fields));

    [Fact]
    public void Only_checks_that_began_after_the_start_say_how_it_is()
    {
        var restarted = Read("20.10", ("State.StartedAt", "\"2026-03-01T10:00:06.2Z\""));

        Assert.Equal((ContainerHealth.Starting, null), (restarted.Health, restarted.LastHealthOutput));
    }

    [Fact]
    public void A_stopped_container_is_not_unhealthy_whatever_the_engine_says()
    {
        var stopped = Read("20.10", ("State.Status", "\"exited\""), ("State.Health.Status", "\"unhealthy\""), ("State.Health.FailingStreak", "3"));

        Assert.Equal((ContainerStatus.Exited, ContainerHealth.Starting, 0), (stopped.Status, stopped.Health, stopped.FailingStreak));
        Assert.Empty(stopped.PublishedPorts);
    }

    [Fact]
    public void An_image_with_most_of_it_left_out_is_read()
    {
        var image = ObjectTranslation.ToImage(JsonNode.Parse("""{"Id":"sha256:1"}""").Deserialize<JsonElement>());

        Assert.Equal(("sha256:1", null, false), (image.Id, image.BuildDigest, image.HasHealthCheck));
        Assert.Empty(image.RepoDigests);
    }

    [Fact]
    public void An_image_says_its_digests_its_health_check_and_what_it_was_built_from()
    {
        var image = ObjectTranslation.ToImage(JsonNode.Parse(
            """
            {"Id":"sha256:1","RepoDigests":["b@sha256:3","a@sha256:2"],
             "Config":{"Labels":{"io.homeiq.build":"d9"},"Healthcheck":{"Test":["CMD","true"]}}}
            """).Deserialize<JsonElement>());

        Assert.Equal(new ObservedImage("sha256:1", ["a@sha256:2", "b@sha256:3"], "d9", true), image);
    }

    private static ObservedContainer Read(string engine, params (string Path, string Value)[] edits)
    {
        var inspect = JsonNode.Parse(File.ReadAllText(Path.Combine(Folder(), "Fixtures", $"inspect-{engine}.json")))!;
        foreach (var (path, value) in edits)
        {
            var names = path.Split('.').Select(name => name.Replace('~', '.')).ToArray();
            var parent = names[..^1].Aggregate(inspect, (node, name) => node[name]!);
            parent[names[^1]] = JsonNode.Parse(value);
        }

        return InspectTranslation.ToContainer(inspect.Deserialize<JsonElement>());
    }

    private static string Lines(ValueMap<string> fields) => string.Join('\n', fields.Select(field => $"{field.Key} = {field.Value}"));

    private static string Folder([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;
}
