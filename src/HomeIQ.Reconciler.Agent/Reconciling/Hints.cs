using System.Threading.Channels;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>Wakes the loop before its interval is over. However many hints come while a pass is under way, one more pass follows.</summary>
public sealed class Hints(TimeProvider time)
{
    private readonly Channel<string> given = Channel.CreateBounded<string>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <param name="why">In the operator's words, for the log.</param>
    public void Give(string why) => given.Writer.TryWrite(why);

    /// <summary>Ends with the first hint, or after the time; null when it was the time.</summary>
    public async Task<string?> WaitAsync(TimeSpan atMost, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(atMost, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            return await given.Reader.ReadAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }
}
