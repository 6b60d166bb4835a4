using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using HomeIQ.Reconciler.Agent.Tests.Compose;
using HomeIQ.Reconciler.Compose;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Git;

namespace HomeIQ.Reconciler.Agent.Tests.Policies;

/// <summary>HomeIQ's own desired state, as it stands in this repository, with the stand-ins for its source beside it.</summary>
public sealed class HomeIqSpecs(HomeIqSpecs.House house) : IClassFixture<HomeIqSpecs.House>
{
    public static string Root { get; } = Path.GetFullPath(Path.Combine(Folder(), "..", "..", ".."));

    [Fact]
    public void The_whole_house_loads_without_an_error()
    {
        var state = Desk.Load(Request());

        Assert.Equal("homeiq", state.Project);
        Assert.Equal(29, state.Services.Count);
        Assert.Equal(["homeiq_homeiq-network"], state.Networks.Select(network => network.Name));
        Assert.Contains("homeiq_sqlite-data", state.Volumes.Select(volume => volume.Name));
    }

    [Fact]
    public void The_profile_test_adds_two_services() => Assert.Equal(31, Desk.Load(Request() with { Profiles = ["test"] }).Services.Count);

    [Fact]
    public void All_of_its_services_are_as_they_were_written_down() =>
        Snapshot.Matches(string.Concat(Desk.Load(Request() with { Profiles = ["test"] }).Services.OrderBy(service => service.Name, StringComparer.Ordinal).Select(Told)));

    [Fact]
    public void Each_kind_of_service_is_what_its_files_say()
    {
        var state = Desk.Load(Request());

        var database = state.Find("influxdb")!;
        Assert.Equal(("homeiq-influxdb", "influxdb:2.7.12", null), (database.ContainerName, database.Spec.Image, database.Build));
        Assert.Equal(512L << 20, database.Spec.Memory);
        Assert.Equal(TimeSpan.FromSeconds(40), database.Spec.HealthCheck!.StartPeriod);
        Assert.Equal(["8086->8086/tcp"], database.Spec.Ports.Select(port => port.ToString()));
        Assert.Contains("env.DOCKER_INFLUXDB_INIT_ADMIN_TOKEN", database.Spec.SecretFields);

        var admin = state.Find("admin-api")!;
        Assert.Equal("services/admin-api/Dockerfile", admin.Build!.Dockerfile);
        Assert.Equal(
            [
                "Content /app/docker-compose.yml ro", "Bind /app/infrastructure rw", "Bind /var/run/docker.sock ro",
            ],
            admin.Spec.Mounts.Select(mount => $"{mount.Kind} {mount.Target} {(mount.ReadOnly ? "ro" : "rw")}"));
        Assert.Equal(["data-api Healthy", "influxdb Healthy", "websocket-ingestion Healthy"], admin.DependsOn.Select(one => $"{one.Service} {one.Condition}"));

        Assert.Equal(["admin-api", "data-api", "ha-setup-service"], state.Find("health-dashboard")!.Policy.RestartWith);
        Assert.Equal(TimeSpan.FromMinutes(12), state.Find("openvino-service")!.Policy.VerifyTimeout);
        Assert.Equal(["databases", "core", "supporting", "ai", "test"], state.Policy.Phases.Select(phase => phase.Name));
        Assert.Empty(state.Policy.Phases[^1].Services);
    }

    [Fact]
    public void A_pull_request_is_read_without_the_house()
    {
        var state = Desk.Load(Request() with { LeaveUnresolved = true, EnvFiles = [], ProjectDirectory = null });

        Assert.Equal(29, state.Services.Count);
        Assert.Equal("${API_KEY:?the env file of the host must set it}", state.Find("data-api")!.Spec.Environment["API_KEY"]);
        Assert.Equal("/var/run/docker.sock", state.Find("log-aggregator")!.Spec.Mounts.First(mount => mount.Target == "/var/run/docker.sock").Source);
    }

    [Fact]
    public void Its_files_are_judged_by_themselves_without_an_error() =>
        Assert.DoesNotContain("error:", Desk.Problems(new LoadRequest
        {
            Tree = new FolderTree(Root),
            ComposeFiles = ["desired-state/compose.yaml", "desired-state/compose.versions.yaml"],
            EnvFiles = Request().EnvFiles,
        }), StringComparison.Ordinal);

    private LoadRequest Request() => house.Request;

    /// <summary>What FIELD-NOTES say of each service of HomeIQ.</summary>
    private static string Told(DesiredService service)
    {
        var spec = service.Spec;
        var check = spec.HealthCheck is not { } asked ? "none of ours"
            : string.Create(CultureInfo.InvariantCulture, $"{string.Join(' ', asked.Test)}, every {asked.Interval.TotalSeconds} s, {asked.Timeout.TotalSeconds} s, {asked.Retries} times, after {asked.StartPeriod.TotalSeconds} s");
        return $"""
            {service.Name} = {service.ContainerName}
              image    {spec.Image}{(service.Build is { } build ? $", built by {build.Dockerfile} in {(build.Context is "" ? "." : build.Context)}" : "")}
              ports    {string.Join(", ", spec.Ports)}
              mounts   {string.Join(", ", spec.Mounts.Select(mount => $"{mount.Kind} {(mount.Kind is MountKind.Volume ? mount.Source : "…")}:{mount.Target}{(mount.ReadOnly ? ":ro" : "")}"))}
              needs    {string.Join(", ", service.DependsOn.Select(need => $"{need.Service} ({need.Condition})"))}
              check    {check}
              limits   memory {spec.Memory >> 20} MiB, reserved {spec.MemoryReservation >> 20} MiB, {spec.NanoCpus / 1e9:0.##} cpus
              restart  {spec.Restart.Name}

            """;
    }

    private static string Folder([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;

    /// <summary>The repository and the host of the house, made once.</summary>
    public sealed class House : IDisposable
    {
        private readonly string host = Directory.CreateTempSubdirectory("homeiq-whole").FullName;

        public House()
        {
            var tree = Path.Combine(host, "tree");
            var project = Path.Combine(host, "project");
            using var make = Process.Start("bash", [Path.Combine(Root, "tests", "stand-ins", "make.sh"), tree, project]);
            make.WaitForExit();
            Assert.Equal(0, make.ExitCode);
            Directory.CreateDirectory(Path.Combine(tree, "desired-state"));
            foreach (var file in Directory.GetFiles(Path.Combine(Root, "desired-state")))
            {
                File.Copy(file, Path.Combine(tree, "desired-state", Path.GetFileName(file)));
            }

            Request = new()
            {
                Tree = new FolderTree(tree),
                ProjectDirectory = project,
                EnvFiles = [Path.Combine(project, ".env")],
            };
        }

        internal LoadRequest Request { get; }

        public void Dispose() => Directory.Delete(host, recursive: true);
    }
}
