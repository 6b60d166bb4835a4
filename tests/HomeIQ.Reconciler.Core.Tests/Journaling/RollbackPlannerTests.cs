using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Planning;
using static HomeIQ.Reconciler.Stacks;

namespace HomeIQ.Reconciler.Journaling;

public class RollbackPlannerTests
{
    private static readonly EffectiveState Web = Before(Service("web"));

    [Fact]
    public void A_failed_proof_brings_the_kept_container_back()
    {
        var plan = Plan(Swap("web"));

        Snapshot.Matches(PlanText.Of(RollbackPlanner.PlanFor(Cut(plan, 6), Web)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void A_swap_that_was_cut_at_any_step_is_taken_back_with_the_half_done_step(int at)
    {
        var plan = Plan(Swap("web"));

        Snapshot.Matches(PlanText.Of(RollbackPlanner.PlanFor(Cut(plan, at), Web)), part: $"{at}");
    }

    [Fact]
    public void What_was_found_stopped_stays_stopped()
    {
        var back = RollbackPlanner.PlanFor(Cut(Plan(Swap("web")), 5, receipts: (2, new ContainerStopped(false, 137))), Web);

        Assert.DoesNotContain(back.Steps, step => step.Step is StartContainer or VerifyService);
        Assert.Contains(back.Steps, step => step.Step is PutBack);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_the_plan_found_stopped_stays_stopped_although_its_stop_left_no_receipt(bool fails)
    {
        var run = Cut(Plan([.. Swap("web").Select(step => step is StopContainer stop ? stop with { FoundStopped = true } : step)]), 2);
        if (fails)
        {
            run = run with { Begun = [.. run.Begun.SkipLast(1), run.Begun[^1] with { Failure = new(2, false, FailureClass.Environmental, "the engine went away", null, null) }] };
        }

        Assert.DoesNotContain(RollbackPlanner.PlanFor(run, Web).Steps, step => step.Step is StartContainer or VerifyService);
    }

    [Fact]
    public void What_was_started_since_the_plan_was_made_is_woken()
    {
        var plan = Plan([.. Swap("web").Select(step => step is StopContainer stop ? stop with { FoundStopped = true } : step)]);

        Assert.Contains(RollbackPlanner.PlanFor(Cut(plan, 5, receipts: (2, new ContainerStopped(true, 0))), Web).Steps, step => step.Step == new StartContainer("web", OldOf("web")));
    }

    [Fact]
    public void A_restart_policy_is_made_again_what_the_run_found()
    {
        var back = RollbackPlanner.PlanFor(Cut(Plan([new SetRestartPolicy("web", OldOf("web"), new("always"), RestartPolicy.No)]), 1), Web);

        Assert.Equal(new SetRestartPolicy("web", OldOf("web"), RestartPolicy.No, new("always")), Assert.Single(back.Steps).Step);
    }

    [Fact]
    public void A_repair_is_undone_before_what_it_repaired()
    {
        var watched = Cut(Plan(Swap("web")), 6, done: true);
        var repair = Cut(Plan([.. Swap("web")[..1], .. Swap("web")[3..]]), 4, done: true, receipts: (1, new ContainerMade("c1ean-web", "newimage-web"))) with
        { Id = "run-8", StartedAt = Start.AddHours(1) };

        Assert.Equal(
            [
                new StopContainer("web", new("c1ean-web", "web")), new SetAside("web", new("c1ean-web", "web"), "web.failed-c1ean-", "newspec-web", "newimage-web", RestartPolicy.No),
                new StopContainer("web", new("c0ffee-web", "web")), new SetAside("web", new("c0ffee-web", "web"), "web.failed-c0ffee", "newspec-web", "newimage-web", RestartPolicy.No),
                new PutBack("web", new("id-web", "web.kept"), "web", "spec-web", "image-web", new RestartPolicy("unless-stopped")),
                new StartContainer("web", OldOf("web")), new VerifyService("web", OldOf("web"), "spec-web"),
            ],
            RollbackPlanner.PlanFor(watched, Web, [repair]).Steps.Select(step => step.Step));
    }

    [Fact]
    public void What_one_run_made_and_the_next_set_aside_is_not_put_back()
    {
        var superseded = Cut(Plan(Swap("web")), 6, done: true);
        var made = new ContainerRef("c0ffee-web", "web");
        var fix = Cut(
            Plan([.. Swap("web").Select(step => step switch { StopContainer stop => stop with { Container = made }, SetAside aside => aside with { Container = made, AsideName = "web.aside" }, _ => step })]),
            6, done: true, receipts: (1, new ContainerMade("c1ean-web", "newimage-web"))) with
        { Id = "run-8", StartedAt = Start.AddHours(1) };

        var back = RollbackPlanner.PlanFor(fix, Web, [superseded]);

        Assert.Equal(OldOf("web").Id, Assert.Single(back.Steps.Select(step => step.Step).OfType<PutBack>()).Container.Id);
        Assert.Equal(new VerifyService("web", OldOf("web"), "spec-web"), back.Steps[^1].Step);
    }

    [Fact]
    public void Without_a_state_before_there_is_no_way_back()
    {
        var back = RollbackPlanner.PlanFor(Cut(Plan(Swap("web")), 6), null);

        Assert.True(back.IsRollback);
        Assert.Empty(back.Steps);
    }

    [Fact]
    public void A_promoted_run_is_not_taken_back()
    {
        var plan = Plan([.. Swap("web"), new Promote(New), new RemoveContainer("web", new("id-web", "web.kept"))]);

        Assert.Empty(RollbackPlanner.PlanFor(Cut(plan, 8), Web).Steps);
        Assert.NotEmpty(RollbackPlanner.PlanFor(Cut(plan, 7), Web).Steps);
    }

    [Fact]
    public void Clean_up_is_not_undone()
    {
        var plan = Plan([new RemoveContainer("web", OldOf("web")), new RemoveNetwork(new DesiredNetwork("n"))]);
        var cleanUp = plan with { Steps = [.. plan.Steps.Select(step => step with { IsCleanUp = true })] };

        Assert.Empty(RollbackPlanner.PlanFor(Cut(cleanUp, 2, done: true), Web).Steps);
    }

    [Fact]
    public void The_new_one_is_named_by_the_id_that_the_journal_holds()
    {
        var back = RollbackPlanner.PlanFor(Cut(Plan(Swap("web")), 6), Web);

        Assert.Equal(new StopContainer("web", new("c0ffee-web", "web")), back.Steps[0].Step);
        Assert.Equal(
            new SetAside("web", new("c0ffee-web", "web"), "web.failed-c0ffee", "newspec-web", "newimage-web", RestartPolicy.No), back.Steps[1].Step);
        Assert.Equal(
            new PutBack("web", new("id-web", "web.kept"), "web", "spec-web", "image-web", new RestartPolicy("unless-stopped")), back.Steps[2].Step);
        Assert.Equal(new VerifyService("web", OldOf("web"), "spec-web"), back.Steps[^1].Step);
    }

    [Fact]
    public void Old_services_start_in_dependency_order_and_only_when_all_below_them_is_back()
    {
        var before = Before(Service("db"), Service("api", "db"), Service("web", "api"));
        var plan = Plan(
            [
                .. Swap("db")[..1], .. Swap("api")[..1],
                new StopContainer("web", OldOf("web")), .. Swap("api")[1..3], .. Swap("db")[1..],
                .. Swap("api")[3..], new StartContainer("web", OldOf("web")), new VerifyService("web", OldOf("web"), "spec-web"),
            ],
            (2, []), (3, [1, 2]));

        Snapshot.Matches(PlanText.Of(RollbackPlanner.PlanFor(Cut(plan, plan.Steps.Count), before)));
    }

    [Fact]
    public void Independent_services_go_back_together()
    {
        var before = Before(Service("a"), Service("b"));
        var plan = Plan([.. Swap("a"), .. Swap("b")], (7, []));

        Snapshot.Matches(PlanText.Of(RollbackPlanner.PlanFor(Cut(plan, 12), before)));
    }

    [Fact]
    public void One_that_took_over_a_port_has_stopped_before_its_old_holder_starts()
    {
        var before = Before(Service("a"), Service("b"));

        // The new b binds the port that the old a holds: its start waits for a's stop.
        var plan = Plan([.. Swap("a"), .. Swap("b")], (7, []), (11, [2, 10]));
        var back = RollbackPlanner.PlanFor(Cut(plan, 11), before);
        var stopOfNewB = back.Steps.Single(step => step.Step is StopContainer { Service: "b" }).Number;
        var startOfOldA = back.Steps.Single(step => step.Step is StartContainer { Service: "a" });

        Assert.Contains(stopOfNewB, Ancestors(back, startOfOldA));
    }

    [Fact]
    public void A_service_that_was_restarted_is_restarted_again_after_what_it_follows_is_back()
    {
        var before = Before(Service("db"), Service("cache"));
        var plan = Plan([.. Swap("db"), new RestartContainer("cache", OldOf("cache")), new VerifyService("cache", OldOf("cache"), "spec-cache")]);

        Snapshot.Matches(PlanText.Of(RollbackPlanner.PlanFor(Cut(plan, 8), before)));
    }

    [Fact]
    public void Users_of_a_replaced_network_start_after_the_old_network_is_back()
    {
        var was = new DesiredNetwork("net") { Internal = true };
        var now = new DesiredNetwork("net");
        var plan = Plan(
        [
            new StopContainer("web", OldOf("web")), new ReplaceNetwork(was, now), new StartContainer("web", OldOf("web")), new VerifyService("web", OldOf("web"), "spec-web"),
        ]);

        Snapshot.Matches(PlanText.Of(RollbackPlanner.PlanFor(Cut(plan, 4), Web)));
    }

    [Fact]
    public void A_new_service_and_its_network_go_and_what_ran_is_kept()
    {
        var plan = Plan(
        [
            new CreateNetwork(new DesiredNetwork("extra")), new CreateVolume(new DesiredVolume("data")), Swap("fresh")[0], Swap("fresh")[3], Swap("fresh")[4], Swap("fresh")[5],
        ]);

        Snapshot.Matches(PlanText.Of(RollbackPlanner.PlanFor(Cut(plan, 6), Web)));
    }

    [Fact]
    public void A_removed_service_returns()
    {
        var plan = Plan([.. Swap("web")[1..3], new Promote(New)]);

        Snapshot.Matches(PlanText.Of(RollbackPlanner.PlanFor(Cut(plan, 3), Web)));
    }

    [Fact]
    public void What_needed_nothing_done_needs_nothing_undone()
    {
        Step[] steps =
        [
            new CreateNetwork(new DesiredNetwork("n")), new StopContainer("web", OldOf("web")), new StartContainer("web", OldOf("web")),
            new RestartContainer("web", OldOf("web")), new RenameContainer("web", OldOf("web"), "web"),
        ];
        var skipped = steps.Select((_, index) => (index + 1, (Receipt)new Skipped("as it should be"))).ToArray();

        Assert.Empty(RollbackPlanner.PlanFor(Cut(Plan(steps), 5, done: true, receipts: skipped), Web).Steps);
    }

    [Fact]
    public void What_was_put_right_by_the_way_stays_right()
    {
        var plan = Plan([new RenameContainer("web", new("id-web", "by-hand"), "web"), new StartContainer("web", OldOf("web")), new UnpauseContainer("web", OldOf("web"))]);

        Assert.Empty(RollbackPlanner.PlanFor(Cut(plan, 3), Web).Steps);
    }

    [Fact]
    public void A_container_that_was_restarted_for_a_restored_file_is_left_alone_and_one_that_followed_another_is_not()
    {
        var plan = Plan([new RestartContainer("web", OldOf("web"), ForDrift: true)]);

        Assert.Empty(RollbackPlanner.PlanFor(Cut(plan, 1), Web).Steps);
        Assert.NotEmpty(RollbackPlanner.PlanFor(Cut(Plan([new RestartContainer("web", OldOf("web"))]), 1), Web).Steps);
    }

    [Fact]
    public void A_network_that_was_gone_stays_with_the_settings_from_before()
    {
        var net = new DesiredNetwork("net");
        var before = Web with { Networks = [new(net, "n1")] };

        Assert.Empty(RollbackPlanner.PlanFor(Cut(Plan([new CreateNetwork(net)]), 1), before).Steps);
        Assert.Empty(RollbackPlanner.PlanFor(Cut(Plan([new ReplaceNetwork(net, net)]), 1), before).Steps);
        Assert.Equal(
            new ReplaceNetwork(net with { Internal = true }, net),
            Assert.Single(RollbackPlanner.PlanFor(Cut(Plan([new CreateNetwork(net with { Internal = true })]), 1), before).Steps).Step);
    }

    [Fact]
    public void Who_shares_a_namespace_starts_after_its_provider_even_when_that_was_found_stopped()
    {
        var user = Service("user");
        var before = Before(Service("vpn"), user with { Spec = user.Spec with { NetworkMode = "service:vpn" } });
        var plan = Plan([new StopContainer("user", OldOf("user")), new StopContainer("vpn", OldOf("vpn"))]);

        Snapshot.Matches(PlanText.Of(RollbackPlanner.PlanFor(Cut(plan, 2, done: true, receipts: (2, new ContainerStopped(false, 0))), before)), part: "stopped-by-the-run");
        Snapshot.Matches(PlanText.Of(RollbackPlanner.PlanFor(Cut(plan, 1, done: true), before)), part: "not-reached");
    }

    [Fact]
    public void A_left_over_container_starts_again_without_being_taken_for_the_service()
    {
        var plan = Plan([new StopContainer("web", new("stray", "web.old")), new StopContainer("web", OldOf("web"))]);
        var back = RollbackPlanner.PlanFor(Cut(plan, 2, done: true), Web);

        Assert.Contains(back.Steps, step => step.Step == new StartContainer("web", new("stray", "web.old")));
        Assert.Contains(back.Steps, step => step.Step == new StartContainer("web", OldOf("web")));
        Assert.Equal(new VerifyService("web", OldOf("web"), "spec-web"), Assert.Single(back.Steps, step => step.Step is VerifyService).Step);
    }

    [Fact]
    public void After_a_crash_the_same_journal_yields_the_same_plan()
    {
        var run = Cut(Plan(Swap("web")), 5);

        Assert.Equal(RollbackPlanner.PlanFor(run, Web), RollbackPlanner.PlanFor(run, Web));
    }

    internal static HashSet<int> Ancestors(Plan plan, PlannedStep step)
    {
        var found = new HashSet<int>();
        var open = new Stack<int>(step.After);
        while (open.TryPop(out var number))
        {
            if (found.Add(number))
            {
                foreach (var after in plan.Steps[number - 1].After)
                {
                    open.Push(after);
                }
            }
        }

        return found;
    }
}
