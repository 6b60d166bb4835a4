using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Observed;
using static HomeIQ.Reconciler.Planning.Table;

namespace HomeIQ.Reconciler.Planning;

/// <summary>Data that is named comes along with whoever is replaced on it.</summary>
public class DataMoveTests
{
    [Fact]
    public void A_volume_is_copied_between_the_stops_and_the_starts_of_all_who_mount_it()
    {
        var plan = With(Database("a"), Writing("a"), Writing("reader"), Service("other")).CommitImage("a", "homeiq/a:2.0.0").Plan;

        Assert.True(plan.Waits("copy data", "stop homeiq-a"));
        Assert.True(plan.Waits("copy data", "stop homeiq-reader"));
        Assert.True(plan.Waits("start homeiq-a", "copy data"));
        Assert.True(plan.Waits("start homeiq-reader", "copy data"));
        Assert.Equal("its volume data is copied", plan.Cause("stop homeiq-reader"));
        Assert.False(plan.Has("stop homeiq-other"));
        Assert.True(plan.Steps.Single(step => step.Step is ReleaseCopies).IsCleanUp);
    }

    [Fact]
    public void Who_stays_the_same_is_disarmed_before_the_copy_and_armed_after_it()
    {
        var plan = With(Database("a"), Writing("a"), Writing("reader")).CommitImage("a", "homeiq/a:2.0.0").Plan;

        Assert.True(plan.Waits("copy data", "policy no homeiq-reader"));
        Assert.True(plan.Waits("policy unless-stopped homeiq-reader", "copy data"));
        Assert.True(plan.Waits("start homeiq-reader", "policy unless-stopped homeiq-reader"));
        Assert.True(plan.Waits("copy data", "aside homeiq-a"));
    }

    [Fact]
    public void Who_was_found_stopped_and_is_started_again_has_its_stop_in_the_plan_so_that_the_way_back_finds_nobody_there()
    {
        var plan = With(Database("a"), Writing("a"), Writing("reader")).Stopped("reader").CommitImage("a", "homeiq/a:2.0.0").Plan;

        Assert.True(plan.Waits("copy data", "stop homeiq-reader"));
        Assert.True(plan.Waits("start homeiq-reader", "copy data"));
        Assert.True(plan.Steps.Select(step => step.Step).OfType<StopContainer>().Single(stop => stop.Service == "reader").FoundStopped);
    }

    [Fact]
    public void Nothing_is_copied_where_nothing_on_it_changes()
    {
        var installed = With(Database("a"), Writing("a"), Service("other"));

        Assert.False(installed.CommitImage("other", "homeiq/other:2.0.0").Plan.Has("copy data"));
        Assert.False(installed.Stopped("a").Plan.Has("copy data"));
        Assert.False(installed.ContainerGone("a").Plan.Has("copy data"));
    }

    [Fact]
    public void A_service_that_comes_to_data_that_is_there_has_it_copied_first()
    {
        var plan = With(Database("b"), Writing("a")).CommitWithout("a").Commit(Writing("b")).Plan;

        Assert.True(plan.Waits("start homeiq-b", "copy data"));
        Assert.True(plan.Waits("copy data", "stop homeiq-a"));
    }

    [Fact]
    public void Two_databases_on_one_volume_are_one_copy()
    {
        var plan = With([new("one", DatabaseKind.Volume, "a", "/data"), new("two", DatabaseKind.Volume, "reader", "/data")], Writing("a"), Writing("reader")).CommitImage("a", "homeiq/a:2.0.0").Plan;

        Assert.Single(plan.Steps, step => step.Step is BackUp);
    }

    [Fact]
    public void A_volume_that_lies_elsewhere_is_refused_since_its_copy_would_be_empty()
    {
        var plan = With(Database("a"), Writing("a"))
            .Observe(observed => observed with { Volumes = [.. observed.Volumes.Select(volume => volume with { Settings = volume.Settings with { DriverOptions = new([new("type", "nfs")]) } })] })
            .CommitImage("a", "homeiq/a:2.0.0").Plan;

        Assert.Contains("data-elsewhere rows", plan.Refusals.Codes());
    }

    [Fact]
    public void A_mount_point_without_a_volume_is_refused() =>
        Assert.Contains("data-unresolved rows", With([new("rows", DatabaseKind.Volume, "a", "/elsewhere")], Writing("a")).CommitImage("a", "homeiq/a:2.0.0").Plan.Refusals.Codes());

    [Fact]
    public void Somebody_elses_container_that_runs_on_it_refuses_the_plan()
    {
        var installed = With(Database("a"), Writing("a"));
        var stranger = installed.Observed.Containers[0] with { Id = "stranger", Name = "stranger", Owner = null };

        Assert.Contains("data-shared rows", installed.Add(stranger).CommitImage("a", "homeiq/a:2.0.0").Plan.Refusals.Codes());
        Assert.Empty(installed.Add(stranger with { Status = ContainerStatus.Exited }).CommitImage("a", "homeiq/a:2.0.0").Plan.Refusals);
    }

    [Fact]
    public void A_migration_is_rehearsed_before_anything_stops_and_done_between_the_copy_and_the_first_start()
    {
        var plan = With(Migrating("a"), Writing("a"), Writing("reader")).CommitImage("a", "homeiq/a:2.0.0").Plan;

        Assert.True(plan.Waits("rehearse rows", "create homeiq-a.new"));
        Assert.True(plan.Waits("stop homeiq-a", "rehearse rows"));
        Assert.True(plan.Waits("migrate rows", "copy data"));
        Assert.True(plan.Waits("start homeiq-a", "migrate rows"));
        Assert.True(plan.Waits("start homeiq-reader", "migrate rows"));
        Assert.Equal(["app.db"], Assert.Single(plan.Steps.Select(step => step.Step).OfType<BackUp>()).Files);
        var job = Assert.Single(plan.Steps.Select(step => step.Step).OfType<Migrate>()).Job;
        Assert.Equal(("a", "data", "/data", "app.db"), (job.Service, job.Volume, job.Target, job.File));
    }

    [Fact]
    public void Nothing_is_migrated_where_the_image_stays() =>
        Assert.DoesNotContain(
            With(Migrating("a"), Writing("a")).CommitSpec("a", spec => spec with { User = "1000" }).Plan.Steps,
            step => step.Step is Rehearse or Migrate);

    [Fact]
    public void Two_databases_on_one_volume_are_one_copy_and_two_migrations()
    {
        ValueList<DesiredDatabase> databases = [.. Migrating("a"), new("more", DatabaseKind.Sqlite, "a", "/data/more/b.db") { Migration = new(["alembic", "upgrade", "head"], TimeSpan.FromMinutes(1)) }];
        var plan = With(databases, Writing("a")).CommitImage("a", "homeiq/a:2.0.0").Plan;

        Assert.Equal(["app.db", "more/b.db"], Assert.Single(plan.Steps.Select(step => step.Step).OfType<BackUp>()).Files);
        Assert.True(plan.Waits("migrate more", "migrate rows"));
        Assert.True(plan.Waits("start homeiq-a", "migrate more"));
        Assert.True(plan.Waits("stop homeiq-a", "rehearse more"));
    }

    [Theory]
    [InlineData("/data/app.db", "data", "app.db")]
    [InlineData("/data/deep/app.db", "deep", "app.db")]
    [InlineData("/data/deeper/app.db", "data", "deeper/app.db")]
    [InlineData("/database/app.db", null, null)]
    [InlineData("/data/bound/app.db", null, null)]
    public void A_file_lies_in_the_innermost_mount_around_it(string path, string? volume, string? file)
    {
        var service = Service("a");
        service = service with { Spec = service.Spec with { Mounts = [new(MountKind.Volume, "data", "/data"), new(MountKind.Volume, "deep", "/data/deep"), new(MountKind.Bind, "/srv", "/data/bound")] } };

        var place = new DesiredDatabase("rows", DatabaseKind.Sqlite, "a", path).PlaceIn(service);

        Assert.Equal((volume, file), (place?.Mount.Source, place?.File));
    }

    private static ValueList<DesiredDatabase> Migrating(string service) =>
        [new("rows", DatabaseKind.Sqlite, service, "/data/app.db") { Migration = new(["alembic", "upgrade", "head"], TimeSpan.FromMinutes(1)) }];

    private static ValueList<DesiredDatabase> Database(string service) => [new("rows", DatabaseKind.Volume, service, "/data")];

    private static Table With(ValueList<DesiredDatabase> databases, params DesiredService[] services) => Installed(services).Policy(policy => policy with { Databases = databases });

    private static DesiredService Writing(string name) => Service(name) is var service ? service with { Spec = service.Spec with { Mounts = [new(MountKind.Volume, "data", "/data")] } } : null!;
}
