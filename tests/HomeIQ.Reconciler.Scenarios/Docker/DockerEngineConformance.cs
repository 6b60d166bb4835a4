using Docker.DotNet;
using HomeIQ.Reconciler.Agent.Tests.Docker;
using HomeIQ.Reconciler.Docker;

namespace HomeIQ.Reconciler.Scenarios.Docker;

/// <summary>The real engine keeps what every container host owes.</summary>
public sealed class DockerEngineConformance : ContainerHostConformance
{
    protected override Task<(IContainerHost Host, ConformanceImages Images)> OpenAsync() => Task.FromResult<(IContainerHost, ConformanceImages)>((
        TestEngine.Open(),
        new("homeiq-test/app:1.0.0", "homeiq-test/app:1.1.0", ["CMD", "curl", "-f", "http://localhost:8080/health"])));

    protected override async Task PauseAsync(string id)
    {
        using var client = new DockerClientBuilder().WithEndpoint(new(TestEngine.Endpoint)).Build();
        await client.Containers.PauseContainerAsync(id, CancellationToken.None);
    }

    protected override async Task ForgetVolumeAsync(string name)
    {
        using var client = new DockerClientBuilder().WithEndpoint(new(TestEngine.Endpoint)).Build();
        await client.Volumes.RemoveAsync(name, force: true, CancellationToken.None);
    }
}
