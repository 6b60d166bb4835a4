using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Docker;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Agent.Tests.Docker;

/// <summary>What every <see cref="IContainerHost"/> owes its callers; the real engine and the tests' fake both derive from it.</summary>
/// <remarks>
/// The images' environment: <c>PORT</c> to listen on (8080), <c>START_DELAY</c> seconds before it listens, <c>NEVER_HEALTHY=1</c>, <c>EXIT=n</c> ends with this code after the delay,
/// <c>STOP_DELAY</c> seconds to end on a stop. Commands inside: <c>true</c>, <c>false</c>,
/// <c>echo WORDS</c>. A container whose command is <c>echo WORDS</c> prints them and ends. Names begin with the test's own prefix; what bears it is
/// removed in the end.
/// </remarks>
public abstract partial class ContainerHostConformance : IAsyncLifetime
{
    protected static readonly ValueMap<string> NoLabels = ValueMap<string>.Empty;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly HashSet<string> volumes = [];

    private readonly List<string> marks = [];

    private readonly string prefix = $"cf{Guid.NewGuid().ToString("N")[..10]}";

    protected IContainerHost Host { get; private set; } = null!;

    protected ConformanceImages Images { get; private set; } = null!;

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    protected abstract Task<(IContainerHost Host, ConformanceImages Images)> OpenAsync();

    public async ValueTask InitializeAsync() => (Host, Images) = await OpenAsync();

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        foreach (var container in await Host.ListContainersAsync(CancellationToken.None))
        {
            if (container.Name.StartsWith(prefix, StringComparison.Ordinal))
            {
                await Host.SetRestartPolicyAsync(container.Id, RestartPolicy.No, CancellationToken.None);
                await Host.StopContainerAsync(container.Id, TimeSpan.Zero, CancellationToken.None);
                await Host.RemoveContainerAsync(container.Id, CancellationToken.None);
            }
        }

        foreach (var mark in marks)
        {
            await Host.RemoveMarkAsync(mark, CancellationToken.None);
        }

        foreach (var network in await Host.ListNetworksAsync(CancellationToken.None))
        {
            if (network.Name.StartsWith(prefix, StringComparison.Ordinal))
            {
                await Host.RemoveNetworkAsync(network.Id, CancellationToken.None);
            }
        }

        foreach (var volume in await Host.ListVolumesAsync(CancellationToken.None))
        {
            if (volume.Name.StartsWith(prefix, StringComparison.Ordinal) || volumes.Contains(volume.Name))
            {
                await ForgetVolumeAsync(volume.Name);
            }
        }

        await Host.DisposeAsync();
    }

    /// <summary>Clears away what no container host can remove: there is no such call, on purpose.</summary>
    protected virtual Task ForgetVolumeAsync(string name) => Task.CompletedTask;

    /// <summary>Pauses a container: no container host can, since nobody wants that.</summary>
    protected abstract Task PauseAsync(string id);

    /// <summary>A name of this test's own.</summary>
    protected string Named(string name) => $"{prefix}-{name}";

    protected ContainerSpec App(params (string Name, string Value)[] environment) => new()
    {
        Image = Images.App,
        NetworkMode = "none",
        Environment = new(environment.Select(pair => KeyValuePair.Create(pair.Name, pair.Value))),
    };

    protected ContainerSpec CheckedApp(params (string Name, string Value)[] environment) => App(environment) with
    {
        HealthCheck = new(Images.HealthTest, TimeSpan.FromMilliseconds(300), TimeSpan.FromSeconds(5), 2, TimeSpan.Zero),
    };

    protected async Task<string> AppIdAsync() => (await Host.FindImageAsync(Images.App, Cancel))!.Id;

    protected async Task<string> CreateAsync(string name, ContainerSpec spec) =>
        await Host.CreateContainerAsync(Named(name), spec, await AppIdAsync(), NoLabels, Cancel);

    protected async Task<string> RunAsync(string name, ContainerSpec spec)
    {
        var id = await CreateAsync(name, spec);
        await Host.StartContainerAsync(id, Cancel);
        return id;
    }

    protected async Task<ObservedContainer> LookAsync(string id)
    {
        var seen = await Host.FindContainerAsync(id, Cancel) ?? throw new InvalidOperationException($"there is no container {id}");
        volumes.UnionWith(seen.Mounts.Select(mount => mount.Name));
        return seen;
    }

    protected async Task<ObservedContainer> UntilAsync(string id, Func<ObservedContainer, bool> holds)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        patience.CancelAfter(Patience);
        var seen = await LookAsync(id);
        while (!holds(seen))
        {
            Assert.False(patience.IsCancellationRequested, $"did not come about within {Patience.TotalSeconds} s; last seen: {seen}");
            await Task.Delay(20, Cancel);
            seen = await LookAsync(id);
        }

        return seen;
    }

    protected static async Task<ContainerHostException> FailsAsync(HostFailure failure, Func<Task> call)
    {
        var exception = await Assert.ThrowsAsync<ContainerHostException>(call);
        Assert.True(exception.Failure == failure, $"expected {failure}, got {exception.Failure}: {exception.Message}");
        return exception;
    }
}
