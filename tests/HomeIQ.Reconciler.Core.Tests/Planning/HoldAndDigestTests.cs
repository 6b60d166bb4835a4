using HomeIQ.Reconciler.Desired;
using static HomeIQ.Reconciler.Planning.Table;

namespace HomeIQ.Reconciler.Planning;

/// <summary>What holds a plan back, and what an approval binds to.</summary>
public sealed class HoldAndDigestTests
{
    private static readonly Table Stack = Installed(Service("db"), Service("api", "db"));

    private static readonly Table Bad = Stack.CommitImage("api", "homeiq/api:2.0.0");

    [Fact]
    public void Content_that_failed_is_held_with_the_reason_and_the_way_out()
    {
        var plan = Bad.Quarantined("api").Plan;
        var hold = Assert.Single(plan.Holds);

        Assert.Equal(Verdict.Held, plan.VerdictFor(plan.Digest));
        Assert.Equal("api failed as it is in run run-7 at 2026-11-23 03:00: never healthy", hold.Message);
        Assert.Equal("change api, or revert the change (quarantine q1)", hold.Hint);
    }

    [Fact]
    public void An_unrelated_commit_that_still_contains_it_is_held_too()
    {
        Assert.NotEmpty(Bad.Quarantined("api").CommitImage("db", "homeiq/db:2.0.0").Plan.Holds);
        Assert.NotEmpty(Bad.Quarantined("api").Commit(Service("new")).Plan.Holds);
    }

    [Fact]
    public void A_revert_needs_no_release() => Assert.Empty(Bad.Quarantined("api").CommitImage("api", "homeiq/api:1.0.0").Plan.Holds);

    [Fact]
    public void A_changed_service_is_tried_again() => Assert.Empty(Bad.Quarantined("api").CommitSpec("api", spec => spec with { Memory = 1 }).Plan.Holds);

    [Fact]
    public void A_changed_probe_is_a_reason_to_try_again()
    {
        Assert.Empty(Bad.Quarantined("api").Commit("api", api => api with { Policy = api.Policy with { VerifyTimeout = TimeSpan.FromMinutes(5) } }).Plan.Holds);
    }

    [Fact]
    public void What_failed_together_is_held_only_together()
    {
        var both = Bad.CommitImage("db", "homeiq/db:2.0.0").Quarantined("api", "db");

        Assert.NotEmpty(both.Plan.Holds);
        Assert.Empty(both.CommitImage("db", "homeiq/db:2.0.1").Plan.Holds);
        Assert.Empty(both.CommitWithout("db").Plan.Holds);
    }

    [Fact]
    public void A_network_whose_settings_failed_is_held_until_they_are_others()
    {
        var bad = Stack.CommitNetwork("homeiq-network", network => network with { Internal = true });
        var entry = new QuarantineEntry("q1", "run-7", "commit-0", Now.AddHours(-1), bad.Plan.Contents, "api", "never healthy");
        Table Held(Table table) => table with { Situation = table.Situation with { Quarantine = [entry] } };

        var hold = Assert.Single(Held(bad).Plan.Holds);
        Assert.Equal("network homeiq-network failed as it is in run run-7 at 2026-11-23 03:00: never healthy", hold.Message);
        Assert.NotEmpty(Held(bad.Desire(bad.Desired with { Revision = "commit-3" })).Plan.Holds);
        Assert.Empty(Held(bad.CommitNetwork("homeiq-network", network => network with { Attachable = true })).Plan.Holds);
        Assert.Empty(Held(Stack.CommitNothing()).Plan.Holds);

        var runs = Installed(Service("db"), Service("api", "db"));
        runs = runs with { Situation = runs.Situation with { Desired = bad.Desired, Effective = runs.Effective with { Networks = [.. bad.Desired.Networks.Select(network => new EffectiveNetwork(network, $"net-{network.Name}"))] } } };
        Assert.Empty(Held(runs).Plan.Holds);
    }

    [Fact]
    public void What_runs_already_is_never_held() => Assert.Empty(Stack.Quarantined("api").CommitNothing().Plan.Holds);

    [Fact]
    public void A_part_that_runs_already_does_not_free_the_rest() => Assert.NotEmpty(Bad.Quarantined("api", "db").Plan.Holds);

    [Fact]
    public void A_hold_expires_when_it_says_so()
    {
        static Table Expiring(DateTimeOffset at)
        {
            var stack = Bad.Quarantined("api");
            return stack with { Situation = stack.Situation with { Quarantine = [stack.Situation.Quarantine[0] with { Expires = at }] } };
        }

        Assert.NotEmpty(Expiring(Now.AddMinutes(1)).Plan.Holds);
        Assert.Empty(Expiring(Now).Plan.Holds);
    }

    [Fact]
    public void The_digest_of_a_plan_is_the_same_for_the_same_plan() => Assert.Equal(Bad.Plan.Digest, Bad.Plan.Digest);

    public static readonly TheoryData<string, Func<Table, Table>> Other = new()
    {
        { "revision", stack => stack.Desire(stack.Desired with { Revision = "commit-3" }) },
        { "a step more", stack => stack.CommitImage("db", "homeiq/db:2.0.0") },
        { "another setting of the same service", stack => stack.CommitSpec("api", spec => spec with { Memory = 1 }) },
        { "a host input", stack => stack.CommitSpec("api", spec => spec with { Environment = new([new("TOKEN", "x")]), SecretFields = ["env.TOKEN"] }) },
        { "a probe", stack => stack.Commit("api", api => api with { Policy = api.Policy with { Probes = [new TcpProbe(1)] } }) },
        { "another container", stack => stack.Container("api", container => container with { Name = "renamed" }) },
        { "an order", stack => stack.CommitImage("db", "homeiq/db:2.0.0").Commit("api", api => api with { DependsOn = [] }) },
    };

    [Theory]
    [MemberData(nameof(Other))]
    public void An_approval_binds_to_revision_inputs_and_steps(string what, Func<Table, Table> change)
    {
        Assert.NotEmpty(what);
        Assert.NotEqual(Bad.Plan.Digest, change(Bad).Plan.Digest);
    }

    public static readonly TheoryData<string, Func<Table, Table>> Same = new()
    {
        { "a warning more", stack => stack.Container("db", container => container with { Health = Observed.ContainerHealth.Unhealthy }) },
        { "an approval asked for", stack => stack.Policy(policy => policy with { RemovalsMax = 0 }) },
        { "time passes", stack => stack.Observe(observed => observed with { At = Now.AddDays(1) }) },
        { "somebody else's container", stack => stack.Add(Foreign("other")) },
    };

    [Theory]
    [MemberData(nameof(Same))]
    public void Warnings_and_what_concerns_nobody_are_outside_the_digest(string what, Func<Table, Table> change)
    {
        Assert.NotEmpty(what);
        Assert.Equal(Bad.Plan.Digest, change(Bad).Plan.Digest);
    }

    [Fact]
    public void Causes_are_outside_the_digest()
    {
        var plan = Bad.Plan;

        Assert.Equal(plan.Digest, PlanDigest.Of(plan with { Steps = [.. plan.Steps.Select(step => step with { Cause = "otherwise" })] }));
    }

    [Fact]
    public void An_approval_of_another_plan_does_not_count()
    {
        var stack = Installed(Service("a"), Service("b"), Service("c"), Service("d")).CommitWithout("a", "b", "c");

        Assert.Equal(Verdict.AwaitingApproval, stack.Plan.VerdictFor(stack.CommitWithout("a", "b", "d").Plan.Digest));
    }
}
