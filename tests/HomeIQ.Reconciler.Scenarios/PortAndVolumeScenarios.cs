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
    }

    [Fact]
    public async Task A_port_that_is_not_published_any_more_is_free_for_another_service_of_the_same_commit()
    {
        await using var house = new House();
        var port = House.FreePort();
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        house.Compose(("app", $"ports: ['127.0.0.1:{port}:8080']\nenvironment: {{SERVICE: app}}"), ("bystander", "")).Commit("Published");
        await house.ApplyAsync();

        var before = await house.IdsAsync();
        house.Compose(("app", "environment: {SERVICE: app}"), ("bystander", "")).Commit("Without ports");
        await house.ApplyAsync();
        await house.ExpectReplacedAsync(before, "app");
        Assert.Equal("{}", house.Inspect("app", "{{json .HostConfig.PortBindings}}"));
        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetStringAsync(new Uri($"http://127.0.0.1:{port}/")));
        await house.ExpectSettledAsync();

        house.Compose(("app", $"ports: ['127.0.0.1:{port}:8080']\nenvironment: {{SERVICE: app}}"), ("bystander", "")).Commit("Published again");
        await house.ApplyAsync();
        before = await house.IdsAsync();
        house.Compose(("app", "environment: {SERVICE: app}"), ("bystander", $"ports: ['127.0.0.1:{port}:8080']\nenvironment: {{SERVICE: bystander}}")).Commit("Handed on");
        await house.ApplyAsync();
        await house.ExpectReplacedAsync(before, "app", "bystander");
        Assert.StartsWith("bystander ", await client.GetStringAsync(new Uri($"http://127.0.0.1:{port}/")), StringComparison.Ordinal);
        await house.ExpectSettledAsync();
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
