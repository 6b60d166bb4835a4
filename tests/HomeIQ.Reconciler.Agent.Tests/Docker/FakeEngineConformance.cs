using HomeIQ.Reconciler.Docker;

namespace HomeIQ.Reconciler.Agent.Tests.Docker;

/// <summary>The fake engine keeps what every container host owes, or the fast tests prove nothing.</summary>
public sealed class FakeEngineConformance : ContainerHostConformance
{
    /// <summary>So many times faster than the wall's clock, by which the suite waits.</summary>
    private const int Speed = 20;

    protected override Task<(IContainerHost Host, ConformanceImages Images)> OpenAsync()
    {
        var engine = new FakeEngine(new VirtualClock(Speed), ownsClock: true);
        engine.AddImage("homeiq-test/app:1.0.0");
        engine.AddImage("homeiq-test/app:1.1.0");
        return Task.FromResult<(IContainerHost, ConformanceImages)>((
            engine, new("homeiq-test/app:1.0.0", "homeiq-test/app:1.1.0", ["CMD", "curl", "-f", "http://localhost:8080/health"])));
    }

    protected override Task PauseAsync(string id)
    {
        ((FakeEngine)Host).Pause(id);
        return Task.CompletedTask;
    }
}
