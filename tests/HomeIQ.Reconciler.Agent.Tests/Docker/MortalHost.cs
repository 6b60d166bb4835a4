using System.Runtime.CompilerServices;
using HomeIQ.Reconciler.Changes;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Docker;

/// <summary>The engine as one process of ours reaches it.</summary>
internal sealed class MortalHost(Lifeline life, IContainerHost engine) : IContainerHost
{
    public Task<EngineFacts> DescribeAsync(CancellationToken token) => Look(() => engine.DescribeAsync(token));

    public Task<IReadOnlyList<ObservedContainer>> ListContainersAsync(CancellationToken token) => Look(() => engine.ListContainersAsync(token));

    public Task<ObservedContainer?> FindContainerAsync(string idOrName, CancellationToken token) => Look(() => engine.FindContainerAsync(idOrName, token));

    public Task<IReadOnlyList<ObservedNetwork>> ListNetworksAsync(CancellationToken token) => Look(() => engine.ListNetworksAsync(token));

    public Task<IReadOnlyList<ObservedVolume>> ListVolumesAsync(CancellationToken token) => Look(() => engine.ListVolumesAsync(token));

    public Task<ObservedImage?> FindImageAsync(string reference, CancellationToken token) => Look(() => engine.FindImageAsync(reference, token));

    public Task<ValueMap<string>> ListTagsAsync(string path, CancellationToken token) => Look(() => engine.ListTagsAsync(path, token));

    public Task<string> InspectRawAsync(string id, CancellationToken token) => Look(() => engine.InspectRawAsync(id, token));

    public Task<MadeFrom> ReadSpecificationAsync(string id, CancellationToken token) => Look(() => engine.ReadSpecificationAsync(id, token));

    public Task<IReadOnlyList<string>> ReadLogsAsync(string id, int lines, CancellationToken token) => Look(() => engine.ReadLogsAsync(id, lines, token));

    public IAsyncEnumerable<string> StreamLogsAsync(string id, int? tail, DateTimeOffset? since, bool follow, CancellationToken token) => engine.StreamLogsAsync(id, tail, since, follow, token);

    public Task<ExecResult> ExecuteAsync(string id, IReadOnlyList<string> command, CancellationToken token) => Look(() => engine.ExecuteAsync(id, command, token));

    public Task<string> CreateContainerAsync(string name, ContainerSpec spec, string imageId, ValueMap<string> labels, CancellationToken token) =>
        Tell($"create {name}", () => engine.CreateContainerAsync(name, spec, imageId, labels, token));

    public Task<bool> StartContainerAsync(string id, CancellationToken token) => Tell("start", () => engine.StartContainerAsync(id, token));

    public Task<bool> StopContainerAsync(string id, TimeSpan? grace, CancellationToken token) => Tell("stop", () => engine.StopContainerAsync(id, grace, token));

    public Task UnpauseContainerAsync(string id, CancellationToken token) => Tell("unpause", async () =>
    {
        await engine.UnpauseContainerAsync(id, token);
        return true;
    });

    public Task RenameContainerAsync(string id, string name, CancellationToken token) => Tell($"rename to {name}", async () =>
    {
        await engine.RenameContainerAsync(id, name, token);
        return true;
    });

    public Task SetRestartPolicyAsync(string id, RestartPolicy policy, CancellationToken token) => Tell($"restart policy {policy}", async () =>
    {
        await engine.SetRestartPolicyAsync(id, policy, token);
        return true;
    });

    public Task UpdateContainerAsync(string id, ContainerUpdate update, CancellationToken token) => Tell("update", async () =>
    {
        await engine.UpdateContainerAsync(id, update, token);
        return true;
    });

    public Task<bool> RemoveContainerAsync(string id, CancellationToken token) => Tell("remove", () => engine.RemoveContainerAsync(id, token));

    public Task<ObservedImage> PullImageAsync(string reference, string? platform, IProgress<TransferProgress> progress, CancellationToken token) =>
        Tell($"pull {reference}", () => engine.PullImageAsync(reference, platform, progress, token));

    public Task<ObservedImage> BuildImageAsync(BuildRequest request, Stream context, IProgress<TransferProgress> progress, CancellationToken token) =>
        Tell($"build {request.Tag}", () => engine.BuildImageAsync(request, context, progress, token));

    public Task TagImageAsync(string imageId, string reference, CancellationToken token) => Tell($"tag {reference}", async () =>
    {
        await engine.TagImageAsync(imageId, reference, token);
        return true;
    });

    public Task<bool> UntagImageAsync(string reference, CancellationToken token) => Tell($"untag {reference}", () => engine.UntagImageAsync(reference, token));

    public Task<string> CreateNetworkAsync(DesiredNetwork network, ValueMap<string> labels, CancellationToken token) =>
        Tell($"create network {network.Name}", () => engine.CreateNetworkAsync(network, labels, token));

    public Task<bool> RemoveNetworkAsync(string idOrName, CancellationToken token) => Tell("remove network", () => engine.RemoveNetworkAsync(idOrName, token));

    public Task ConnectAsync(string networkId, string id, NetworkAttachment attachment, CancellationToken token) => Tell("connect", async () =>
    {
        await engine.ConnectAsync(networkId, id, attachment, token);
        return true;
    });

    public Task DisconnectAsync(string networkId, string id, CancellationToken token) => Tell("disconnect", async () =>
    {
        await engine.DisconnectAsync(networkId, id, token);
        return true;
    });

    public Task CreateVolumeAsync(DesiredVolume volume, ValueMap<string> labels, CancellationToken token) => Tell($"create volume {volume.Name}", async () =>
    {
        await engine.CreateVolumeAsync(volume, labels, token);
        return true;
    });

    // No points of the matrices: when a lock is renewed is the wall's matter.
    public Task<string?> PlaceMarkAsync(string name, ValueMap<string> labels, CancellationToken token) => Look(() => engine.PlaceMarkAsync(name, labels, token));

    public Task<Mark?> FindMarkAsync(string name, CancellationToken token) => Look(() => engine.FindMarkAsync(name, token));

    public Task<bool> TurnMarkAsync(string id, int count, CancellationToken token) => Look(() => engine.TurnMarkAsync(id, count, token));

    public Task<bool> RemoveMarkAsync(string id, CancellationToken token) => Look(() => engine.RemoveMarkAsync(id, token));

    public Task<IReadOnlyList<EngineEvent>> RecallAsync(string id, DateTimeOffset since, DateTimeOffset until, CancellationToken token) => Look(() => engine.RecallAsync(id, since, until, token));

    public async IAsyncEnumerable<EngineEvent> WatchAsync(DateTimeOffset? since, [EnumeratorCancellation] CancellationToken token)
    {
        await foreach (var news in engine.WatchAsync(since, token))
        {
            yield return news;
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async Task<T> Look<T>(Func<Task<T>> look)
    {
        life.ThrowIfCut();
        var seen = await look();
        life.ThrowIfCut();
        return seen;
    }

    private async Task<T> Tell<T>(string what, Func<Task<T>> call)
    {
        life.Pass($"before {what}");
        var answer = await call();
        life.Pass($"after {what}");
        return answer;
    }
}
