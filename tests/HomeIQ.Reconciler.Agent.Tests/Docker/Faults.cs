namespace HomeIQ.Reconciler.Docker;

/// <summary>How a call goes wrong.</summary>
public enum FaultKind
{
    /// <summary>Nothing is done.</summary>
    Refused,

    /// <summary>It is done, and nobody hears of it.</summary>
    AnswerLost,

    /// <summary>Nothing is done and nobody hears of anything, until the call's deadline.</summary>
    Hangs,

    /// <summary>It is done and answered late, but within the deadline.</summary>
    Slow,

    /// <summary>It is done, and its answer breaks off in the middle: nobody can read what came of it, or what was seen.</summary>
    Truncated,
}

/// <summary>A call that goes wrong.</summary>
/// <param name="Words">The engine's own; null = what such a failure usually says.</param>
public sealed record Fault(FaultKind Kind, HostFailure Failure, string? Words = null)
{
    public static readonly Fault AnswerLost = new(FaultKind.AnswerLost, HostFailure.Unreachable);

    public static readonly Fault Hangs = new(FaultKind.Hangs, HostFailure.TimedOut);

    public static readonly Fault Slow = new(FaultKind.Slow, HostFailure.TimedOut);

    public static readonly Fault Truncated = new(FaultKind.Truncated, HostFailure.Unreachable);

    public static Fault Of(HostFailure failure, string? words = null) => new(FaultKind.Refused, failure, words);

    internal void After(string call)
    {
        if (Kind is FaultKind.AnswerLost or FaultKind.Truncated)
        {
            throw new ContainerHostException(Failure, $"{call}: the connection broke {(Kind == FaultKind.Truncated ? "in the middle of" : "before")} the answer");
        }
    }
}

/// <summary>What will go wrong in a fake engine.</summary>
public sealed class Faults
{
    /// <summary>Any call that changes something.</summary>
    public const string AnyChange = "*";

    /// <summary>How long an adapter waits for an answer.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    /// <summary>Calls that are not counted among the changes: the looking ones, and those about marks.</summary>
    private static readonly HashSet<string> Looks =
        new(StringComparer.Ordinal) { "describe", "list", "find", "inspect", "specification", "logs", "exec", "networks", "volumes", "image", "tags", "watch", "recall", "place-mark", "find-mark", "turn-mark", "remove-mark" };

    private readonly Lock gate = new();
    private readonly List<(string Call, int Nth, Fault Fault)> planned = [];
    private readonly List<(string Call, int Nth, Action Happening)> meanwhile = [];
    private readonly Dictionary<string, int> counts = new(StringComparer.Ordinal);

    /// <summary>Calls so far that change something, those that failed included.</summary>
    public int Changes
    {
        get
        {
            lock (gate)
            {
                return counts.GetValueOrDefault(AnyChange);
            }
        }
    }

    /// <summary>Calls so far that went wrong as planned.</summary>
    public int Met { get; private set; }

    /// <summary>How often each call was made so far.</summary>
    public IReadOnlyDictionary<string, int> Counts
    {
        get
        {
            lock (gate)
            {
                return new Dictionary<string, int>(counts, StringComparer.Ordinal);
            }
        }
    }

    /// <summary>How often something was asked for or told so far.</summary>
    public int Calls(string call)
    {
        lock (gate)
        {
            return counts.GetValueOrDefault(call);
        }
    }

    /// <param name="call"><c>create, start, stop, unpause, rename, restart-policy, update, remove, pull, build, tag, untag, create-network, remove-network, connect, disconnect, create-volume</c>,
    /// a looking call, <c>place-mark, turn-mark, remove-mark</c>, or <see cref="AnyChange"/>.</param>
    /// <param name="nth">From 1, counted from now on.</param>
    public void FailAt(string call, int nth, Fault fault)
    {
        lock (gate)
        {
            planned.Add((call, counts.GetValueOrDefault(call) + nth, fault));
        }
    }

    /// <summary>Something happens just before a call is done; what it throws is no answer of the engine but escapes.</summary>
    public void Meanwhile(string call, int nth, Action happening)
    {
        lock (gate)
        {
            meanwhile.Add((call, counts.GetValueOrDefault(call) + nth, happening));
        }
    }

    public void FailAt(string call, int nth, HostFailure failure) => FailAt(call, nth, Fault.Of(failure));

    public void Clear()
    {
        lock (gate)
        {
            planned.Clear();
            meanwhile.Clear();
        }
    }

    internal async Task<Fault?> BeforeAsync(string call, TimeProvider time, CancellationToken cancellationToken)
    {
        var (fault, happening) = Next(call);
        happening?.Invoke();
        switch (fault?.Kind)
        {
            case FaultKind.Refused:
                throw new ContainerHostException(fault.Failure, fault.Words ?? $"{call}: {Words(fault.Failure)}");
            case FaultKind.Slow:
                await Task.Delay(Deadline / 2, time, cancellationToken);
                break;
            case FaultKind.Hangs:
                await Task.Delay(Deadline, time, cancellationToken);
                throw new ContainerHostException(fault.Failure, $"{call}: no answer within {Deadline.TotalSeconds:0} s");
        }

        return fault;
    }

    private (Fault? Fault, Action? Happening) Next(string call)
    {
        lock (gate)
        {
            Fault? found = null;
            Action? happening = null;
            foreach (var counter in Looks.Contains(call) ? [call] : (string[])[call, AnyChange])
            {
                var count = counts[counter] = counts.GetValueOrDefault(counter) + 1;
                found ??= planned.Where(fault => fault.Call == counter && fault.Nth == count).Select(fault => fault.Fault).FirstOrDefault();
                happening ??= meanwhile.Where(one => one.Call == counter && one.Nth == count).Select(one => one.Happening).FirstOrDefault();
            }

            Met += found is null ? 0 : 1;
            return (found, happening);
        }
    }

    private static string Words(HostFailure failure) => failure switch
    {
        HostFailure.Unreachable => "cannot connect to the engine",
        HostFailure.PortTaken => "Bind for 0.0.0.0:8080 failed: port is already allocated",
        HostFailure.Throttled => "toomanyrequests: rate exceeded",
        HostFailure.Unauthorized => "unauthorized: authentication required",
        HostFailure.RegistryFailed => "received unexpected HTTP status: 503 Service Unavailable",
        HostFailure.NotFound => "no such object",
        HostFailure.Conflict => "the object is not in a state for it",
        HostFailure.Invalid => "bad request",
        HostFailure.TimedOut => "no answer in time",
        _ => "internal server error",
    };
}
