using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Docker;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Scenarios.Docker;

/// <summary>An engine that goes away and comes back, under a client that stays.</summary>
public sealed class EngineRestartTests : IAsyncLifetime
{
    private readonly string folder = $"/tmp/hqr-{Guid.NewGuid().ToString("N")[..8]}";
    private DockerEngine engine = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var endpoint = await Rig.RunAsync("engine.sh", "start", folder);
        await Rig.RunAsync("images.sh", endpoint);
        engine = new(new() { Endpoint = endpoint });
    }

    public async ValueTask DisposeAsync()
    {
        await engine.DisposeAsync();
        await Rig.RunAsync("engine.sh", "stop", folder);
    }

    [Theory]
    [InlineData("restart")]
    [InlineData("kill")]
    public async Task Fields_facts_and_events_outlive_the_engine(string how)
    {
        await engine.CreateNetworkAsync(new("net"), ValueMap<string>.Empty, Cancel);
        var image = (await engine.FindImageAsync("homeiq-test/app:1.0.0", Cancel))!;
        var running = await engine.CreateContainerAsync("running", Spec("unless-stopped"), image.Id, ValueMap<string>.Empty, Cancel);
        var stopped = await engine.CreateContainerAsync("stopped", Spec("no"), image.Id, ValueMap<string>.Empty, Cancel);
        await engine.StartContainerAsync(running, Cancel);
        await engine.StartContainerAsync(stopped, Cancel);
        await engine.StopContainerAsync(stopped, null, Cancel);
        var facts = await engine.DescribeAsync(Cancel);
        var before = await engine.ListContainersAsync(Cancel);

        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        patience.CancelAfter(TimeSpan.FromSeconds(60));
        await using var events = engine.WatchAsync(before[0].StartedAt, patience.Token).GetAsyncEnumerator(patience.Token);
        Assert.True(await events.MoveNextAsync());

        await Rig.RunAsync("engine.sh", how, folder);
        if (how == "kill")
        {
            await Rig.RunAsync("engine.sh", "start", folder);
        }

        while (await events.MoveNextAsync() && events.Current is not { Kind: "engine", Action: "reconnected" })
        {
        }

        var after = await engine.ListContainersAsync(Cancel);
        Assert.Equal(facts, await engine.DescribeAsync(Cancel));
        Assert.Equal(before.Select(container => container.Name), after.Select(container => container.Name));
        Assert.Equal(before.Select(Lines), after.Select(Lines));

        await engine.StartContainerAsync(stopped, Cancel);
        while (await events.MoveNextAsync() && events.Current is not { Action: "start", Kind: "container" })
        {
        }

        Assert.Equal(Lines(before[1]), Lines((await engine.FindContainerAsync(stopped, Cancel))!));
    }

    private static ContainerSpec Spec(string restart) => new()
    {
        Image = "homeiq-test/app:1.0.0",
        Networks = [new("net") { Aliases = ["web"] }],
        Ports = [new(8080)],
        Mounts = [new(MountKind.Volume, "data", "/data"), new(MountKind.Volume, "", "/scratch")],
        Restart = new(restart),
        Memory = 64 << 20,
        HealthCheck = new(["CMD", "true"], TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(5), 3, TimeSpan.Zero),
    };

    private static string Lines(ObservedContainer container) => string.Join('\n', container.Fields.Select(field => $"{field.Key} = {field.Value}"));
}
