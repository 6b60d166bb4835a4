using System.Text.Json;
using Docker.DotNet;

namespace HomeIQ.Reconciler.Docker;

/// <summary>A limit on how long the engine may take, or stay silent, and the one place where its failures become ours.</summary>
internal sealed class Deadline : IDisposable
{
    private readonly CancellationTokenSource source;
    private readonly CancellationToken caller;
    private readonly TimeSpan limit;

    private Deadline(TimeSpan limit, CancellationToken caller)
    {
        this.limit = limit;
        this.caller = caller;
        source = CancellationTokenSource.CreateLinkedTokenSource(caller);
        source.CancelAfter(limit);
    }

    public CancellationToken Token => source.Token;

    /// <summary>There was a sign of life: the time begins again.</summary>
    public void Renew() => source.CancelAfter(limit);

    public static async Task<T> RunAsync<T>(TimeSpan limit, Func<Deadline, Task<T>> call, CancellationToken cancellationToken)
    {
        using var deadline = new Deadline(limit, cancellationToken);
        try
        {
            return await call(deadline);
        }
        catch (ContainerHostException)
        {
            throw;
        }
        catch (DockerApiException exception)
        {
            throw DockerErrors.FromAnswer(exception.StatusCode, exception.ResponseBody, exception);
        }
        catch (Exception exception) when (deadline.source.IsCancellationRequested && (exception is OperationCanceledException || DockerErrors.IsTransport(exception)))
        {
            deadline.caller.ThrowIfCancellationRequested();
            throw new ContainerHostException(HostFailure.TimedOut, $"the engine did not answer within {deadline.limit.TotalSeconds:0.#} s", exception);
        }
        catch (JsonException exception)
        {
            throw new ContainerHostException(HostFailure.Engine, $"the engine answered something that is no JSON: {exception.Message}", exception);
        }
        catch (Exception exception) when (DockerErrors.IsTransport(exception) || exception is OperationCanceledException)
        {
            throw DockerErrors.FromTransport(exception);
        }
    }

    public void Dispose() => source.Dispose();
}
