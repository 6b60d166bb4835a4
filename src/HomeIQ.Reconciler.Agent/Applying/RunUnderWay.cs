using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Applying;

/// <summary>A run that follows the branch while it is performed: a newer commit that changes what it brings need not wait until it has failed by itself.</summary>
/// <param name="cancellationToken">Ends the run for other reasons.</param>
internal sealed class RunUnderWay(Plan plan, CancellationToken cancellationToken) : IDisposable
{
    private readonly Lock gate = new();
    private readonly CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
    private bool isOver;

    public Plan Plan { get; } = plan;

    public CancellationToken Stopped => stop.Token;

    /// <summary>Why it goes back before it is finished; null while nothing overtook it.</summary>
    public string? Overtaken { get; private set; }

    /// <summary>Steps that move something finish, none is begun any more, and what was done goes back.</summary>
    public void Overtake(string reason)
    {
        lock (gate)
        {
            if (!isOver && Overtaken is null)
            {
                Overtaken = reason;
                stop.Cancel();
            }
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            isOver = true;
            stop.Dispose();
        }
    }
}
