using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Planning;
using static HomeIQ.Reconciler.Planning.Table;

namespace HomeIQ.Reconciler.Reporting;

/// <summary>Held explains itself.</summary>
public sealed class HoldTests
{
    private static readonly Table Bad = Installed(Service("db"), Service("api", "db"), Service("web", "api"), Service("other"))
        .CommitImage("db", "homeiq/db:2.0.0").CommitImage("other", "homeiq/other:2.0.0");

    [Fact]
    public void It_names_the_suspects_what_waits_and_who_needs_them()
    {
        var table = Bad.Quarantined("db");
        var hold = Hold.Of(table.Situation.Quarantine[0], run: null, content => $"image of {content}").Behind(table.Plan, table.Desired);

        var suspect = Assert.Single(hold.Suspects);
        Assert.Equal(("db", $"image of {suspect.Content}"), (suspect.Name, suspect.Image));
        Assert.Equal(["other"], hold.Waiting);
        Assert.Equal(["api", "web"], hold.Dependents);
        Assert.Null(hold.Evidence);
        Assert.Equal(4, hold.WaysOut.Count);
        Assert.Contains(hold.WaysOut, way => way.Contains($"quarantine release {hold.Quarantine}", StringComparison.Ordinal));
    }

    [Fact]
    public void The_evidence_is_that_of_the_service_that_failed()
    {
        var plan = Bad.Plan;
        var verifies = plan.Steps.Where(step => step.Step is VerifyService).ToList();
        BegunStep Failed(PlannedStep step) => new(step, Now, Now, null, new StepFailed(step.Number, false, FailureClass.Verification, "sick", null, $"runs/run-7/{step.Step.Subject}"));
        var run = new RunRecord { Id = "run-7", StartedAt = Now, Plan = plan, Begun = [.. verifies.Select(Failed)] };

        Assert.Equal("runs/run-7/db", Hold.Of(Bad.Quarantined("db").Situation.Quarantine[0], run, _ => null).Evidence);
    }

    [Fact]
    public void A_service_in_full_knows_why_it_is_held_and_what_differs()
    {
        var table = Bad.Quarantined("db");
        var status = HostStatus.Of(table.Plan, table.Desired, table.Effective, table.Observed, Instance) with { Held = [Hold.Of(table.Situation.Quarantine[0], null, _ => null)] };

        var reports = ServiceReport.Of(status, table.Plan, table.Desired, table.Effective, table.Observed, [new Suspension("api", Now.AddHours(1), "later")]);

        var db = reports.Single(report => report.Status.Service == "db");
        Assert.Equal(("homeiq/db:2.0.0", "homeiq/db:1.0.0", Id("db")), (db.WantedImage, db.HeldImage, db.ContainerId));
        Assert.NotNull(db.Held);
        Assert.Contains(db.Changes, line => line.Contains("homeiq/db:1.0.0 -> homeiq/db:2.0.0", StringComparison.Ordinal));
        Assert.Equal(["api", "web"], db.Dependents);
        var api = reports.Single(report => report.Status.Service == "api");
        Assert.Equal((null, "api is suspended until 2026-11-23 05:00:00Z: later"), (api.Held, api.Suspended));
        Assert.Equal(["db"], api.Needs);
    }
}
