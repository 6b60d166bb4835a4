using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Docker.DotNet;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Observed;
using Models = Docker.DotNet.Models;

namespace HomeIQ.Reconciler.Docker;

/// <summary>A Docker engine behind a socket: one call of the engine for each of ours, each with a deadline.</summary>
public sealed class DockerEngine : IContainerHost
{
    private const int OutputKept = 64 * 1024;
    private const int InspectsAtOnce = 16;

    private readonly DockerEngineSettings settings;
    private readonly Uri endpoint;
    private readonly RawEngine raw;
    private readonly ImageTransfers transfers;
    private volatile Connection? connection;

    public DockerEngine(DockerEngineSettings settings)
    {
        this.settings = settings;
        endpoint = ParseEndpoint(settings.Endpoint);
        raw = new(endpoint);
        transfers = new(raw, settings);
    }

    private sealed record Connection(EngineApi Api, DockerClient Client);

    public Task<EngineFacts> DescribeAsync(CancellationToken cancellationToken) => CallAsync(async token =>
    {
        // The engine may have been replaced since the last pass.
        var (api, _) = await ConnectAsync(token);
        using var answer = await raw.GetAsync(api, "info", token);
        var info = answer?.RootElement;
        return new EngineFacts(
            info.At("ID").Text(), info.At("ServerVersion").Text(), api.Version.ToString(), info.At("OperatingSystem").Text(), info.At("Architecture").Text());
    }, cancellationToken);

    public Task<IReadOnlyList<ObservedContainer>> ListContainersAsync(CancellationToken cancellationToken) => CallAsync<IReadOnlyList<ObservedContainer>>(async token =>
    {
        var api = await ApiAsync(token);
        using var list = await raw.GetAsync(api, "containers/json?all=1", token);
        var ids = ((JsonElement?)list?.RootElement).Items().Select(item => ((JsonElement?)item).At("Id").Text()).ToList();
        var found = new ObservedContainer?[ids.Count];
        await Parallel.ForAsync(0, ids.Count, new ParallelOptions { MaxDegreeOfParallelism = InspectsAtOnce, CancellationToken = token },
            async (index, within) => found[index] = await InspectAsync(api, ids[index], within));
        return [.. found.OfType<ObservedContainer>().Where(IsThere).OrderBy(container => container.Name, StringComparer.Ordinal)];
    }, cancellationToken);

    public Task<ObservedContainer?> FindContainerAsync(string idOrName, CancellationToken cancellationToken) => CallAsync(async token =>
    {
        // The engine would also take the beginning of an id.
        var found = await InspectAsync(await ApiAsync(token), idOrName, token);
        return found is not null && IsThere(found) && (found.Id == idOrName || found.Name == idOrName) ? found : null;
    }, cancellationToken);

    public Task<IReadOnlyList<ObservedNetwork>> ListNetworksAsync(CancellationToken cancellationToken) => CallAsync<IReadOnlyList<ObservedNetwork>>(async token =>
    {
        using var list = await raw.GetAsync(await ApiAsync(token), "networks", token);
        var networks = ((JsonElement?)list?.RootElement).Items().Select(ObjectTranslation.ToNetwork);
        return [.. networks.OrderBy(network => network.Name, StringComparer.Ordinal).ThenBy(network => network.Id, StringComparer.Ordinal)];
    }, cancellationToken);

    public Task<IReadOnlyList<ObservedVolume>> ListVolumesAsync(CancellationToken cancellationToken) => CallAsync<IReadOnlyList<ObservedVolume>>(async token =>
    {
        using var list = await raw.GetAsync(await ApiAsync(token), "volumes", token);
        var volumes = ((JsonElement?)list?.RootElement).At("Volumes").Items().Select(ObjectTranslation.ToVolume);
        return [.. volumes.OrderBy(volume => volume.Name, StringComparer.Ordinal)];
    }, cancellationToken);

    public Task<ObservedImage?> FindImageAsync(string reference, CancellationToken cancellationToken) => CallAsync(async token =>
    {
        using var image = await GetImageAsync(await ApiAsync(token), reference, token);
        return image is null ? null : ObjectTranslation.ToImage(image.RootElement);
    }, cancellationToken);

    public Task<string> InspectRawAsync(string containerId, CancellationToken cancellationToken) => CallAsync(async token =>
    {
        using var inspect = await raw.GetAsync(await ApiAsync(token), $"containers/{Query.Part(containerId)}/json", token);
        return inspect?.RootElement.GetRawText() ?? throw NoSuchContainer(containerId);
    }, cancellationToken);

    public Task<string> CreateContainerAsync(string name, ContainerSpec spec, string imageId, ValueMap<string> labels, CancellationToken cancellationToken) =>
        CallAsync(async token =>
        {
            var (api, client) = await ConnectedAsync(token);
            Task<string> MakeAsync(string image) => CreateAsync(client, ContainerTranslation.ToCreate(name, spec, image, labels, api, settings.ContentRoot), token);

            // A reference reads better than an id in every other tool, as long as it means this very image.
            var isNamed = await IdOfImageAsync(api, spec.Image, token) == imageId;
            var id = await MakeAsync(isNamed ? spec.Image : imageId);
            if (isNamed && (await InspectAsync(api, id, token))?.ImageId != imageId)
            {
                // The tag moved in between.
                await client.Containers.RemoveContainerAsync(id, new() { RemoveVolumes = false, Force = false }, token);
                id = await MakeAsync(imageId);
            }

            foreach (var attachment in ContainerTranslation.LaterNetworks(spec, api))
            {
                await AttachAsync(client, attachment.Network, id, attachment, token);
            }

            return id;
        }, cancellationToken);

    public Task<bool> StartContainerAsync(string containerId, CancellationToken cancellationToken) =>
        CallAsync(async token => await (await ClientAsync(token)).Containers.StartContainerAsync(containerId, null, token), cancellationToken);

    public async Task<bool> StopContainerAsync(string containerId, TimeSpan? grace, CancellationToken cancellationToken)
    {
        var allowed = grace ?? await CallAsync(token => GraceOfAsync(containerId, token), cancellationToken);
        var parameters = new Models.ContainerStopParameters { WaitBeforeKillSeconds = grace is { } given ? (uint)Math.Ceiling(given.TotalSeconds) : null };
        return await Deadline.RunAsync(allowed + (settings.CallDeadline / 2),
            async deadline => await (await ClientAsync(deadline.Token)).Containers.StopContainerAsync(containerId, parameters, deadline.Token), cancellationToken);
    }

    public Task UnpauseContainerAsync(string containerId, CancellationToken cancellationToken) => CallAsync<bool>(async token =>
    {
        var (api, client) = await ConnectedAsync(token);
        var found = await InspectAsync(api, containerId, token) ?? throw NoSuchContainer(containerId);
        if (found.Status == ContainerStatus.Paused)
        {
            await client.Containers.UnpauseContainerAsync(containerId, token);
        }

        return true;
    }, cancellationToken);

    public Task RenameContainerAsync(string containerId, string name, CancellationToken cancellationToken) => CallAsync<bool>(async token =>
    {
        var (api, client) = await ConnectedAsync(token);
        var found = await InspectAsync(api, containerId, token) ?? throw NoSuchContainer(containerId);
        if (found.Name != name)
        {
            await client.Containers.RenameContainerAsync(containerId, new() { NewName = name }, token);
        }

        return true;
    }, cancellationToken);

    // Raw: the library's request would carry every limit along as zero.
    public Task SetRestartPolicyAsync(string containerId, RestartPolicy policy, CancellationToken cancellationToken) => CallAsync<bool>(async token =>
    {
        var body = Query.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartObject("RestartPolicy");
            writer.WriteString("Name", policy.Name);
            writer.WriteNumber("MaximumRetryCount", policy.MaximumRetries);
            writer.WriteEndObject();
            writer.WriteEndObject();
        });
        await raw.PostAsync(await ApiAsync(token), $"containers/{Query.Part(containerId)}/update", body, token);
        return true;
    }, cancellationToken);

    public Task<bool> RemoveContainerAsync(string containerId, CancellationToken cancellationToken) => CallAsync(async token =>
    {
        var (api, client) = await ConnectedAsync(token);
        return await UnlessGoneAsync(async () =>
        {
            try
            {
                await client.Containers.RemoveContainerAsync(containerId, new() { RemoveVolumes = false, Force = false }, token);
            }
            catch (DockerApiException exception) when (exception.ResponseBody?.Contains("already in progress", StringComparison.Ordinal) == true)
            {
                using var gone = await raw.SendAsync(api, HttpMethod.Post, $"containers/{Query.Part(containerId)}/wait?condition=removed", null, null, token);
                await gone.Content.CopyToAsync(Stream.Null, token);
            }
        });
    }, cancellationToken);

    public Task<IReadOnlyList<string>> ReadLogsAsync(string containerId, int lines, CancellationToken cancellationToken) => CallAsync<IReadOnlyList<string>>(async token =>
    {
        var api = await ApiAsync(token);
        using var inspect = await raw.GetAsync(api, $"containers/{Query.Part(containerId)}/json", token) ?? throw NoSuchContainer(containerId);
        var framed = !inspect.RootElement.At("Config").At("Tty").IsTrue();
        using var answer = await raw.SendAsync(api, HttpMethod.Get, $"containers/{Query.Part(containerId)}/logs?stdout=1&stderr=1&tail={lines}", null, null, token);
        await RawEngine.ThrowIfRefusedAsync(answer, token);
        await using var stream = await answer.Content.ReadAsStreamAsync(token);
        return await ContainerLogs.ReadAsync(stream, framed, token);
    }, cancellationToken);

    public Task<ExecResult> ExecuteAsync(string containerId, IReadOnlyList<string> command, CancellationToken cancellationToken) =>
        Deadline.RunAsync(settings.ExecDeadline, async deadline =>
        {
            var token = deadline.Token;
            var (api, client) = await ConnectedAsync(token);
            var parameters = new Models.ContainerExecCreateParameters { Cmd = [.. command], AttachStdout = true, AttachStderr = true };
            var exec = await client.Exec.CreateContainerExecAsync(containerId, parameters, token);
            using var stream = await client.Exec.StartContainerExecAsync(exec.ID, new(), token);
            var output = await ReadOutputAsync(stream, token);
            return new ExecResult(await ExitCodeOfAsync(api, exec.ID, token), output);
        }, cancellationToken);

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

    public async IAsyncEnumerable<EngineEvent> WatchAsync(DateTimeOffset? since, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var events = new EngineEvents(raw);
        await foreach (var happened in events.WatchAsync(token => CallAsync(async within => (await ConnectAsync(within)).Api, token), since, cancellationToken))
        {
            yield return happened;
        }
    }

    public ValueTask DisposeAsync()
    {
        connection?.Client.Dispose();
        raw.Dispose();
        return ValueTask.CompletedTask;
    }

    private static Uri ParseEndpoint(string endpoint) =>
        Uri.TryCreate(endpoint, UriKind.Absolute, out var uri) && uri.Scheme is "unix" or "tcp" or "http"
            ? uri
            : throw new ContainerHostException(HostFailure.Invalid, $"'{endpoint}' is no endpoint that can be used: unix:///path, tcp://host:port and http://host:port are");

    private async Task<Connection> ConnectAsync(CancellationToken cancellationToken)
    {
        var api = EngineApi.Negotiate(await raw.PingAsync(cancellationToken));
        if (connection is { } known && known.Api == api)
        {
            return known;
        }

        var client = new DockerClientBuilder().WithEndpoint(endpoint).WithApiVersion(api.Version).WithTimeout(Timeout.InfiniteTimeSpan).Build();
        return connection = new(api, client);
    }

    private async Task<Connection> ConnectedAsync(CancellationToken cancellationToken) => connection ?? await ConnectAsync(cancellationToken);

    private async Task<EngineApi> ApiAsync(CancellationToken cancellationToken) => (await ConnectedAsync(cancellationToken)).Api;

    private async Task<DockerClient> ClientAsync(CancellationToken cancellationToken) => (await ConnectedAsync(cancellationToken)).Client;

    private Task<T> CallAsync<T>(Func<CancellationToken, Task<T>> call, CancellationToken cancellationToken) =>
        Deadline.RunAsync(settings.CallDeadline, deadline => call(deadline.Token), cancellationToken);

    private async Task<ObservedContainer?> InspectAsync(EngineApi api, string idOrName, CancellationToken cancellationToken)
    {
        using var inspect = await raw.GetAsync(api, $"containers/{Query.Part(idOrName)}/json", cancellationToken);
        return inspect is null ? null : InspectTranslation.ToContainer(inspect.RootElement);
    }

    private Task<JsonDocument?> GetImageAsync(EngineApi api, string reference, CancellationToken cancellationToken)
    {
        var name = ImageReference.IsId(reference) ? reference : ImageReference.Unmistakable(CheckedReference(reference));
        return raw.GetAsync(api, $"images/{Query.Part(name)}/json", cancellationToken);
    }

    private async Task<string> IdOfImageAsync(EngineApi api, string reference, CancellationToken cancellationToken)
    {
        using var image = await GetImageAsync(api, reference, cancellationToken);
        return ((JsonElement?)image?.RootElement).At("Id").Text();
    }

    private static async Task<string> CreateAsync(DockerClient client, Models.CreateContainerParameters parameters, CancellationToken cancellationToken) =>
        (await client.Containers.CreateContainerAsync(parameters, cancellationToken)).ID;

    private async Task<TimeSpan> GraceOfAsync(string containerId, CancellationToken cancellationToken)
    {
        using var inspect = await raw.GetAsync(await ApiAsync(cancellationToken), $"containers/{Query.Part(containerId)}/json", cancellationToken);
        var seconds = inspect?.RootElement.At("Config").At("StopTimeout") is { } own ? ((JsonElement?)own).Number() : 10;
        return TimeSpan.FromSeconds(seconds);
    }

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

    private static async Task<bool> UnlessGoneAsync(Func<Task> call)
    {
        try
        {
            await call();
            return true;
        }
        catch (DockerApiException exception) when (exception.StatusCode == System.Net.HttpStatusCode.NotFound)
        {
            return false;
        }
    }

    private static async Task<string> ReadOutputAsync(MultiplexedStream stream, CancellationToken cancellationToken)
    {
        var buffer = new byte[16 * 1024];
        using var output = new MemoryStream();
        while (await stream.ReadOutputAsync(buffer, 0, buffer.Length, cancellationToken) is { EOF: false } read)
        {
            output.Write(buffer, 0, (int)Math.Min(read.Count, OutputKept - output.Length));
        }

        return Encoding.UTF8.GetString(output.GetBuffer(), 0, (int)output.Length);
    }

    // The stream may end a moment before the engine knows the exit code.
    private async Task<long> ExitCodeOfAsync(EngineApi api, string execId, CancellationToken cancellationToken)
    {
        while (true)
        {
            using var exec = await raw.GetAsync(api, $"exec/{execId}/json", cancellationToken);
            if (exec?.RootElement is { } root && !root.At("Running").IsTrue() && root.At("ExitCode") is { } code)
            {
                return ((JsonElement?)code).Number();
            }

            await Task.Delay(10, cancellationToken);
        }
    }

    private static string CheckedReference(string reference) => ImageReference.Parse(reference) is not null ? reference : "";

    private static bool IsThere(ObservedContainer container) => container.Status != ContainerStatus.Removing;

    private static ContainerHostException NoSuchContainer(string id) => new(HostFailure.NotFound, $"No such container: {id}");
}
