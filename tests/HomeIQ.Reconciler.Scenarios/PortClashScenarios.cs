using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace HomeIQ.Reconciler.Scenarios;

public sealed class PortClashScenarios
{
    [Fact]
    public async Task A_port_that_a_process_of_the_host_holds_is_refused_before_anything_moves()
    {
        await using var house = new House();
        await InstallAsync(house);
        using var listener = new TcpListener(IPAddress.Any, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var name = (await File.ReadAllTextAsync("/proc/self/comm", TestContext.Current.CancellationToken)).Trim();

        await ExpectRefusedAsync(house, [("a", "environment: {A: b}"), ("b", $"ports: ['{port}:8080']")], port, name);

        listener.Stop();
        await house.ApplyAsync();
        await house.ExpectUpAsync("a", "b");
    }

    [Fact]
    public async Task A_port_that_a_foreign_container_holds_is_refused_before_anything_moves()
    {
        await using var house = new House();
        await InstallAsync(house);
        var port = House.FreePort();
        house.Docker("run", "-d", "--pull=never", "--name", $"{house.Name}-foreign", "-p", $"{port}:8080", "homeiq-test/app:1.0.0");

        await ExpectRefusedAsync(house, [("a", "environment: {A: b}"), ("b", $"ports: ['{port}:8080']")], port, $"{house.Name}-foreign");

        Assert.Equal("running", house.Docker("inspect", "--format", "{{.State.Status}}", $"{house.Name}-foreign"));
    }

    [Fact]
    public async Task A_port_that_two_services_claim_is_refused_before_anything_moves()
    {
        await using var house = new House();
        await InstallAsync(house);
        var port = House.FreePort();

        await ExpectRefusedAsync(house, [("a", $"ports: ['{port}:8080']"), ("b", $"ports: ['127.0.0.1:{port}:8080']")], port, "a");
    }

    private static async Task InstallAsync(House house)
    {
        house.Compose(("a", ""), ("b", "")).Commit("Without ports");
        await house.ApplyAsync();
    }

    private static async Task ExpectRefusedAsync(House house, (string, string)[] services, int port, string who)
    {
        var before = await house.IdsAsync();
        house.Compose(services).Commit("A port that is taken");

        var said = await house.HomeiqAsync("apply");

        Assert.True(said.Code == 2, said.ToString());
        Assert.Contains(port.ToString(CultureInfo.InvariantCulture), said.ToString(), StringComparison.Ordinal);
        Assert.Contains(who, said.ToString(), StringComparison.Ordinal);
        await house.ExpectReplacedAsync(before);
        await house.ExpectUpAsync("a", "b");
    }
}
