namespace HomeIQ.Reconciler.Docker;

/// <summary>A clock that stands still until somebody waits, and then jumps to the next thing that is due.</summary>
/// <remarks>
/// Timers are what the code under test waits on; <see cref="At"/> is for the world around it (health checks, crashes), which alone never moves the
/// clock. A jump is made only after a few quiet milliseconds, in which nobody looked at the clock or called the engine, none of those who
/// <see cref="Join">joined</see> was at work, and the thread pool came round to what it had to do. A clock with a speed runs by itself instead, so many
/// times faster than the wall's, for tests that wait by the wall's.
/// </remarks>
public sealed class VirtualClock : TimeProvider, IDisposable
{
    /// <summary>So long nobody looks at the clock or sets to work.</summary>
    private const int QuietLooks = 1;

    /// <summary>Somebody at work who is silent for so long blocks his thread until something happens.</summary>
    private const int PatientLooks = 3000;

    /// <summary>The clock of whatever runs on a thread: a context changes hands with each continuation, and tells.</summary>
    private static readonly AsyncLocal<VirtualClock?> Joined = new(change =>
    {
        if (change.PreviousValue is { } left)
        {
            Interlocked.Decrement(ref left.atWork);
        }

        if (change.CurrentValue is { } entered)
        {
            Interlocked.Increment(ref entered.atWork);
            Interlocked.Increment(ref entered.entries);
        }
    });

    private readonly Lock gate = new();
    private readonly List<Timer> timers = [];
    private readonly PriorityQueue<Action, (DateTimeOffset At, long Order)> world = new();
    private readonly ManualResetEventSlim somebodyWaits = new(false);
    private readonly Thread pump;
    private readonly int speed;
    private DateTimeOffset now = new(2031, 5, 7, 12, 0, 0, TimeSpan.Zero);
    private long order;
    private long activity;

    /// <summary>Threads that run something of those who joined.</summary>
    private int atWork;

    /// <summary>How often one of them set to work.</summary>
    private long entries;
    private volatile bool ended;

    public VirtualClock(int speed = 0)
    {
        this.speed = speed;
        pump = new Thread(speed > 0 ? Run : Pump) { IsBackground = true, Name = "virtual clock" };
        pump.Start();
    }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow()
    {
        Touch();
        return Now;
    }

    public override long GetTimestamp() => GetUtcNow().Ticks;

    /// <summary>The time, without being taken for activity.</summary>
    public DateTimeOffset Now
    {
        get
        {
            lock (gate)
            {
                return now;
            }
        }
    }

    /// <summary>Somebody is at work: no jump for the moment.</summary>
    public void Touch()
    {
        Interlocked.Increment(ref activity);
        if (speed > 0)
        {
            // No two things happen at the same time.
            lock (gate)
            {
                now += TimeSpan.FromMicroseconds(1);
            }
        }
    }

    /// <summary>From here on the clock stands still while this flow of control, or one that it starts, runs on any thread.</summary>
    public void Join() => Joined.Value = this;

    /// <summary>Something that will happen in the world.</summary>
    public void At(DateTimeOffset due, Action happening)
    {
        lock (gate)
        {
            world.Enqueue(happening, (due, order++));
        }
    }

    /// <summary>Lets so much time pass at once, and everything happen in it in order.</summary>
    public void Advance(TimeSpan time)
    {
        var end = Now + time;
        while (Jump(end))
        {
        }

        lock (gate)
        {
            now = end > now ? end : now;
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    public void Dispose()
    {
        lock (gate)
        {
            ended = true;
            somebodyWaits.Set();
        }

        pump.Join();
        somebodyWaits.Dispose();
    }

    private void Run()
    {
        var last = Environment.TickCount64;
        while (!ended)
        {
            Thread.Sleep(1);
            var wall = Environment.TickCount64;
            Advance(TimeSpan.FromMilliseconds((wall - last) * speed));
            last = wall;
        }
    }

    private void Pump()
    {
        while (true)
        {
            somebodyWaits.Wait();
            AwaitQuiet();
            if (ended)
            {
                return;
            }

            Jump(DateTimeOffset.MaxValue);
        }
    }

    private void AwaitQuiet()
    {
        var (seenActivity, seenEntries, silent, idle) = (-1L, -1L, 0, 0);
        var round = PoolRound.Begin();
        while (!ended && silent < PatientLooks && !(idle > QuietLooks && round.IsDone))
        {
            var look = (Activity: Volatile.Read(ref activity), Entries: Volatile.Read(ref entries));
            if (look.Activity != seenActivity)
            {
                (silent, round) = (0, PoolRound.Begin());
            }

            idle = look.Activity != seenActivity || look.Entries != seenEntries || Volatile.Read(ref atWork) > 0 ? 0 : idle + 1;
            silent++;
            (seenActivity, seenEntries) = look;
            Thread.Sleep(1);
        }
    }

    /// <summary>To the next thing that is due until then, the world's first; false when there is none.</summary>
    private bool Jump(DateTimeOffset until)
    {
        Action? happening = null;
        lock (gate)
        {
            var timer = timers.Count > 0 ? timers.MinBy(timer => (timer.Due, timer.Order)) : null;
            var due = timer?.Due ?? DateTimeOffset.MaxValue;
            if (world.TryPeek(out _, out var next) && next.At <= due && next.At <= until)
            {
                now = next.At > now ? next.At : now;
                happening = world.Dequeue();
            }
            else if (timer is not null && due <= until)
            {
                now = due > now ? due : now;
                happening = timer.Fire;
                timer.Rearm();
            }
        }

        happening?.Invoke();
        return happening is not null;
    }

    /// <summary>Done when the thread pool has come to what was queued last.</summary>
    private sealed class PoolRound : IThreadPoolWorkItem
    {
        private volatile bool done;

        public bool IsDone => done;

        public static PoolRound Begin()
        {
            var round = new PoolRound();
            ThreadPool.UnsafeQueueUserWorkItem(round, preferLocal: false);
            return round;
        }

        public void Execute() => done = true;
    }

    private sealed class Timer(VirtualClock clock, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan period = Timeout.InfiniteTimeSpan;

        public DateTimeOffset Due { get; private set; }

        public long Order { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            clock.Touch();
            lock (clock.gate)
            {
                clock.timers.Remove(this);
                this.period = period;
                if (dueTime != Timeout.InfiniteTimeSpan)
                {
                    Arm(dueTime);
                }

                Signal();
            }

            return true;
        }

        /// <summary>On a thread of the pool: what follows may run long, or end the clock.</summary>
        public void Fire() => ThreadPool.UnsafeQueueUserWorkItem(
            _ =>
            {
                clock.Touch();
                callback(state);
            },
            null);

        /// <summary>Called within the clock's gate.</summary>
        public void Rearm()
        {
            clock.timers.Remove(this);
            if (period > TimeSpan.Zero)
            {
                Arm(period);
            }

            Signal();
        }

        public void Dispose() => Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private void Arm(TimeSpan after)
        {
            Due = clock.now + after;
            Order = clock.order++;
            clock.timers.Add(this);
        }

        private void Signal()
        {
            if (clock.ended)
            {
                return;
            }

            if (clock.timers.Count > 0)
            {
                clock.somebodyWaits.Set();
            }
            else
            {
                clock.somebodyWaits.Reset();
            }
        }
    }
}
