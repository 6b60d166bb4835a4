using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Planning;

/// <summary>What a person reads before a host is taken over.</summary>
public sealed class AdoptionTests
{
    [Fact]
    public void It_reads_service_by_service_and_field_by_field() => Assert.Equal(
        """
        homeiq: take over as it runs, beside commit-1 (2 containers)

        services (as it runs -> as the commit says, which the next apply brings about)
          ~ api  homeiq-api   id-api  homeiq/api:1.0.0 (image-api)
              memory  512M -> (not set)
          = db   homeiq_db_1  id-db  homeiq/db:1.0.0 (image-db)  exited
          + web  not here: the next apply installs it

        networks, taken over as they are
          homeiq-network

        to know
          db: homeiq_db_1 does not run (exited): it is recorded as it is, and the next apply starts it
          db: its container is called homeiq_db_1: the next apply renames it to homeiq-db, running as it is
          old: the commit has no such service: homeiq-old stays as it is, and Compose's

        what is recorded
          2 containers by id, with image, settings and mounts as the engine has them now: the first last known-good
          state. Nothing is stopped, started, renamed or made anew. What differs (1 service to change, 1 to install)
          is what homeiq plan shows afterwards.
        """,
        AdoptionText.Of(Adopt().Adoption), ignoreLineEndingDifferences: true);

    [Fact]
    public void Recording_keeps_every_image_and_promotes() => Assert.Equal(
        """
        keep the image that api runs now
        keep the image that db runs now
        promote commit-1 to last known-good
        """,
        string.Join('\n', Adopter.PlanFor(Host(), Adopt().State).Steps.Select(step => StepText.Of(step.Step))), ignoreLineEndingDifferences: true);

    [Fact]
    public void Who_was_started_again_meanwhile_is_named()
    {
        var (host, state) = (Host(), Adopt().State);

        Assert.Null(Adopter.FirstMoved(state, host.Observed, host.Observed.Containers));
        Assert.Equal("api", Adopter.FirstMoved(state, host.Observed, host.Observed.Containers.Select(container => container.Id == "id-api" ? container with { StartedAt = Table.Now } : container)));
        Assert.Equal("db", Adopter.FirstMoved(state, host.Observed, host.Observed.Containers.Where(container => container.Id != "id-db")));
    }

    [Fact]
    public void What_is_adopted_and_then_compared_with_what_was_adopted_is_in_sync()
    {
        var (_, state) = Adopt();
        var desired = state.AsDesired();

        Assert.Empty(Changes.Differ.Changes(desired, state));
        Assert.Equal(["id-api", "id-db", "net-1"], state.Adopted.Select(adopted => adopted.Id));
    }

    private static (Adoption Adoption, EffectiveState State) Adopt() => Adopter.For(Host());

    private static AdoptionSituation Host()
    {
        var table = Table.Fresh(Table.Service("api", "db"), Table.Service("db"), Table.Service("web"));
        ValueList<ObservedContainer> containers = [Container("api", "homeiq-api"), Container("db", "homeiq_db_1") with { Status = ContainerStatus.Exited }, Container("old", "homeiq-old")];
        return new()
        {
            Desired = table.Desired,
            Observed = table.Observed with
            {
                Containers = containers,
                Networks = [new("net-1", new("homeiq-network") { Attachable = true, Labels = ValueMap<string>.Empty.With("com.docker.compose.network", "default") }, null, "homeiq")],
                Images = new(containers.Select(container => KeyValuePair.Create(container.ImageId, new ObservedImage(container.ImageId, [], null, HasHealthCheck: false)))),
            },
            Instance = Table.Instance,
            Key = Table.Key,
            Made = new(
            [
                new("id-api", new(table.Desired.Find("api")!.Spec with { Memory = 512 << 20 }, new() { Image = "" })),
                new("id-db", new(table.Desired.Find("db")!.Spec, new() { Image = "" })),
            ]),
        };
    }

    private static ObservedContainer Container(string service, string name) => new()
    {
        Id = $"id-{service}",
        Name = name,
        Image = $"homeiq/{service}:1.0.0",
        ImageId = $"image-{service}",
        Status = ContainerStatus.Running,
        StartedAt = Table.Now.AddHours(-1),
        ComposeProject = "homeiq",
        Fields = ValueMap<string>.Empty.With("Config.Labels.com.docker.compose.service", service),
    };
}
