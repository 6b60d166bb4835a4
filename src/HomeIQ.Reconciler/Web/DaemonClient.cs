using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text.Json;
using HomeIQ.Reconciler.Applying;
using HomeIQ.Reconciler.Planning;
using HomeIQ.Reconciler.Reconciling;

namespace HomeIQ.Reconciler.Web;

/// <summary>A verb's side of the daemon's socket.</summary>
internal sealed class DaemonClient : IDisposable
{
    private readonly HttpClient http;

    private DaemonClient(string socket) => http = new(new SocketsHttpHandler
    {
        ConnectCallback = async (_, cancellationToken) =>
        {
            var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket), cancellationToken);
            return new NetworkStream(connection, ownsSocket: true);
        },
    })
    {
        BaseAddress = new("http://daemon"),
        Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <summary>The daemon that acts from a state directory; null when none runs.</summary>
    public static async Task<DaemonClient?> FindAsync(string stateDirectory, CancellationToken cancellationToken)
    {
        var socket = Daemon.SocketOf(stateDirectory);
        if (!File.Exists(socket))
        {
            return null;
        }

        var client = new DaemonClient(socket);
        try
        {
            using var answer = await client.http.GetAsync(new Uri("/health", UriKind.Relative), cancellationToken);
            return client;
        }
        catch (HttpRequestException)
        {
            // Left behind by one that was killed.
            client.Dispose();
            return null;
        }
    }

    /// <summary>Whether the daemon itself works.</summary>
    public async Task<DaemonHealth> HealthAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await http.GetAsync(new Uri("/health", UriKind.Relative), cancellationToken);
            return JsonSerializer.Deserialize(await answer.Content.ReadAsByteArrayAsync(cancellationToken), DaemonJson.Default.DaemonHealth) ?? new("fail", null, "it gives no answer");
        }
        catch (HttpRequestException away)
        {
            return new("fail", null, $"it does not answer: {away.Message}");
        }
    }

    /// <summary>Has the daemon do a verb, and passes on what happens meanwhile.</summary>
    /// <exception cref="IOException">The daemon went away, or could not do it.</exception>
    public async Task<ApplyReport> AskAsync(string verb, Ask ask, IProgress<RunEvent> progress, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/v1/ask/{verb}")
        {
            Content = JsonContent(JsonSerializer.SerializeToUtf8Bytes(ask, DaemonJson.Default.Ask)),
        };
        try
        {
            using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            answer.EnsureSuccessStatusCode();
            using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(cancellationToken));
            while (await reader.ReadLineAsync(cancellationToken) is { } line)
            {
                switch (JsonSerializer.Deserialize(line, DaemonJson.Default.AnswerLine))
                {
                    case { Event: { } happened }:
                        progress.Report(happened);
                        break;
                    case { Report: { } report }:
                        return report;
                    case { Error: { } error }:
                        throw new IOException(error);
                }
            }
        }
        catch (HttpRequestException broken)
        {
            throw new IOException($"the daemon does not answer: {broken.Message}", broken);
        }

        throw new IOException("the daemon went away before it had finished; homeiq history tells what it did");
    }

    /// <summary>Has the daemon take a decision, and act on it at once.</summary>
    /// <exception cref="IOException">The daemon went away, or could not do it.</exception>
    public async Task<DecisionReport> DecideAsync(Decision decision, CancellationToken cancellationToken)
    {
        using var content = JsonContent(JsonSerializer.SerializeToUtf8Bytes(decision, DaemonJson.Default.Decision));
        try
        {
            using var answer = await http.PostAsync(new Uri("/api/v1/ask/decide", UriKind.Relative), content, cancellationToken);
            answer.EnsureSuccessStatusCode();
            return JsonSerializer.Deserialize(await answer.Content.ReadAsByteArrayAsync(cancellationToken), DaemonJson.Default.DecisionReport)
                ?? throw new IOException("the daemon gave no answer");
        }
        catch (HttpRequestException broken)
        {
            throw new IOException($"the daemon does not answer: {broken.Message}", broken);
        }
    }

    /// <summary>How the host stands now, then what happens, until cancelled.</summary>
    /// <exception cref="IOException">The daemon went away.</exception>
    public async IAsyncEnumerable<News> FollowAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var reader = await OpenAsync("/api/v1/events", cancellationToken);
        while (await LineAsync(reader, cancellationToken) is { } line)
        {
            if (JsonSerializer.Deserialize(line, DaemonJson.Default.News) is { } news)
            {
                yield return news;
            }
        }

        throw new IOException("the daemon stopped");
    }

    /// <summary>Has the daemon look at repository and host now.</summary>
    public async Task ReconcileAsync(CancellationToken cancellationToken)
    {
        using var answer = await http.PostAsync(new Uri("/api/v1/ask/reconcile", UriKind.Relative), null, cancellationToken);
        answer.EnsureSuccessStatusCode();
    }

    public void Dispose() => http.Dispose();

    private async Task<StreamReader> OpenAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            return new StreamReader(await http.GetStreamAsync(new Uri(path, UriKind.Relative), cancellationToken));
        }
        catch (HttpRequestException broken)
        {
            throw new IOException($"the daemon does not answer: {broken.Message}", broken);
        }
    }

    private static async Task<string?> LineAsync(StreamReader reader, CancellationToken cancellationToken)
    {
        try
        {
            return await reader.ReadLineAsync(cancellationToken);
        }
        catch (HttpRequestException broken)
        {
            throw new IOException($"the daemon went away: {broken.Message}", broken);
        }
    }

    private static ByteArrayContent JsonContent(byte[] json) => new(json) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
}
