using System.Runtime.CompilerServices;
using System.Text.Json;
using HomeIQ.Reconciler.Changes;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Docker;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Observing;

/// <summary>The engine, with our labels on what was adopted: nobody else has to know that labels cannot be put on what is there.</summary>
public sealed class LabellingHost(IContainerHost engine, SealedStore sealedStore, IJournal journal, string instance) : IContainerHost
{
    /// <summary>By the state that says so, which never changes.</summary>
    private volatile Known known = new(null, new Dictionary<string, Ownership>(StringComparer.Ordinal));

    /// <summary>The same engine, which stays its opener's to let go of.</summary>
    public static IContainerHost Over(IContainerHost engine, SealedStore sealedStore, IJournal journal, string instance) => new LabellingHost(engine, sealedStore, journal, instance);

    public Task<EngineFacts> DescribeAsync(CancellationToken cancellationToken) => engine.DescribeAsync(cancellationToken);

    public async Task<IReadOnlyList<ObservedContainer>> ListContainersAsync(CancellationToken cancellationToken) =>
        Label(await engine.ListContainersAsync(cancellationToken), container => container.Id, (container, owner) => container with { Owner = owner });

    public async Task<ObservedContainer?> FindContainerAsync(string idOrName, CancellationToken cancellationToken) =>
        await engine.FindContainerAsync(idOrName, cancellationToken) is { } found ? OwnerOf(found.Id) is { } owner ? found with { Owner = owner } : found : null;

    public async Task<IReadOnlyList<ObservedNetwork>> ListNetworksAsync(CancellationToken cancellationToken) =>
        Label(await engine.ListNetworksAsync(cancellationToken), network => network.Id, (network, owner) => network with { Owner = owner });

    public async Task<IReadOnlyList<ObservedVolume>> ListVolumesAsync(CancellationToken cancellationToken) =>
        Label(await engine.ListVolumesAsync(cancellationToken), volume => volume.Name, (volume, owner) => volume with { Owner = owner });

    public Task<ObservedImage?> FindImageAsync(string reference, CancellationToken cancellationToken) => engine.FindImageAsync(reference, cancellationToken);

    public Task<ValueMap<string>> ListTagsAsync(string path, CancellationToken cancellationToken) => engine.ListTagsAsync(path, cancellationToken);

    public Task<string> InspectRawAsync(string containerId, CancellationToken cancellationToken) => engine.InspectRawAsync(containerId, cancellationToken);

    public Task<MadeFrom> ReadSpecificationAsync(string containerId, CancellationToken cancellationToken) => engine.ReadSpecificationAsync(containerId, cancellationToken);

    public Task<string> CreateContainerAsync(string name, ContainerSpec spec, string imageId, ValueMap<string> labels, CancellationToken cancellationToken) =>
        engine.CreateContainerAsync(name, spec, imageId, labels, cancellationToken);

    public Task<bool> StartContainerAsync(string containerId, CancellationToken cancellationToken) => engine.StartContainerAsync(containerId, cancellationToken);

    public Task<bool> StopContainerAsync(string containerId, TimeSpan? grace, CancellationToken cancellationToken) => engine.StopContainerAsync(containerId, grace, cancellationToken);

    public Task UnpauseContainerAsync(string containerId, CancellationToken cancellationToken) => engine.UnpauseContainerAsync(containerId, cancellationToken);

    public Task RenameContainerAsync(string containerId, string name, CancellationToken cancellationToken) => engine.RenameContainerAsync(containerId, name, cancellationToken);

    public Task SetRestartPolicyAsync(string containerId, RestartPolicy policy, CancellationToken cancellationToken) => engine.SetRestartPolicyAsync(containerId, policy, cancellationToken);

    public Task UpdateContainerAsync(string containerId, ContainerUpdate update, CancellationToken cancellationToken) => engine.UpdateContainerAsync(containerId, update, cancellationToken);

    public Task<bool> RemoveContainerAsync(string containerId, CancellationToken cancellationToken) => engine.RemoveContainerAsync(containerId, cancellationToken);

    public Task<IReadOnlyList<string>> ReadLogsAsync(string containerId, int lines, CancellationToken cancellationToken) => engine.ReadLogsAsync(containerId, lines, cancellationToken);

    public IAsyncEnumerable<string> StreamLogsAsync(string containerId, int? tail, DateTimeOffset? since, bool follow, CancellationToken cancellationToken) =>
        engine.StreamLogsAsync(containerId, tail, since, follow, cancellationToken);

    public Task<ExecResult> ExecuteAsync(string containerId, IReadOnlyList<string> command, CancellationToken cancellationToken) =>
        engine.ExecuteAsync(containerId, command, cancellationToken);

    public Task<ObservedImage> PullImageAsync(string reference, string? platform, IProgress<TransferProgress> progress, CancellationToken cancellationToken) =>
        engine.PullImageAsync(reference, platform, progress, cancellationToken);

    public Task<ObservedImage> BuildImageAsync(BuildRequest request, Stream context, IProgress<TransferProgress> progress, CancellationToken cancellationToken) =>
        engine.BuildImageAsync(request, context, progress, cancellationToken);

    public Task TagImageAsync(string imageId, string reference, CancellationToken cancellationToken) => engine.TagImageAsync(imageId, reference, cancellationToken);

    public Task<bool> UntagImageAsync(string reference, CancellationToken cancellationToken) => engine.UntagImageAsync(reference, cancellationToken);

    public Task<string> CreateNetworkAsync(DesiredNetwork network, ValueMap<string> labels, CancellationToken cancellationToken) =>
        engine.CreateNetworkAsync(network, labels, cancellationToken);

    public Task<bool> RemoveNetworkAsync(string idOrName, CancellationToken cancellationToken) => engine.RemoveNetworkAsync(idOrName, cancellationToken);

    public Task ConnectAsync(string networkId, string containerId, NetworkAttachment attachment, CancellationToken cancellationToken) =>
        engine.ConnectAsync(networkId, containerId, attachment, cancellationToken);

    public Task DisconnectAsync(string networkId, string containerId, CancellationToken cancellationToken) => engine.DisconnectAsync(networkId, containerId, cancellationToken);

    public Task CreateVolumeAsync(DesiredVolume volume, ValueMap<string> labels, CancellationToken cancellationToken) => engine.CreateVolumeAsync(volume, labels, cancellationToken);

    public Task<string?> PlaceMarkAsync(string name, ValueMap<string> labels, CancellationToken cancellationToken) => engine.PlaceMarkAsync(name, labels, cancellationToken);

    public Task<Mark?> FindMarkAsync(string name, CancellationToken cancellationToken) => engine.FindMarkAsync(name, cancellationToken);

    public Task<bool> TurnMarkAsync(string markId, int count, CancellationToken cancellationToken) => engine.TurnMarkAsync(markId, count, cancellationToken);

    public Task<bool> RemoveMarkAsync(string markId, CancellationToken cancellationToken) => engine.RemoveMarkAsync(markId, cancellationToken);

    public Task<IReadOnlyList<EngineEvent>> RecallAsync(string containerId, DateTimeOffset since, DateTimeOffset until, CancellationToken cancellationToken) =>
        engine.RecallAsync(containerId, since, until, cancellationToken);

    public async IAsyncEnumerable<EngineEvent> WatchAsync(DateTimeOffset? since, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var happened in engine.WatchAsync(since, cancellationToken))
        {
            yield return OwnerOf(happened.ActorId) is { } owner ? happened with { Attributes = new([.. happened.Attributes, .. owner.ToLabels()]) } : happened;
        }
    }

    public ValueTask DisposeAsync() => engine.DisposeAsync();

    private IReadOnlyList<T> Label<T>(IReadOnlyList<T> seen, Func<T, string> id, Func<T, Ownership, T> label) =>
        Owners().Count == 0 ? seen : [.. seen.Select(one => OwnerOf(id(one)) is { } owner ? label(one, owner) : one)];

    private Ownership? OwnerOf(string id) => Owners().TryGetValue(id, out var owner) ? owner : null;

    private IReadOnlyDictionary<string, Ownership> Owners()
    {
        var state = journal.Pointers().Effective;
        var read = known;
        if (state is null || state == read.State)
        {
            return read.Owners;
        }

        try
        {
            read = new(state, (sealedStore.FindState(state)?.Adopted ?? []).ToDictionary(
                adopted => adopted.Id, adopted => new Ownership(instance, adopted.Service, adopted.Run, adopted.Revision, adopted.SpecDigest), StringComparer.Ordinal));
            known = read;
        }
        catch (JsonException)
        {
            // Whoever decides by the state tells that it is damaged; until it is mended, what was known stays.
        }

        return read.Owners;
    }

    private sealed record Known(string? State, IReadOnlyDictionary<string, Ownership> Owners);
}
