using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Scenarios;

public sealed class BadCommitScenarios
{
    [Theory]
    [InlineData("entrypoint: [/no/such/program]", "no such file")]
    [InlineData("image: homeiq-test/app:bad-crash\nrestart: unless-stopped\nhealthcheck: {test: [CMD, 'false'], interval: 3s, start_period: 20s}", "restarted by the engine")]
    [InlineData("healthcheck: {test: [CMD, 'false'], interval: 200ms, retries: 2}", "unhealthy")]
    [InlineData("user: nobody-knows", "nobody-knows")]
    public async Task A_service_that_cannot_run_is_put_back_with_its_reason_told(string setting, string reason)
    {
        await using var house = new House();
        house.Compose(("app", "restart: unless-stopped"), ("bystander", "")).Commit("Good");
        await house.ApplyAsync();
        var before = await house.IdsAsync();

        house.Compose(("app", setting), ("bystander", "")).Commit("Bad");
        var said = await house.HomeiqAsync("apply");

        Assert.True(said.Code == 1, said.ToString());
        Assert.Contains("rolled back", said.Out, StringComparison.Ordinal);
        Assert.Contains(reason, said.Out, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(before, await house.IdsAsync());
        await house.ExpectUpAsync("app", "bystander");
        Assert.Equal("unless-stopped", house.Inspect("app", "{{.HostConfig.RestartPolicy.Name}}"));
        Assert.All(await BesidesAsync(house), kept =>
        {
            Assert.NotEqual(ContainerStatus.Running, kept.Status);
            Assert.Equal("no", kept.Restart.Name);
        });
        Assert.Equal(4, (await house.HomeiqAsync("apply")).Code);
        Assert.Equal("Held", (await house.StatusAsync()).GetProperty("sync").GetString());
    }

    [Fact]
    public async Task Everything_that_a_commit_changed_goes_back_when_a_middle_service_fails()
    {
        await using var house = new House();
        string[] names = ["store", "api", "web", "bystander"];
        house.Compose(("store", ""), ("api", "depends_on: {store: {condition: service_healthy}}"), ("web", "depends_on: {api: {condition: service_healthy}}"), ("bystander", "")).Commit("Good");
        await house.ApplyAsync();
        var before = await house.IdsAsync();
        var untouched = (await house.ContainerAsync("bystander")).StartedAt;

        house.Compose(
            ("store", "image: homeiq-test/app:1.1.0"),
            ("api", "depends_on: {store: {condition: service_healthy}}\nimage: homeiq-test/app:bad-never-healthy"),
            ("web", "depends_on: {api: {condition: service_healthy}}\nimage: homeiq-test/app:1.1.0"),
            ("bystander", "")).Commit("Bad in the middle");
        var said = await house.HomeiqAsync("apply");

        Assert.True(said.Code == 1, said.ToString());
        Assert.Contains("api: unhealthy", said.Out, StringComparison.Ordinal);
        Assert.Equal(before, await house.IdsAsync());
        await house.ExpectUpAsync(names);
        Assert.Equal(untouched, (await house.ContainerAsync("bystander")).StartedAt);
        Assert.All(names, name => Assert.Equal("homeiq-test/app:1.0.0", house.Inspect(name, "{{.Config.Image}}")));
        Assert.All(await BesidesAsync(house), kept => Assert.True(kept is { Status: not ContainerStatus.Running, Restart.Name: "no" }, kept.Name));
    }

    private static async Task<IReadOnlyList<ObservedContainer>> BesidesAsync(House house) =>
        [.. (await house.ContainersAsync()).Values.Where(container => container.Name != house.Container(container.Owner!.Service))];
}
