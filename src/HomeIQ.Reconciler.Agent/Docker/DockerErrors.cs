using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Docker.DotNet;

namespace HomeIQ.Reconciler.Docker;

/// <summary>Turns what the engine and the way to it answer into our few kinds of failure.</summary>
internal static class DockerErrors
{
    private static readonly string[] PortWords =
        ["port is already allocated", "bind: address already in use", "failed to bind port", "failed to bind host port", "ports are not available"];

    /// <summary>A network that is in use, or an address on it; engines say it with 403 or 500.</summary>
    private static readonly string[] NetworkWords = ["active endpoints", "Address already in use"];

    private static readonly string[] ThrottleWords = ["toomanyrequests", "too many requests", "rate limit"];

    private static readonly string[] CredentialWords =
        ["unauthorized", "authentication required", "no basic auth credentials", "pull access denied", "access to the resource is denied", "incorrect username or password"];

    private static readonly string[] UnknownImageWords = ["manifest unknown", "not found", "name unknown", "no such image", "no matching manifest", "invalid reference format"];

    private static readonly string[] WayWords = ["dial tcp", "no such host", "connection refused", "i/o timeout", "TLS handshake", "unexpected HTTP status: 5"];

    /// <summary>What makes a container impossible to start however often it is tried; engines say it with 500 or 400.</summary>
    private static readonly string[] SettingWords =
        ["unable to find user", "unable to find group", "no matching entries in passwd file", "no matching entries in group file", "exec format error"];

    /// <summary>An answer that is no success.</summary>
    public static ContainerHostException FromAnswer(HttpStatusCode status, string? body, Exception? inner = null)
    {
        var message = MessageOf(body) is { Length: > 0 } said ? said : $"the engine answered {(int)status}";
        var failure = status switch
        {
            _ when Has(message, PortWords) => HostFailure.PortTaken,
            HttpStatusCode.NotFound when IsAboutNetwork(message) => HostFailure.Conflict,
            HttpStatusCode.NotFound => HostFailure.NotFound,
            HttpStatusCode.Conflict => HostFailure.Conflict,
            HttpStatusCode.BadRequest or HttpStatusCode.NotImplemented => HostFailure.Invalid,
            HttpStatusCode.Unauthorized => HostFailure.Unauthorized,
            HttpStatusCode.TooManyRequests => HostFailure.Throttled,
            HttpStatusCode.Forbidden => Has(message, NetworkWords) ? HostFailure.Conflict : HostFailure.Invalid,
            _ when Has(message, SettingWords) => HostFailure.Invalid,
            // Engines up to 20.10 say it with 500.
            _ when message.Contains("is not paused", StringComparison.Ordinal) => HostFailure.Conflict,
            _ when Has(message, NetworkWords) => HostFailure.Conflict,
            _ => HostFailure.Engine,
        };
        return new(failure, message, inner);
    }

    /// <summary>What went wrong with a pull: the engine's answer, or an error inside its stream.</summary>
    public static ContainerHostException FromPull(HttpStatusCode? status, string message) => new(ClassifyPull(status, message), message);

    /// <summary>What went wrong with a build: the build itself, unless it was the way to a registry that holds a base image.</summary>
    public static ContainerHostException FromBuild(string error, string output) => new(
        Has(error, ThrottleWords) ? HostFailure.Throttled
        : Has(error, CredentialWords) ? HostFailure.Unauthorized
        : Has(error, WayWords) ? HostFailure.RegistryFailed
        : error.Contains("no space left on device", StringComparison.Ordinal) ? HostFailure.Engine
        : HostFailure.Invalid,
        output);

    /// <summary>A build that the engine did not begin: mostly because of its Dockerfile, which engines say with 500, too.</summary>
    public static ContainerHostException FromRefusedBuild(HttpStatusCode status, string? body) =>
        FromAnswer(status, body) is var refused && refused.Message.Contains("dockerfile", StringComparison.OrdinalIgnoreCase)
            ? new(HostFailure.Invalid, refused.Message)
            : refused;

    /// <summary>The way to the engine is broken.</summary>
    public static ContainerHostException FromTransport(Exception exception) =>
        new(HostFailure.Unreachable, $"the engine does not answer: {Innermost(exception).Message}", exception);

    public static bool IsTransport(Exception exception) => exception is HttpRequestException or IOException or SocketException or ObjectDisposedException;

    /// <summary>The <c>message</c> of the engine's JSON, or the text itself.</summary>
    public static string MessageOf(string? body)
    {
        if (string.IsNullOrWhiteSpace(body))
        {
            return "";
        }

        try
        {
            using var json = JsonDocument.Parse(body);
            if (json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("message", out var message))
            {
                return message.GetString()?.Trim() ?? "";
            }
        }
        catch (JsonException)
        {
            // Plain text, as from a proxy in front of the engine.
        }

        return body.Trim();
    }

    private static HostFailure ClassifyPull(HttpStatusCode? status, string message) => message switch
    {
        _ when status == HttpStatusCode.TooManyRequests || Has(message, ThrottleWords) => HostFailure.Throttled,
        _ when status == HttpStatusCode.Unauthorized || Has(message, CredentialWords) => HostFailure.Unauthorized,
        // "not found" is said of a registry's name, too.
        _ when message.Contains("no such host", StringComparison.OrdinalIgnoreCase) => HostFailure.RegistryFailed,
        _ when status == HttpStatusCode.NotFound || Has(message, UnknownImageWords) => HostFailure.NotFound,
        _ when status == HttpStatusCode.BadRequest => HostFailure.Invalid,
        // The engine itself is well: it said something. What remains lies between it and the registry.
        _ => HostFailure.RegistryFailed,
    };

    // A container that cannot start because its network is gone is there itself.
    private static bool IsAboutNetwork(string message) =>
        message.StartsWith("network ", StringComparison.Ordinal) && message.EndsWith(" not found", StringComparison.Ordinal) && message.Length > 80;

    private static bool Has(string message, string[] words) => words.Any(word => message.Contains(word, StringComparison.OrdinalIgnoreCase));

    private static Exception Innermost(Exception exception) => exception.InnerException is { } inner ? Innermost(inner) : exception;
}
