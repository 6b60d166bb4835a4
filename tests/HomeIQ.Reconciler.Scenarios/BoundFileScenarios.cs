namespace HomeIQ.Reconciler.Scenarios;

public sealed class BoundFileScenarios
{
    private static readonly (string, string)[] Services = [("app", "volumes: ['./lamp/on.conf:/etc/lamp.conf:ro', './scenes:/etc/scenes:ro']"), ("bystander", "")];

    [Fact]
    public async Task A_service_is_made_anew_exactly_when_a_file_of_the_repository_that_it_mounts_changed()
    {
        await using var house = new House();
        house.Write("lamp/on.conf", "bright\n").Write("lamp/off.conf", "dark\n").Write("scenes/evening.conf", "warm\n").Compose(Services).Commit("Files");
        await house.ApplyAsync();
        Assert.Equal("bright\nwarm", Read(house));

        var before = await house.IdsAsync();
        house.Write("lamp/off.conf", "pitch dark\n").Write("README.md", "Nobody mounts this.\n").Commit("Files that nobody mounts");
        await house.ApplyAsync();
        await house.ExpectReplacedAsync(before);

        house.Write("lamp/on.conf", "dim\n").Commit("The file");
        await house.ApplyAsync();
        await house.ExpectReplacedAsync(before, "app");
        Assert.Equal("dim\nwarm", Read(house));
        await house.ExpectSettledAsync();

        before = await house.IdsAsync();
        house.Write("scenes/evening.conf", "cold\n").Commit("The folder");
        await house.ApplyAsync();
        await house.ExpectReplacedAsync(before, "app");
        Assert.Equal("dim\ncold", Read(house));
    }

    [Fact]
    public async Task The_old_file_comes_back_with_the_run_that_is_taken_back_and_with_the_verb()
    {
        await using var house = new House();
        house.Write("lamp/on.conf", "bright\n").Write("scenes/evening.conf", "warm\n").Compose(Services).Commit("Files");
        await house.ApplyAsync();

        house.Write("lamp/on.conf", "dim\n").Compose(("app", Services[0].Item2 + "\nimage: homeiq-test/app:bad-never-healthy"), ("bystander", "")).Commit("Bad");
        var said = await house.HomeiqAsync("apply");
        Assert.True(said.Code == 1, said.ToString());
        Assert.Equal("bright\nwarm", Read(house));

        house.Write("lamp/on.conf", "dim\n").Compose(Services).Commit("Good");
        await house.ApplyAsync();
        Assert.Equal("dim\nwarm", Read(house));
        Directory.Move(house.Repository, house.Repository + "-gone");
        Assert.Equal(0, (await house.HomeiqAsync("rollback")).Code);
        Assert.Equal("bright\nwarm", Read(house));
    }

    private static string Read(House house) => house.Docker("exec", house.Container("app"), "cat", "/etc/lamp.conf", "/etc/scenes/evening.conf");
}
