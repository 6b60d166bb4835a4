using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Observed;
using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler;

/// <summary>Short ways to say a service, a state, a plan and what the journal holds of it.</summary>
internal static class Stacks
{
    public const string Old = "4f2a1c9d00000000000000000000000000000000";

    public const string New = "8be01d2a00000000000000000000000000000000";

    public static readonly DateTimeOffset Start = new(2026, 11, 23, 3, 0, 0, TimeSpan.Zero);

    public static DesiredService Service(string name, params string[] needs) => new()
    {
        Name = name,
        ContainerName = name,
        Spec = new ContainerSpec { Image = $"{name}:1" },
        DependsOn = [.. needs.Select(need => new Dependency(need, DependencyCondition.Healthy))],
    };

    /// <summary>The state before: container ids are <c>id-NAME</c>, digests <c>spec-NAME</c>.</summary>
    public static EffectiveState Before(params DesiredService[] services) => new()
    {
        Project = "homeiq",
        Revision = Old,
        Services =
        [
            .. services.Select(service => new EffectiveService(service, $"spec-{service.Name}", $"image-{service.Name}", null, $"id-{service.Name}", ValueMap<string>.Empty)),
        ],
    };

    public static ContainerRef OldOf(string service) => new($"id-{service}", service);

    public static ContainerRef NewOf(string service, string? name = null) => new(null, name ?? service);

    /// <summary>The five steps of a swap, and the proof.</summary>
    public static Step[] Swap(string service) =>
    [
        new CreateContainer(service, $"{service}.next", $"newspec-{service}", $"newimage-{service}"),
        new StopContainer(service, OldOf(service)),
        new SetAside(service, OldOf(service), $"{service}.kept", $"spec-{service}", $"image-{service}", new RestartPolicy("unless-stopped")),
        new RenameContainer(service, NewOf(service, $"{service}.next"), service),
        new StartContainer(service, NewOf(service)),
        new VerifyService(service, NewOf(service), $"newspec-{service}"),
    ];

    /// <summary>A plan whose steps follow one another, unless said otherwise by <paramref name="after"/> (number to numbers).</summary>
    public static Plan Plan(Step[] steps, params (int Number, int[] After)[] after) => new()
    {
        Project = "homeiq",
        Revision = New,
        From = Old,
        Steps =
        [
            .. steps.Select((step, index) => new PlannedStep(
                index + 1, step, "the commit says so",
                after.FirstOrDefault(pair => pair.Number == index + 1).After is { } said ? [.. said] : index == 0 ? [] : [index])),
        ],
    };

    /// <summary>The run of a plan up to a step: all before it done, the step itself only intended, unless <paramref name="done"/>.</summary>
    public static RunRecord Cut(Plan plan, int at, bool done = false, params (int Number, Receipt Receipt)[] receipts)
    {
        var entries = new List<JournalEntry> { new RunStarted(plan, "state-1", "apply") { At = Start }, new PhaseEntered(RunPhase.Upgrading) { At = Start } };
        foreach (var step in plan.Steps.Take(at))
        {
            entries.Add(new StepIntended(step.Number, false) { At = Start.AddSeconds(step.Number) });
            if (step.Number < at || done)
            {
                var receipt = receipts.FirstOrDefault(pair => pair.Number == step.Number).Receipt ?? ReceiptOf(step.Step);
                entries.Add(new StepDone(step.Number, false, receipt) { At = Start.AddSeconds(step.Number + 0.5) });
            }
        }

        return RunReader.Read("run-7", entries)!;
    }

    public static Receipt ReceiptOf(Step step) => step switch
    {
        PullImage pull => new ImageReady($"image of {pull.Image}", null),
        BuildImage build => new ImageReady($"image of {build.Image}", null),
        CreateNetwork => new NetworkMade("net-1"),
        CreateContainer create => new ContainerMade($"c0ffee-{create.Service}", create.ImageId ?? $"newimage-{create.Service}"),
        TakeBaseline => new BaselineTaken(Trouble.None, []),
        StopContainer => new ContainerStopped(true, 0),
        StartContainer or RestartContainer => new ContainerStarted(Start),
        VerifyService => new ServiceVerified("healthy after 0.2 s"),
        _ => new Performed(),
    };
}
