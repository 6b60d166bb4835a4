using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Journaling;

/// <summary>Whether a plan may be tried by itself now, judged by what the journal says of the attempts before.</summary>
/// <param name="NotBefore">When it may be tried; null = now.</param>
/// <param name="Reason">Why it waits, in the operator's words; empty when it does not.</param>
/// <param name="NeedsPerson">It is not tried again by itself, whatever the time.</param>
public sealed record Attempt(DateTimeOffset? NotBefore, string Reason, bool NeedsPerson = false)
{
    /// <summary>The service that somebody else changes back again and again; null when it waits for another reason.</summary>
    public string? Contested { get; init; }

    public static Attempt Now { get; } = new(null, "");

    /// <summary>True when it may be begun at that moment.</summary>
    public bool IsDue(DateTimeOffset at) => !NeedsPerson && !(NotBefore > at);
}

/// <summary>Keeps the loop from doing the same thing in vain over and over: back-off for what failed, an end for what is undone again and again.</summary>
/// <remarks>Read from the journal, so that a restart of the daemon does not begin afresh.</remarks>
public static class Attempts
{
    /// <summary>How many runs back attempts are looked for.</summary>
    public const int RecentRuns = 50;

    /// <summary>The first wait after an environmental failure; it doubles with each further one.</summary>
    public static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(10);

    public static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(15);

    /// <summary>So many corrections of the same service within <see cref="ContestWindow"/> are a contest with somebody.</summary>
    public const int ContestLimit = 5;

    public static readonly TimeSpan ContestWindow = TimeSpan.FromMinutes(10);

    /// <summary>How long a contested service is left alone before it is corrected once more.</summary>
    public static readonly TimeSpan ContestRest = TimeSpan.FromHours(1);

    /// <param name="plan">What would be done now.</param>
    /// <param name="recent">Ended runs, newest first.</param>
    public static Attempt For(Plan plan, IReadOnlyList<RunRecord> recent)
    {
        if (recent is [{ Phase: RunPhase.RollbackFailed } stuck, ..])
        {
            return new(null, $"the way back of run {stuck.Id} failed: nothing more is changed by itself", NeedsPerson: true);
        }

        foreach (var run in recent.TakeWhile(run => run.Phase != RunPhase.Succeeded).Where(run => run.Phase == RunPhase.Incomplete))
        {
            if (run.Begun.FirstOrDefault(bad => IsVerdict(bad) && IsStillSo(run.Plan, bad.Subject, plan)) is { } bad)
            {
                return new(null, $"{bad.Subject} failed in run {run.Id} as it is: {bad.Failure!.Reason}", NeedsPerson: true);
            }
        }

        var same = recent.TakeWhile(run => IsInVain(run) && IsSame(run.Plan, plan)).ToList();
        if (same.Count > 0)
        {
            var last = same[0];
            var why = last.Failure?.Failure?.Reason ?? last.Summary ?? "it was cut off";
            return new(last.EndedAt + Wait(same.Count), $"run {last.Id} failed, attempt {same.Count} in a row: {why}");
        }

        return plan.Contents.Count > 0 ? Attempt.Now : Contest(plan, recent);
    }

    /// <summary>Doubles with each failure in a row, up to the longest.</summary>
    public static TimeSpan Wait(int failures) =>
        failures > 10 ? LongestWait : TimeSpan.FromTicks(Math.Min(LongestWait.Ticks, FirstWait.Ticks << Math.Max(0, failures - 1)));

    private static Attempt Contest(Plan plan, IReadOnlyList<RunRecord> recent)
    {
        foreach (var service in Corrected(plan))
        {
            var corrections = recent.Where(run => run is { Cause: RunCause.Drift, Phase: RunPhase.Succeeded } && Corrected(run.Plan).Contains(service)).Take(ContestLimit).ToList();
            if (corrections.Count == ContestLimit && corrections[0].StartedAt - corrections[^1].StartedAt <= ContestWindow)
            {
                return new(
                    corrections[0].EndedAt + ContestRest,
                    $"{service} was put right {ContestLimit} times within {ContestWindow.TotalMinutes:0} minutes and is changed again each time: somebody else acts on it")
                {
                    Contested = service,
                };
            }
        }

        return Attempt.Now;
    }

    private static HashSet<string> Corrected(Plan plan) => plan.Changes.Where(ChangeText.IsDrift).Select(change => change.Subject).ToHashSet(StringComparer.Ordinal);

    /// <summary>A first install has nothing to go back to and is not quarantined: what was measured bad in it would be started once more, and nothing that it stands on is another one now.</summary>
    /// <remarks>What came up well then is as it should be by now, and has no part in the plan.</remarks>
    private static bool IsStillSo(Plan was, string service, Plan plan)
    {
        bool IsAnother(string subject) => plan.Contents.TryGetValue(subject, out var now) && !(was.Contents.TryGetValue(subject, out var then) && then == now);

        return plan.Contents.ContainsKey(service) && !StartedFor(was, service).Any(IsAnother);
    }

    /// <summary>The service, and those whose start or proof its own start waited for.</summary>
    private static HashSet<string> StartedFor(Plan plan, string service)
    {
        var moves = plan.Steps.Where(step => step.Step is StartContainer or RestartContainer or UnpauseContainer or VerifyService).ToDictionary(step => step.Number);
        var open = new Stack<PlannedStep>(moves.Values.Where(step => step.Step.Subject == service));
        var seen = new HashSet<int>();
        while (open.TryPop(out var step))
        {
            foreach (var earlier in step.After.Where(number => moves.ContainsKey(number) && seen.Add(number)))
            {
                open.Push(moves[earlier]);
            }
        }

        return [service, .. seen.Select(number => moves[number].Step.Subject)];
    }

    private static bool IsVerdict(BegunStep step) => step.Failure?.Class is FailureClass.Verification or FailureClass.Migration;

    private static bool IsInVain(RunRecord run) => run.Phase is RunPhase.RolledBack or RunPhase.Incomplete;

    private static bool IsSame(Plan was, Plan plan) => was.Revision == plan.Revision && was.Contents == plan.Contents && Corrected(was).SetEquals(Corrected(plan));
}
