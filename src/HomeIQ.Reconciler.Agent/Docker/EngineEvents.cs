using System.Runtime.CompilerServices;
using System.Text.Json;

namespace HomeIQ.Reconciler.Docker;

/// <summary>The engine's events as one stream that outlives the engine's restarts.</summary>
internal sealed class EngineEvents(RawEngine raw)
{
    private static readonly string[] Kinds = ["container", "network", "volume", "image"];

    /// <summary>All but the executions of health checks, of which there are several a second; the engine has no way to say "not these".</summary>
    private static readonly string[] Actions =
    [
        "create", "start", "restart", "stop", "die", "kill", "oom", "pause", "unpause", "rename", "update", "destroy", "health_status",
        "connect", "disconnect", "remove", "mount", "unmount", "pull", "tag", "untag", "delete", "import", "load", "build",
    ];

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    /// <summary>Ends when cancelled, and with an error only if the first connection fails.</summary>
    /// <param name="connect">Asks for the interface's version anew: the engine may come back as another one.</param>
    public async IAsyncEnumerable<EngineEvent> WatchAsync(
        Func<CancellationToken, Task<EngineApi>> connect, DateTimeOffset? since, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var last = since is { } from ? NanosecondsOf(from) - 1 : (long?)null;
        var answer = await OpenAsync(await connect(cancellationToken), Since(last), cancellationToken);
        while (true)
        {
            using (answer)
            {
                await using var stream = await answer.Content.ReadAsStreamAsync(cancellationToken);
                using var reader = new StreamReader(stream);
                while (await ReadAsync(reader, cancellationToken) is { } line)
                {
                    if (Parse(line) is var (happened, nanoseconds) && nanoseconds > (last ?? 0))
                    {
                        last = nanoseconds;
                        yield return happened;
                    }
                }
            }

            answer = await ReopenAsync(connect, last, cancellationToken);
            // An engine that was away has forgotten what happened before, and whoever listens has to look for himself.
            yield return new("engine", "reconnected", "", ValueMap<string>.Empty, AtOf(last ?? 0));
        }
    }

    /// <summary>What the engine remembers of one container up to its end; the connection ends with that, or at the second moment.</summary>
    public async Task<IReadOnlyList<EngineEvent>> RecallAsync(EngineApi api, string containerId, DateTimeOffset since, DateTimeOffset until, CancellationToken cancellationToken)
    {
        var told = new List<EngineEvent>();
        using var answer = await OpenAsync(api, cancellationToken, ("filters", Query.Filters(("type", ["container"]), ("container", [containerId]), ("event", Actions))), ("since", TextOf(NanosecondsOf(since))), ("until", TextOf(NanosecondsOf(until))));
        await using var stream = await answer.Content.ReadAsStreamAsync(cancellationToken);
        using var reader = new StreamReader(stream);
        while (told is not [.., { Action: "die" }] && await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            if (Parse(line) is var (happened, _))
            {
                told.Add(happened);
            }
        }

        return told;
    }

    private Task<HttpResponseMessage> OpenAsync(EngineApi api, string? since, CancellationToken cancellationToken) =>
        OpenAsync(api, cancellationToken, ("filters", Query.Filters(("type", Kinds), ("event", Actions))), ("since", since));

    private async Task<HttpResponseMessage> OpenAsync(EngineApi api, CancellationToken cancellationToken, params (string Key, string? Value)[] query)
    {
        var answer = await raw.SendAsync(api, HttpMethod.Get, Query.Of("events", query), null, null, cancellationToken);
        try
        {
            await RawEngine.ThrowIfRefusedAsync(answer, cancellationToken);
            return answer;
        }
        catch
        {
            answer.Dispose();
            throw;
        }
    }

    private async Task<HttpResponseMessage> ReopenAsync(Func<CancellationToken, Task<EngineApi>> connect, long? last, CancellationToken cancellationToken)
    {
        for (var pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            await Task.Delay(pause, cancellationToken);
            try
            {
                return await OpenAsync(await connect(cancellationToken), Since(last), cancellationToken);
            }
            catch (Exception exception) when (exception is ContainerHostException || DockerErrors.IsTransport(exception))
            {
                // Still away.
            }
        }
    }

    /// <summary>Null at the end, which for an engine that goes away is an error of many kinds.</summary>
    private static async Task<string?> ReadAsync(StreamReader reader, CancellationToken cancellationToken)
    {
        try
        {
            return await reader.ReadLineAsync(cancellationToken);
        }
        catch (Exception exception) when (DockerErrors.IsTransport(exception))
        {
            return null;
        }
    }

    private static (EngineEvent Happened, long Nanoseconds)? Parse(string line)
    {
        if (line.Length == 0)
        {
            return null;
        }

        using var json = JsonDocument.Parse(line);
        JsonElement? message = json.RootElement;
        var action = message.At("Action").Text();
        var nanoseconds = message.At("timeNano").Number();
        var actor = message.At("Actor");
        return action.StartsWith("exec_", StringComparison.Ordinal)
            ? null
            : (new(message.At("Type").Text(), action, actor.At("ID").Text(), actor.At("Attributes").Map(), AtOf(nanoseconds)), nanoseconds);
    }

    private static string? Since(long? last) => last is { } nanoseconds ? TextOf(nanoseconds + 1) : null;

    private static string TextOf(long nanoseconds) => $"{nanoseconds / 1_000_000_000}.{nanoseconds % 1_000_000_000:000000000}";

    private static long NanosecondsOf(DateTimeOffset time) => (time - DateTimeOffset.UnixEpoch).Ticks * 100;

    private static DateTimeOffset AtOf(long nanoseconds) => DateTimeOffset.UnixEpoch.AddTicks(nanoseconds / 100);
}
