using HomeIQ.Reconciler.Changes;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Observed;
using static HomeIQ.Reconciler.Planning.Table;

namespace HomeIQ.Reconciler.Planning;

/// <summary>What must not move a container. A restart without a cause is a bug.</summary>
public sealed class NoChangeTests
{
    private static readonly BuildSpec Source = new() { Context = "ui", Dockerfile = "ui/Dockerfile", Digest = "tree-1" };

    private static readonly Table Stack = Installed(
        Service("db") with { Spec = Service("db").Spec with { Mounts = [new(MountKind.Volume, "homeiq_data", "/data"), new(MountKind.Bind, "/srv/db", "/backup")], Ports = [new(8086, HostPort: 8086)] } },
        Service("api", "db") with
        {
            Spec = Service("api").Spec with
            {
                Environment = new([new("A", "1"), new("B", "2")]),
                Labels = new([new("x", "1"), new("y", "2")]),
                Mounts = [new(MountKind.Content, "c1", "/etc/api.conf", true) { Content = "c1" }],
                Ports = [new(80, HostPort: 8001), new(81, HostPort: 8002)],
            },
        },
        Service("ui", "api") with { Build = Source });

    /// <summary>A name for the case, and what the next commit says.</summary>
    public static readonly TheoryData<string, Func<Table, Table>> OnlyPromoted = new()
    {
        { "nothing", stack => stack.CommitNothing() },
        { "environment in another order", stack => stack.CommitSpec("api", spec => spec with { Environment = new([new("B", "2"), new("A", "1")]) }) },
        { "labels in another order", stack => stack.CommitSpec("api", spec => spec with { Labels = new([new("y", "2"), new("x", "1")]) }) },
        { "ports in another order", stack => stack.CommitSpec("api", spec => spec with { Ports = [.. spec.Ports.Reverse()] }) },
        { "services in another order", stack => stack.Desire(stack.Desired with { Revision = "commit-2", Services = [.. stack.Desired.Services.Reverse()] }) },
        { "moved in its file", stack => stack.Commit("api", api => api with { Position = new("other.yaml", 7) }) },
        { "a dependency added", stack => stack.Commit("ui", ui => ui with { DependsOn = [.. ui.DependsOn, new("db", DependencyCondition.Started)] }) },
        { "a dependency's condition", stack => stack.Commit("ui", ui => ui with { DependsOn = [new("api", DependencyCondition.Started)] }) },
        { "dependencies taken away", stack => stack.Commit("ui", ui => ui with { DependsOn = [] }) },
        { "a probe", stack => stack.Commit("api", api => api with { Policy = api.Policy with { Probes = [new TcpProbe(80)] } }) },
        { "the time to verify", stack => stack.Commit("api", api => api with { Policy = api.Policy with { VerifyTimeout = TimeSpan.FromMinutes(9) } }) },
        { "the risk", stack => stack.Commit("api", api => api with { Policy = api.Policy with { Risk = Risk.High } }) },
        { "the drift policy", stack => stack.Commit("api", api => api with { Policy = api.Policy with { Drift = DriftPolicy.Ignore } }) },
        { "who restarts with whom", stack => stack.Commit("ui", ui => ui with { Policy = ui.Policy with { RestartWith = ["api"] } }) },
        { "phases", stack => stack.CommitNothing().Policy(policy => policy with { Phases = [new("first", ["db"]), new("second", ["api"])] }) },
        { "the pull policy", stack => stack.Commit("api", api => api with { Pull = PullPolicy.Always }) },
        { "what is secret", stack => stack.CommitSpec("api", spec => spec with { SecretFields = ["env.A"] }) },
        { "the digest of the same image", stack => stack.CommitImage("api", $"homeiq/api:1.0.0@{Digest(stack, "api")}") },
        { "the digest of the same image, with another revision of the text before", stack => stack.CommitImage("db", $"homeiq/db:1.0.0@{Digest(stack, "db")}") },
        { "the source under an unchanged pin", stack => stack.Commit("ui", ui => ui with { Build = Source with { Digest = "tree-2" } }) },
        { "the way it is built, under an unchanged pin", stack => stack.Commit("ui", ui => ui with { Build = Source with { Digest = "tree-3", Arguments = new([new("MODE", "x")]) } }) },
        { "no longer built, under an unchanged pin", stack => stack.Commit("ui", ui => ui with { Build = null }) },
        { "a network that nobody uses", stack => stack.Desire(stack.Desired with { Revision = "commit-2", Networks = [.. stack.Desired.Networks, new("outside") { External = true }] })
            .Observe(observed => observed with { Networks = [.. observed.Networks, new("n", new("outside"), null)] }) },
    };

    [Theory]
    [MemberData(nameof(OnlyPromoted))]
    public void A_commit_that_makes_no_other_container_is_only_promoted(string what, Func<Table, Table> next)
    {
        Assert.NotEmpty(what);
        var plan = next(Stack).Plan;

        Assert.Equal("1 promote commit-2", ShortText.Of(plan));
        Assert.Empty(plan.Refusals);
        Assert.Equal(Verdict.Ready, plan.VerdictFor(null));
    }

    /// <summary>A name for the case, and what happened to the host.</summary>
    public static readonly TheoryData<string, Func<Table, Table>> InSync = new()
    {
        { "nothing", stack => stack },
        { "the tag moved", stack => stack.ImageThere("homeiq/api:1.0.0", new("sha256:other", [], null, false)) },
        { "the tag is gone", stack => stack.Observe(observed => observed with { Images = observed.Images.Without("homeiq/api:1.0.0") }) },
        { "no image can be told", stack => stack.Observe(observed => observed with { Images = [] }) },
        { "our labels", stack => stack.Container("api", container => container with { Fields = container.Fields.With("Config.Labels.io.homeiq.run", "another") }) },
        { "our owner's note of another run", stack => stack.Container("api", container => container with { Owner = container.Owner! with { Run = "r9", Revision = "c9" } }) },
        { "a container that the engine restarts", stack => stack.Container("api", container => container with { Status = ContainerStatus.Restarting, RestartCount = 4 }) },
        { "a container that was restarted", stack => stack.Container("api", container => container with { RestartCount = 3, StartedAt = Now }) },
        { "an unhealthy container", stack => stack.Container("api", container => container with { Health = ContainerHealth.Unhealthy, FailingStreak = 5 }) },
        { "a container that is starting", stack => stack.Container("api", container => container with { Health = ContainerHealth.Starting }) },
        { "another address", stack => stack.Container("api", container => container with { Networks = [container.Networks[0] with { Address = "172.18.0.9" }] }) },
        { "an alias of somebody", stack => stack.Container("api", container => container with { Networks = [container.Networks[0] with { Aliases = ["api", "other"] }] }) },
        { "containers of others", stack => stack.Add(Foreign("other", new PortBinding(9999, HostPort: 9999))) },
        { "networks of others", stack => stack.Observe(observed => observed with { Networks = [.. observed.Networks, new("x", new("other"), null)] }) },
        { "volumes of others", stack => stack.Observe(observed => observed with { Volumes = [.. observed.Volumes, new(new("other"), "/v", null)] }) },
        { "processes that listen elsewhere", stack => stack.Observe(observed => observed with { HostPorts = [new(22, "tcp", "0.0.0.0", "sshd (1)")] }) },
        { "our own forwarders", stack => stack.Observe(observed => observed with { HostPorts = [new(8086, "tcp", "0.0.0.0", "docker-proxy (99)")] }) },
        { "contents that nobody mounts any more", stack => stack.Observe(observed => observed with { IntactContents = ["c0", "c1"] }) },
        { "images that nobody asked for", stack => stack.ImageThere("other:1") },
        { "a failed container kept for inspection", stack => stack.Add(Leftover("homeiq-api.failed-123456", "api")) },
        { "another engine version", stack => stack.Observe(observed => observed with { Engine = observed.Engine with { Version = "30.0.0" } }) },
        { "another engine version that says more", stack => stack.Observe(observed => observed with { Engine = observed.Engine with { Version = "30.0.0" } })
            .Container("api", container => container with { Fields = container.Fields.With("HostConfig.New", "1").With("HostConfig.Memory", "1") }) },
    };

    [Theory]
    [MemberData(nameof(InSync))]
    public void What_is_no_drift_moves_nothing(string what, Func<Table, Table> happened)
    {
        Assert.NotEmpty(what);
        var plan = happened(Stack).Plan;

        Assert.Equal("", ShortText.Of(plan));
        Assert.Empty(plan.Changes);
        Assert.Equal(Verdict.Nothing, plan.VerdictFor(null));
    }

    [Fact]
    public void A_one_shot_that_has_done_its_work_is_left_alone()
    {
        var stack = Installed(Service("job") with { Spec = Service("job").Spec with { Restart = RestartPolicy.No, HealthCheck = null } });

        Assert.Equal("", stack.Stopped("job", exitCode: 0).Steps);
    }

    /// <summary>A name for the case, and how the one-shot stands when somebody starts it from time to time.</summary>
    public static readonly TheoryData<string, Func<ObservedContainer, ObservedContainer>> Scheduled = new()
    {
        { "while it runs once more", job => job with { Status = ContainerStatus.Running, StartedAt = Now } },
        { "after it ended well once more", job => job with { StartedAt = Now, ExitCode = 0 } },
        { "after somebody restarted it", job => job with { StartedAt = Now, RestartCount = 2 } },
    };

    [Theory]
    [MemberData(nameof(Scheduled))]
    public void A_one_shot_that_a_scheduler_starts_again_is_no_drift(string when, Func<ObservedContainer, ObservedContainer> happened)
    {
        Assert.NotEmpty(when);
        var stack = Installed(Service("job") with { Spec = Service("job").Spec with { Restart = RestartPolicy.No, HealthCheck = null } }, Service("api")).Stopped("job", exitCode: 0).Container("job", happened);

        Assert.Equal("", stack.Steps);
        Assert.Empty(stack.Plan.Changes);
    }

    [Fact]
    public void What_was_of_scale_0_stays_without_a_container()
    {
        Assert.Equal("1 promote commit-2", Installed(Service("a"), Service("b") with { Scale = 0 }).CommitNothing().Steps);
    }

    [Fact]
    public void What_is_of_scale_0_is_in_sync_whether_it_was_sealed_or_not()
    {
        var stack = Installed(Service("a"), Service("b") with { Scale = 0 });

        Assert.Equal("", stack.Steps);
        Assert.Equal("", (stack with { Situation = stack.Situation with { Effective = stack.Effective with { Services = [stack.Effective.Find("a")!] } } }).Steps);
    }

    [Fact]
    public void The_same_commit_with_another_source_under_the_same_pin_is_in_sync()
    {
        Assert.Equal("", Stack.Desire(Stack.Desired with { Services = [.. Stack.Desired.Services.Select(service => service.Build is null ? service : service with { Build = Source with { Digest = "tree-2" } })] }).Steps);
    }

    [Fact]
    public void A_changed_specification_of_a_service_of_scale_0_makes_no_container()
    {
        Assert.Equal("1 promote commit-2", Installed(Service("a"), Service("b") with { Scale = 0 }).CommitImage("b", "homeiq/b:2.0.0").Steps);
    }

    [Fact]
    public void The_digest_of_another_image_is_a_change()
    {
        Assert.True(Stack.CommitImage("api", "homeiq/api:1.0.0@sha256:0000").Plan.Has("stop homeiq-api"));
    }

    [Fact]
    public void A_digest_taken_away_keeps_the_image_unless_the_tag_means_another()
    {
        var pinned = Installed(Service("api") with { Spec = Service("api").Spec with { Image = "homeiq/api:1.0.0@sha256:abc" } });
        var unpinned = pinned.CommitImage("api", "homeiq/api:1.0.0");

        Assert.Equal("1 promote commit-2", unpinned.Steps);
        Assert.Equal("1 promote commit-2", unpinned.ImageThere("homeiq/api:1.0.0", new(ImageId("homeiq/api:1.0.0@sha256:abc"), [], null, false)).Steps);
        Assert.True(unpinned.ImageThere("homeiq/api:1.0.0", new("sha256:other", [], null, false)).Plan.Has("stop homeiq-api"));
    }

    private static string Digest(Table stack, string service)
    {
        var digest = stack.Effective.Find(service)!.RepoDigest!;
        return digest[(digest.IndexOf('@', StringComparison.Ordinal) + 1)..];
    }
}
