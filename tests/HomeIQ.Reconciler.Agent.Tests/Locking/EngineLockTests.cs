using System.Diagnostics;
using HomeIQ.Reconciler.Docker;

namespace HomeIQ.Reconciler.Locking;

/// <summary>Who may act on an engine: one, and never two; and how the lock of a dead one heals.</summary>
public sealed class EngineLockTests : IAsyncDisposable
{
    private static readonly LockSettings Settings = new();

    private readonly VirtualClock world = new();
    private readonly HandClock clock = new();
    private readonly FakeEngine engine;
    private readonly HashSet<int> ended = [];
    private readonly List<EngineLock> locks = [];

    public EngineLockTests() => engine = new(world);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        foreach (var one in locks)
        {
            await one.DisposeAsync();
        }

        world.Dispose();
    }

    [Fact]
    public async Task Who_comes_second_is_told_who_was_first()
    {
        var (first, second) = (Of(1), Of(2));

        Assert.Null(await first.TryTakeAsync(Cancel));
        var holder = await second.TryTakeAsync(Cancel);

        Assert.Equal("process 1 on cellar, from /state/1, since 2031-05-07 12:00:00 UTC", holder!.ToString());
        Assert.True(first.IsHeld);
        Assert.False(second.IsHeld);
        Assert.Equal(holder, await second.FindOtherAsync(Cancel));
        Assert.Null(await first.FindOtherAsync(Cancel));
    }

    [Fact]
    public async Task What_is_let_go_of_is_free()
    {
        var first = Of(1);
        await first.TryTakeAsync(Cancel);

        await first.DisposeAsync();

        Assert.Empty(engine.Marks);
        Assert.Null(await Of(2).TryTakeAsync(Cancel));
    }

    [Fact]
    public async Task Two_instances_do_not_get_in_each_others_way()
    {
        Assert.Null(await Of(1).TryTakeAsync(Cancel));
        Assert.Null(await Of(2, instance: "barn").TryTakeAsync(Cancel));
    }

    /// <summary>All find the same dead holder, and all remove it.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Of_many_at_the_same_time_one_gets_it(bool afterDead)
    {
        for (var round = 0; round < 50; round++)
        {
            if (afterDead)
            {
                await Of(0).TryTakeAsync(Cancel);
                ended.Add(0);
            }

            var many = Enumerable.Range(1, 8).Select(process => Of(process)).ToList();
            var answers = await Task.WhenAll(many.Select(one => Task.Run(() => one.TryTakeAsync(Cancel), Cancel)));

            Assert.Single(answers, answer => answer is null);
            var winner = Assert.Single(many, one => one.IsHeld);
            await winner.ConfirmAsync();
            clock.Advance(Settings.Fresh);
            await winner.ConfirmAsync();
            await winner.DisposeAsync();
            Assert.Empty(engine.Marks);
        }
    }

    [Fact]
    public async Task The_lock_of_a_process_of_this_machine_that_has_ended_is_taken_at_once()
    {
        await Of(1).TryTakeAsync(Cancel);
        ended.Add(1);

        Assert.Null(await Of(2).TryTakeAsync(Cancel));
    }

    [Fact]
    public async Task The_lock_of_an_earlier_process_of_the_same_state_directory_is_taken_at_once()
    {
        await Of(1, state: "own", processes: "pid:[7]").TryTakeAsync(Cancel);

        Assert.Null(await Of(2, state: "own", processes: "pid:[8]").TryTakeAsync(Cancel));
    }

    [Fact]
    public async Task A_copy_of_the_state_directory_beside_it_is_somebody_else()
    {
        await Of(1, state: "own").TryTakeAsync(Cancel);

        var copy = Of(2, state: "own", folder: "/copy");

        Assert.NotNull(await copy.TryTakeAsync(Cancel));
        Assert.NotNull(await copy.FindOtherAsync(Cancel));
    }

    [Fact]
    public async Task A_copy_of_the_state_directory_on_another_machine_is_somebody_else()
    {
        await Of(1, state: "own").TryTakeAsync(Cancel);

        var copy = Of(2, state: "own", machine: "attic");

        Assert.NotNull(await copy.TryTakeAsync(Cancel));
        Assert.NotNull(await copy.FindOtherAsync(Cancel));
    }

    /// <summary>The same number may be another process there, and nothing here.</summary>
    [Theory]
    [InlineData("attic", "pid:[1]")]
    [InlineData("cellar", "pid:[2]")]
    public async Task What_cannot_be_asked_after_is_not_taken_before_the_lease_is_over(string machine, string processes)
    {
        await Of(1, machine: machine, processes: processes, clock: new HandClock()).TryTakeAsync(Cancel);
        ended.Add(1);
        var second = Of(2);

        Assert.NotNull(await second.TryTakeAsync(Cancel));
        clock.Advance(Settings.Lease - TimeSpan.FromTicks(1));
        Assert.NotNull(await second.TryTakeAsync(Cancel));
        clock.Advance(TimeSpan.FromTicks(1));
        Assert.Null(await second.TryTakeAsync(Cancel));
    }

    [Fact]
    public async Task Who_shows_signs_of_life_keeps_it_for_ever()
    {
        var (first, second) = (Of(1, machine: "attic"), Of(2));
        await first.TryTakeAsync(Cancel);

        for (var turns = 1; turns <= 20; turns++)
        {
            clock.Advance(Settings.Renewal);
            await UntilAsync(() => engine.Marks[0].Count == turns && clock.IsAwaited);
            Assert.NotNull(await second.TryTakeAsync(Cancel));
        }

        await first.ConfirmAsync();
    }

    [Fact]
    public async Task Who_waits_takes_it_when_the_lease_is_over()
    {
        await Of(1, machine: "attic", clock: new HandClock()).TryTakeAsync(Cancel);
        var second = Of(2);

        var waiting = second.TakeAsync(Cancel);
        while (!waiting.IsCompleted)
        {
            await UntilAsync(() => waiting.IsCompleted || clock.IsAwaited);
            clock.Advance(Settings.Fresh);
        }

        Assert.Null(await waiting);
        Assert.True(clock.GetUtcNow() - world.Now is var waited && waited >= Settings.Lease && waited < Settings.Lease + 3 * Settings.Fresh, $"{waited}");
    }

    [Fact]
    public async Task Who_waits_is_told_as_soon_as_the_holder_shows_that_it_lives()
    {
        var there = new HandClock();
        await Of(1, machine: "attic", clock: there).TryTakeAsync(Cancel);

        var waiting = Of(2).TakeAsync(Cancel);
        await UntilAsync(() => clock.IsAwaited);
        there.Advance(Settings.Renewal);
        await UntilAsync(() => engine.Marks[0].Count == 1);
        clock.Advance(Settings.Fresh);

        Assert.Equal(1, (await waiting)!.Process);
    }

    [Fact]
    public async Task Who_lives_on_this_machine_is_told_of_at_once()
    {
        await Of(1).TryTakeAsync(Cancel);

        Assert.Equal(1, (await Of(2).TakeAsync(Cancel))!.Process);
    }

    [Fact]
    public async Task Before_a_step_nobody_is_asked_again_what_was_answered_just_now()
    {
        var one = Of(1);
        await one.TryTakeAsync(Cancel);

        await one.ConfirmAsync();
        await one.ConfirmAsync();
        Assert.Equal(0, engine.Faults.Calls("turn-mark"));

        clock.Advance(Settings.Fresh);
        await one.ConfirmAsync();
        await one.ConfirmAsync();
        Assert.Equal(1, engine.Faults.Calls("turn-mark"));
    }

    [Fact]
    public async Task A_lock_that_somebody_removed_is_lost_and_can_be_taken_anew()
    {
        var one = Of(1);
        await one.TryTakeAsync(Cancel);

        engine.PruneMarks();
        clock.Advance(Settings.Fresh);

        Assert.Contains("removed", (await Assert.ThrowsAsync<LockLostException>(one.ConfirmAsync)).Message, StringComparison.Ordinal);
        Assert.False(one.IsHeld);
        await Assert.ThrowsAsync<LockLostException>(one.ConfirmAsync);
        Assert.Null(await one.TryTakeAsync(Cancel));
        await one.ConfirmAsync();
    }

    [Fact]
    public async Task Who_lost_it_leaves_the_next_ones_alone()
    {
        var slow = Of(1, machine: "attic", clock: new HandClock());
        await slow.TryTakeAsync(Cancel);
        var next = Of(2);
        await next.TryTakeAsync(Cancel);
        clock.Advance(Settings.Lease);
        Assert.Null(await next.TryTakeAsync(Cancel));

        await slow.DisposeAsync();

        Assert.Single(engine.Marks);
        clock.Advance(Settings.Fresh);
        await next.ConfirmAsync();
    }

    [Fact]
    public async Task Who_could_not_renew_in_time_does_not_go_on_as_if_nothing_were()
    {
        var one = Of(1);
        await one.TryTakeAsync(Cancel);
        for (var call = 1; call < 100; call++)
        {
            engine.Faults.FailAt("turn-mark", call, HostFailure.Unreachable);
        }

        // Once is no reason to stop.
        clock.Advance(Settings.Fresh);
        await one.ConfirmAsync();

        // The others wait for the whole lease; what is begun here needs time to end in it.
        clock.Advance(Settings.Lease - Settings.Renewal);
        await Assert.ThrowsAsync<LockLostException>(one.ConfirmAsync);
    }

    [Fact]
    public async Task A_renewal_whose_answer_is_lost_moves_the_number_all_the_same_and_the_next_one_again()
    {
        var one = Of(1);
        await one.TryTakeAsync(Cancel);
        engine.Faults.FailAt("turn-mark", 1, Fault.AnswerLost);

        clock.Advance(Settings.Fresh);
        await one.ConfirmAsync();
        Assert.Equal(1, engine.Marks[0].Count);
        await one.ConfirmAsync();
        Assert.Equal(2, engine.Marks[0].Count);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_lost_answer_leaves_no_lock_behind(bool triesAgain)
    {
        var one = Of(1);
        engine.Faults.FailAt("place-mark", 1, Fault.AnswerLost);

        await Assert.ThrowsAsync<ContainerHostException>(() => one.TryTakeAsync(Cancel));
        Assert.Single(engine.Marks);
        if (triesAgain)
        {
            Assert.Null(await one.TryTakeAsync(Cancel));
            await one.ConfirmAsync();
        }

        await one.DisposeAsync();
        Assert.Empty(engine.Marks);
    }

    [Fact]
    public async Task Somebody_elses_container_of_that_name_is_told_of_and_left_alone()
    {
        engine.AddImage("house/app:1.0.0");
        engine.RunForeign(EngineLock.NameOf("homeiq"), "house/app:1.0.0");
        var one = Of(1);

        Assert.Equal("a container named homeiq-lock-homeiq that is no lock of ours", (await one.TakeAsync(Cancel))!.ToString());
        clock.Advance(Settings.Lease);
        Assert.NotNull(await one.TryTakeAsync(Cancel));
        Assert.NotNull(await one.FindOtherAsync(Cancel));
        Assert.NotNull(await engine.FindContainerAsync(EngineLock.NameOf("homeiq"), Cancel));
    }

    [Theory]
    [InlineData("homeiq", "homeiq-lock-homeiq")]
    [InlineData("My house/2", "homeiq-lock-My_20_house_2f_2")]
    public void An_instance_has_a_name_that_every_engine_takes(string instance, string name) => Assert.Equal(name, EngineLock.NameOf(instance));

    [Fact]
    public void This_process_lives_and_one_that_has_ended_does_not()
    {
        using var folder = new Reconciling.Stage();
        using var state = Journaling.StateDirectory.Open(folder.StateFolder);
        var self = LocalProcess.Describe(state);
        using var other = Process.Start(new ProcessStartInfo("sleep", "60") { UseShellExecute = false })!;
        var stat = File.ReadAllText($"/proc/{other.Id}/stat");
        var sleeping = self with { Process = other.Id, Started = stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[19] };

        Assert.False(LocalProcess.HasEnded(self));
        Assert.False(LocalProcess.HasEnded(sleeping));
        Assert.True(LocalProcess.HasEnded(self with { Started = "1" }));
        Assert.False(LocalProcess.HasEnded(self with { Started = "1", Boot = "of another machine" }));
        Assert.False(LocalProcess.HasEnded(self with { Started = "1", Processes = "pid:[7]" }));

        other.Kill();
        other.WaitForExit();
        Assert.True(LocalProcess.HasEnded(sleeping));
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        var watch = Stopwatch.StartNew();
        while (!holds())
        {
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), "it never came about");
            await Task.Yield();
        }
    }

    private EngineLock Of(
        int process, string? state = null, string? folder = null, string machine = "cellar", string processes = "pid:[1]", string instance = "homeiq", HandClock? clock = null)
    {
        var self = new LockHolder(machine, $"boot of {machine}", processes, process, $"{process}", state ?? $"{process}", folder ?? $"/state/{state ?? $"{process}"}", Guid.NewGuid().ToString("N"));
        var one = new EngineLock(engine, instance, self, holder => holder.IsNear(self) && ended.Contains(holder.Process), Settings, clock ?? this.clock);
        locks.Add(one);
        return one;
    }
}
