using HomeIQ.Reconciler.Docker;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Applying;

/// <summary>Who ended a container: somebody by the engine, or it itself.</summary>
public sealed class EventHubTests : IDisposable
{
    private readonly VirtualClock clock = new();
    private readonly FakeEngine engine;
    private readonly string id;

    public EventHubTests()
    {
        engine = new FakeEngine(clock);
        engine.AddImage("house/app:1.0.0");
        id = engine.RunForeign("app", "house/app:1.0.0");
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => clock.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_happened_before_anybody_listened_is_asked_for(bool byHand)
    {
        if (byHand)
        {
            engine.StopByHand("app");
        }
        else
        {
            engine.Crash("app", 0);
        }

        await using var hub = new EventHub(engine, clock);

        Assert.Equal(byHand, await hub.WasStoppedAsync(await LookAsync(), Token));
    }

    [Fact]
    public async Task An_earlier_stop_is_not_the_end_of_a_later_life()
    {
        engine.StopByHand("app");
        await Task.Delay(TimeSpan.FromMinutes(1), clock, Token);
        engine.StartByHand("app");
        engine.Crash("app", 0);

        await using var hub = new EventHub(engine, clock);

        Assert.False(await hub.WasStoppedAsync(await LookAsync(), Token));
    }

    private async Task<ObservedContainer> LookAsync() => (await engine.FindContainerAsync(id, Token))!;
}
