namespace HomeIQ.Reconciler.Scenarios;

public sealed class SlowStartScenarios
{
    [Fact]
    public async Task A_start_of_a_minute_is_waited_for()
    {
        await using var house = new House();
        house.Compose(("app", "")).Commit("Good");
        await house.ApplyAsync();
        var before = await house.IdsAsync();

        house.Compose(("app", """
            image: homeiq-test/app:slow-60
            healthcheck: {test: [CMD, curl, -fsS, "http://localhost:8080/health"], interval: 2s, timeout: 1s, retries: 1, start_period: 2m}
            """)).Commit("Slow");
        await house.ApplyAsync();

        await house.ExpectReplacedAsync(before, "app");
        await house.ExpectUpAsync("app");
    }
}
