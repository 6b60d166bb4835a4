using System.Text.Json;
using Docker.DotNet;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Observed;
using Models = Docker.DotNet.Models;

namespace HomeIQ.Reconciler.Docker;

/// <content>Images, networks and volumes.</content>
public sealed partial class DockerEngine
{
    public async Task<ObservedImage> PullImageAsync(string reference, string? platform, IProgress<TransferProgress> progress, CancellationToken cancellationToken)
    {
        var api = await CallAsync(ApiAsync, cancellationToken);
        await transfers.PullAsync(api, reference, platform, progress, cancellationToken);
        return await FindImageAsync(reference, cancellationToken)
            ?? throw new ContainerHostException(HostFailure.NotFound, $"the engine pulled {reference} but does not have it");
    }

    public async Task<ObservedImage> BuildImageAsync(BuildRequest request, Stream context, IProgress<TransferProgress> progress, CancellationToken cancellationToken)
    {
        var api = await CallAsync(ApiAsync, cancellationToken);
        var id = await transfers.BuildAsync(api, request, context, progress, cancellationToken);
        return await FindImageAsync(id, cancellationToken)
            ?? throw new ContainerHostException(HostFailure.Engine, $"the engine built {request.Tag} but does not have it");
    }

    public Task TagImageAsync(string imageId, string reference, CancellationToken cancellationToken) => CallAsync<bool>(async token =>
    {
        var name = ImageReference.Parse(reference);
        await (await ClientAsync(token)).Images.TagImageAsync(imageId, new() { RepositoryName = name.Repository, Tag = name.Tag ?? "latest" }, token);
        return true;
    }, cancellationToken);

    public Task<bool> UntagImageAsync(string reference, CancellationToken cancellationToken) => CallAsync(async token =>
    {
        var name = ImageReference.Unmistakable(CheckedReference(reference));
        var api = await ApiAsync(token);
        using var answer = await raw.SendAsync(api, HttpMethod.Delete, $"images/{Query.Part(name)}", null, null, token);
        if (answer.StatusCode == System.Net.HttpStatusCode.NotFound)
        {
            return false;
        }

        // Never by force, which takes the image from under a stopped container.
        if (answer.StatusCode == System.Net.HttpStatusCode.Conflict
            && (await answer.Content.ReadAsStringAsync(token)).Contains("is using its referenced image", StringComparison.Ordinal))
        {
            return false;
        }

        await RawEngine.ThrowIfRefusedAsync(answer, token);
        return true;
    }, cancellationToken);

    public Task<string> CreateNetworkAsync(DesiredNetwork network, ValueMap<string> labels, CancellationToken cancellationToken) => CallAsync(async token =>
    {
        var (api, client) = await ConnectedAsync(token);
        if (!api.RefusesDuplicateNetworks && await FindNetworkAsync(api, network.Name, token) is { } taken)
        {
            throw new ContainerHostException(HostFailure.Conflict, $"network with name {network.Name} already exists ({taken})");
        }

        return (await client.Networks.CreateNetworkAsync(ObjectTranslation.ToCreate(network, labels), token)).ID;
    }, cancellationToken);

    public Task<bool> RemoveNetworkAsync(string idOrName, CancellationToken cancellationToken) => CallAsync(async token =>
    {
        var client = await ClientAsync(token);
        return await UnlessGoneAsync(() => client.Networks.DeleteNetworkAsync(idOrName, token));
    }, cancellationToken);

    public Task ConnectAsync(string networkId, string containerId, NetworkAttachment attachment, CancellationToken cancellationToken) => CallAsync<bool>(async token =>
    {
        var (api, client) = await ConnectedAsync(token);
        // Engine 20.10 lets a stopped container join a network that is not there.
        using var network = await raw.GetAsync(api, $"networks/{Query.Part(networkId)}", token)
            ?? throw new ContainerHostException(HostFailure.NotFound, $"network {networkId} not found");
        await AttachAsync(client, networkId, containerId, attachment, token);
        return true;
    }, cancellationToken);

    public Task DisconnectAsync(string networkId, string containerId, CancellationToken cancellationToken) => CallAsync<bool>(async token =>
    {
        try
        {
            await (await ClientAsync(token)).Networks.DisconnectNetworkAsync(networkId, new() { Container = containerId, Force = true }, token);
        }
        catch (DockerApiException exception) when (exception.ResponseBody?.Contains("is not connected to", StringComparison.Ordinal) == true)
        {
            // As wanted.
        }

        return true;
    }, cancellationToken);

    public Task CreateVolumeAsync(DesiredVolume volume, ValueMap<string> labels, CancellationToken cancellationToken) => CallAsync<bool>(async token =>
    {
        await (await ClientAsync(token)).Volumes.CreateAsync(ObjectTranslation.ToCreate(volume, labels), token);
        return true;
    }, cancellationToken);

    private async Task<string?> FindNetworkAsync(EngineApi api, string name, CancellationToken cancellationToken)
    {
        using var list = await raw.GetAsync(api, Query.Of("networks", ("filters", Query.Filters(("name", [name])))), cancellationToken);
        return ((JsonElement?)list?.RootElement).Items().Select(item => (JsonElement?)item)
            .Where(network => network.At("Name").Text() == name).Select(network => network.At("Id").Text()).FirstOrDefault();
    }

    private static async Task AttachAsync(DockerClient client, string networkId, string containerId, NetworkAttachment attachment, CancellationToken cancellationToken)
    {
        try
        {
            var parameters = new Models.NetworkConnectParameters { Container = containerId, EndpointConfig = ContainerTranslation.ToEndpoint(attachment) };
            await client.Networks.ConnectNetworkAsync(networkId, parameters, cancellationToken);
        }
        catch (DockerApiException exception) when (exception.ResponseBody?.Contains("already exists in network", StringComparison.Ordinal) == true)
        {
            // As wanted.
        }
    }
}
