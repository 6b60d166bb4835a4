using HomeIQ.Reconciler.Docker;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Observing;

/// <summary>Questions to the engine that are under way. To let go of it ends those that nobody waits for any more.</summary>
public sealed class HostLook : IAsyncDisposable
{
    private readonly CancellationTokenSource unwanted;

    public HostLook(IContainerHost host, CancellationToken cancellationToken)
    {
        unwanted = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Engine = host.DescribeAsync(unwanted.Token);
        Containers = host.ListContainersAsync(unwanted.Token);
        Networks = host.ListNetworksAsync(unwanted.Token);
        Volumes = host.ListVolumesAsync(unwanted.Token);
    }

    public Task<EngineFacts> Engine { get; }

    public Task<IReadOnlyList<ObservedContainer>> Containers { get; }

    public Task<IReadOnlyList<ObservedNetwork>> Networks { get; }

    public Task<IReadOnlyList<ObservedVolume>> Volumes { get; }

    public async ValueTask DisposeAsync()
    {
        await unwanted.CancelAsync();
        // Whoever wanted the answers had them, errors too; without a commit to compare with, nobody did.
        await Task.WhenAll(Engine, Containers, Networks, Volumes).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        unwanted.Dispose();
    }
}
