namespace HomeIQ.Reconciler.Scenarios;

public sealed class MissingImageScenarios
{
    [Fact]
    public async Task A_missing_tag_touches_nothing_and_the_same_commit_applies_once_the_image_is_there()
    {
        await using var house = new House();
        house.Compose(("a", ""), ("b", "depends_on: [a]")).Commit("Good");
        await house.ApplyAsync();
        var before = await house.IdsAsync();
        var started = await StartedAsync(house);

        // Several services change; one of their images cannot be had.
        house.Compose(("a", "image: homeiq-test/app:1.1.0"), ("b", $"depends_on: [a]\nimage: homeiq-test/{house.Name}:2.0.0")).Commit("One image is missing");
        var said = await house.HomeiqAsync("apply");

        Assert.True(said.Code == 1, said.ToString());
        Assert.Contains($"homeiq-test/{house.Name}:2.0.0", said.ToString(), StringComparison.Ordinal);
        await house.ExpectReplacedAsync(before);
        Assert.Equal(started, await StartedAsync(house));
        Assert.Equal("OutOfSync", (await house.StatusAsync()).GetProperty("sync").GetString());

        house.Docker("tag", "homeiq-test/app:1.2.0", $"homeiq-test/{house.Name}:2.0.0");
        try
        {
            await house.ApplyAsync();
            await house.ExpectReplacedAsync(before, "a", "b");
            await house.ExpectSettledAsync();
        }
        finally
        {
            house.Docker("rmi", $"homeiq-test/{house.Name}:2.0.0");
        }
    }

    private static async Task<Dictionary<string, DateTimeOffset?>> StartedAsync(House house) =>
        (await house.ContainersAsync()).Values.ToDictionary(container => container.Name, container => container.StartedAt);
}
