using HomeIQ.Reconciler.Desired;
using static HomeIQ.Reconciler.Planning.Table;

namespace HomeIQ.Reconciler.Planning;

/// <summary>What is let go of after a promotion, and what never is.</summary>
public sealed class RetentionTests
{
    private static readonly Table Stack = Installed(Service("db"), Service("api", "db"));

    [Fact]
    public void The_newest_generations_stay_and_older_ones_go_after_the_promotion()
    {
        var plan = With(Stack, 3, Past("run-5", "1.0.0", pinned: true), Past("run-4", "0.9.0") with { IsPrevious = true }, Past("run-3", "0.8.0"), Past("run-2", "0.7.0")).CommitImage("api", "homeiq/api:1.1.0").Plan;

        Assert.Equal(["release keep/api:0.7.0", "release keep/api:0.8.0", "release run-3 run-2"], Released(plan));
        Assert.True(plan.Waits(step => step is ReleaseImage or ReleaseStates, step => step is Promote));
        Assert.True(plan.Waits(step => step is ReleaseStates, step => step is RemoveContainer));
        Assert.All(plan.Steps, step => Assert.True(step.IsCleanUp || step.Step is not (ReleaseImage or ReleaseStates)));
        Assert.Equal("the newest 3 generations are kept, and nothing needs it", plan.Steps[^1].Cause);
        Assert.Equal("let go of 2 old states and what only they needed", StepText.Of(plan.Steps[^1].Step));
    }

    [Fact]
    public void The_present_state_stays_however_few_generations_are_kept_and_takes_the_place_of_the_previous_one()
    {
        var stack = With(Stack, 1, Past("run-5", "1.0.0", pinned: true), Past("run-4", "0.9.0") with { IsPrevious = true }, Past("run-3", "0.8.0"));

        Assert.Equal(["release keep/api:0.8.0", "release keep/api:0.9.0", "release run-4 run-3"], Released(stack.CommitImage("api", "homeiq/api:1.1.0").Plan));
        // A repair moves no pointer to the previous one.
        Assert.Equal(["release keep/api:0.8.0", "release run-3"], Released(stack.ContainerGone("api").Plan));
    }

    [Fact]
    public void States_that_run_the_same_count_once()
    {
        // Two commits of words only and a repair lie between; the new commit is of words only, too.
        var plan = With(
            Stack, 3, Past("run-7", "1.0.0", pinned: true), Past("run-6", "1.0.0"), Past("run-5-back", "1.0.0"), Past("run-4", "0.9.0"), Past("run-3", "0.8.0"), Past("run-2", "0.7.0")).CommitNothing().Plan;

        Assert.Equal(["release keep/api:0.7.0", "release run-6 run-5-back run-2"], Released(plan));
    }

    [Fact]
    public void What_was_never_promoted_counts_for_nothing()
    {
        var plan = With(Stack, 3, Past("run-6", "0.6.0") with { IsPromoted = false }, Past("run-5", "1.0.0", pinned: true), Past("run-4", "0.9.0")).CommitImage("api", "homeiq/api:1.1.0").Plan;

        Assert.Equal(["release keep/api:0.6.0", "release run-6"], Released(plan));

        // Superseded while it was watched: it stays for the moment, because the host is held to it, and takes nobody's place.
        var watched = With(Stack, 3, Past("run-6", "1.0.0", pinned: true) with { IsPromoted = false }, Past("run-5", "0.9.0", pinned: true), Past("run-4", "0.8.0"), Past("run-3", "0.7.0"));
        Assert.Equal(["release keep/api:0.7.0", "release run-3"], Released(watched.CommitImage("api", "homeiq/api:1.1.0").Plan));
    }

    [Fact]
    public void An_image_stays_as_long_as_a_container_of_anybody_uses_it()
    {
        var old = new[] { Past("run-5", "1.0.0", pinned: true), Past("run-3", "0.8.0"), Past("run-2", "0.7.0"), Past("run-1", "0.6.0") };
        var failed = Leftover($"homeiq-db.failed-abc", "db") with { ImageId = ImageId("homeiq/api:0.8.0") };
        var plan = With(Stack.Add(failed).Add(Foreign("theirs") with { ImageId = ImageId("homeiq/api:0.7.0") }), 1, old).CommitImage("api", "homeiq/api:1.1.0").Plan;

        Assert.Equal(["release keep/api:0.6.0", "release run-3 run-2 run-1"], Released(plan));
    }

    [Fact]
    public void An_image_that_comes_back_with_the_commit_stays()
    {
        var plan = With(Stack.ImageThere("homeiq/api:0.7.0"), 1, Past("run-5", "1.0.0", pinned: true), Past("run-2", "0.7.0")).Policy(policy => policy with { Generations = 1 }).CommitImage("api", "homeiq/api:0.7.0").Plan;

        Assert.Equal(["release run-2"], Released(plan));
    }

    [Fact]
    public void Nothing_is_let_go_of_where_nothing_is_promoted_or_nobody_looked()
    {
        Assert.Empty(Released(With(Stack, 1, Past("run-5", "1.0.0", pinned: true), Past("run-2", "0.7.0")).Plan));
        Assert.Empty(Released(Stack.CommitImage("api", "homeiq/api:1.1.0").Plan));
        Assert.Empty(Released(With(Stack, 3, Past("run-5", "1.0.0", pinned: true), Past("run-4", "0.9.0")).CommitImage("api", "homeiq/api:1.1.0").Plan));
    }

    private static IEnumerable<string> Released(Plan plan) => plan.Steps.Where(step => step.Step is ReleaseImage or ReleaseStates).Select(step => ShortText.Of(step.Step));

    /// <summary>The states that lie sealed, newest first, each with a tag for its own image.</summary>
    private static Table With(Table table, int generations, params SealedState[] states)
    {
        var policy = table.Policy(policy => policy with { Generations = generations });
        return policy with
        {
            Situation = policy.Situation with
            {
                Generations = new()
                {
                    States = [.. states],
                    KeepTags = new(states.Select(state => state.State.Find("api")!.ImageId).Distinct().Select(image => KeyValuePair.Create($"keep/api:{Tags[image]}", image))),
                },
            },
        };
    }

    private static readonly Dictionary<string, string> Tags =
        ((string[])["1.0.0", "0.9.0", "0.8.0", "0.7.0", "0.6.0"]).ToDictionary(tag => ImageId($"homeiq/api:{tag}"), StringComparer.Ordinal);

    /// <summary>The installed state, with another version of the application.</summary>
    private static SealedState Past(string id, string tag, bool pinned = false)
    {
        var table = Installed(Service("db"), Service("api", "db") with { Spec = Service("api").Spec with { Image = $"homeiq/api:{tag}" } });
        return new(id, table.Effective, IsPromoted: true, pinned, IsPrevious: false);
    }
}
