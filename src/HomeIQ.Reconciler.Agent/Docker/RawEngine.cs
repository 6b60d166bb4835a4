using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace HomeIQ.Reconciler.Docker;

/// <summary>The engine's interface as plain HTTP, for what the client library lacks or does badly.</summary>
/// <remarks>
/// Inspect comes raw because the JSON itself is the source of our fields; pulls and builds, because the library leaks a socket with each
/// failing one and overlooks errors inside the stream.
/// </remarks>
internal sealed class RawEngine : IDisposable
{
    private readonly HttpClient client;

    public RawEngine(Uri endpoint)
    {
        var handler = new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false, PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30) };
        if (endpoint.Scheme == "unix")
        {
            handler.ConnectCallback = async (_, cancellationToken) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                try
                {
                    await socket.ConnectAsync(new UnixDomainSocketEndPoint(endpoint.LocalPath), cancellationToken);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            };
        }

        var address = endpoint.Scheme == "unix" ? new Uri("http://docker/") : new UriBuilder("http", endpoint.Host, endpoint.Port).Uri;
        client = new(handler) { BaseAddress = address, Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>The engine's <c>Api-Version</c> header.</summary>
    public async Task<string?> PingAsync(CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "_ping");
        using var response = await client.SendAsync(request, cancellationToken);
        await ThrowIfRefusedAsync(response, cancellationToken);
        return response.Headers.TryGetValues("Api-Version", out var values) ? values.FirstOrDefault() : null;
    }

    /// <summary>Null when the engine answers that there is no such thing.</summary>
    public async Task<JsonDocument?> GetAsync(EngineApi api, string path, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(api, HttpMethod.Get, path, null, null, cancellationToken);
        if (response.StatusCode == HttpStatusCode.NotFound)
        {
            return null;
        }

        await ThrowIfRefusedAsync(response, cancellationToken);
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        return await JsonDocument.ParseAsync(stream, default, cancellationToken);
    }

    public async Task PostAsync(EngineApi api, string path, string json, CancellationToken cancellationToken)
    {
        using var content = new StringContent(json, System.Text.Encoding.UTF8, "application/json");
        using var response = await SendAsync(api, HttpMethod.Post, path, content, null, cancellationToken);
        await ThrowIfRefusedAsync(response, cancellationToken);
    }

    /// <summary>The answer as soon as its headers are there; the caller disposes it, whatever its status.</summary>
    public async Task<HttpResponseMessage> SendAsync(
        EngineApi api, HttpMethod method, string path, HttpContent? content, KeyValuePair<string, string>? header, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, $"v{api.Version}/{path}") { Content = content };
        if (header is { } pair)
        {
            request.Headers.Add(pair.Key, pair.Value);
        }

        return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
    }

    public static async Task ThrowIfRefusedAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (!response.IsSuccessStatusCode)
        {
            throw DockerErrors.FromAnswer(response.StatusCode, await response.Content.ReadAsStringAsync(cancellationToken));
        }
    }

    public void Dispose() => client.Dispose();
}
