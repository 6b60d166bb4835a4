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

    /// <summary>What somebody does to an export, given its paths: the file's and the folder's.</summary>
    public static readonly TheoryData<string> Edits = ["written into", "replaced", "gone", "a folder in the place of the file", "other modes"];

    [Theory]
    [MemberData(nameof(Edits))]
    public async Task An_edited_export_is_put_back_and_its_container_sees_that_without_being_another(string edit)
    {
        await using var house = new House();
        house.Write("lamp/on.conf", "bright\n").Write("scenes/evening.conf", "warm\n").Compose(Services).Commit("Files");
        await house.ApplyAsync();
        var before = await house.IdsAsync();
        var started = (await house.ContainerAsync("bystander")).StartedAt;

        Edit(house, edit);
        var diff = await house.HomeiqAsync("diff");
        Assert.Contains("the file behind /etc/lamp.conf was edited or is gone", diff.Out, StringComparison.Ordinal);
        await house.ApplyAsync();

        Assert.Equal("bright\nwarm", Read(house));
        await house.ExpectReplacedAsync(before);
        Assert.Equal(started, (await house.ContainerAsync("bystander")).StartedAt);
        await house.ExpectSettledAsync();
    }

    [Fact]
    public async Task A_repair_of_an_export_that_is_killed_anywhere_is_finished_by_the_next_apply()
    {
        await using var house = new House();
        house.Write("lamp/on.conf", "bright\n").Write("scenes/evening.conf", "warm\n").Compose(Services).Commit("Files");
        await house.ApplyAsync();
        var before = await house.IdsAsync();
        var points = 0;
        for (var entry = 1; ; entry++)
        {
            Edit(house, "written into");
            Assert.Equal("dark\ncold", Read(house));
            if (await house.CutAsync(entry) is not { } at)
            {
                break;
            }

            points++;
            await house.ApplyAsync();
            Assert.Equal((at, "bright\nwarm"), (at, Read(house)));
            await house.ExpectReplacedAsync(before);
        }

        Assert.True(points >= 8, $"only {points} points");
        Assert.Equal("bright\nwarm", Read(house));
    }

    /// <summary>The one export is a file, the other a folder.</summary>
    private static void Edit(House house, string edit)
    {
        var content = Path.Combine(house.State, "content");
        var file = Assert.Single(Directory.GetFiles(content), path => !Path.GetFileName(path).StartsWith('.'));
        var folder = Assert.Single(Directory.GetDirectories(content));
        switch (edit)
        {
            case "written into":
                File.WriteAllText(file, "dark\n");
                File.WriteAllText(Path.Combine(folder, "evening.conf"), "cold\n");
                break;
            case "replaced":
                foreach (var target in (string[])[file, Path.Combine(folder, "evening.conf")])
                {
                    File.WriteAllText($"{house.State}/new", "dark\n");
                    File.Move($"{house.State}/new", target, overwrite: true);
                }

                break;
            case "gone":
                File.Delete(file);
                Directory.Delete(folder, recursive: true);
                break;
            case "a folder in the place of the file":
                File.Delete(file);
                Directory.CreateDirectory(file);
                break;
            default:
                File.SetUnixFileMode(file, UnixFileMode.UserRead);
                File.SetUnixFileMode(folder, UnixFileMode.UserRead);
                break;
        }
    }

    private static string Read(House house) => house.Docker("exec", house.Container("app"), "cat", "/etc/lamp.conf", "/etc/scenes/evening.conf");
}
