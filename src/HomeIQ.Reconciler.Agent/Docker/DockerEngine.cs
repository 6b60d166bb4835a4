using System.Runtime.CompilerServices;
using System.Text.Json;
using Docker.DotNet;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Docker;

/// <summary>A Docker engine behind a socket: one call of the engine for each of ours, each with a deadline.</summary>
public sealed partial class DockerEngine : IContainerHost
{
    private const int OutputKept = 64 * 1024;
    private const int InspectsAtOnce = 16;

    private readonly DockerEngineSettings settings;
    private readonly Uri endpoint;
    private readonly RawEngine raw;
    private readonly ImageTransfers transfers;
    private readonly SemaphoreSlim connecting = new(1);
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
        var ids = ((JsonElement?)list?.RootElement).Items().Select(item => (JsonElement?)item)
            .Where(item => item.At("Labels").At(Mark.Label) is null).Select(item => item.At("Id").Text()).ToList();
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

    public Task<ValueMap<string>> ListTagsAsync(string path, CancellationToken cancellationToken) => CallAsync(async token =>
    {
        using var list = await raw.GetAsync(await ApiAsync(token), Query.Of("images/json", ("filters", Query.Filters(("reference", [$"{path}/*"])))), token);
        return new ValueMap<string>(
            from image in ((JsonElement?)list?.RootElement).Items().Select(item => (JsonElement?)item)
            from tag in image.At("RepoTags").Texts()
            where tag.StartsWith($"{path}/", StringComparison.Ordinal)
            select KeyValuePair.Create(tag, image.At("Id").Text()));
    }, cancellationToken);

    public Task<string> InspectRawAsync(string containerId, CancellationToken cancellationToken) => CallAsync(async token =>
    {
        using var inspect = await raw.GetAsync(await ApiAsync(token), $"containers/{Query.Part(containerId)}/json", token);
        return inspect?.RootElement.GetRawText() ?? throw NoSuchContainer(containerId);
    }, cancellationToken);

    public Task<MadeFrom> ReadSpecificationAsync(string containerId, CancellationToken cancellationToken) => CallAsync(async token =>
    {
        var api = await ApiAsync(token);
        using var inspect = await raw.GetAsync(api, $"containers/{Query.Part(containerId)}/json", token) ?? throw NoSuchContainer(containerId);
        using var image = await GetImageAsync(api, inspect.RootElement.At("Image").Text(), token);
        return SpecTranslation.ToMadeFrom(inspect.RootElement, image?.RootElement);
    }, cancellationToken);

    public Task<IReadOnlyList<EngineEvent>> RecallAsync(string containerId, DateTimeOffset since, DateTimeOffset until, CancellationToken cancellationToken) =>
        CallAsync(async token => await new EngineEvents(raw).RecallAsync(await ApiAsync(token), containerId, since, until, token), cancellationToken);

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
        connecting.Dispose();
        raw.Dispose();
        return ValueTask.CompletedTask;
    }

    private static Uri ParseEndpoint(string endpoint) =>
        Uri.TryCreate(endpoint, UriKind.Absolute, out var uri) && uri.Scheme is "unix" or "tcp" or "http"
            ? uri
            : throw new ContainerHostException(HostFailure.Invalid, $"'{endpoint}' is no endpoint that can be used: unix:///path, tcp://host:port and http://host:port are");

    /// <summary>The first call of all: who cannot be reached is named.</summary>
    private async Task<string?> PingAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await raw.PingAsync(cancellationToken);
        }
        catch (Exception away) when (DockerErrors.IsTransport(away))
        {
            throw endpoint.Scheme == "unix" && !File.Exists(endpoint.LocalPath)
                ? new ContainerHostException(HostFailure.Unreachable, $"there is no engine at {endpoint}: {endpoint.LocalPath} does not exist", away)
                : new ContainerHostException(HostFailure.Unreachable, $"no engine answers at {endpoint}: {DockerErrors.FromTransport(away).Message}", away);
        }
    }

    private async Task<Connection> ConnectAsync(CancellationToken cancellationToken)
    {
        var api = EngineApi.Negotiate(await PingAsync(cancellationToken));
        if (connection is { } known && known.Api == api)
        {
            return known;
        }

        var client = new DockerClientBuilder().WithEndpoint(endpoint).WithApiVersion(api.Version).WithTimeout(Timeout.InfiniteTimeSpan).Build();
        return connection = new(api, client);
    }

    /// <summary>A first look makes many calls at once: one of them asks for the version, the others wait for it.</summary>
    private async Task<Connection> ConnectedAsync(CancellationToken cancellationToken)
    {
        if (connection is { } known)
        {
            return known;
        }

        await connecting.WaitAsync(cancellationToken);
        try
        {
            return connection ?? await ConnectAsync(cancellationToken);
        }
        finally
        {
            connecting.Release();
        }
    }

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

    private static string CheckedReference(string reference) => ImageReference.Parse(reference) is not null ? reference : "";

    private static bool IsThere(ObservedContainer container) => container.Status != ContainerStatus.Removing;

    private static ContainerHostException NoSuchContainer(string id) => new(HostFailure.NotFound, $"No such container: {id}");
}
