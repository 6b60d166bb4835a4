using HomeIQ.Reconciler.Docker;

namespace HomeIQ.Reconciler.Agent.Tests.Docker;

/// <summary>Obligations about marks: what is there for its name alone.</summary>
public abstract partial class ContainerHostConformance
{
    [Fact]
    public async Task A_mark_is_found_by_its_name_with_its_labels_and_a_number_that_moves()
    {
        var id = await PlaceAsync("m", ("site", "attic"));

        var placed = await Host.FindMarkAsync(Named("m"), Cancel);
        Assert.Equal(new Mark(id!, NoLabels.With("site", "attic").With(Mark.Label, ""), 0), placed);

        Assert.True(await Host.TurnMarkAsync(id!, 1, Cancel));
        Assert.True(await Host.TurnMarkAsync(id!, 1_000_000, Cancel));
        Assert.Equal(placed! with { Count = 1_000_000 }, await Host.FindMarkAsync(Named("m"), Cancel));
    }

    [Fact]
    public async Task Of_many_who_want_the_same_mark_one_gets_it()
    {
        var ids = await Task.WhenAll(Enumerable.Range(0, 8).Select(one => PlaceAsync("m", ("one", $"{one}"))));

        var placed = Assert.Single(ids, id => id is not null);
        Assert.Equal(placed, (await Host.FindMarkAsync(Named("m"), Cancel))!.Id);
    }

    [Fact]
    public async Task A_mark_and_a_container_do_not_share_a_name()
    {
        await PlaceAsync("m");
        var container = await CreateAsync("c", App());

        await FailsAsync(HostFailure.Conflict, () => CreateAsync("m", App()));
        Assert.Null(await PlaceAsync("c"));
        var taken = await Host.FindMarkAsync(Named("c"), Cancel);
        Assert.Equal((container, false), (taken!.Id, taken.Labels.ContainsKey(Mark.Label)));
    }

    [Fact]
    public async Task A_mark_is_in_no_list_of_containers()
    {
        await PlaceAsync("m");
        await CreateAsync("c", App());

        Assert.Equal([Named("c")], (await Host.ListContainersAsync(Cancel)).Select(container => container.Name).Where(name => name.StartsWith(Named(""), StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_removed_mark_frees_its_name_and_its_id_means_nothing_any_more()
    {
        var first = await PlaceAsync("m");
        Assert.True(await Host.RemoveMarkAsync(first!, Cancel));
        Assert.Null(await Host.FindMarkAsync(Named("m"), Cancel));

        var second = await PlaceAsync("m");
        Assert.False(await Host.RemoveMarkAsync(first!, Cancel));
        Assert.False(await Host.TurnMarkAsync(first!, 7, Cancel));

        var left = await Host.FindMarkAsync(Named("m"), Cancel);
        Assert.Equal((second, 0), (left!.Id, left.Count));
    }

    [Fact]
    public async Task The_beginning_of_an_id_finds_no_mark()
    {
        var id = await PlaceAsync("m");

        Assert.Null(await Host.FindMarkAsync(id![..12], Cancel));
    }

    [Fact]
    public async Task The_end_of_a_mark_is_told_with_its_labels()
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        patience.CancelAfter(Patience);
        var before = (await LookAsync(await RunAsync("a", App()))).StartedAt;
        var id = await PlaceAsync("m", ("site", "attic"));
        await Host.RemoveMarkAsync(id!, Cancel);

        await foreach (var happened in Host.WatchAsync(before, patience.Token))
        {
            if (happened.Action == "destroy" && happened.ActorId == id)
            {
                Assert.Equal(("container", "attic", Named("m")), (happened.Kind, happened.Attributes["site"], happened.Attributes["name"]));
                return;
            }
        }
    }

    private async Task<string?> PlaceAsync(string name, params (string Key, string Value)[] labels)
    {
        var id = await Host.PlaceMarkAsync(Named(name), new(labels.Select(label => KeyValuePair.Create(label.Key, label.Value))), Cancel);
        if (id is not null)
        {
            lock (marks)
            {
                marks.Add(id);
            }
        }

        return id;
    }
}
