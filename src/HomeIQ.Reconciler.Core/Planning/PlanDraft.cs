namespace HomeIQ.Reconciler.Planning;

/// <summary>Where a step stands when nothing else decides: preparation first, clean-up last.</summary>
internal enum Section
{
    Fetch,
    Ground,
    Contents,
    Keep,
    Create,
    Ask,
    Move,
    Soak,
    Promote,
    CleanUp,
}

/// <summary>A step before it has its number, and the steps that it waits for.</summary>
internal sealed class DraftStep(Step step, string cause, Section section, int phase, int order)
{
    private readonly List<DraftStep> after = [];
    private readonly List<DraftStep> preferably = [];
    private readonly List<DraftStep> otherwise = [];

    public Step Step { get; } = step;

    public string Cause { get; } = cause;

    public Section Section { get; } = section;

    public int Phase { get; } = phase;

    public int Order { get; } = order;

    public IReadOnlyList<DraftStep> Waits => after;

    public IReadOnlyList<DraftStep> Wishes => preferably;

    /// <summary>What it waits for when wishes cannot be granted.</summary>
    public IReadOnlyList<DraftStep> Otherwise => otherwise;

    /// <summary>True when another step must wait for this one.</summary>
    public bool IsAwaited { get; private set; }

    /// <summary>True when another step would like to wait for this one.</summary>
    public bool IsWishedFor { get; private set; }

    /// <summary>This step must wait for another.</summary>
    public DraftStep After(DraftStep? other)
    {
        if (other is not null && other != this)
        {
            after.Add(other);
            other.IsAwaited = true;
        }

        return this;
    }

    /// <summary>This step waits for another unless that would leave no order at all.</summary>
    public DraftStep PreferablyAfter(DraftStep? other)
    {
        if (other is not null && other != this)
        {
            preferably.Add(other);
            other.IsWishedFor = true;
        }

        return this;
    }

    /// <summary>This step waits for another if wishes cannot be granted: it relied on somebody who would have waited for that one.</summary>
    public void AfterWithoutWishes(DraftStep other) => otherwise.Add(other);
}

/// <summary>Steps on their way to being a plan: they get their numbers when all waits are known.</summary>
internal sealed class PlanDraft
{
    /// <summary>Above this many edges a barrier runs through one of its steps, so that planning stays linear.</summary>
    private const int BroadBarrier = 20_000;

    private readonly List<DraftStep> steps = [];

    public IReadOnlyList<DraftStep> Steps => steps;

    public DraftStep Add(Step step, string cause, Section section, int phase = 0, int order = 0)
    {
        var draft = new DraftStep(step, cause, section, phase, order);
        steps.Add(draft);

        return draft;
    }

    /// <summary>Every step of <paramref name="late"/> waits for every one of <paramref name="early"/>.</summary>
    public static void Barrier(IReadOnlyList<DraftStep> early, IReadOnlyList<DraftStep> late, bool preferably = false)
    {
        void Wait(DraftStep step, DraftStep other) => _ = preferably ? step.PreferablyAfter(other) : step.After(other);

        if ((long)early.Count * late.Count > BroadBarrier && late.FirstOrDefault(step => step.Waits.Count == 0) is { } gate)
        {
            foreach (var step in early)
            {
                Wait(gate, step);
            }

            foreach (var step in late)
            {
                Wait(step, gate);
            }

            return;
        }

        foreach (var step in late)
        {
            foreach (var other in early)
            {
                Wait(step, other);
            }
        }
    }

    /// <summary>A step waits for all that are there, by naming those for which nobody else waits.</summary>
    public void AfterEverything(DraftStep late)
    {
        var others = steps.Where(step => step != late && !step.IsAwaited).ToList();
        Barrier([.. others.Where(step => !step.IsWishedFor)], [late]);
        foreach (var step in others.Where(step => step.IsWishedFor))
        {
            late.AfterWithoutWishes(step);
        }
    }

    /// <summary>The steps in their order, each naming those that it waits for by number; null when they wait for each other in a circle.</summary>
    public ValueList<PlannedStep>? Numbered() => Numbered(withWishes: true) ?? Numbered(withWishes: false);

    private ValueList<PlannedStep>? Numbered(bool withWishes)
    {
        IEnumerable<DraftStep> Waits(DraftStep step) => step.Waits.Concat(withWishes ? step.Wishes : step.Otherwise);

        var place = new Dictionary<DraftStep, int>(steps.Count);
        var users = new List<int>[steps.Count];
        var open = new int[steps.Count];
        for (var index = 0; index < steps.Count; index++)
        {
            place[steps[index]] = index;
            users[index] = [];
        }

        var ready = new PriorityQueue<int, (Section, int, int, int)>();
        void Enqueue(int index) => ready.Enqueue(index, (steps[index].Section, steps[index].Phase, steps[index].Order, index));

        for (var index = 0; index < steps.Count; index++)
        {
            foreach (var wait in Waits(steps[index]))
            {
                users[place[wait]].Add(index);
                open[index]++;
            }

            if (open[index] == 0)
            {
                Enqueue(index);
            }
        }

        var numbers = new int[steps.Count];
        var planned = new List<PlannedStep>(steps.Count);
        while (ready.TryDequeue(out var index, out _))
        {
            var step = steps[index];
            numbers[index] = planned.Count + 1;
            ValueList<int> after = [.. Waits(step).Select(wait => numbers[place[wait]]).Distinct().Order()];
            planned.Add(new(numbers[index], step.Step, step.Cause, after) { IsCleanUp = step.Section == Section.CleanUp });

            foreach (var user in users[index].Where(user => --open[user] == 0))
            {
                Enqueue(user);
            }
        }

        return planned.Count == steps.Count ? [.. planned] : null;
    }
}
