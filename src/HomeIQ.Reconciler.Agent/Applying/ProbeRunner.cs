using System.Net.Sockets;
using System.Text.Json;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Docker;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Applying;

/// <summary>Puts one probe's question to a running container, once.</summary>
internal sealed class ProbeRunner(RunContext context)
{
    /// <summary>More of an answer is not read.</summary>
    private const int MostBytes = 1024 * 1024;

    /// <summary>Longer than a proxy takes to find nobody behind it.</summary>
    private static readonly TimeSpan AtOnce = TimeSpan.FromMilliseconds(300);

    /// <summary>The way of an answer that did not come in time.</summary>
    public const string NoAnswer = "no answer";

    private static readonly HttpClient Http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false, ConnectTimeout = TimeSpan.FromSeconds(5) })
    {
        Timeout = Timeout.InfiniteTimeSpan,
        MaxResponseContentBufferSize = MostBytes,
    };

    public async Task<ProbeAnswer> AskAsync(Probe probe, DesiredService service, ObservedContainer container, CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(probe.Timeout);
        try
        {
            return probe switch
            {
                HttpProbe http => await AskHttpAsync(http, service, container, deadline.Token),
                TcpProbe tcp => await AskTcpAsync(tcp, container, deadline.Token),
                ExecProbe exec => await AskExecAsync(exec, container, deadline.Token),
                _ => throw new NotSupportedException($"Nobody asks {probe.GetType().Name}."),
            };
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new(ProbeResult.Fail, $"{Name(probe)} did not answer within {probe.Timeout.TotalSeconds:0.#} s", NoAnswer);
        }
        catch (HttpRequestException refused) when (refused.HttpRequestError is HttpRequestError.NameResolutionError || refused.InnerException is SocketException { SocketErrorCode: SocketError.TryAgain })
        {
            return new(ProbeResult.Inconclusive, $"{Name(probe)}: {refused.Message}", "no such name");
        }
        catch (HttpRequestException refused)
        {
            return new(ProbeResult.Fail, $"{Name(probe)}: {refused.Message}", $"{refused.HttpRequestError}");
        }
        catch (SocketException unknown) when (unknown.SocketErrorCode is SocketError.HostNotFound or SocketError.TryAgain or SocketError.NoData)
        {
            return new(ProbeResult.Inconclusive, $"{Name(probe)}: {unknown.Message}", "no such name");
        }
        catch (SocketException refused)
        {
            return new(ProbeResult.Fail, $"{Name(probe)}: {refused.Message}", $"{refused.SocketErrorCode}");
        }
        catch (Exception unreadable) when (unreadable is IOException or InvalidOperationException)
        {
            // Broken off, or in a character set that nobody knows.
            return new(ProbeResult.Fail, $"{Name(probe)}: {unreadable.Message}", "unreadable");
        }
        catch (ContainerHostException unavailable)
        {
            return new(ProbeResult.Inconclusive, $"{Name(probe)}: {unavailable.Message}", $"{unavailable.Failure}");
        }
    }

    private static string Name(Probe probe) => probe switch
    {
        HttpProbe http => $"probe http {http.Url ?? $"port {http.Port}{http.Path}"}",
        TcpProbe tcp => $"probe tcp {tcp.Port}",
        ExecProbe exec => $"probe exec {string.Join(' ', exec.Command)}",
        _ => "probe",
    };

    private async Task<ProbeAnswer> AskHttpAsync(HttpProbe probe, DesiredService service, ObservedContainer container, CancellationToken cancellationToken)
    {
        var url = probe.Url;
        if (url is null)
        {
            var (host, port) = AddressOf(probe.Port ?? (service.Spec.Ports is [var first, ..] ? first.ContainerPort : 80), container);
            url = $"{probe.Scheme}://{host}:{port}{probe.Path}";
        }

        using var response = await Http.GetAsync(url, cancellationToken);
        var status = (int)response.StatusCode;
        var body = await response.Content.ReadAsStringAsync(cancellationToken);
        if (!probe.Status.Contains(status))
        {
            return new(ProbeResult.Fail, $"{Name(probe)} answered {status}, expected {string.Join(" or ", probe.Status)}", $"status {status}");
        }

        return probe.Json.Count == 0 ? new(ProbeResult.Pass, $"{Name(probe)} answered {status}", $"status {status}") : Compare(probe, body);
    }

    private static ProbeAnswer Compare(HttpProbe probe, string body)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(body);
        }
        catch (JsonException)
        {
            return new(ProbeResult.Fail, $"{Name(probe)} answered something that is no JSON", "no JSON");
        }

        using (document)
        {
            foreach (var (path, expected) in probe.Json)
            {
                var found = Find(document.RootElement, path);
                var text = found is not { } element ? "(nothing)" : element.ValueKind is JsonValueKind.String ? element.GetString() : element.GetRawText();
                if (text != expected)
                {
                    return new(ProbeResult.Fail, $"{Name(probe)}: {path} is {text}, expected {expected}", $"{path} is {text}");
                }
            }
        }

        return new(ProbeResult.Pass, $"{Name(probe)} answered as expected", "as expected");
    }

    private static JsonElement? Find(JsonElement element, string path)
    {
        foreach (var part in path.Split('.'))
        {
            if (element.ValueKind is JsonValueKind.Array && int.TryParse(part, out var index) && index >= 0 && index < element.GetArrayLength())
            {
                element = element[index];
            }
            else if (element.ValueKind is not JsonValueKind.Object || !element.TryGetProperty(part, out element))
            {
                return null;
            }
        }

        return element;
    }

    /// <summary>On a published port the engine's proxy accepts before anything listens behind it: only the container itself can refuse.</summary>
    private async Task<ProbeAnswer> AskTcpAsync(TcpProbe probe, ObservedContainer container, CancellationToken cancellationToken)
    {
        var published = PublishedAt(probe.Port, container);
        if (context.IsEngineLocal && AddressIn(container) is { } address && await IsReachedAsync(address, probe, published is null ? probe.Timeout : probe.Timeout / 2, cancellationToken))
        {
            return Accepts(probe);
        }

        var (host, port) = published ?? AddressOf(probe.Port, container);
        using var client = new TcpClient();
        await client.ConnectAsync(host, port, cancellationToken);
        return published is not null && await ClosesAtOnceAsync(client, cancellationToken)
            ? new(ProbeResult.Fail, $"{Name(probe)} is published, and nothing listens behind it: the connection is closed at once", "closed at once")
            : Accepts(probe);
    }

    private static ProbeAnswer Accepts(TcpProbe probe) => new(ProbeResult.Pass, $"{Name(probe)} accepts connections", "connected");

    /// <returns>False when no way leads there from here, as with some networks and engines in a machine of their own; a refusal is thrown.</returns>
    private static async Task<bool> IsReachedAsync(string address, TcpProbe probe, TimeSpan patience, CancellationToken cancellationToken)
    {
        using var client = new TcpClient();
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(patience);
        try
        {
            await client.ConnectAsync(address, probe.Port, deadline.Token);
            return true;
        }
        catch (SocketException noWay) when (noWay.SocketErrorCode is SocketError.HostUnreachable or SocketError.NetworkUnreachable)
        {
            return false;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>What a proxy does whose other side refuses it.</summary>
    private static async Task<bool> ClosesAtOnceAsync(TcpClient client, CancellationToken cancellationToken)
    {
        using var moment = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        moment.CancelAfter(AtOnce);
        try
        {
            return await client.Client.ReceiveAsync(new byte[1], SocketFlags.Peek, moment.Token) == 0;
        }
        catch (SocketException reset) when (reset.SocketErrorCode is SocketError.ConnectionReset)
        {
            return true;
        }
        catch (OperationCanceledException)
        {
            // Most services wait for the other side to speak first.
            return false;
        }
    }

    private async Task<ProbeAnswer> AskExecAsync(ExecProbe probe, ObservedContainer container, CancellationToken cancellationToken)
    {
        var result = await context.Host.ExecuteAsync(container.Id, probe.Command, cancellationToken);
        return result.ExitCode == 0
            ? new(ProbeResult.Pass, $"{Name(probe)} ended with 0", "exit code 0")
            : new(ProbeResult.Fail, $"{Name(probe)} ended with {result.ExitCode}: {result.Output.Trim().ReplaceLineEndings(" ")}", $"exit code {result.ExitCode}");
    }

    /// <summary>The published port when there is one; else the container's own address, which the engine's host reaches.</summary>
    private (string Host, int Port) AddressOf(int port, ObservedContainer container) =>
        PublishedAt(port, container) ?? (AddressIn(container) ?? context.ProbeHost, port);

    private (string Host, int Port)? PublishedAt(int port, ObservedContainer container) =>
        container.PublishedPorts.FirstOrDefault(candidate => candidate.ContainerPort == port && candidate.Protocol == "tcp" && candidate.HostPort is not null) is { } published
            ? (published.HostAddress is "" or "0.0.0.0" or "::" ? context.ProbeHost : published.HostAddress, published.HostPort!.Value)
            : null;

    private static string? AddressIn(ObservedContainer container) => container.Networks.FirstOrDefault(network => network.Address is { Length: > 0 })?.Address;
}
