using HomeIQ.Reconciler.Git;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>What is known of the branch: the newest commit that was ever seen, and what is wrong with the source now.</summary>
/// <param name="Head">Null before the first fetch that succeeded; a source that fails later keeps its last word.</param>
/// <param name="Failure">Null while the source answers.</param>
/// <param name="SeenAt">When it answered last.</param>
public sealed record SourceView(Fetched? Head, GitException? Failure, DateTimeOffset? SeenAt);

/// <summary>Follows the branch beside the loop, so that a server that hangs delays no repair.</summary>
public sealed class SourceWatch(GitSource source, Hints hints, LoopSettings settings, TimeProvider time)
{
    private readonly Hints asked = new(time);
    private volatile SourceView view = new(null, null, null);
    private volatile Action<Revision>[] listeners = [];
    private bool wasRewritten;

    public SourceView View => view;

    /// <summary>Fetches at once instead of at the next interval.</summary>
    public void Ask() => asked.Give("asked");

    /// <summary>Has somebody told of each new head of the branch, beside whatever the loop is doing.</summary>
    public void Tell(Action<Revision> listener) => listeners = [.. listeners, listener];

    /// <summary>Fetches until cancelled; a source that fails is tried again, ever more slowly.</summary>
    public async Task FollowAsync(CancellationToken cancellationToken)
    {
        var failures = 0;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                var fetched = await source.FetchAsync(cancellationToken);
                failures = 0;

                // Said until the branch moves on: one fetch alone sees it.
                wasRewritten = fetched.HistoryRewritten || wasRewritten && !fetched.Moved;
                var before = view;
                view = new(fetched with { HistoryRewritten = wasRewritten }, null, time.GetUtcNow());
                if (before.Head?.Head.Id != fetched.Head.Id || before.Failure is not null)
                {
                    hints.Give($"{fetched.Head.ShortId} {fetched.Head.Subject}");
                    foreach (var listener in listeners)
                    {
                        listener(fetched.Head);
                    }
                }
            }
            catch (IOException broken)
            {
                failures++;
                var failed = broken as GitException ?? new GitException(GitFailure.Refused, broken.Message, broken);
                var told = view.Failure?.Message == failed.Message;
                view = view with { Failure = failed };
                if (!told)
                {
                    hints.Give("the repository cannot be read");
                }
            }

            await asked.WaitAsync(failures == 0 ? settings.Around(settings.FetchInterval) : settings.BackOff(failures), cancellationToken);
        }
    }
}
