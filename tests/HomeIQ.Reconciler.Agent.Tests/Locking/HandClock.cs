namespace HomeIQ.Reconciler.Locking;

/// <summary>A clock that a test moves by hand: it never moves by itself, however long somebody waits.</summary>
internal sealed class HandClock : TimeProvider
{
    private readonly Lock gate = new();
    private readonly List<Timer> timers = [];
    private DateTimeOffset now = new(2031, 5, 7, 12, 0, 0, TimeSpan.Zero);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>Somebody waits.</summary>
    public bool IsAwaited
    {
        get
        {
            lock (gate)
            {
                return timers.Count > 0;
            }
        }
    }

    public override DateTimeOffset GetUtcNow()
    {
        lock (gate)
        {
            return now;
        }
    }

    public override long GetTimestamp() => GetUtcNow().Ticks;

    /// <summary>Lets so much time pass; what falls due is called in order, each at its time.</summary>
    public void Advance(TimeSpan time)
    {
        var end = GetUtcNow() + time;
        while (Next(end) is { } due)
        {
            due.Fire();
        }

        lock (gate)
        {
            now = end;
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private Timer? Next(DateTimeOffset until)
    {
        lock (gate)
        {
            if (timers.MinBy(timer => timer.Due) is not { } next || next.Due > until)
            {
                return null;
            }

            now = next.Due > now ? next.Due : now;
            timers.Remove(next);
            return next;
        }
    }

    private sealed class Timer(HandClock clock, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan every;

        public DateTimeOffset Due { get; private set; }

        public void Fire()
        {
            if (every > TimeSpan.Zero)
            {
                Change(every, every);
            }

            callback(state);
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock.gate)
            {
                clock.timers.Remove(this);
                every = period;
                if (dueTime != Timeout.InfiniteTimeSpan)
                {
                    Due = clock.now + dueTime;
                    clock.timers.Add(this);
                }

                return true;
            }
        }

        public void Dispose() => Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
