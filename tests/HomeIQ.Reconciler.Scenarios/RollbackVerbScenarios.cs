namespace HomeIQ.Reconciler.Scenarios;

public sealed class RollbackVerbScenarios
{
    [Fact]
    public async Task It_goes_back_without_the_repository_and_without_the_old_tag_and_quarantines_what_it_leaves()
    {
        await using var house = new House();
        var old = $"homeiq-test/{house.Name}:1.0.0";
        var recipe = Path.Combine(house.Repository, "recipe");
        Directory.CreateDirectory(recipe);
        await File.WriteAllTextAsync(Path.Combine(recipe, "Dockerfile"), $"FROM homeiq-test/app:1.0.0\nENV ROOM={house.Name}\n", TestContext.Current.CancellationToken);
        house.Docker("build", "-q", "-t", old, recipe);
        house.Compose(("app", $"image: {old}"), ("bystander", "")).Commit("The old version");
        await house.ApplyAsync();
        var image = house.Inspect("app", "{{.Image}}");
        house.Compose(("app", "image: homeiq-test/app:1.1.0"), ("bystander", "")).Commit("The new version");
        await house.ApplyAsync();
        var before = await house.IdsAsync();

        house.Docker("rmi", old);
        var elsewhere = house.Repository + "-gone";
        Directory.Move(house.Repository, elsewhere);
        var said = await house.HomeiqAsync("rollback");

        Assert.True(said.Code == 0, said.ToString());
        await house.ExpectReplacedAsync(before, "app");
        Assert.Equal(image, house.Inspect("app", "{{.Image}}"));
        Assert.Contains($"ROOM={house.Name}", house.Inspect("app", "{{json .Config.Env}}"), StringComparison.Ordinal);
        await house.ExpectUpAsync("app", "bystander");

        Directory.Move(elsewhere, house.Repository);
        var again = await house.HomeiqAsync("apply");
        Assert.True(again.Code == 4, again.ToString());
        Assert.Contains("held", again.Out, StringComparison.Ordinal);
        Assert.Equal(image, house.Inspect("app", "{{.Image}}"));
    }

    [Fact]
    public async Task Without_an_earlier_state_it_touches_nothing()
    {
        await using var house = new House();
        house.Compose(("app", "")).Commit("The only version");
        await house.ApplyAsync();
        var before = await house.IdsAsync();

        var said = await house.HomeiqAsync("rollback");

        Assert.True(said.Code == 2, said.ToString());
        Assert.Equal(before, await house.IdsAsync());
    }
}
