namespace HomeIQ.Reconciler.Scenarios;

public sealed class VerificationScenarios
{
    private const string Probe = """
        services:
          app:
            verify: {timeout: 3s, probes: [{http: {port: 8080, path: /health}, json: {status: healthy}, interval: 300ms}]}
        """;

    [Fact]
    public async Task A_body_that_says_degraded_is_rolled_back_although_the_engine_says_healthy()
    {
        await using var house = new House();
        house.Policy(Probe).Compose(("app", ""), ("bystander", "")).Commit("Good");
        await house.ApplyAsync();
        var before = await house.IdsAsync();

        house.Compose(("app", "image: homeiq-test/app:bad-body"), ("bystander", "")).Commit("Degraded");
        var said = await house.HomeiqAsync("apply");

        Assert.True(said.Code == 1, said.ToString());
        Assert.Contains("degraded", said.Out, StringComparison.Ordinal);
        Assert.Equal(before, await house.IdsAsync());
        await house.ExpectUpAsync("app", "bystander");
        Assert.Equal(4, (await house.HomeiqAsync("apply")).Code);
    }

    [Fact]
    public async Task A_start_that_takes_its_allowed_time_is_not_rolled_back()
    {
        await using var house = new House();
        house.Compose(("app", "")).Commit("Good");
        await house.ApplyAsync();
        var before = await house.IdsAsync();

        house.Compose(("app", """
            image: homeiq-test/app:slow-3
            healthcheck: {test: [CMD, curl, -fsS, "http://localhost:8080/health"], interval: 300ms, timeout: 1s, retries: 1, start_period: 15s}
            """)).Commit("Slow");
        await house.ApplyAsync();

        await house.ExpectReplacedAsync(before, "app");
        await house.ExpectUpAsync("app");
    }

    [Fact]
    public async Task A_published_port_behind_which_nothing_listens_is_rolled_back_although_the_engines_proxy_accepts_on_it()
    {
        await using var house = new House();
        var ports = $"ports: ['127.0.0.1:{House.FreePort()}:8080']\nhealthcheck: {{disable: true}}\n";
        house.Policy("services: {app: {verify: {timeout: 3s, probes: [{tcp: 8080, interval: 300ms}]}}}").Compose(("app", ports), ("bystander", "")).Commit("Listens");
        await house.ApplyAsync();
        var before = await house.IdsAsync();

        house.Compose(("app", ports + "environment: {PORT: '9090'}"), ("bystander", "")).Commit("Listens elsewhere");
        var said = await house.HomeiqAsync("apply");

        Assert.True(said.Code == 1, said.ToString());
        Assert.Contains("probe tcp 8080", said.Out, StringComparison.Ordinal);
        Assert.Equal(before, await house.IdsAsync());
        await house.ExpectUpAsync("app", "bystander");

        house.Compose(("app", ports + "image: homeiq-test/app:1.1.0"), ("bystander", "")).Commit("Listens again");
        await house.ApplyAsync();
        await house.ExpectReplacedAsync(before, "app");
    }
}
