using HomeIQ.Reconciler.Docker;

namespace HomeIQ.Reconciler.Locking;

/// <summary>The right to act on an engine for an instance, kept in that engine so that every machine sees it: a mark of fixed name, whose number its holder turns.</summary>
/// <remarks>
/// An engine gives a name to one container only, so taking is one call. A mark whose number has not moved for the lease by the clock of whoever waits, or whose
/// holder is known to have ended, is removed by its id and placed anew: of two who do that, one gets the name. Clocks are only ever compared with themselves.
/// </remarks>
public sealed class EngineLock(IContainerHost host, string instance, LockHolder self, Func<LockHolder, bool> hasEnded, LockSettings settings, TimeProvider time) : IAsyncDisposable
{
    /// <summary>Others may come and go between two calls, but not for ever.</summary>
    private const int Tries = 5;

    /// <summary>How long letting go may hold up the end of the process; what remains heals by itself.</summary>
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim gate = new(1);
    private readonly string name = NameOf(instance);
    private Hold? hold;
    private Sighting? sighting;

    /// <summary>A call that places the mark was begun, and its answer never came.</summary>
    private bool isInDoubt;

    public bool IsHeld => hold is { Lost: null };

    /// <summary>When to look again at a lock that somebody else has.</summary>
    public TimeSpan LookAgain => settings.Renewal;

    /// <summary>The mark's name: of the instance's own characters those that an engine takes.</summary>
    public static string NameOf(string instance) =>
        $"homeiq-lock-{string.Concat(instance.Select(character => char.IsAsciiLetterOrDigit(character) || character is '.' or '-' ? $"{character}" : $"_{(int)character:x}_"))}";

    /// <summary>Takes the lock where that can be done at once; who has it, when it cannot.</summary>
    public async Task<LockHolder?> TryTakeAsync(CancellationToken cancellationToken)
    {
        if (IsHeld)
        {
            return null;
        }

        await StopRenewingAsync();
        LockHolder? other = null;
        for (var tries = 0; tries < Tries; tries++)
        {
            isInDoubt = true;
            var began = Now();
            var placed = await host.PlaceMarkAsync(name, (self with { Since = began.Wall }).ToLabels(instance), cancellationToken);
            isInDoubt = false;
            if (placed is not null)
            {
                Begin(placed, began);
                return null;
            }

            if (await host.FindMarkAsync(name, cancellationToken) is not { } mark)
            {
                continue;
            }

            other = LockHolder.FromLabels(mark.Labels, instance);
            if (other is null || !IsOver(mark, other))
            {
                return other ?? LockHolder.Stranger(name);
            }

            await host.RemoveMarkAsync(mark.Id, cancellationToken);
        }

        return other ?? LockHolder.Stranger(name);
    }

    /// <summary>Takes the lock; where nobody here can tell whether its holder lives, waits until that one shows it, or has not for the lease.</summary>
    public async Task<LockHolder?> TakeAsync(CancellationToken cancellationToken)
    {
        while (await TryTakeAsync(cancellationToken) is { } other)
        {
            if (other.Token.Length == 0 || other.IsNear(self) || sighting is { HasMoved: true })
            {
                return other;
            }

            await Task.Delay(settings.Fresh, time, cancellationToken);
        }

        return null;
    }

    /// <summary>Who else has the lock; null when nobody has, or a process of this state directory, or one that is known to have ended. Changes nothing.</summary>
    public async Task<LockHolder?> FindOtherAsync(CancellationToken cancellationToken)
    {
        if (IsHeld || await host.FindMarkAsync(name, cancellationToken) is not { } mark)
        {
            return null;
        }

        return LockHolder.FromLabels(mark.Labels, instance) is { } other
            ? other.WasBefore(self) || hasEnded(other) ? null : other
            : LockHolder.Stranger(name);
    }

    /// <summary>Makes sure before something is done that the lock is still ours.</summary>
    /// <exception cref="LockLostException">It is not, or nobody can tell.</exception>
    public async Task ConfirmAsync()
    {
        var held = hold ?? throw new LockLostException("it was never taken");
        if (held.Lost is null && !IsFresh(held))
        {
            await RenewAsync(held, CancellationToken.None);
            if (held.Lost is null && Age(held) > settings.Lease - settings.Renewal)
            {
                held.Lost = "the engine did not answer its renewals";
            }
        }

        if (held.Lost is { } reason)
        {
            throw new LockLostException(reason);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopRenewingAsync();
        using var patience = new CancellationTokenSource(Farewell);
        try
        {
            if (hold is { } held)
            {
                await host.RemoveMarkAsync(held.Id, patience.Token);
            }
            else if (isInDoubt && await host.FindMarkAsync(name, patience.Token) is { } mark && LockHolder.FromLabels(mark.Labels, instance)?.Token == self.Token)
            {
                await host.RemoveMarkAsync(mark.Id, patience.Token);
            }
        }
        catch (Exception unanswered) when (unanswered is ContainerHostException or OperationCanceledException)
        {
            // Whoever comes next sees that this process has ended.
        }

        hold?.Dispose();
        hold = null;
        gate.Dispose();
    }

    private bool IsOver(Mark mark, LockHolder other)
    {
        if (sighting?.Id != mark.Id || sighting.Count != mark.Count)
        {
            sighting = new(mark.Id, mark.Count, time.GetTimestamp(), HasMoved: sighting?.Id == mark.Id);
        }

        // Of this very process: an answer was lost, or it was not renewed in time.
        return other.Token == self.Token || other.WasBefore(self) || hasEnded(other) || time.GetElapsedTime(sighting.Since) >= settings.Lease;
    }

    private void Begin(string id, Moment began)
    {
        sighting = null;
        var held = new Hold(id, began);
        held.Renewing = RenewAlwaysAsync(held);
        hold?.Dispose();
        hold = held;
    }

    private async Task StopRenewingAsync()
    {
        if (hold is { } held)
        {
            await held.Stop.CancelAsync();
            await Task.WhenAny(held.Renewing);
        }
    }

    private async Task RenewAlwaysAsync(Hold held)
    {
        try
        {
            while (held.Lost is null)
            {
                await Task.Delay(SinceRenewal(held) > settings.Renewal ? settings.Fresh : settings.Renewal, time, held.Stop.Token);
                await RenewAsync(held, held.Stop.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // Let go of.
        }
    }

    private async Task RenewAsync(Hold held, CancellationToken cancellationToken)
    {
        await gate.WaitAsync(cancellationToken);
        try
        {
            var began = Now();
            if (SinceRenewal(held) >= settings.Lease)
            {
                // Somebody may have judged it over already, and be about to take it.
                held.Lost ??= $"it could not be renewed for {Duration.ToText(settings.Lease)}";
                return;
            }

            // An answer that is lost may have moved the number all the same: the next one has to move it again.
            held.Count++;
            using var limit = new CancellationTokenSource(settings.Renewal, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
            if (await host.TurnMarkAsync(held.Id, held.Count, either.Token))
            {
                held.Renewed = began;
            }
            else
            {
                held.Lost ??= "somebody removed it from the engine";
            }
        }
        catch (Exception unanswered) when (unanswered is ContainerHostException || (unanswered is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            // The next try tells.
        }
        finally
        {
            gate.Release();
        }
    }

    private Moment Now() => new(time.GetTimestamp(), time.GetUtcNow());

    private TimeSpan SinceRenewal(Hold held) => time.GetElapsedTime(held.Renewed.Ticks);

    /// <remarks>By both clocks: the one that counts evenly stands still while a machine sleeps.</remarks>
    private TimeSpan Age(Hold held) => (SinceRenewal(held), (time.GetUtcNow() - held.Renewed.Wall).Duration()) is var (even, wall) && even > wall ? even : wall;

    private bool IsFresh(Hold held) => Age(held) < settings.Fresh;

    private sealed record Moment(long Ticks, DateTimeOffset Wall);

    /// <param name="Since">When its number was first seen to be this, by our own clock.</param>
    /// <param name="HasMoved">It was seen to move: its holder lives.</param>
    private sealed record Sighting(string Id, int Count, long Since, bool HasMoved);

    private sealed class Hold(string id, Moment began) : IDisposable
    {
        private volatile string? lost;
        private volatile Moment renewed = began;

        public string Id { get; } = id;

        public int Count { get; set; }

        public Moment Renewed { get => renewed; set => renewed = value; }

        /// <summary>Why it is ours no more; null while it is.</summary>
        public string? Lost { get => lost; set => lost = value; }

        public CancellationTokenSource Stop { get; } = new();

        public Task Renewing { get; set; } = Task.CompletedTask;

        public void Dispose() => Stop.Dispose();
    }
}
