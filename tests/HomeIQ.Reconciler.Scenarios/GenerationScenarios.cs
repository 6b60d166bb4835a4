namespace HomeIQ.Reconciler.Scenarios;

public sealed class GenerationScenarios
{
    [Fact]
    public async Task Images_contents_and_states_of_the_newest_three_generations_stay_and_older_ones_go()
    {
        await using var house = new House();
        var recipe = Path.Combine(house.Repository, "recipe");
        Directory.CreateDirectory(recipe);
        var images = new List<string>();
        for (var version = 0; version < 5; version++)
        {
            var tag = $"homeiq-test/{house.Name}:1.0.{version}";
            await File.WriteAllTextAsync(Path.Combine(recipe, "Dockerfile"), $"FROM homeiq-test/app:1.0.0\nENV ROOM={house.Name}-{version}\n", TestContext.Current.CancellationToken);
            house.Docker("build", "-q", "-t", tag, recipe);
            house.Write("lamp.conf", $"bright {version}\n").Compose(("app", $"image: {tag}\nvolumes: ['./lamp.conf:/etc/lamp.conf:ro']"), ("bystander", "")).Commit($"Version {version}");
            await house.ApplyAsync();
            images.Add(house.Inspect("app", "{{.Image}}"));
            // Nothing but our tag keeps it from here on, once its container is gone.
            if (version > 0)
            {
                house.Docker("rmi", $"homeiq-test/{house.Name}:1.0.{version - 1}");
            }
        }

        var left = await Task.WhenAll(images.Select(image => house.Engine.FindImageAsync(image, default)));
        Assert.Equal([false, false, true, true, true], left.Select(image => image is not null));
        Assert.Equal(3, Directory.GetFiles(Path.Combine(house.State, "content")).Length);
        Assert.Equal(3, Directory.GetFiles(Path.Combine(house.State, "sealed", "states")).Length);

        Directory.Move(house.Repository, house.Repository + "-gone");
        var said = await house.HomeiqAsync("rollback");
        Assert.True(said.Code == 0, said.ToString());
        Assert.Equal(images[3], house.Inspect("app", "{{.Image}}"));
        Assert.Equal("bright 3", house.Docker("exec", house.Container("app"), "cat", "/etc/lamp.conf"));

        foreach (var tag in (await house.Engine.ListTagsAsync($"homeiq-keep/{house.Name}", default)).Keys)
        {
            await house.Engine.UntagImageAsync(tag, default);
        }
    }
}
