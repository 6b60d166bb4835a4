namespace HomeIQ.Reconciler.Scenarios;

public sealed class NeighbourScenarios
{
    [Fact]
    public async Task Neither_another_house_nor_a_foreign_container_is_ever_touched()
    {
        await using var house = new House();
        await using var neighbour = new House();
        house.Compose(("a", ""), ("b", "")).Commit("Good");
        neighbour.Compose(("a", ""), ("b", "")).Commit("Good");
        await neighbour.ApplyAsync();
        neighbour.Docker("run", "-d", "--pull=never", "--name", $"{neighbour.Name}-foreign", "--network", $"{neighbour.Name}_default", "--label", "io.homeiq.service=a", "homeiq-test/app:1.0.0");
        var before = Look(neighbour);

        await house.ApplyAsync();
        house.Compose(("a", "image: homeiq-test/app:bad-never-healthy"), ("b", "")).Commit("Bad");
        Assert.Equal(1, (await house.HomeiqAsync("apply")).Code);
        house.Compose(("a", "image: homeiq-test/app:1.1.0")).Commit("Good, and without b");
        await house.ApplyAsync();
        Assert.Equal(0, (await house.HomeiqAsync("rollback")).Code);

        Assert.Equal(before, Look(neighbour));
        Assert.Contains("in sync", (await neighbour.ApplyAsync()).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_that_belongs_to_another_house_or_to_nobody_refuses_the_plan()
    {
        await using var house = new House();
        await using var neighbour = new House();
        neighbour.Compose(("a", "")).Commit("Good");
        await neighbour.ApplyAsync();
        house.Docker("create", "--pull=never", "--name", $"{house.Name}-foreign", "homeiq-test/app:1.0.0");
        var before = (Look(house), Look(neighbour));

        house.Compose(("a", $"container_name: {neighbour.Container("a")}"), ("b", $"container_name: {house.Name}-foreign")).Commit("Taken names");
        var said = await house.HomeiqAsync("apply");

        Assert.True(said.Code == 2, said.ToString());
        Assert.Contains(neighbour.Container("a"), said.ToString(), StringComparison.Ordinal);
        Assert.Contains($"{house.Name}-foreign", said.ToString(), StringComparison.Ordinal);
        Assert.Equal(before, (Look(house), Look(neighbour)));
    }

    /// <summary>Everything of a house that could be touched: containers with their start, networks, volumes.</summary>
    private static string Look(House house)
    {
        var ids = house.Docker("ps", "-aq", "--no-trunc", "--filter", $"name={house.Name}-").Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal).ToArray();
        return (ids.Length == 0 ? "" : house.Docker(["inspect", "--format", "{{.Id}} {{.Name}} {{.State.Status}} {{.State.StartedAt}} {{.HostConfig.RestartPolicy.Name}} {{json .NetworkSettings.Networks}}", .. ids]))
            + house.Docker("network", "ls", "--no-trunc", "--filter", $"name={house.Name}_", "--format", "{{.ID}} {{.Name}}")
            + house.Docker("volume", "ls", "--filter", $"name={house.Name}_", "--format", "{{.Name}}");
    }
}
