using System.Text.Json;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Observed;
using static HomeIQ.Reconciler.Stacks;

namespace HomeIQ.Reconciler.Planning;

/// <summary>Every kind of step goes through every place that must know it: words, JSON, the simulated host, the way back.</summary>
public class StepWalkTests
{
    private static readonly IReadOnlyList<Type> Kinds = [.. typeof(Step).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(Step)))];

    [Fact]
    public void Every_step_has_words_of_its_own()
    {
        Assert.Equal(Kinds.Count, Samples.Steps.Count);
        Assert.Equal(Kinds.Count, Samples.Steps.Select(StepText.Of).Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public void Every_step_survives_the_journal() => Assert.All(Samples.Steps, step =>
        Assert.Equal(step, JsonSerializer.Deserialize(JsonSerializer.Serialize(step, CoreJson.Default.Step), CoreJson.Default.Step)));

    [Fact]
    public void No_step_is_unknown_on_the_way_back() => Assert.All(Samples.Steps, step =>
        Assert.NotNull(RollbackPlanner.PlanFor(Cut(Plan([step]), 1), Samples.Effective)));

    [Fact]
    public void Every_step_can_be_performed_and_the_way_back_of_all_of_them_leads_where_they_began()
    {
        var cache = Service("cache") with { Spec = new() { Image = "cache:1", Memory = 64 << 20, Networks = [new("net")] } };
        var mqtt = Service("mqtt");
        var web = Service("web") with { Spec = new() { Image = "web:1", Networks = [new("net")], Restart = new("always"), Mounts = [new(MountKind.Volume, "kept", "/kept")] } };
        var newer = web with { Spec = web.Spec with { Image = "web:2", Networks = [new("net"), new("extra")], Mounts = [new(MountKind.Volume, "kept", "/kept"), new(MountKind.Volume, "data", "/data")] } };
        var before = State(Old, cache, mqtt, web);
        var host = new SimulatedHost(Empty, "home");
        host.Begin(before, Digest);
        foreach (var step in Install(before))
        {
            host.Perform(step);
        }

        // A hand paused mqtt and gave cache more memory and another network, and a network of ours is left over.
        host.Perform(new CreateNetwork(new("left-over")));
        Tamper(host, "cache", container => SimulatedHost.Joined(SimulatedHost.Without(container, "net"), new("left-over", "net", [], null, null, null)) with
        {
            Fields = container.Fields.With("HostConfig.Memory", "1073741824"),
        });
        Tamper(host, "mqtt", container => container with { Status = ContainerStatus.Paused });
        var effective = host.Effective!;
        var old = new ContainerRef(effective.Find("web")!.ContainerId, "web");
        var after = State(New, cache, mqtt, newer);
        host.Begin(after, Digest);
        var job = new MigrationJob("web", "kept", "/data", "app.db", Digest(newer), new(["alembic", "upgrade", "head"], TimeSpan.FromMinutes(1)));
        Step[] forward =
        [
            new PullImage("web", "web:2"), new BuildImage("cache", "cache:1", "d"), new KeepImage("web", effective.Find("web")!.ImageId, "keep:web"), new ExportContent("web", "content"),
            new CreateNetwork(new("extra")), new CreateVolume(new("data")), new CreateContainer("web", "web.new", Digest(newer), null), new Rehearse("kept", job), new TakeBaseline("web", old, 1), new StopContainer("web", old),
            new SetAside("web", old, "web.kept", Digest(web), effective.Find("web")!.ImageId, new("always")), new BackUp("kept", "kept"), new Migrate("kept", job), new ReplaceNetwork(new("net"), new("net") { Internal = true }),
            new RenameContainer("web", new(null, "web.new"), "web"), new StartContainer("web", new(null, "web")), new VerifyService("web", new(null, "web"), Digest(newer)),
            new UpdateContainer("cache", new(effective.Find("cache")!.ContainerId, "cache"), ["HostConfig.Memory"]),
            new DisconnectNetwork("cache", new(effective.Find("cache")!.ContainerId, "cache"), "left-over"),
            new ReconnectNetwork("cache", new(effective.Find("cache")!.ContainerId, "cache"), "net", Digest(cache)),
            new RestartContainer("cache", new(effective.Find("cache")!.ContainerId, "cache")), new UnpauseContainer("mqtt", new(effective.Find("mqtt")!.ContainerId, "mqtt")),
            new SetRestartPolicy("mqtt", new(effective.Find("mqtt")!.ContainerId, "mqtt"), new("always"), RestartPolicy.No),
        ];
        Step[] ending =
        [
            new Soak(["web"], TimeSpan.FromMinutes(5), LogErrors.Fail), new Promote(New), new RemoveContainer("web", new(old.Id, "web.kept")), new RemoveNetwork(new("left-over")), new ReleaseImage("web", "keep:web"), new ReleaseStates(["state-0"]),
            new ReleaseCopies("kept", "kept"),
        ];
        var (started, data) = (host.State, host.Data);
        var plan = Plan(forward);
        var run = RunReader.Read("run-1", [new RunStarted(plan, "state-1", "apply"), .. host.Run(plan, _ => 0)])!;
        var back = RollbackPlanner.PlanFor(run, effective);
        var upgraded = host.State;
        host.Run(back, _ => 0, isRollback: true);

        Assert.Equal(
            started.Containers.Select(container => (container.Id, container.Name, container.Restart)).Order(),
            host.State.Containers.Where(container => !container.Name.Contains(".failed-", StringComparison.Ordinal)).Select(container => (container.Id, container.Name, container.Restart)).Order());
        Assert.Equal(started.Networks.Select(network => network.Settings).OrderBy(network => network.Name, StringComparer.Ordinal), host.State.Networks.Select(network => network.Settings).OrderBy(network => network.Name, StringComparer.Ordinal));
        Assert.Equal(ContainerStatus.Running, host.State.Containers.Single(container => container.Id == old.Id).Status);

        Assert.Equal(data["kept"], host.Data["kept"]);

        // What was put right in place stays so.
        var corrected = host.State.Containers.Single(container => container.Name == "cache");
        Assert.Equal(($"{64 << 20}", "net"), (corrected.Fields["HostConfig.Memory"], Assert.Single(corrected.Networks).Network));

        var forwardHost = new SimulatedHost(upgraded, "home");
        forwardHost.Begin(after, Digest);
        foreach (var step in ending)
        {
            forwardHost.Perform(step);
        }

        Assert.Equal(
            Kinds.Select(kind => kind.Name).Order(StringComparer.Ordinal),
            forward.Concat(ending).Concat(back.Steps.Select(step => step.Step)).Select(step => step.GetType().Name).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_simulated_host_touches_nothing_that_is_not_ours()
    {
        var foreign = new ObservedContainer { Id = "f1", Name = "theirs", Image = "x", ImageId = "y", Status = ContainerStatus.Running };
        var host = new SimulatedHost(Empty with { Containers = [foreign] }, "home");

        Assert.Throws<HostObjection>(() => host.Perform(new StopContainer("theirs", new("f1", "theirs"))));
        Assert.Throws<HostObjection>(() => host.Perform(new RemoveContainer("theirs", new("f1", "theirs"))));
        Assert.Equal([foreign], host.State.Containers);
    }

    internal static ObservedState Empty { get; } = new() { At = Start, Engine = new("engine", "20.10.24", "1.41", "Debian", "x86_64") };

    internal static string Digest(DesiredService service) => $"digest of {JsonSerializer.Serialize(service.Spec, CoreJson.Default.ContainerSpec).GetHashCode(StringComparison.Ordinal):x8} {service.ContainerName}";

    private static DesiredState State(string revision, params DesiredService[] services) =>
        new() { Project = "homeiq", Revision = revision, Services = [.. services], Networks = [new("net")], Policy = new() { Soak = SoakPolicy.None } };

    private static IEnumerable<Step> Install(DesiredState state) =>
    [
        new CreateNetwork(new("net")), new CreateVolume(new("kept")),
        .. state.Services.SelectMany(service => new Step[]
        {
            new PullImage(service.Name, service.Spec.Image), new CreateContainer(service.Name, service.ContainerName, Digest(service), null), new StartContainer(service.Name, new(null, service.ContainerName)),
        }),
        new Promote(state.Revision),
    ];

    private static void Tamper(SimulatedHost host, string name, Func<ObservedContainer, ObservedContainer> change) =>
        host.Tamper(state => state with { Containers = [.. state.Containers.Select(container => container.Name == name ? change(container) : container)] });
}
