namespace HomeIQ.Reconciler.Scenarios;

/// <summary>Data moves with the commit, on a real engine: what a version writes at its start is taken back with it.</summary>
public sealed class DataScenarios
{
    private const string Data = "volumes: {data: {}}";

    [Fact]
    public async Task A_bad_version_that_migrated_its_data_goes_back_with_the_data_and_nobody_types_anything()
    {
        await using var house = new House();
        Furnish(house, "1.0.0").Commit("First");
        await house.ApplyAsync();
        house.Docker("exec", house.Container("store"), "sh", "-c", "umask 077; echo row >/data/rows; chown 1000:4242 /data/rows; ln /data/rows /data/.again");
        var reader = await house.ContainerAsync("reader");

        Furnish(house, "1.1.0").Commit("Good");
        Assert.Contains("copy rows (volume", (await house.HomeiqAsync("plan")).Out, StringComparison.Ordinal);
        await house.ApplyAsync();
        Assert.Equal("1.0.0 1.1.0", Versions(house));
        Assert.Equal(reader.Id, (await house.ContainerAsync("reader")).Id);
        Assert.Equal("unless-stopped", house.Inspect("reader", "{{.HostConfig.RestartPolicy.Name}}"));

        var before = await house.IdsAsync();
        var folder = Path.GetDirectoryName(house.Docker("volume", "inspect", "--format", "{{.Mountpoint}}", $"{house.Name}_data"))!;
        Furnish(house, "bad-never-healthy").Commit("Bad");
        var plan = await house.HomeiqAsync("plan");
        Assert.Contains("the data of rows is put back from the copy", plan.Out.ReplaceLineEndings(" ").Replace("  ", " ", StringComparison.Ordinal).Replace("  ", " ", StringComparison.Ordinal), StringComparison.Ordinal);
        var said = await house.HomeiqAsync("apply");

        Assert.True(said.Code == 1, said.ToString());
        Assert.Equal(before, await house.IdsAsync());
        await house.ExpectUpAsync("store", "reader");

        // The old version wrote its line once more, when it was started again on what it had left.
        Assert.Equal("1.0.0 1.1.0 1.1.0", Versions(house));
        Assert.Equal("600 1000:4242 2", house.Docker("exec", house.Container("store"), "stat", "-c", "%a %u:%g %h", "/data/rows"));
        Assert.Equal("1.0.0 1.1.0 1.1.0", house.Docker("exec", house.Container("reader"), "sh", "-c", "tr '\\n' ' ' </data/versions").Trim());

        // What the bad one had made of it is kept beside it.
        var replaced = Assert.Single(Directory.GetDirectories(folder, "*.replaced"));
        Assert.Contains("bad-never-healthy", await File.ReadAllTextAsync(Path.Combine(replaced, "versions"), TestContext.Current.CancellationToken), StringComparison.Ordinal);

        // The next good one lets go of all copies but its own, and of nothing that was replaced.
        Furnish(house, "1.2.0").Commit("Better");
        await house.ApplyAsync();
        Assert.Equal("1.0.0 1.1.0 1.1.0 1.2.0", Versions(house));
        Assert.Single(Directory.GetDirectories(folder, "homeiq-*"), copy => copy != replaced);
        Assert.True(Directory.Exists(replaced));
    }

    [Fact]
    public async Task Nothing_moves_while_somebody_elses_container_writes_there_or_where_there_is_no_volume()
    {
        await using var house = new House();
        Furnish(house, "1.0.0").Commit("First");
        await house.ApplyAsync();
        var before = await house.IdsAsync();
        house.Docker("run", "-d", "--pull=never", "--name", $"{house.Name}-stranger", "-v", $"{house.Name}_data:/data", "homeiq-test/app:1.0.0");
        Furnish(house, "1.1.0").Commit("Shared");

        var shared = await house.HomeiqAsync("apply");
        Assert.True(shared.Code == 2, shared.ToString());
        Assert.Contains($"{house.Name}-stranger is not ours, runs, and mounts the volume {house.Name}_data", shared.ToString(), StringComparison.Ordinal);

        Furnish(house, "1.1.0", mount: "/elsewhere").Commit("Nowhere");
        var nowhere = await house.HomeiqAsync("apply");
        Assert.True(nowhere.Code == 2, nowhere.ToString());
        Assert.Contains("store has no volume at /elsewhere", nowhere.ToString(), StringComparison.Ordinal);
        Assert.Equal(before, await house.IdsAsync());
    }

    private static House Furnish(House house, string tag, string mount = "/data") => house
        .Policy($"databases: {{ rows: {{ kind: volume, service: store, mount: {mount} }} }}")
        .ComposeWith(
            Data,
            ("store", $"image: homeiq-test/app:{tag}\nenvironment: {{STAMP: /data/versions}}\nvolumes: [data:/data]\nrestart: unless-stopped"),
            ("reader", "volumes: [data:/data:ro]\nrestart: unless-stopped"));

    private static string Versions(House house) => house.Docker("exec", house.Container("store"), "cat", "/data/versions").ReplaceLineEndings(" ");
}
