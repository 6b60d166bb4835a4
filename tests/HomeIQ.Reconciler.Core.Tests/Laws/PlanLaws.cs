using CsCheck;
using HomeIQ.Reconciler.Changes;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Observed;
using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Laws;

/// <summary>What holds for every stack, every commit, every drift and every order that a plan leaves open.</summary>
public class PlanLaws
{
    private static readonly int Stories = int.Parse(Environment.GetEnvironmentVariable("HQ_STORIES") ?? "200");

    [Fact]
    public void After_a_plan_there_is_nothing_left_to_do() => Hold((story, house, dice) =>
    {
        Assert.NotNull(house.Reach(story.Next, dice));
        Nothing(house, story.Next);
    });

    [Fact]
    public void What_cannot_be_put_right_in_place_is_made_again_by_the_next_plan() => Hold((story, house, dice) =>
    {
        house.Host.Stubborn.UnionWith(house.Host.State.Containers.Select(container => container.Id));
        for (var runs = 0; runs < story.Next.Services.Count; runs++)
        {
            try
            {
                Assert.NotNull(house.Reach(story.Next, dice));
            }
            catch (HostObjection)
            {
                // What did not get its network cannot start either, which ends that run.
            }
        }

        Assert.NotNull(house.Reach(story.Next, dice));
        Nothing(house, story.Next);
    });

    [Fact]
    public void A_first_install_that_is_cut_anywhere_goes_on_forward() => Story.Gen.Sample(
        story =>
        {
            var house = new House();
            var dice = story.NewDice();
            var plan = house.Plan(story.First);
            house.Begin(story.First, plan, dice, Cut(story, plan));

            Assert.NotNull(house.Reach(story.First, dice));
            Nothing(house, story.First);
        },
        iter: Stories, threads: 1);

    [Fact]
    public void An_upgrade_that_is_cut_anywhere_converges_when_it_is_planned_again() => Hold((story, house, dice) =>
    {
        var plan = house.Plan(story.Next);
        house.Begin(story.Next, plan, dice, Cut(story, plan));

        Assert.NotNull(house.Reach(story.Next, dice));
        Nothing(house, story.Next);
    });

    [Fact]
    public void An_upgrade_that_is_cut_anywhere_goes_back_to_the_host_as_it_was() => Hold((story, house, dice) =>
    {
        if (house.HasHomeless())
        {
            return;
        }

        var before = house.Picture();
        var ran = house.Up();
        var effective = house.Effective;
        var plan = house.Plan(story.Next);
        var untilPromotion = plan.Steps.Count(step => step is { IsCleanUp: false, Step: not Promote });
        var run = house.Begin(story.Next, plan, dice, story.Cut % (untilPromotion + 1));
        Assert.False(house.Host.IsPromoted);

        // The last step may have been done without the journal knowing it.
        if (run.Begun.Count > 0 && story.Dice % 2 == 0 && run.Begun[^1].Planned.Step is not (CreateContainer or RenameContainer))
        {
            run = run with { Begun = [.. run.Begun.SkipLast(1), run.Begun[^1] with { Receipt = null, EndedAt = null }] };
        }

        var back = RollbackPlanner.PlanFor(run, effective);
        house.Host.Run(back, dice, isRollback: true);

        Assert.Equal(before, house.Picture());
        Assert.Subset(house.Up(), ran);
    });

    [Fact]
    public void A_bad_image_ends_where_it_began() => Hold((story, house, dice) =>
    {
        if (house.HasHomeless())
        {
            return;
        }

        var before = house.Picture();
        var ran = house.Up();
        var effective = house.Effective;
        var plan = house.Plan(story.Next);
        if (plan.Steps.Select(step => step.Step).OfType<CreateContainer>().ToList() is not { Count: > 0 } made)
        {
            return;
        }

        house.Host.BadImages.Add($"sha256:{story.Next.Find(made[story.Dice % made.Count].Service)!.Spec.Image}");
        house.Host.Begin(story.Next, House.Digest);
        var journal = new List<JournalEntry> { new RunStarted(plan, "state-1", "apply") };
        try
        {
            house.Host.Run(plan, dice, journal: journal);
        }
        catch (HostObjection objection)
        {
            journal.Add(new StepFailed(((StepIntended)journal[^1]).Number, false, FailureClass.Verification, objection.Message, null, null));
        }

        if (house.Host.IsPromoted)
        {
            return;
        }

        // What ran before ran well, whatever the new one's image is.
        house.Host.BadImages.Clear();
        var run = RunReader.Read("run-2", journal)!;
        house.Host.Run(RollbackPlanner.PlanFor(run, effective), dice, isRollback: true);

        Assert.Equal(before, house.Picture());
        Assert.Subset(house.Up(), ran);
    });

    [Fact]
    public void No_step_touches_what_is_not_ours() => Hold((story, house, dice) =>
    {
        var foreign = house.Foreigners();
        house.Reach(story.Next, dice);

        Assert.Equal(foreign, house.Foreigners());
    });

    [Fact]
    public void Nothing_starts_before_what_it_needs_is_proven() => Hold((story, house, _) =>
    {
        var plan = house.Plan(story.Next);
        foreach (var start in plan.Steps.Where(step => step.Step is StartContainer or RestartContainer))
        {
            var ancestors = RollbackPlannerTests.Ancestors(plan, start);
            foreach (var need in story.Next.Find(start.Step.Subject)?.DependsOn ?? [])
            {
                var first = plan.Steps.FirstOrDefault(step => need.Condition == DependencyCondition.Started
                    ? step.Step is StartContainer && step.Step.Subject == need.Service
                    : step.Step is VerifyService && step.Step.Subject == need.Service);
                Assert.True(first is null || ancestors.Contains(first.Number), $"{StepText.Of(start.Step)} does not wait for {need.Service}\n{PlanText.Of(plan)}");
            }
        }
    });

    [Fact]
    public void Nothing_is_promoted_before_all_of_it_is_done() => Hold((story, house, _) =>
    {
        var plan = house.Plan(story.Next);
        foreach (var promote in plan.Steps.Where(step => step.Step is Promote))
        {
            var missing = plan.Steps.Where(step => !step.IsCleanUp && step != promote).Select(step => step.Number).Except(RollbackPlannerTests.Ancestors(plan, promote)).ToList();
            Assert.True(missing.Count == 0, $"the promotion does not wait for {string.Join(", ", missing)}\n{PlanText.Of(plan)}");
        }
    });

    [Fact]
    public void Nothing_stops_before_everything_is_prepared() => Hold((story, house, _) =>
    {
        var plan = house.Plan(story.Next);
        var prepared = plan.Steps.Where(step => step.Step is PullImage or BuildImage or ExportContent or KeepImage or CreateVolume).Select(step => step.Number).ToList();
        foreach (var stop in plan.Steps.Where(step => step is { IsCleanUp: false, Step: StopContainer or RestartContainer or SetAside or ReplaceNetwork }))
        {
            var missing = prepared.Except(RollbackPlannerTests.Ancestors(plan, stop)).ToList();
            Assert.True(missing.Count == 0, $"{StepText.Of(stop.Step)} does not wait for {string.Join(", ", missing)}\n{PlanText.Of(plan)}");
        }
    });

    [Fact]
    public void What_an_upgrade_stopped_ends_running() => Hold((story, house, dice) =>
    {
        var down = story.Next.Services.Where(service => service.Policy.Drift is not DriftPolicy.Correct && !house.Host.State.Containers.Any(container => container.Owner?.Service == service.Name && container.Status is ContainerStatus.Running))
            .Select(service => service.Name).ToHashSet(StringComparer.Ordinal);
        var plan = house.Reach(story.Next, dice);
        Assert.NotNull(plan);
        foreach (var service in story.Next.Services.Where(service => service.Scale > 0 && !down.Contains(service.Name)))
        {
            var container = house.Host.State.Containers.Single(container => container.Owner?.Service == service.Name && !ContainerNames.IsFailed(container.Name));

            Assert.True(container.Status == (service.Spec.Command is null ? ContainerStatus.Running : ContainerStatus.Exited), $"{service.Name} is {container.Status}\n{PlanText.Of(plan!)}");
        }
    });

    [Fact]
    public void What_its_policy_leaves_alone_is_not_touched()
    {
        var left = 0;
        Hold(story => story.With((seed, index) => seed with { Drift = 6 + (index % 2) }).AndDrift(), (story, house, _) =>
        {
            var plan = house.Plan(story.Next);
            if (plan.Steps.Any(step => step.Step is ReplaceNetwork or BackUp))
            {
                return;
            }

            var changed = Differ.Changes(story.Next, house.Effective).Select(change => change.Subject).ToHashSet(StringComparer.Ordinal);
            var drifted = Differ.Drift(house.Effective!, house.Host.State, House.Instance).Select(change => change.Subject).ToHashSet(StringComparer.Ordinal);
            foreach (var service in story.Next.Services.Where(service => service.Policy is { Drift: not DriftPolicy.Correct, RestartWith.Count: 0 } && !service.DependsOn.Any(need => need.Restart)))
            {
                if (drifted.Contains(service.Name) && !changed.Contains(service.Name))
                {
                    left++;
                    Assert.DoesNotContain(plan.Steps, step => step.Step.Subject == service.Name);
                }
            }
        });

        AboutIt(left);
    }

    [Fact]
    public void No_version_starts_on_data_that_was_not_copied()
    {
        var copied = 0;
        Hold((story, house, _) =>
        {
            var plan = house.Plan(story.Next);
            foreach (var create in plan.Steps.Select(step => step.Step).OfType<CreateContainer>())
            {
                var start = plan.Steps.FirstOrDefault(step => step.Step is StartContainer { Container.Id: null } && step.Step.Subject == create.Service);
                var changed = house.Effective!.Find(create.Service)?.SpecDigest != create.SpecDigest;
                foreach (var volume in story.Next.Find(create.Service)!.Spec.Mounts.Where(mount => mount.Kind == MountKind.Volume && house.Host.State.Volumes.Any(there => there.Name == mount.Source)).Select(mount => mount.Source))
                {
                    if (start is not null && changed)
                    {
                        copied++;
                        var copy = Assert.Single(plan.Steps, step => step.Step is BackUp backup && backup.Volume == volume);
                        Assert.Contains(copy.Number, RollbackPlannerTests.Ancestors(plan, start));
                    }
                }
            }
        });

        AboutIt(copied);
    }

    [Fact]
    public void What_is_switched_off_has_no_container()
    {
        var ended = 0;
        Hold(story => story.With((seed, index) => seed with { Off = seed.Off || index % 3 == 0 }), (story, house, dice) =>
        {
            var before = house.Host.State.Containers;
            Assert.NotNull(house.Reach(story.Next, dice));

            foreach (var service in story.Next.Services.Where(service => service.Scale == 0))
            {
                ended += before.Any(container => container.Owner?.Service == service.Name) ? 1 : 0;
                Assert.DoesNotContain(house.Host.State.Containers, container => container.Owner?.Service == service.Name);
            }
        });

        AboutIt(ended);
    }

    [Fact]
    public void What_failed_together_is_not_made_again_unless_it_runs_already()
    {
        var (held, ran) = (0, 0);
        Hold((story, house, _) =>
        {
            if (IsHeld(story, house) is { } isHeld)
            {
                (held, ran) = (held + (isHeld ? 1 : 0), ran + (isHeld ? 0 : 1));
            }
        });

        AboutIt(held);
        AboutIt(ran);
    }

    /// <summary>Whether the next commit is held by a failure of some of its contents; null when none failed.</summary>
    private static bool? IsHeld(Story story, House house)
    {
        var failed = story.Next.Services.Where((_, index) => ((story.Cut >> (index % 8)) & 1) == 1).ToList();
        if (failed.Count == 0)
        {
            return null;
        }

        var held = house.Effective!.Services.Select(service => KeyValuePair.Create(service.Service.Name, House.Content(service.Service))).ToHashSet();
        var entry = new QuarantineEntry("q1", "run-0", Stacks.Old, Stacks.Start, new(failed.Select(service => KeyValuePair.Create(service.Name, House.Content(service)))), failed[0].Name, "never healthy");
        var plan = house.Plan(story.Next, entry);

        Assert.Equal(!entry.Contents.All(held.Contains), plan.Holds.Count > 0);
        if (plan.VerdictFor(plan.Digest) is Verdict.Ready)
        {
            Assert.All(
                plan.Steps.Select(step => step.Step).OfType<CreateContainer>().Where(create => entry.Contents.ContainsKey(create.Service)),
                create => Assert.Contains(KeyValuePair.Create(create.Service, House.Content(story.Next.Find(create.Service)!)), held));
        }

        // One of them changed is another content, and is tried.
        var other = entry with { Contents = entry.Contents.With(failed[story.Dice % failed.Count].Name, "another") };
        Assert.Empty(house.Plan(story.Next, other).Holds);
        return plan.Holds.Count > 0;
    }

    [Fact]
    public void Who_shares_a_namespace_shares_the_one_that_is_there_now() => Hold((story, house, dice) =>
    {
        Assert.NotNull(house.Reach(story.Next, dice));
        foreach (var service in story.Next.Services.Where(service => service is { Scale: > 0, Spec.NetworkMode: not null }))
        {
            var user = house.Host.State.Containers.Single(container => container.Name == service.ContainerName);
            var provider = house.Host.State.Containers.Single(container => container.Name == story.Next.Find(service.Spec.NetworkMode!["service:".Length..])!.ContainerName);

            Assert.Equal($"container:{provider.Id}", user.NetworkMode);
            Assert.True(service.Spec.Command is not null || user.StartedAt >= provider.StartedAt, $"{user.Name} lost its interface");
        }
    });

    [Fact]
    public void The_same_situation_yields_the_same_plan() => Hold((story, house, _) =>
    {
        var plan = house.Plan(story.Next);

        Assert.Equal(plan, house.Plan(story.Next));
        Assert.Equal(plan, PlanJson.Read(PlanJson.Write(plan)));
    });

    [Fact]
    public void Every_number_that_a_step_waits_for_is_smaller_than_its_own() => Hold((story, house, _) =>
        Assert.All(house.Plan(story.Next).Steps.Index(), pair =>
        {
            Assert.Equal(pair.Index + 1, pair.Item.Number);
            Assert.All(pair.Item.After, after => Assert.InRange(after, 1, pair.Item.Number - 1));
        }));

    /// <summary>Installs the story's first stack, lets its drift happen, and holds the law for those stories whose next plan may run.</summary>
    private static void Hold(Action<Story, House, Func<int, int>> law) => Hold(story => story, law);

    /// <summary>The same for stories that are bent to the law's subject.</summary>
    private static void Hold(Func<Story, Story> bend, Action<Story, House, Func<int, int>> law)
    {
        var held = 0;
        Story.Gen.Select(bend).Sample(
            story =>
            {
                var house = new House();
                var dice = story.NewDice();
                Assert.NotNull(house.Reach(story.First, dice));
                foreach (var drift in story.Drift)
                {
                    house.Drift(drift);
                }

                var plan = house.Plan(story.Next);
                if (plan.VerdictFor(plan.Digest) is Verdict.Refused)
                {
                    return;
                }

                Interlocked.Increment(ref held);
                law(story, house, dice);
            },
            iter: Stories, threads: 1);

        Assert.True(held > Stories / 2, $"only {held} of {Stories} stories could be told");
    }

    private static void AboutIt(int times) => Assert.True(times > Stories / 20, $"only {times} of {Stories} stories were about it");

    private static void Nothing(House house, DesiredState desired)
    {
        var again = house.Plan(desired);
        Assert.True(again.VerdictFor(null) == Verdict.Nothing && again.Steps.Count == 0, $"There is more to do:\n{PlanText.Of(again)}");
    }

    private static int Cut(Story story, Plan plan) => story.Cut % (plan.Steps.Count + 1);
}
