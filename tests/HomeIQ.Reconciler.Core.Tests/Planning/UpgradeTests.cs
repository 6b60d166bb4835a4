using HomeIQ.Reconciler.Desired;
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
}
