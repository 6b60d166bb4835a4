namespace HomeIQ.Reconciler.Scenarios;

public sealed class AnonymousVolumeScenarios
{
    [Fact]
    public async Task Data_in_volumes_without_a_name_goes_along_with_every_new_container_and_back_again()
    {
        await using var house = new House();
        // One volume that only the image declares, and one that the service asks for.
        const string check = "healthcheck: {test: [CMD, curl, -fsS, \"http://localhost:8086/health\"], interval: 400ms, retries: 2, start_period: 3s}\n";
        const string app = "volumes: [/data]\nenvironment: {STAMP: /data/versions}\n";
        house.Compose(("influxdb", check + "image: influxdb:2.7.12"), ("app", app)).Commit("The old versions");
        await house.ApplyAsync();
        var volumes = await VolumesAsync(house);
        Assert.Equal(3, volumes.Length);

        house.Compose(("influxdb", check + "image: influxdb:2.8.0"), ("app", app + "image: homeiq-test/app:1.1.0")).Commit("The new versions");
        await house.ApplyAsync();
        Assert.Equal("2.7.12\n2.8.0", house.Docker("exec", house.Container("influxdb"), "cat", "/var/lib/influxdb2/versions"));
        Assert.Equal("1.0.0\n1.1.0", house.Docker("exec", house.Container("app"), "cat", "/data/versions"));
        Assert.Equal(volumes, await VolumesAsync(house));
        await house.ExpectSettledAsync();

        house.Compose(("influxdb", check + "image: influxdb:2.8.0\nenvironment: {NEVER_HEALTHY: '1'}"), ("app", app + "image: homeiq-test/app:1.1.0")).Commit("Bad");
        Assert.Equal(1, (await house.HomeiqAsync("apply")).Code);
        Assert.Equal("2.7.12\n2.8.0\n2.8.0\n2.8.0", house.Docker("exec", house.Container("influxdb"), "cat", "/var/lib/influxdb2/versions"));
        Assert.Equal(volumes, await VolumesAsync(house));
        foreach (var service in (string[])["influxdb", "app"])
        {
            house.Docker("rm", "-f", "-v", house.Container(service));
        }
    }

    private static async Task<string[]> VolumesAsync(House house) => [.. (await house.ContainersAsync()).Values
        .Where(container => container.Name == house.Container(container.Owner!.Service))
        .SelectMany(container => container.Mounts).Select(mount => mount.Name).Order(StringComparer.Ordinal)];
}
