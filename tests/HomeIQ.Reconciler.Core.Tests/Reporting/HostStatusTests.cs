using HomeIQ.Reconciler.Changes;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Observed;
using HomeIQ.Reconciler.Planning;
using static HomeIQ.Reconciler.Planning.Table;

namespace HomeIQ.Reconciler.Reporting;

public sealed class HostStatusTests
{
    [Fact]
    public void An_untouched_host_is_in_sync() => Assert.Equal(Sync.Synced, Status(Drifting(DriftPolicy.Correct, stack => stack)).Sync);

    [Theory]
    [InlineData(DriftPolicy.Correct, Sync.OutOfSync, 0)]
    [InlineData(DriftPolicy.Warn, Sync.OutOfSync, 1)]
    [InlineData(DriftPolicy.Ignore, Sync.Synced, 0)]
    public void Drift_is_told_as_the_policy_says(DriftPolicy policy, Sync sync, int warnings)
    {
        var status = Status(Drifting(policy, stack => stack.Stopped("api").OffNetwork("api", "homeiq-network")));

        Assert.Equal(sync, status.Sync);
        Assert.Equal(sync, status.Services.Single(service => service.Service == "api").Sync);
        Assert.Equal(warnings, status.Warnings.Select(warning => warning.Subject).Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(sync == Sync.Synced ? [] : [typeof(ContainerNotRunning), typeof(ContainerDrifted)], status.Drift.Select(change => change.GetType()));
    }

    [Fact]
    public void Networks_have_no_policy_and_are_always_told()
    {
        var status = Status(Drifting(DriftPolicy.Ignore, stack => stack.Observe(observed => observed with { Networks = [] })));

        Assert.Equal([new NetworkMissing("homeiq-network", IsGone: true)], status.Drift);
        Assert.Equal(Sync.OutOfSync, status.Sync);
    }

    [Fact]
    public void Volumes_of_ours_that_nothing_wants_any_more_are_listed_and_nobody_elses()
    {
        var ours = new Ownership(Instance, "", "run", "revision", "");
        var table = Installed(Service("db")).Observe(observed => observed with
        {
            Volumes =
            [
                .. observed.Volumes,
                new(new("homeiq_old"), "/var/lib/docker/volumes/homeiq_old/_data", ours),
                new(new("other_data"), "/var/lib/docker/volumes/other_data/_data", null),
                new(new("there_data"), "/var/lib/docker/volumes/there_data/_data", ours with { Instance = "another" }),
            ],
        });

        Assert.Equal(["homeiq_old"], Status(table).KeptVolumes);
    }

    [Fact]
    public void What_waits_says_why_and_until_when_and_what_needs_a_person_is_stalled()
    {
        var (status, at) = (Status(Installed(Service("db"))), Now);

        Assert.Null(status.With(new Attempt(at, "it failed"), at).Waiting);
        Assert.Equal("it failed; tried again at 2026-11-23 04:01:00Z, or by homeiq apply", status.With(new Attempt(at.AddMinutes(1), "it failed"), at).Waiting);
        var stuck = status.With(new Attempt(null, "it failed", NeedsPerson: true), at);
        Assert.Equal(("it failed; not by itself any more: homeiq apply", "it failed"), (stuck.Waiting, stuck.Stalled));
    }

    [Fact]
    public void What_somebody_stopped_has_not_completed_although_it_ended_well()
    {
        var api = Service("api");
        var status = Status(Installed(api with { Spec = api.Spec with { Restart = RestartPolicy.No } }).Container("api", container => container with { Status = ContainerStatus.Exited, ExitCode = 0, Restart = RestartPolicy.No }));

        Assert.Equal(Health.Degraded, status.Health);
        Assert.Equal([typeof(ContainerNotRunning)], status.Drift.Select(change => change.GetType()));
    }

    private static Table Drifting(DriftPolicy policy, Func<Table, Table> happened) => happened(Installed(Service("api") with { Policy = new() { Drift = policy } }, Service("db")));

    private static HostStatus Status(Table table) => HostStatus.Of(table.Plan, table.Desired, table.Effective, table.Observed, Instance);
}
