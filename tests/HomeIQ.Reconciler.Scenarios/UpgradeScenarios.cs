using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Scenarios;

public sealed class UpgradeScenarios
{
    [Fact]
    public async Task A_first_install_brings_every_service_up_healthy_and_a_second_apply_does_nothing()
    {
        await using var house = new House().Furnish();

        await house.ApplyAsync();

        var containers = await house.ContainersAsync();
        Assert.Equal([house.Container("api"), house.Container("store"), house.Container("web")], containers.Keys);
        Assert.All(containers.Values, container => Assert.Equal(ContainerHealth.Healthy, container.Health));
        var ids = await house.IdsAsync();
        var again = await house.ApplyAsync();
        Assert.Contains("in sync", again.Out, StringComparison.Ordinal);
        Assert.Equal(ids, await house.IdsAsync());
    }

    [Theory]
    [InlineData("web")]
    [InlineData("api")]
    [InlineData("store")]
    public async Task A_one_line_upgrade_replaces_that_container_alone(string service)
    {
        await using var house = new House().Furnish();
        await house.ApplyAsync();
        var before = await house.IdsAsync();

        house.Upgrade(service, "1.1.0");
        await house.ApplyAsync();

        var after = await house.IdsAsync();
        Assert.Equal([service], before.Keys.Where(name => before[name] != after[name]));
        Assert.Equal("homeiq-test/app:1.1.0", (await house.ContainerAsync(service)).Image);
        Assert.Equal(3, (await house.ContainersAsync()).Count);
        Assert.Equal("Synced", (await house.StatusAsync()).GetProperty("sync").GetString());
    }

    [Theory]
    [InlineData("bad-never-healthy", "unhealthy", "300ms")]
    [InlineData("bad-crash", "exit code 1", "2s")]
    public async Task A_bad_version_is_put_back_and_held(string tag, string reason, string interval)
    {
        await using var house = new House().Furnish();
        house.Edit("compose.yaml", "interval: 300ms", $"interval: {interval}").Commit("Ask for health at another pace");
        await house.ApplyAsync();
        var before = await house.IdsAsync();

        house.Upgrade("api", tag);
        var said = await house.HomeiqAsync("apply");

        Assert.True(said.Code == 1, said.ToString());
        Assert.Contains("rolled back", said.Out, StringComparison.Ordinal);
        Assert.Contains(reason, said.Out, StringComparison.Ordinal);
        Assert.Equal(before, await house.IdsAsync());
        Assert.All((await house.ContainersAsync()).Values.Where(container => container.Name.EndsWith("-1", StringComparison.Ordinal)), container => Assert.Equal(ContainerStatus.Running, container.Status));
        var again = await house.HomeiqAsync("apply");
        Assert.Equal(4, again.Code);
        Assert.Contains("held", again.Out, StringComparison.Ordinal);
        Assert.Equal("Held", (await house.StatusAsync()).GetProperty("sync").GetString());
    }
}
