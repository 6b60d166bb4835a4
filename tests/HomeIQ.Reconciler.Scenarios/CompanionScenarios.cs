namespace HomeIQ.Reconciler.Scenarios;

public sealed class CompanionScenarios
{
    [Fact]
    public async Task Who_shares_a_namespace_is_made_anew_with_its_provider_and_put_back_with_it()
    {
        await using var house = new House();
        const string user = "network_mode: service:app\nenvironment: {PORT: '8081'}\nhealthcheck: {test: [CMD, curl, -fsS, \"http://localhost:8080/health\"], interval: 400ms, retries: 3, start_period: 5s}";
        house.Compose(("app", ""), ("user", user), ("bystander", "")).Commit("Good");
        await house.ApplyAsync();
        var before = await house.IdsAsync();

        house.Compose(("app", "image: homeiq-test/app:1.1.0"), ("user", user), ("bystander", "")).Commit("The provider changes");
        await house.ApplyAsync();
        await house.ExpectReplacedAsync(before, "app", "user");
        await ExpectSharedAsync(house, "1.1.0");
        await house.ExpectSettledAsync();

        before = await house.IdsAsync();
        house.Compose(("app", "image: homeiq-test/app:bad-never-healthy"), ("user", user), ("bystander", "")).Commit("The provider is bad");
        var said = await house.HomeiqAsync("apply");
        Assert.True(said.Code == 1, said.ToString());
        Assert.Equal(before, await house.IdsAsync());
        await ExpectSharedAsync(house, "1.1.0");
        await house.ExpectUpAsync("app", "user", "bystander");
    }

    [Fact]
    public async Task Who_caches_an_address_is_restarted_after_the_named_service_was_replaced()
    {
        await using var house = new House();
        var port = House.FreePort();
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        var web = $"environment: {{UPSTREAM: 'api:8080'}}\nports: ['{port}:8080']\ndepends_on: {{api: {{condition: service_healthy}}}}";
        house.Policy("services: {web: {restart-with: [api]}}").Compose(("api", ""), ("web", web), ("bystander", "depends_on: [api]")).Commit("Good");
        await house.ApplyAsync();
        var before = await house.IdsAsync();
        var (cached, other) = ((await house.ContainerAsync("web")).StartedAt, (await house.ContainerAsync("bystander")).StartedAt);
        Assert.Contains("1.0.0", await client.GetStringAsync(new Uri($"http://127.0.0.1:{port}/upstream")), StringComparison.Ordinal);

        house.Compose(("api", "image: homeiq-test/app:1.1.0"), ("web", web), ("bystander", "depends_on: [api]")).Commit("The upstream changes");
        await house.ApplyAsync();

        await house.ExpectReplacedAsync(before, "api");
        Assert.True((await house.ContainerAsync("web")).StartedAt > cached);
        Assert.Equal(other, (await house.ContainerAsync("bystander")).StartedAt);
        Assert.Contains("1.1.0", await client.GetStringAsync(new Uri($"http://127.0.0.1:{port}/upstream")), StringComparison.Ordinal);
        await house.ExpectSettledAsync();
    }

    private static async Task ExpectSharedAsync(House house, string version)
    {
        Assert.Equal($"container:{(await house.ContainerAsync("app")).Id}", house.Inspect("user", "{{.HostConfig.NetworkMode}}"));
        Assert.Contains(version, house.Docker("exec", house.Container("user"), "curl", "-fsS", "http://localhost:8080/health"), StringComparison.Ordinal);
    }
}
