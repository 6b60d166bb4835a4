using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Scenarios;

public sealed class NetworkScenarios
{
    [Fact]
    public async Task A_network_comes_and_goes_with_a_new_container_for_the_service_alone()
    {
        await using var house = new House();
        const string networks = "{{range $name, $_ := .NetworkSettings.Networks}}{{$name}} {{end}}";
        house.Compose(("app", ""), ("bystander", "")).Commit("One network");
        await house.ApplyAsync();

        var before = await house.IdsAsync();
        house.ComposeWith("networks: {side: }", ("app", "networks: {default: , side: {aliases: [elsewhere]}}"), ("bystander", "")).Commit("Two networks");
        await house.ApplyAsync();
        await house.ExpectReplacedAsync(before, "app");
        Assert.Equal($"{house.Name}_default {house.Name}_side", house.Inspect("app", networks));
        await house.ExpectSettledAsync();

        before = await house.IdsAsync();
        house.Compose(("app", ""), ("bystander", "")).Commit("One network again");
        await house.ApplyAsync();
        await house.ExpectReplacedAsync(before, "app");
        Assert.Equal($"{house.Name}_default", house.Inspect("app", networks));
        Assert.DoesNotContain((await house.Engine.ListNetworksAsync(default)), network => network.Name == $"{house.Name}_side");
        await house.ExpectSettledAsync();
    }

    [Fact]
    public async Task A_changed_network_takes_its_users_along_and_their_aliases_resolve_afterwards()
    {
        await using var house = new House();
        var services = new[] { ("store", "networks: {inner: {aliases: [keeper]}}"), ("api", "networks: [inner]\ndepends_on: {store: {condition: service_healthy}}"), ("bystander", "networks: [outer]") };
        house.ComposeWith("networks: {inner: , outer: }", services).Commit("A plain network");
        await house.ApplyAsync();
        var before = await house.IdsAsync();
        var bystander = (await house.ContainerAsync("bystander")).StartedAt;
        var network = house.Docker("network", "inspect", "--format", "{{.Id}}", $"{house.Name}_inner");

        house.ComposeWith("networks: {inner: {labels: {floor: cellar}, internal: true}, outer: }", services).Commit("An internal network");
        await house.ApplyAsync();

        Assert.NotEqual(network, house.Docker("network", "inspect", "--format", "{{.Id}}", $"{house.Name}_inner"));
        Assert.Equal("true cellar", house.Docker("network", "inspect", "--format", "{{.Internal}} {{.Labels.floor}}", $"{house.Name}_inner"));
        Assert.Equal(before["bystander"], (await house.IdsAsync())["bystander"]);
        Assert.Equal(bystander, (await house.ContainerAsync("bystander")).StartedAt);
        await house.ExpectUpAsync("store", "api");
        Assert.Contains("healthy", house.Docker("exec", house.Container("api"), "curl", "-fsS", "http://keeper:8080/health"), StringComparison.Ordinal);
        Assert.Contains("healthy", house.Docker("exec", house.Container("store"), "curl", "-fsS", "http://api:8080/health"), StringComparison.Ordinal);
        await house.ExpectSettledAsync();
    }

    [Fact]
    public async Task A_changed_network_goes_back_with_the_run_that_changed_it()
    {
        await using var house = new House();
        house.ComposeWith("networks: {default: }", ("store", "networks: {default: {aliases: [keeper]}}"), ("api", "depends_on: [store]")).Commit("A plain network");
        await house.ApplyAsync();
        var before = await house.IdsAsync();

        house.ComposeWith("networks: {default: {internal: true}}", ("store", "networks: {default: {aliases: [keeper]}}"), ("api", "depends_on: [store]\nimage: homeiq-test/app:bad-never-healthy")).Commit("A bad one");
        var said = await house.HomeiqAsync("apply");

        Assert.True(said.Code == 1, said.ToString());
        Assert.Equal("false", house.Docker("network", "inspect", "--format", "{{.Internal}}", $"{house.Name}_default"));
        Assert.Equal(before, await house.IdsAsync());
        await house.ExpectUpAsync("store", "api");
        Assert.Contains("healthy", house.Docker("exec", house.Container("api"), "curl", "-fsS", "http://keeper:8080/health"), StringComparison.Ordinal);
        Assert.Equal(ContainerStatus.Running, (await house.ContainerAsync("api")).Status);
    }
}
