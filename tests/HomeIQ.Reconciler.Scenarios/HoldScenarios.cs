namespace HomeIQ.Reconciler.Scenarios;

public sealed class HoldScenarios
{
    [Fact]
    public async Task After_a_bad_commit_an_unrelated_one_is_held_a_revert_restarts_nothing_and_a_fix_is_applied_at_once()
    {
        await using var house = new House();
        house.Compose(("app", ""), ("other", "")).Commit("Good");
        await house.ApplyAsync();
        house.Compose(("app", "image: homeiq-test/app:bad-never-healthy"), ("other", "")).Commit("Bad");
        Assert.Equal(1, (await house.HomeiqAsync("apply")).Code);
        var before = await house.IdsAsync();
        var started = await StartedAsync(house);

        house.Compose(("app", "image: homeiq-test/app:bad-never-healthy"), ("other", "environment: {A: b}")).Commit("Unrelated");
        var held = await house.HomeiqAsync("apply");
        Assert.True(held.Code == 4, held.ToString());
        Assert.Contains("app", held.Out, StringComparison.Ordinal);
        Assert.Equal(before, await house.IdsAsync());

        house.Compose(("app", ""), ("other", "")).Commit("Revert");
        await house.ApplyAsync();
        Assert.Equal(started, await StartedAsync(house));
        Assert.Equal("Synced", (await house.StatusAsync()).GetProperty("sync").GetString());

        house.Compose(("app", "image: homeiq-test/app:bad-never-healthy"), ("other", "environment: {A: b}")).Commit("Bad again");
        Assert.Equal(4, (await house.HomeiqAsync("apply")).Code);
        house.Compose(("app", "image: homeiq-test/app:1.1.0"), ("other", "environment: {A: b}")).Commit("Fix");
        await house.ApplyAsync();
        await house.ExpectUpAsync("app", "other");
        Assert.Equal("homeiq-test/app:1.1.0", house.Inspect("app", "{{.Config.Image}}"));
        await house.ExpectSettledAsync();
    }

    private static async Task<Dictionary<string, DateTimeOffset?>> StartedAsync(House house) =>
        (await house.IdsAsync()).Keys.ToDictionary(service => service, service => house.ContainerAsync(service).Result.StartedAt);
}
