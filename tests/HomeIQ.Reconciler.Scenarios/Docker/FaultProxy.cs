using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;

namespace HomeIQ.Reconciler.Scenarios.Docker;

/// <summary>How a call to the engine is spoiled.</summary>
internal enum Spoil
{
    /// <summary>The connection breaks before the engine hears of it.</summary>
    Refused,

    /// <summary>The engine does it, and the connection breaks before its answer.</summary>
    AnswerLost,

    /// <summary>The engine does it, and the connection breaks in the middle of its answer.</summary>
    AnswerCut,

    /// <summary>The engine does it, some seconds later.</summary>
    Slow,

    /// <summary>Not done; 404, 409 or 500 is answered.</summary>
    NotFound,
    Conflict,
    Error,

    /// <summary>Not done, and never answered.</summary>
    Hangs,

    /// <summary>The engine does it, and its answer is kept back for ever: whoever asked can be killed between effect and receipt.</summary>
    Unheard,
}

/// <summary>Calls that are counted apart.</summary>
internal enum CallSort
{
    Change,

    /// <summary>Changes nothing.</summary>
    Look,

    /// <summary>Belongs to a command inside a container, which is how a probe asks.</summary>
    Command,
}

/// <summary>Which call of its sort is spoiled, from 1, and how; none when it is 0.</summary>
internal sealed record SpoiledCall(int Nth, Spoil How, CallSort Sort = CallSort.Change);

/// <summary>Stands between a program and its engine, and spoils one of its calls.</summary>
/// <remarks>One connection a request: every head is rewritten to <c>Connection: close</c>, but where the connection is taken over by a stream.</remarks>
internal sealed partial class FaultProxy : IAsyncDisposable
{
    private readonly string engine;
    private readonly string path;
    private readonly Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly CancellationTokenSource stop = new();
    private readonly Lock gate = new();
    private readonly Task work;
    private SpoiledCall armed = new(0, Spoil.Refused);
    private readonly int[] met = new int[3];
    private string? spoiled;
    private TaskCompletionSource<string> halted = new();

    public FaultProxy(string folder)
    {
        engine = new Uri(TestEngine.Endpoint).LocalPath;
        path = Path.Combine(folder, "proxy.sock");
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen(64);
        work = Task.Run(AcceptAsync);
    }

    public string Endpoint => $"unix://{path}";

    /// <summary>Spoils this call, counted from now on.</summary>
    public void Arm(SpoiledCall call)
    {
        lock (gate)
        {
            (armed, spoiled) = (call, null);
            Array.Clear(met);
            halted = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>Ends when the engine has done an <see cref="Spoil.Unheard"/> call.</summary>
    public Task<string> Halted => halted.Task;

    /// <summary>The call that was spoiled since; null when there were not so many.</summary>
    public string? Spoiled
    {
        get
        {
            lock (gate)
            {
                return spoiled;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        listener.Dispose();
        await work;
        File.Delete(path);
        stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var open = new List<Task>();
        try
        {
            while (true)
            {
                var client = await listener.AcceptAsync(stop.Token);
                open.RemoveAll(task => task.IsCompletedSuccessfully);
                open.Add(ServeAsync(client));
            }
        }
        catch (Exception) when (stop.IsCancellationRequested)
        {
            await Task.WhenAll(open);
        }
    }

    private async Task ServeAsync(Socket client)
    {
        using var near = new NetworkStream(client, ownsSocket: true);
        try
        {
            if (await HeadAsync(near) is not { } head)
            {
                return;
            }

            switch (Next(head))
            {
                case Spoil.Refused:
                    return;
                case Spoil.Hangs:
                    await near.CopyToAsync(Stream.Null, stop.Token);
                    return;
                case Spoil.NotFound:
                    await AnswerAsync(near, head, "404 Not Found");
                    return;
                case Spoil.Conflict:
                    await AnswerAsync(near, head, "409 Conflict");
                    return;
                case Spoil.Error:
                    await AnswerAsync(near, head, "500 Internal Server Error");
                    return;
                case Spoil.Slow:
                    await Task.Delay(TimeSpan.FromSeconds(3), stop.Token);
                    await ForwardAsync(near, head, near);
                    return;
                case Spoil.Unheard:
                    await ForwardAsync(near, head, Stream.Null);
                    halted.TrySetResult(Spoiled!);
                    await near.CopyToAsync(Stream.Null, stop.Token);
                    return;
                case { } lossy:
                    using (var answer = new MemoryStream())
                    {
                        await ForwardAsync(near, head, answer);
                        await near.WriteAsync(answer.ToArray().AsMemory(0, lossy is Spoil.AnswerCut ? (int)answer.Length / 2 : 0), stop.Token);
                    }

                    return;
                default:
                    await ForwardAsync(near, head, near);
                    return;
            }
        }
        catch (Exception gone) when (gone is IOException or SocketException or OperationCanceledException)
        {
            // One of the two hung up.
        }
    }

    private Spoil? Next(string head)
    {
        if (StreamLine().IsMatch(head))
        {
            return null;
        }

        var sort = CommandLine().IsMatch(head) ? CallSort.Command : ChangeLine().IsMatch(head) && !LookLine().IsMatch(head) ? CallSort.Change : CallSort.Look;
        lock (gate)
        {
            var nth = ++met[(int)sort];
            if (nth != armed.Nth || sort != armed.Sort)
            {
                return null;
            }

            spoiled = $"{armed.How} of {sort} {nth}, {head[..head.IndexOf(" HTTP/", StringComparison.Ordinal)]}";
            return armed.How;
        }
    }

    private async Task ForwardAsync(Stream near, string head, Stream answer)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(engine), stop.Token);
        using var far = new NetworkStream(socket, ownsSocket: false);
        var sent = head.Contains("\r\nUpgrade:", StringComparison.OrdinalIgnoreCase) ? head : ConnectionLine().Replace(head, "").Insert(head.IndexOf("\r\n", StringComparison.Ordinal), "\r\nConnection: close");
        await far.WriteAsync(Encoding.Latin1.GetBytes(sent), stop.Token);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stop.Token);
        var upward = CopyAsync(near, far, ended.Token);
        await far.CopyToAsync(answer, stop.Token);
        await ended.CancelAsync();
        await upward;
    }

    private static async Task CopyAsync(Stream from, Stream to, CancellationToken cancellationToken)
    {
        try
        {
            await from.CopyToAsync(to, cancellationToken);
        }
        catch (Exception over) when (over is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // The answer is complete, or nobody waits for it any more.
        }
    }

    private async Task AnswerAsync(Stream near, string head, string status)
    {
        if (LengthLine().Match(head) is { Success: true } length)
        {
            await near.ReadExactlyAsync(new byte[int.Parse(length.Groups["bytes"].Value, System.Globalization.CultureInfo.InvariantCulture)], stop.Token);
        }

        const string Body = """{"message":"spoiled by the test"}""";
        await near.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {Body.Length}\r\nConnection: close\r\n\r\n{Body}"), stop.Token);
    }

    /// <summary>Up to and with the empty line; null when the client hung up before it.</summary>
    private async Task<string?> HeadAsync(Stream near)
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (await near.ReadAsync(one, stop.Token) == 1)
        {
            head.Append((char)one[0]);
            if (one[0] == '\n' && head.Length >= 4 && head[^2] == '\r' && head[^3] == '\n')
            {
                return head.ToString();
            }
        }

        return null;
    }

    [GeneratedRegex("^(POST|PUT|DELETE) ", RegexOptions.ExplicitCapture, 60_000)]
    private static partial Regex ChangeLine();

    [GeneratedRegex("^[A-Z]+ [^ ]*/exec[/ ]", RegexOptions.ExplicitCapture, 60_000)]
    private static partial Regex CommandLine();

    [GeneratedRegex("^POST [^ ]*/(auth|wait|start\\?detach)", RegexOptions.ExplicitCapture, 60_000)]
    private static partial Regex LookLine();

    /// <summary>Events have no end to wait for.</summary>
    [GeneratedRegex("^GET [^ ]*/events", RegexOptions.ExplicitCapture, 60_000)]
    private static partial Regex StreamLine();

    [GeneratedRegex("\\r\\nConnection:[^\\r]*", RegexOptions.IgnoreCase, 60_000)]
    private static partial Regex ConnectionLine();

    [GeneratedRegex("\\r\\nContent-Length: *(?<bytes>[0-9]+)", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, 60_000)]
    private static partial Regex LengthLine();
}
