using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Docker;
using HomeIQ.Reconciler.Forges;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Reporting;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>Keeps a forge told of how the branch's newest commit fares; whether it listens or not, nothing waits for it.</summary>
/// <remarks>Level-triggered: what is true now is told when it differs from what was told last, so that a word that was lost is made good by the next look.</remarks>
internal sealed class CommitStatuses(Forge? forge, TimeProvider time)
{
    private static readonly TimeSpan FirstWait = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestWait = TimeSpan.FromHours(1);

    private readonly Lock gate = new();
    private Task underWay = Task.CompletedTask;
    private CommitStatus? told;
    private DateTimeOffset notBefore;
    private TimeSpan wait = FirstWait;

    /// <summary>Why the forge did not take the last word; null while it does.</summary>
    public string? Problem { get; private set; }

    /// <summary>Waits for a word that is still under way.</summary>
    public Task SettledAsync() => Task.WhenAny(underWay);

    /// <summary>Tells what is new, beside whatever else is done. A failure is kept in <see cref="Problem"/>, and tried again ever more seldom.</summary>
    public void Beside(HostStatus status, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            if (forge is not null && underWay.IsCompleted && time.GetUtcNow() >= notBefore && CommitStatus.Of(status) is { } news && news != told)
            {
                underWay = Task.Run(() => TellAsync(news, cancellationToken), CancellationToken.None);
            }
        }
    }

    /// <summary>Tells how a verb ended, and waits until it is told; the report says when it was not taken.</summary>
    /// <param name="look">How the host stands now; asked only where somebody is to be told.</param>
    public async Task<ApplyReport> AfterAsync(ApplyReport report, Func<Task<HostStatus>> look, CancellationToken cancellationToken)
    {
        if (forge is null)
        {
            return report;
        }

        string? problem;
        try
        {
            if (CommitStatus.Of(await look()) is { } news)
            {
                await TellAsync(news, cancellationToken);
            }

            problem = Problem;
        }
        catch (Exception unable) when (unable is OperationCanceledException or ContainerHostException or JournalException or IOException)
        {
            // How the verb ended counts; the next look tells the forge.
            problem = $"the forge was not told how it ended: {unable.Message}";
        }

        return problem is null ? report : report with { Problems = [.. report.Problems, new(new("forge"), problem, Severity: Severity.Note)] };
    }

    private async Task TellAsync(CommitStatus news, CancellationToken cancellationToken)
    {
        try
        {
            await forge!.PutAsync(news, cancellationToken);
            (told, Problem, wait) = (news, null, FirstWait);
        }
        catch (ForgeException refused)
        {
            Problem = refused.Message;
            notBefore = time.GetUtcNow() + wait;
            wait = wait * 2 < LongestWait ? wait * 2 : LongestWait;
        }
        catch (OperationCanceledException)
        {
            // The daemon ends; the next one tells.
        }
    }
}
