using System.Net;

namespace HomeIQ.Reconciler.Scenarios.Docker;

/// <summary>A registry that answers badly, as it is told to; on loopback, where engines speak plain HTTP.</summary>
internal sealed class StubRegistry : IAsyncDisposable
{
    private readonly HttpListener listener = new();
    private readonly CancellationTokenSource end = new();
    private readonly Task serving;

    public StubRegistry(Func<HttpListenerContext, CancellationToken, Task> answer)
    {
        Address = $"127.0.0.1:{FreePort()}";
        listener.Prefixes.Add($"http://{Address}/");
        listener.Start();
        serving = ServeAsync(answer);
    }

    public string Address { get; }

    public static int FreePort()
    {
        using var probe = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    public async ValueTask DisposeAsync()
    {
        await end.CancelAsync();
        listener.Close();
        await serving;
        end.Dispose();
    }

    private async Task ServeAsync(Func<HttpListenerContext, CancellationToken, Task> answer)
    {
        while (!end.IsCancellationRequested)
        {
            try
            {
                var context = await listener.GetContextAsync();
                _ = AnswerAsync(context, answer);
            }
            catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task AnswerAsync(HttpListenerContext context, Func<HttpListenerContext, CancellationToken, Task> answer)
    {
        try
        {
            await answer(context, end.Token);
            context.Response.Close();
        }
        catch (Exception exception) when (exception is OperationCanceledException or HttpListenerException or ObjectDisposedException or InvalidOperationException)
        {
            // Whoever asked has gone, or the test is over.
        }
    }
}
