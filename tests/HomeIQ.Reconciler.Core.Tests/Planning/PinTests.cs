using HomeIQ.Reconciler.Changes;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Observed;
using static HomeIQ.Reconciler.Planning.Table;

namespace HomeIQ.Reconciler.Planning;

/// <summary>Which image a service gets, and what is said about its pin.</summary>
public sealed class PinTests
{
    private static readonly BuildSpec Source = new() { Context = "ui", Dockerfile = "ui/Dockerfile", Digest = "tree-1" };

    private static readonly DesiredService Ui = Service("ui") with { Build = Source };

    [Theory]
    [InlineData("a", "a", null, null)]
    [InlineData("a:1", "a", "1", null)]
    [InlineData("host:5000/a", "host:5000/a", null, null)]
    [InlineData("host:5000/b/a:1.2", "host:5000/b/a", "1.2", null)]
    [InlineData("a@sha256:0", "a", null, "sha256:0")]
    [InlineData("host:5000/a:1@sha256:0", "host:5000/a", "1", "sha256:0")]
    public void A_pin_is_taken_apart(string reference, string repository, string? tag, string? digest) => Assert.Equal(new ImagePin(repository, tag, digest), ImagePin.Parse(reference));

    [Theory]
    [InlineData("a", true)]
    [InlineData("a:latest", true)]
    [InlineData("a:stable", true)]
    [InlineData("a:Stable", true)]
    [InlineData("a:edge", true)]
    [InlineData("a:nightly", true)]
    [InlineData("a:main", true)]
    [InlineData("a:master", true)]
    [InlineData("a:rolling", true)]
    [InlineData("a:dev", true)]
    [InlineData("a:beta", true)]
    [InlineData("a:latest-alpine", true)]
    [InlineData("localhost:5000/a", true)]
    [InlineData("a:latest@sha256:0", false)]
    [InlineData("a@sha256:0", false)]
    [InlineData("a:1.0.0", false)]
    [InlineData("a:2", false)]
    [InlineData("a:1.0.0-dev", false)]
    [InlineData("a:stable-20240101", false)]
    [InlineData("a:mainframe", false)]
    [InlineData("latest/a:7f3a", false)]
    public void A_pin_that_can_mean_another_image_tomorrow_floats(string image, bool floats)
    {
        var stack = Fresh(Service("a") with { Spec = Service("a").Spec with { Image = image } });

        Assert.Equal(floats ? ["floating-tag a"] : [], stack.Plan.Refusals.Codes());
        Assert.Equal(floats ? ["floating-tag a"] : [], stack.Policy(policy => policy with { FloatingTags = FloatingTags.Allow }).Plan.Warnings.Codes());
        Assert.Empty(stack.Policy(policy => policy with { FloatingTags = FloatingTags.Allow }).Plan.Refusals);
    }

    [Fact]
    public void A_floating_pin_that_runs_already_does_not_stop_its_healing()
    {
        var stack = Installed(Service("a") with { Spec = Service("a").Spec with { Image = "homeiq/a:latest" } });

        Assert.Empty(stack.ContainerGone("a").Plan.Refusals);
        Assert.Equal(["floating-tag a"], stack.ContainerGone("a").Plan.Warnings.Codes());
    }

    [Theory]
    [InlineData("2.8.0", "2.7.12", true)]
    [InlineData("2.10.0", "2.9.0", true)]
    [InlineData("v2", "v1", true)]
    [InlineData("v1.2", "1.1", true)]
    [InlineData("2.8.0-alpine", "2.7.9-alpine", true)]
    [InlineData("2.8.0", "2.7.9-alpine", true)]
    [InlineData("2024.11.1", "2024.9.3", true)]
    [InlineData("20260101", "20250101", true)]
    [InlineData("99999999999999999999999", "99999999999999999999998", true)]
    [InlineData("1.0.0", "1.0.1", false)]
    [InlineData("1.0.0", "1.0.0-rc1", false)]
    [InlineData("2.7.12", "2.7", false)]
    [InlineData("2.7", "2.7.12", false)]
    [InlineData("7f3a", "6b2c", false)]
    [InlineData("bookworm", "bullseye", false)]
    [InlineData("2.0.0", "stage-1", false)]
    public void A_lower_version_is_a_downgrade(string from, string to, bool lower)
    {
        var stack = Installed(Service("a") with { Spec = Service("a").Spec with { Image = $"homeiq/a:{from}" } });
        var plan = stack.CommitImage("a", $"homeiq/a:{to}").Plan;

        Assert.Equal(lower ? ["downgrade a"] : [], plan.Warnings.Codes());
        Assert.Empty(plan.Refusals);
    }

    [Fact]
    public void Another_image_is_no_downgrade()
    {
        Assert.Empty(Installed(Service("a") with { Spec = Service("a").Spec with { Image = "homeiq/a:2.0.0" } }).CommitImage("a", "other/a:1.0.0").Plan.Warnings);
    }

    public static readonly TheoryData<MountSpec, bool, bool> Writers = new()
    {
        { new(MountKind.Volume, "v", "/v"), false, true },
        { new(MountKind.Volume, "", "/v"), false, true },
        { new(MountKind.Bind, "/srv", "/v"), false, true },
        { new(MountKind.Volume, "v", "/v"), true, false },
        { new(MountKind.Volume, "v", "/v", ReadOnly: true), false, false },
        { new(MountKind.Bind, "/srv", "/v", ReadOnly: true), false, false },
        { new(MountKind.Tmpfs, "", "/v"), false, false },
        { new(MountKind.Content, "c", "/v", ReadOnly: true) { Content = "c" }, false, false },
    };

    [Theory]
    [MemberData(nameof(Writers))]
    public void A_downgrade_of_a_service_that_writes_is_refused_until_the_policy_says_that_it_can(MountSpec mount, bool allowed, bool refused)
    {
        var service = Service("a") with { Spec = Service("a").Spec with { Image = "homeiq/a:2.0.0", Mounts = [mount] }, Policy = new() { AllowDowngrade = allowed } };
        var plan = Installed(service).CommitImage("a", "homeiq/a:1.0.0").Plan;

        Assert.Equal(refused ? ["downgrade a"] : [], plan.Refusals.Codes());
        Assert.Equal(refused ? [] : ["downgrade a"], plan.Warnings.Codes());
    }

    [Fact]
    public void What_equals_the_effective_state_is_no_downgrade()
    {
        Assert.Empty(Installed(Service("a") with { Spec = Service("a").Spec with { Mounts = [new(MountKind.Volume, "v", "/v")] } }).CommitNothing().Plan.Refusals);
    }

    public static readonly TheoryData<PullPolicy, bool, string> Pulls = new()
    {
        { PullPolicy.Missing, false, "pull a homeiq/a:2.0.0" },
        { PullPolicy.Missing, true, "" },
        { PullPolicy.Always, false, "pull a homeiq/a:2.0.0" },
        { PullPolicy.Always, true, "pull a homeiq/a:2.0.0" },
        { PullPolicy.Never, false, "image-missing a" },
        { PullPolicy.Never, true, "" },
        { PullPolicy.Build, true, "" },
    };

    [Theory]
    [MemberData(nameof(Pulls))]
    public void A_new_pin_is_pulled_as_its_policy_says(PullPolicy policy, bool present, string step)
    {
        var stack = Installed(Service("a") with { Pull = policy }).CommitImage("a", "homeiq/a:2.0.0");
        var plan = (present ? stack.ImageThere("homeiq/a:2.0.0") : stack).Plan;

        Assert.Equal(step, string.Join(", ", plan.Steps.Where(planned => planned.Step is PullImage).Select(planned => ShortText.Of(planned.Step)).Concat(plan.Refusals.Codes())));
        Assert.Equal(
            present && step.Length == 0 ? ImageId("homeiq/a:2.0.0") : null,
            plan.Steps.Select(planned => planned.Step).OfType<CreateContainer>().Single().ImageId);
    }

    [Theory]
    [InlineData(PullPolicy.Missing)]
    [InlineData(PullPolicy.Always)]
    [InlineData(PullPolicy.Never)]
    public void An_unchanged_pin_needs_no_registry_whatever_its_policy(PullPolicy policy)
    {
        var plan = Installed(Service("a") with { Pull = policy }).ContainerGone("a").Plan;

        Assert.DoesNotContain(plan.Steps, step => step.Step is PullImage);
        Assert.Empty(plan.Refusals);
    }

    [Fact]
    public void An_image_that_is_gone_is_pulled_by_the_digest_that_it_had()
    {
        var stack = Installed(Service("a")).ContainerGone("a").ImageGone("homeiq/a:1.0.0");
        var pull = Assert.Single(stack.Plan.Steps.Select(step => step.Step).OfType<PullImage>());

        Assert.Equal(stack.Effective.Find("a")!.RepoDigest, pull.Image);
        Assert.Equal("its container is gone; the image is gone from the engine", stack.Plan.Steps[0].Cause);
    }

    [Fact]
    public void An_image_that_is_gone_and_must_not_be_pulled_is_refused()
    {
        Assert.Equal(["image-missing a"], Installed(Service("a") with { Pull = PullPolicy.Never }).ContainerGone("a").ImageGone("homeiq/a:1.0.0").Plan.Refusals.Codes());
    }

    [Fact]
    public void Another_platform_is_another_image()
    {
        var stack = Installed(Service("a")).CommitSpec("a", spec => spec with { Platform = "linux/arm64" });

        Assert.True(stack.Plan.Has("stop homeiq-a"));
        Assert.Contains(stack.Plan.Steps, step => step.Step is PullImage { Platform: "linux/arm64" });
    }

    [Fact]
    public void A_moved_tag_is_reported_and_not_followed()
    {
        var plan = Installed(Service("a")).ImageThere("homeiq/a:1.0.0", new("sha256:other", [], null, false)).CommitNothing().Plan;

        Assert.Equal(["moved-tag a"], plan.Warnings.Codes());
        Assert.Equal("1 promote commit-2", ShortText.Of(plan));
    }

    [Fact]
    public void Refresh_asks_for_tags_again_and_never_for_digests_or_own_builds()
    {
        var digest = Service("b") with { Spec = Service("b").Spec with { Image = "homeiq/b:1.0.0@sha256:0" } };
        var stack = Installed(Service("a"), digest, Service("c") with { Pull = PullPolicy.Never }, Ui);
        var plan = (stack with { Situation = stack.Situation with { Refresh = true } }).Plan;

        Assert.Equal(["a"], plan.Steps.Select(step => step.Step).OfType<PullImage>().Select(pull => pull.Service));
        Assert.Equal("asked to refresh homeiq/a:1.0.0", plan.Cause("stop homeiq-a"));
        Assert.False(plan.Has("stop homeiq-b"));
    }

    [Fact]
    public void A_changed_pin_of_a_built_service_is_built_from_the_commit()
    {
        var plan = Installed(Ui).CommitImage("ui", "homeiq/ui:1.1.0").Plan;

        Assert.Contains(plan.Steps, step => step.Step is BuildImage { Image: "homeiq/ui:1.1.0", BuildDigest: "tree-1" });
        Assert.True(plan.Waits("create homeiq-ui.new", "build ui homeiq/ui:1.1.0"));
        Assert.DoesNotContain(plan.Steps, step => step.Step is PullImage);
    }

    [Theory]
    [InlineData("tree-1", PullPolicy.Missing, false)]
    [InlineData("tree-1", PullPolicy.Build, true)]
    [InlineData("tree-0", PullPolicy.Missing, true)]
    [InlineData(null, PullPolicy.Missing, true)]
    public void An_image_built_from_the_same_source_is_not_built_again(string? built, PullPolicy policy, bool builds)
    {
        var stack = Installed(Ui with { Pull = policy }).CommitImage("ui", "homeiq/ui:1.1.0").ImageThere("homeiq/ui:1.1.0", new("sha256:built", [], built, false));

        Assert.Equal(builds, stack.Plan.Has("build ui homeiq/ui:1.1.0"));
    }

    [Fact]
    public void A_setting_of_a_built_service_changes_without_building()
    {
        var plan = Installed(Ui).Commit("ui", ui => ui with { Build = Source with { Digest = "tree-2" }, Spec = ui.Spec with { Memory = 1 } }).Plan;

        Assert.DoesNotContain(plan.Steps, step => step.Step is BuildImage);
        Assert.Equal(["source-moved ui"], plan.Warnings.Codes());
    }

    [Fact]
    public void Source_that_moved_under_an_unchanged_pin_is_noted_and_not_deployed()
    {
        var plan = Installed(Ui).Commit("ui", ui => ui with { Build = Source with { Digest = "tree-2" } }).Plan;

        Assert.Equal(["source-moved ui"], plan.Warnings.Codes());
        Assert.Equal("1 promote commit-2", ShortText.Of(plan));
    }

    [Fact]
    public void It_is_noted_as_long_as_the_image_is_older_than_the_source()
    {
        var promoted = Installed(Ui with { Build = Source with { Digest = "tree-2" } }).Observe(observed => observed with
        {
            Images = new(observed.Images.Select(pair => KeyValuePair.Create(pair.Key, pair.Value with { BuildDigest = "tree-1" }))),
        });

        Assert.Equal(["source-moved ui"], promoted.Plan.Warnings.Codes());
        Assert.Empty(promoted.Plan.Steps);
    }

    [Fact]
    public void A_built_image_that_is_gone_is_built_again()
    {
        Assert.True(Installed(Ui).ContainerGone("ui").ImageGone("homeiq/ui:1.0.0").Plan.Has("build ui homeiq/ui:1.0.0"));
    }

    [Fact]
    public void Two_services_of_one_image_fetch_it_one_after_the_other()
    {
        static DesiredService Shared(string name) => Service(name) with { Spec = Service(name).Spec with { Image = "homeiq/shared:1.0.0" } };

        Assert.True(Fresh(Shared("a"), Shared("b")).Plan.Waits("pull b homeiq/shared:1.0.0", "pull a homeiq/shared:1.0.0"));
    }

    [Fact]
    public void Two_sources_under_one_pin_are_refused()
    {
        static DesiredService Shared(string name) => Service(name) with { Spec = Service(name).Spec with { Image = "homeiq/shared:1.0.0" }, Build = Source with { Digest = name } };

        Assert.Equal(["pin-clash b"], Fresh(Shared("a"), Shared("b")).Plan.Refusals.Codes());
    }

    [Fact]
    public void An_old_image_that_is_gone_cannot_be_kept_and_that_is_said()
    {
        var plan = Installed(Service("a")).Stopped("a").ImageGone("homeiq/a:1.0.0").CommitImage("a", "homeiq/a:2.0.0").Plan;

        Assert.Equal(["image-gone a"], plan.Warnings.Codes());
        Assert.DoesNotContain(plan.Steps, step => step.Step is KeepImage);
    }

    [Fact]
    public void The_observer_is_told_which_images_to_look_for()
    {
        var stack = Installed(Service("a")).CommitImage("a", "homeiq/a:2.0.0");

        Assert.Equal(
            new[] { "homeiq/a:1.0.0", "homeiq/a:2.0.0", ImageId("homeiq/a:1.0.0"), stack.Effective.Find("a")!.RepoDigest! }.Order(StringComparer.Ordinal),
            Planner.ImageReferences(stack.Desired, stack.Effective));
    }
}
