using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Scenarios;

public sealed class FirstInstallScenarios
{
    [Fact]
    public async Task A_failing_service_of_a_first_install_leaves_the_rest_up_and_nothing_promoted_until_it_is_mended()
    {
        await using var house = new House();
        const string needs = "depends_on: {store: {condition: service_healthy}}";
        house.Compose(("store", ""), ("sick", $"{needs}\nimage: homeiq-test/app:bad-never-healthy"), ("late", "depends_on: {sick: {condition: service_healthy}}"), ("well", needs)).Commit("One is bad");

        var said = await house.HomeiqAsync("apply");

        Assert.True(said.Code == 1, said.ToString());
        Assert.Contains("not promoted", said.Out, StringComparison.Ordinal);
        await house.ExpectUpAsync("store", "well");
        Assert.DoesNotContain((await house.ContainersAsync()).Values, container => container.Owner!.Service is "sick" or "late" && container.Status == ContainerStatus.Running);
        var status = await house.StatusAsync();
        Assert.False(status.TryGetProperty("lastKnownGood", out _), status.ToString());
        Assert.False(status.TryGetProperty("effective", out _), status.ToString());
        Assert.NotEmpty(Directory.GetFiles(Path.Combine(house.State, "runs"), "logs.txt", SearchOption.AllDirectories));
        var ids = await house.IdsAsync();

        house.Compose(("store", ""), ("sick", needs), ("late", "depends_on: {sick: {condition: service_healthy}}"), ("well", needs)).Commit("Mended");
        await house.ApplyAsync();

        await house.ExpectUpAsync("store", "sick", "late", "well");
        var after = await house.IdsAsync();
        Assert.Equal(ids["store"], after["store"]);
        Assert.Equal(ids["well"], after["well"]);
        Assert.Equal(4, (await house.ContainersAsync()).Count);
        await house.ExpectSettledAsync();
    }

    [Fact]
    public async Task A_first_install_whose_image_is_missing_goes_on_once_it_is_there()
    {
        await using var house = new House();
        house.Compose(("a", ""), ("b", $"image: homeiq-test/{house.Name}:1.0.0")).Commit("One image is missing");
        var said = await house.HomeiqAsync("apply");
        Assert.True(said.Code == 1, said.ToString());
        Assert.Contains($"homeiq-test/{house.Name}:1.0.0", said.ToString(), StringComparison.Ordinal);

        house.Docker("tag", "homeiq-test/app:1.0.0", $"homeiq-test/{house.Name}:1.0.0");
        try
        {
            await house.ApplyAsync();
            await house.ExpectUpAsync("a", "b");
            await house.ExpectSettledAsync();
        }
        finally
        {
            house.Docker("rmi", $"homeiq-test/{house.Name}:1.0.0");
        }
    }
}
