namespace HomeIQ.Reconciler.Scenarios;

public sealed class PortAndVolumeScenarios
{
    [Fact]
    public async Task A_volume_that_no_service_names_any_more_is_kept_with_its_data()
    {
        await using var house = new House();
        house.ComposeWith("volumes: {data: }", ("app", "volumes: [data:/data]\nenvironment: {STAMP: /data/versions}")).Commit("With a volume");
        await house.ApplyAsync();

        house.Compose(("app", "")).Commit("Without it");
        await house.ApplyAsync();
        await house.ExpectSettledAsync();

        house.ComposeWith("volumes: {data: }", ("app", "volumes: [data:/data]\nenvironment: {STAMP: /data/versions}")).Commit("With it again");
        await house.ApplyAsync();
        Assert.Equal("1.0.0\n1.0.0", house.Docker("exec", house.Container("app"), "cat", "/data/versions"));
    }

    [Fact]
    public async Task A_published_port_moves_to_another_one_of_the_host()
    {
        await using var house = new House();
        var (first, second) = (House.FreePort(), House.FreePort());
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        house.Compose(("app", $"ports: ['127.0.0.1:{first}:8080']"), ("bystander", "")).Commit("The first port");
        await house.ApplyAsync();
        Assert.Contains("1.0.0", await client.GetStringAsync(new Uri($"http://127.0.0.1:{first}/")), StringComparison.Ordinal);

        var before = await house.IdsAsync();
        house.Compose(("app", $"ports: ['127.0.0.1:{second}:8080']"), ("bystander", "")).Commit("The second port");
        await house.ApplyAsync();
        await house.ExpectReplacedAsync(before, "app");
        Assert.Contains("1.0.0", await client.GetStringAsync(new Uri($"http://127.0.0.1:{second}/")), StringComparison.Ordinal);
        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetStringAsync(new Uri($"http://127.0.0.1:{first}/")));
        await house.ExpectSettledAsync();

        before = await house.IdsAsync();
        house.Compose(("app", ""), ("bystander", "")).Commit("No port");
        await house.ApplyAsync();
        await house.ExpectReplacedAsync(before, "app");
        Assert.Equal("{}", house.Inspect("app", "{{json .HostConfig.PortBindings}}"));
    }

    [Fact]
    public async Task Two_services_exchange_their_host_ports_in_one_commit()
    {
        await using var house = new House();
        var (first, second) = (House.FreePort(), House.FreePort());
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        house.Compose(("a", $"ports: ['{first}:8080']\nenvironment: {{SERVICE: a}}"), ("b", $"ports: ['{second}:8080']\nenvironment: {{SERVICE: b}}")).Commit("One way");
        await house.ApplyAsync();

        house.Compose(("a", $"ports: ['{second}:8080']\nenvironment: {{SERVICE: a}}"), ("b", $"ports: ['{first}:8080']\nenvironment: {{SERVICE: b}}")).Commit("The other way");
        await house.ApplyAsync();

        Assert.StartsWith("b ", await client.GetStringAsync(new Uri($"http://127.0.0.1:{first}/")), StringComparison.Ordinal);
        Assert.StartsWith("a ", await client.GetStringAsync(new Uri($"http://127.0.0.1:{second}/")), StringComparison.Ordinal);
        await house.ExpectSettledAsync();
    }
}
