using HomeIQ.Reconciler.Changes;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Observed;
using static HomeIQ.Reconciler.Planning.Table;

namespace HomeIQ.Reconciler.Planning;

public sealed class RemovalTests
{
    private static readonly Table Stack = Installed(
        Service("db") with { Spec = Service("db").Spec with { Mounts = [new(MountKind.Volume, "homeiq_data", "/data")], Networks = [new("homeiq-network"), new("back")] } }, Service("api", "db"));

    [Fact]
    public void A_removed_service_is_stopped_set_aside_and_removed_after_promotion()
    {
        Assert.Equal(
            $"""
            1 keep api
            2 stop homeiq-api after 1
            3 aside homeiq-api after 2
            4 promote commit-2 after 3
            5 - remove homeiq-api.kept-{Id("api")[..6]} after 4
            """,
            Stack.CommitWithout("api").Steps);
        Assert.Equal("removed from the desired state", Stack.CommitWithout("api").Plan.Cause("stop homeiq-api"));
    }

    [Fact]
    public void Its_volume_is_kept_and_its_network_goes_last()
    {
        var plan = Stack.Commit("api", api => api with { DependsOn = [] }).CommitWithout("db").Plan;

        Assert.Equal(["volume-released homeiq_data"], plan.Warnings.Codes());
        Assert.True(plan.Waits("remove network back", "promote commit-2"));
        Assert.True(plan.Waits("remove network back", $"remove homeiq-db.kept-{Id("db")[..6]}"));
        Assert.False(plan.Has("remove network homeiq-network"));
    }

    [Fact]
    public void A_network_that_is_not_ours_is_not_removed()
    {
        var stack = Stack.Observe(observed => observed with { Networks = [.. observed.Networks.Select(network => network with { Owner = null })] });

        Assert.DoesNotContain(stack.CommitWithout("db").Plan.Steps, step => step.Step is RemoveNetwork);
    }

    [Fact]
    public void A_network_that_is_gone_already_is_not_removed_again()
    {
        var stack = Stack.Observe(observed => observed with { Networks = [.. observed.Networks.Where(network => network.Name != "back")] });

        Assert.DoesNotContain(stack.CommitWithout("db").Plan.Steps, step => step.Step is RemoveNetwork);
    }

    [Fact]
    public void It_runs_on_until_those_that_used_it_are_proven_without_it()
    {
        var plan = Stack.Commit("api", api => api with { DependsOn = [], Spec = api.Spec with { Memory = 1 } }).CommitWithout("db").Plan;

        Assert.True(plan.Waits("stop homeiq-db", "verify api"));
    }

    [Fact]
    public void Removed_dependents_stop_before_their_removed_dependency()
    {
        Assert.True(Stack.CommitWithout("db", "api").Plan.Waits("stop homeiq-db", "stop homeiq-api"));
    }

    [Theory]
    [InlineData(10, 2, false)]
    [InlineData(10, 3, true)]
    [InlineData(20, 4, false)]
    [InlineData(20, 5, true)]
    [InlineData(3, 2, false)]
    [InlineData(3, 3, true)]
    [InlineData(1, 1, true)]
    public void More_removals_than_a_small_share_need_an_approval(int services, int removed, bool asked)
    {
        var stack = Installed([.. Enumerable.Range(0, services).Select(number => Service($"s{number:00}"))]);
        var plan = stack.CommitWithout([.. Enumerable.Range(0, removed).Select(number => $"s{number:00}")]).Plan;

        Assert.Equal(asked ? Verdict.AwaitingApproval : Verdict.Ready, plan.VerdictFor(null));
        Assert.Equal(Verdict.Ready, plan.VerdictFor(plan.Digest));
    }

    [Fact]
    public void The_policy_may_allow_more()
    {
        var stack = Installed([.. Enumerable.Range(0, 10).Select(number => Service($"s{number}"))]);

        Assert.Empty(stack.CommitWithout("s1", "s2", "s3").Policy(policy => policy with { RemovalsMax = 3 }).Plan.Approvals);
        Assert.Empty(stack.CommitWithout("s1", "s2", "s3").Policy(policy => policy with { RemovalsShare = 30 }).Plan.Approvals);
        Assert.NotEmpty(stack.CommitWithout("s1").Policy(policy => policy with { RemovalsShare = 0, RemovalsMax = 0 }).Plan.Approvals);
    }

    [Fact]
    public void An_empty_desired_state_is_never_carried_out_without_asking()
    {
        var plan = Installed(Service("a"), Service("b")).CommitWithout("a", "b").Policy(policy => policy with { RemovalsMax = 99 }).Plan;

        Assert.Equal(["empty homeiq"], plan.Approvals.Codes());
        Assert.Equal("the desired state is empty: all 2 services would be removed", Assert.Single(plan.Approvals).Message);
    }

    [Fact]
    public void An_empty_desired_state_that_was_approved_is_in_sync()
    {
        var plan = Installed().Plan;

        Assert.Empty(plan.Steps);
        Assert.Empty(plan.Approvals);
        Assert.Equal(Verdict.Nothing, plan.VerdictFor(null));
    }

    [Fact]
    public void Scale_0_removes_the_container_and_is_no_removal()
    {
        var stack = Installed(Service("a"), Service("b"), Service("c"), Service("d"));
        var off = stack.Commit([.. stack.Desired.Services.Select(service => service with { Scale = 0 })]);

        Assert.Empty(off.Plan.Approvals);
        Assert.Equal(4, off.Plan.Steps.Count(step => step.Step is SetAside));
        Assert.Equal("scale 0: wanted, but not running", off.Plan.Cause("stop homeiq-a"));
        Assert.DoesNotContain(off.Plan.Changes, change => change is ServiceRemoved);
    }

    [Fact]
    public void Scale_1_again_brings_it_back()
    {
        var plan = Installed(Service("a") with { Scale = 0 }).Commit("a", service => service with { Scale = 1 }).Plan;

        Assert.True(plan.Has("create homeiq-a.new"));
        Assert.Equal("scale 0 -> 1", plan.Cause("start homeiq-a"));
    }

    [Theory]
    [InlineData(MountKind.Volume, "other_data", true)]
    [InlineData(MountKind.Bind, "/srv/data", true)]
    [InlineData(MountKind.Tmpfs, "", true)]
    [InlineData(MountKind.Volume, "homeiq_data", false)]
    public void Data_that_would_stay_behind_needs_an_approval(MountKind kind, string source, bool asked)
    {
        var plan = Stack.CommitSpec("db", spec => spec with { Memory = 1, Mounts = [new(kind, source, "/data")] }).Plan;

        Assert.Equal(asked ? ["volume-identity db"] : [], plan.Approvals.Codes());
    }

    [Fact]
    public void A_mount_taken_away_releases_the_volume_without_asking()
    {
        var plan = Stack.CommitSpec("db", spec => spec with { Mounts = [] }).Plan;

        Assert.Empty(plan.Approvals);
        Assert.Equal(["volume-released homeiq_data"], plan.Warnings.Codes());
    }

    [Fact]
    public void A_volume_with_other_options_is_refused()
    {
        var stack = Stack.CommitNothing();
        var plan = stack.Desire(stack.Desired with { Volumes = [stack.Desired.Volumes[0] with { DriverOptions = new([new("type", "nfs")]) }] }).Plan;

        Assert.Equal(["volume-changed homeiq_data"], plan.Refusals.Codes());
    }

    [Fact]
    public void A_volume_with_other_labels_stays_as_it_is()
    {
        var stack = Stack.CommitNothing();
        var plan = stack.Desire(stack.Desired with { Volumes = [stack.Desired.Volumes[0] with { Labels = new([new("a", "b")]) }] }).Plan;

        Assert.Empty(plan.Refusals);
        Assert.Equal(["volume-changed homeiq_data"], plan.Warnings.Codes());
        Assert.Equal("1 promote commit-2", ShortText.Of(plan));
    }

    [Fact]
    public void There_is_no_step_that_removes_a_volume()
    {
        Assert.DoesNotContain(typeof(Step).Assembly.GetTypes(), type => type.IsSubclassOf(typeof(Step)) && type.Name.Contains("Volume", StringComparison.Ordinal) && type != typeof(CreateVolume));
    }
}
