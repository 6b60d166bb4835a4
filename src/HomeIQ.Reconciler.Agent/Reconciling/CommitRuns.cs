using HomeIQ.Reconciler.Applying;
using HomeIQ.Reconciler.Git;
using HomeIQ.Reconciler.Journaling;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>Runs that follow the branch: while one is under way, a newer commit that changes what it brings ends it.</summary>
internal sealed class CommitRuns(Lookout lookout, Runs runs)
{
    private volatile RunUnderWay? underWay;
    private bool wasOvertaken;

    /// <summary>Begins a run that a newer commit may overtake, unless a person named the one to go to.</summary>
    /// <remarks>Never two in a row: where a commit comes every minute, none would ever be finished.</remarks>
    public async Task<ApplyReport> BeginAsync(Planned planned, string cause, CancellationToken cancellationToken, string? supersedes = null, string? revision = null)
    {
        if (revision is not null || wasOvertaken)
        {
            wasOvertaken = false;
            return await runs.BeginAsync(planned, cause, cancellationToken, supersedes);
        }

        using var run = new RunUnderWay(planned.Plan!, cancellationToken);
        underWay = run;
        try
        {
            // One that came while the plan was made has been told to nobody.
            Consider(lookout.Head());
            return await runs.BeginAsync(planned, cause, cancellationToken, supersedes, overtakable: run);
        }
        finally
        {
            underWay = null;
            wasOvertaken = run.Overtaken is not null;
        }
    }

    /// <summary>Looks at a newer commit while a run is under way; if it changes what the run brings, the run goes back at once and the commit has its turn.</summary>
    /// <remarks>Called beside the worker. Without this a fix would wait until the check that it mends has failed for good.</remarks>
    public void Consider(Revision head)
    {
        try
        {
            if (underWay is { } run && run.Plan.Revision != head.Id && lookout.FirstChanged(head, run.Plan.Contents) is { } changed)
            {
                run.Overtake($"overtaken by {head.ShortId}, which changes {changed}");
            }
        }
        catch (JournalException)
        {
            // The run under way meets the same at its next step, and tells; it is not to be overtaken on a guess.
        }
    }
}
