using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>How our objects are marked: as ours, and as nobody else's.</summary>
public sealed class LabelTests : IDisposable
{
    private readonly Stage stage = new();

    public LabelTests() => Stacks.Publish(stage.Engine);

    public void Dispose() => stage.Dispose();

    [Fact]
    public async Task No_label_of_Compose_is_set_on_anything_so_that_no_other_tool_takes_it_for_its_own()
    {
        stage.Commit("""
            services:
              app:
                image: house/app:1.0.0
                labels: { owner: ada }
                volumes: [data:/data]
                networks: [inner]
            networks:
              inner: { labels: { owner: ada } }
            volumes:
              data: { labels: { owner: ada } }
            """);
        Assert.Equal(ApplyResult.Applied, (await stage.ApplyAsync()).Result);

        var cancel = TestContext.Current.CancellationToken;
        var container = Assert.Single(await stage.Engine.ListContainersAsync(cancel));
        var network = (await stage.Engine.ListNetworksAsync(cancel)).Single(network => network.Name == "house_inner");
        var volume = Assert.Single(await stage.Engine.ListVolumesAsync(cancel));
        var labels = stage.Engine.Events.Last(happened => happened.ActorId == container.Id).Attributes.Keys.Where(key => key is not ("name" or "image")).ToList();

        Assert.Contains("owner", labels);
        Assert.Contains(Ownership.SpecLabel, labels);
        Assert.All(labels, label => Assert.True(label == "owner" || label.StartsWith(Ownership.Prefix, StringComparison.Ordinal), label));
        Assert.Equal((null, null, null), (container.ComposeProject, network.ComposeProject, volume.ComposeProject));
        Assert.Equal(("homeiq", "homeiq"), (network.Owner?.Instance, volume.Owner?.Instance));
    }
}
