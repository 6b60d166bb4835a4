using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Observed;
using static HomeIQ.Reconciler.Planning.Table;

namespace HomeIQ.Reconciler.Planning;

public sealed class UpgradeTests
{
    private static readonly Table Stack = Installed(Service("db"), Service("api", "db"), Service("web", "api"));

    [Fact]
    public void One_line_pulls_makes_swaps_proves_and_promotes()
    {
        Assert.Equal(
            $"""
            1 pull api homeiq/api:1.1.0
            2 keep api
            3 create homeiq-api.new after 1
            4 stop homeiq-api after 2,3
            5 aside homeiq-api after 4
            6 rename homeiq-api.new homeiq-api after 3,5
            7 start homeiq-api after 6
            8 verify api after 7
            9 promote commit-2 after 8
            10 - remove homeiq-api.kept-{Id("api")[..6]} after 9
            """,
            Stack.CommitImage("api", "homeiq/api:1.1.0").Steps);
    }

    [Fact]
    public void First_install_goes_up_in_dependency_order()
    {
        Assert.Equal(
            """
            1 pull db homeiq/db:1.0.0
            2 pull api homeiq/api:1.0.0
            3 create network homeiq-network
            4 create homeiq-db.new after 1,3
            5 create homeiq-api.new after 2,3
            6 rename homeiq-db.new homeiq-db after 4
            7 start homeiq-db after 6
            8 verify db after 7
            9 rename homeiq-api.new homeiq-api after 5
            10 start homeiq-api after 8,9
            11 verify api after 10
            12 promote commit-1 after 11
            """,
            Fresh(Service("db"), Service("api", "db")).Steps);
    }

    [Fact]
    public void The_same_commit_on_the_same_host_is_an_empty_plan()
    {
        var plan = Stack.Plan;

        Assert.Equal(Verdict.Nothing, plan.VerdictFor(null));
        Assert.Empty(plan.Changes);
        Assert.Empty(plan.Warnings);
        Assert.Equal("", plan.Digest);
    }

    [Fact]
    public void An_unrelated_commit_is_promoted_without_touching_a_container()
    {
        Assert.Equal("1 promote commit-2", Stack.CommitNothing().Steps);
        Assert.Equal("no service changed", Stack.CommitNothing().Plan.Steps[0].Cause);
    }

    public static readonly TheoryData<string, Func<ContainerSpec, ContainerSpec>> Changes = new()
    {
        { "image homeiq/api:1.0.0 -> homeiq/api:1.1.0", spec => spec with { Image = "homeiq/api:1.1.0" } },
        { "env.TZ added", spec => spec with { Environment = new([new("TZ", "UTC")]) } },
        { "ports added", spec => spec with { Ports = [new(80, HostPort: 8080)] } },
        { "mount./data added", spec => spec with { Mounts = [new(MountKind.Volume, "data", "/data")] } },
        { "network.other added, network.other.aliases added", spec => spec with { Networks = [.. spec.Networks, new("other") { Aliases = ["api"] }] } },
        { "network.homeiq-network removed, network.homeiq-network.aliases removed", spec => spec with { Networks = [] } },
        { "network.homeiq-network.aliases changed", spec => spec with { Networks = [new("homeiq-network") { Aliases = ["api", "old-api"] }] } },
        { "health.interval changed", spec => spec with { HealthCheck = spec.HealthCheck! with { Interval = TimeSpan.FromSeconds(9) } } },
        { "memory added", spec => spec with { Memory = 1 << 30 } },
        { "restart changed", spec => spec with { Restart = new("always") } },
        { "restart removed", spec => spec with { Restart = RestartPolicy.No } },
        { "logging.driver added, logging.options.max-size added", spec => spec with { Logging = new("json-file", new([new("max-size", "10m")])) } },
        { "command added", spec => spec with { Command = ["serve"] } },
        { "user added", spec => spec with { User = "1001" } },
        { "cap_add added", spec => spec with { CapAdd = ["NET_ADMIN"] } },
        { "extra_hosts added", spec => spec with { ExtraHosts = ["ha:10.0.0.1"] } },
        { "label.a added", spec => spec with { Labels = new([new("a", "b")]) } },
        { "image homeiq/api:1.0.0 -> homeiq/api:1.1.0, env.A added, env.B added, env.C added and 2 more", spec => spec with { Image = "homeiq/api:1.1.0", Memory = 1, User = "1", Environment = new([new("A", "1"), new("B", "1"), new("C", "1")]) } },
        { "env.TOKEN (secret)", spec => spec with { Environment = new([new("TOKEN", "t")]), SecretFields = ["env.TOKEN"] } },
    };

    [Theory]
    [MemberData(nameof(Changes))]
    public void A_changed_field_swaps_the_one_container_and_the_cause_says_which(string cause, Func<ContainerSpec, ContainerSpec> change)
    {
        var plan = Stack.CommitSpec("api", change).Plan;

        Assert.Equal(cause, plan.Cause("stop homeiq-api"));
        Assert.True(plan.Has("verify api"));
        Assert.Equal(["homeiq-api"], plan.Steps.Select(step => step.Step).OfType<StopContainer>().Select(stop => stop.Container.Name));
        Assert.Equal(["api"], plan.Contents.Keys);
    }

    [Fact]
    public void A_changed_setting_never_changes_the_image()
    {
        var plan = Stack.ImageThere("homeiq/api:1.0.0", new("sha256:moved", [], null, false)).CommitSpec("api", spec => spec with { Memory = 1 }).Plan;

        Assert.Equal(ImageId("homeiq/api:1.0.0"), Assert.Single(plan.Steps.Select(step => step.Step).OfType<CreateContainer>()).ImageId);
        Assert.DoesNotContain(plan.Steps, step => step.Step is PullImage);
        Assert.Contains("moved-tag api", plan.Warnings.Codes());
    }

    [Fact]
    public void Old_and_new_are_named_by_id_and_by_name()
    {
        var plan = Stack.CommitImage("api", "homeiq/api:1.1.0").Plan;
        var steps = plan.Steps.Select(step => step.Step).ToList();
        var api = Stack.CommitImage("api", "homeiq/api:1.1.0").Desired.Find("api")!;
        var digest = HomeIQ.Reconciler.Changes.SpecDigest.Of(api, [.. Key]);

        Assert.Contains(new CreateContainer("api", "homeiq-api.new", digest, null), steps);
        Assert.Contains(new StopContainer("api", new(Id("api"), "homeiq-api")), steps);
        Assert.Contains(
            new SetAside(
                "api", new(Id("api"), "homeiq-api"), $"homeiq-api.kept-{Id("api")[..6]}", Stack.Effective.Find("api")!.SpecDigest, ImageId("homeiq/api:1.0.0"), new("unless-stopped")),
            steps);
        Assert.Contains(new RenameContainer("api", new(null, "homeiq-api.new"), "homeiq-api"), steps);
        Assert.Contains(new StartContainer("api", new(null, "homeiq-api")), steps);
        Assert.Contains(new VerifyService("api", new(null, "homeiq-api"), HomeIQ.Reconciler.Changes.ContentDigest.Of(api, [.. Key])), steps);
        Assert.Contains(new RemoveContainer("api", new(Id("api"), $"homeiq-api.kept-{Id("api")[..6]}")), steps);
    }

    [Fact]
    public void The_old_image_is_kept_by_a_tag_before_anything_stops()
    {
        var plan = Stack.CommitImage("api", "homeiq/api:1.1.0").Plan;

        Assert.Contains(plan.Steps, step => step.Step is KeepImage keep && keep == new KeepImage("api", ImageId("homeiq/api:1.0.0"), $"homeiq-keep/home/api:{ImageId("homeiq/api:1.0.0")[7..19]}"));
        Assert.True(plan.Waits("stop homeiq-api", "keep api"));
    }

    [Theory]
    [InlineData("home", "api", "sha256:0123456789abcdef", "homeiq-keep/home/api:0123456789ab")]
    [InlineData("Home 1", "My_Api.v2", "sha256:0123456789abcdef", "homeiq-keep/home-1/my-api-v2:0123456789ab")]
    [InlineData("-x-", "__", "0123", "homeiq-keep/x/x:0123")]
    public void A_keep_tag_is_a_valid_reference_whatever_the_names(string instance, string service, string image, string tag)
    {
        Assert.Equal(tag, Preparation.KeepTag(instance, service, image));
    }

    [Fact]
    public void Nothing_stops_before_all_that_can_be_prepared_is_in_hand()
    {
        var built = Service("new") with { Build = new() { Context = "new", Dockerfile = "new/Dockerfile", Digest = "d" }, Spec = Service("new").Spec with { Mounts = [new(MountKind.Volume, "v", "/v"), new(MountKind.Content, "c", "/c") { Content = "c" }], Networks = [new("fresh")] } };
        var plan = Stack.Commit(built).CommitImage("api", "homeiq/api:1.1.0").CommitImage("web", "homeiq/web:1.1.0").Plan;

        Assert.True(plan.Waits(
            step => step is StopContainer,
            step => step is PullImage or BuildImage or KeepImage or ExportContent or CreateNetwork or CreateVolume or CreateContainer));
    }

    [Fact]
    public void A_dependent_that_changes_too_runs_on_until_its_dependency_is_proven()
    {
        var plan = Stack.CommitImage("db", "homeiq/db:1.1.0").CommitImage("api", "homeiq/api:1.1.0").Plan;

        Assert.True(plan.Waits("stop homeiq-api", "verify db"));
        Assert.True(plan.Waits("start homeiq-api", "verify db"));
    }

    [Fact]
    public void An_unchanged_dependent_is_left_alone()
    {
        Assert.DoesNotContain(Stack.CommitImage("db", "homeiq/db:1.1.0").Plan.Steps, step => step.Step.Subject is "api" or "web");
    }

    [Fact]
    public void Independent_services_advance_together()
    {
        var plan = Installed(Service("a"), Service("b")).CommitImage("a", "homeiq/a:2.0.0").CommitImage("b", "homeiq/b:2.0.0").Plan;

        Assert.True(plan.Together("stop homeiq-a", "stop homeiq-b"));
        Assert.True(plan.Together("verify a", "start homeiq-b"));
        Assert.True(plan.Together("pull a homeiq/a:2.0.0", "pull b homeiq/b:2.0.0"));
    }

    [Theory]
    [InlineData(DependencyCondition.Healthy, "verify db", true)]
    [InlineData(DependencyCondition.CompletedSuccessfully, "verify db", true)]
    [InlineData(DependencyCondition.Started, "start homeiq-db", true)]
    [InlineData(DependencyCondition.Started, "verify db", false)]
    public void A_start_waits_for_what_its_dependency_s_condition_says(DependencyCondition condition, string step, bool waits)
    {
        var plan = Fresh(Service("db"), Service("api") with { DependsOn = [new("db", condition)] }).Plan;

        Assert.Equal(waits, plan.Waits("start homeiq-api", step));
    }

    [Fact]
    public void An_optional_dependency_orders_as_well()
    {
        Assert.True(Fresh(Service("db"), Service("api") with { DependsOn = [new("db", DependencyCondition.Healthy, Required: false)] }).Plan.Waits("start homeiq-api", "verify db"));
    }

    [Fact]
    public void Another_container_name_takes_the_new_name_and_lets_go_of_the_old()
    {
        var plan = Stack.Commit("api", api => api with { ContainerName = "api" }).Plan;

        Assert.True(plan.Has("create api.new"));
        Assert.True(plan.Has("aside homeiq-api"));
        Assert.True(plan.Has("rename api.new api"));
    }

    [Fact]
    public void Services_that_swap_their_container_names_pass_them_on()
    {
        var plan = Installed(Service("a"), Service("b")).Commit(Service("a") with { ContainerName = "homeiq-b" }, Service("b") with { ContainerName = "homeiq-a" }).Plan;

        Assert.Empty(plan.Refusals);
        Assert.True(plan.Waits("rename homeiq-b.new homeiq-b", "aside homeiq-b"));
        Assert.True(plan.Waits("rename homeiq-a.new homeiq-a", "aside homeiq-a"));
    }

    [Fact]
    public void A_port_goes_from_hand_to_hand()
    {
        var stack = Installed(
            Service("a") with { Spec = Service("a").Spec with { Ports = [new(80, HostPort: 8080)] } },
            Service("b") with { Spec = Service("b").Spec with { Ports = [new(80, HostPort: 9090)] } });
        var plan = stack.CommitSpec("a", spec => spec with { Ports = [new(80, HostPort: 9090)] }).CommitSpec("b", spec => spec with { Ports = [new(80, HostPort: 8080)] }).Plan;

        Assert.Empty(plan.Refusals);
        Assert.True(plan.Waits("start homeiq-a", "stop homeiq-b"));
        Assert.True(plan.Waits("start homeiq-b", "stop homeiq-a"));
    }

    [Fact]
    public void A_port_goes_even_from_a_dependent_to_its_dependency()
    {
        var stack = Installed(Service("db"), Service("api", "db") with { Spec = Service("api").Spec with { Ports = [new(80, HostPort: 8080)] } });
        var plan = stack.CommitSpec("api", spec => spec with { Ports = [] }).CommitSpec("db", spec => spec with { Ports = [new(80, HostPort: 8080)] }).Plan;

        Assert.Empty(plan.Refusals);
        Assert.True(plan.Waits("start homeiq-db", "stop homeiq-api"));
        Assert.True(plan.Waits("start homeiq-api", "verify db"));
    }

    [Theory]
    [InlineData(ContainerStatus.Running, false)]
    [InlineData(ContainerStatus.Restarting, false)]
    [InlineData(ContainerStatus.Paused, false)]
    [InlineData(ContainerStatus.Exited, true)]
    [InlineData(ContainerStatus.Created, true)]
    public void A_stop_says_what_it_found(ContainerStatus status, bool stopped)
    {
        var plan = Stack.CommitImage("api", "homeiq/api:2.0.0").Container("api", container => container with { Status = status }).Plan;

        Assert.Equal(stopped, Assert.Single(plan.Steps.Select(step => step.Step).OfType<StopContainer>(), stop => stop.Service == "api").FoundStopped);
    }

    [Fact]
    public void A_port_of_a_removed_service_is_free_when_it_has_stopped()
    {
        var stack = Installed(Service("old") with { Spec = Service("old").Spec with { Ports = [new(80, HostPort: 8080)] } });
        var plan = stack.CommitWithout("old").Commit(Service("new") with { Spec = Service("new").Spec with { Ports = [new(80, HostPort: 8080)] } }).Plan;

        Assert.Empty(plan.Refusals);
        Assert.True(plan.Waits("start homeiq-new", "stop homeiq-old"));
    }

    [Fact]
    public void A_static_address_goes_from_hand_to_hand()
    {
        static DesiredService At(string name, string address) => Service(name) with { Spec = Service(name).Spec with { Networks = [new("homeiq-network") { Ipv4Address = address }] } };
        var plan = Installed(At("a", "10.0.0.5"), At("b", "10.0.0.6")).Commit(At("a", "10.0.0.6"), At("b", "10.0.0.7")).Plan;

        Assert.Empty(plan.Refusals);
        Assert.True(plan.Waits("start homeiq-a", "stop homeiq-b"));
        Assert.False(plan.Waits("start homeiq-b", "stop homeiq-a"));
    }

    [Fact]
    public void Phases_move_one_after_the_other()
    {
        var stack = Installed(Service("a"), Service("b"), Service("c")).Policy(policy => policy with { Phases = [new("first", ["b"]), new("second", ["a"])] });
        var plan = stack.CommitImage("a", "homeiq/a:2.0.0").CommitImage("b", "homeiq/b:2.0.0").CommitImage("c", "homeiq/c:2.0.0").Plan;

        Assert.True(plan.Waits("stop homeiq-a", "verify b"));
        Assert.True(plan.Waits("stop homeiq-c", "verify a"));
        Assert.True(plan.Waits("stop homeiq-b", "create homeiq-c.new"));
    }

    [Fact]
    public void A_phase_without_changes_is_passed_over()
    {
        var stack = Installed(Service("a"), Service("b"), Service("c")).Policy(policy => policy with { Phases = [new("1", ["a"]), new("2", ["b"]), new("3", ["c"])] });

        Assert.True(stack.CommitImage("a", "homeiq/a:2.0.0").CommitImage("c", "homeiq/c:2.0.0").Plan.Waits("stop homeiq-c", "verify a"));
    }

    [Fact]
    public void A_new_service_of_a_later_phase_starts_when_the_earlier_one_is_proven()
    {
        var stack = Installed(Service("a")).Policy(policy => policy with { Phases = [new("1", ["a"]), new("2", ["b"])] });

        Assert.True(stack.CommitImage("a", "homeiq/a:2.0.0").Commit(Service("b")).Plan.Waits("start homeiq-b", "verify a"));
    }

    [Fact]
    public void What_needs_a_service_of_a_later_phase_moves_with_that_phase()
    {
        var stack = Installed(Service("db"), Service("api", "db")).Policy(policy => policy with { Phases = [new("1", ["api"]), new("2", ["db"])] });
        var plan = stack.CommitImage("api", "homeiq/api:2.0.0").CommitImage("db", "homeiq/db:2.0.0").Plan;

        Assert.Empty(plan.Refusals);
        Assert.Equal(["phase-order api"], plan.Warnings.Codes());
        Assert.True(plan.Waits("stop homeiq-api", "verify db"));
        Assert.Empty(stack.CommitImage("api", "homeiq/api:2.0.0").Plan.Warnings);
    }

    [Fact]
    public void Promotion_waits_for_every_proof_and_clean_up_for_promotion()
    {
        var plan = Stack.CommitImage("db", "homeiq/db:1.1.0").CommitImage("web", "homeiq/web:1.1.0").Plan;

        Assert.True(plan.Waits(step => step is Promote, step => step is VerifyService or StartContainer or SetAside));
        Assert.True(plan.Waits(step => step is RemoveContainer, step => step is Promote));
        Assert.All(plan.Steps, step => Assert.Equal(step.Step is RemoveContainer, step.IsCleanUp));
    }

    [Fact]
    public void Numbers_count_up_and_waits_point_back()
    {
        var plan = Stack.CommitImage("db", "homeiq/db:1.1.0").CommitImage("web", "homeiq/web:1.1.0").Plan;

        Assert.Equal(Enumerable.Range(1, plan.Steps.Count), plan.Steps.Select(step => step.Number));
        Assert.All(plan.Steps, step => Assert.All(step.After, after => Assert.True(after < step.Number)));
        Assert.All(plan.Steps, step => Assert.NotEmpty(step.Cause));
    }

    [Fact]
    public void A_circle_of_dependencies_is_refused_by_name()
    {
        var plan = Fresh(Service("a", "c"), Service("b", "a"), Service("c", "b"), Service("d", "a")).Plan;

        Assert.Equal("services wait for each other: a -> c -> b -> a", Assert.Single(plan.Refusals).Message);
        Assert.Empty(plan.Steps);
        Assert.Equal(Verdict.Refused, plan.VerdictFor(null));
    }

    [Fact]
    public void A_service_that_depends_on_itself_is_refused() => Assert.Equal(["dependency-cycle a"], Fresh(Service("a", "a")).Plan.Refusals.Codes());

    [Fact]
    public void Restarting_against_the_order_is_a_circle_too()
    {
        Assert.Equal(["dependency-cycle a"], Fresh(Service("a") with { Policy = new() { RestartWith = ["b"] } }, Service("b", "a")).Plan.Refusals.Codes());
    }

    [Fact]
    public void Services_without_health_check_and_probe_are_named()
    {
        static DesiredService Bare(string name) => Service(name) with { Spec = Service(name).Spec with { HealthCheck = null } };
        var stack = Fresh(
            Bare("bare"), Service("checked"), Bare("probed") with { Policy = new() { Probes = [new TcpProbe(80)] } }, Bare("image"), Bare("job") with { Spec = Bare("job").Spec with { Restart = RestartPolicy.No } },
            Service("disabled") with { Spec = Service("disabled").Spec with { HealthCheck = HealthCheck.Disabled } });

        Assert.Equal(["bare", "disabled"], stack.ImageThere("homeiq/image:1.0.0", new("i", [], null, HasHealthCheck: true)).Plan.Unverified);
    }

    [Fact]
    public void Only_services_of_the_plan_are_named_as_unverified()
    {
        Assert.Empty(Installed(Service("bare") with { Spec = Service("bare").Spec with { HealthCheck = null } }, Service("a")).CommitImage("a", "homeiq/a:2.0.0").Plan.Unverified);
    }

    [Fact]
    public void What_was_unhealthy_before_is_said_and_not_blamed_on_the_plan()
    {
        var stack = Stack.Container("web", container => container with { Health = Observed.ContainerHealth.Unhealthy }).Container("db", container => container with { Status = Observed.ContainerStatus.Restarting });

        Assert.Equal(["unhealthy-before db", "unhealthy-before web"], stack.CommitImage("api", "homeiq/api:1.1.0").Plan.Warnings.Codes());
    }
}
