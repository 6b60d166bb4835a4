using System.Text.Json;

namespace HomeIQ.Reconciler.Scenarios;

public sealed class RemovalScenarios
{
    [Fact]
    public async Task A_removed_service_goes_and_an_added_one_comes_while_the_others_stay()
    {
        await using var house = new House();
        house.Compose(("a", ""), ("b", "depends_on: [a]")).Commit("a and b");
        await house.ApplyAsync();
        var before = await house.IdsAsync();

        house.Compose(("a", "")).Commit("Only a");
        await house.ApplyAsync();
        Assert.Equal(before["a"], Assert.Single(await house.IdsAsync()).Value);
        Assert.Single(await house.ContainersAsync());
        await house.ExpectSettledAsync();

        house.Compose(("a", ""), ("c", "depends_on: [a]")).Commit("a and c");
        await house.ApplyAsync();
        Assert.Equal(before["a"], (await house.IdsAsync())["a"]);
        await house.ExpectUpAsync("a", "c");
        await house.ExpectSettledAsync();
    }

    [Fact]
    public async Task A_large_removal_waits_for_an_approval_of_just_this_plan()
    {
        await using var house = new House();
        house.Compose(("a", ""), ("b", ""), ("c", ""), ("d", "")).Commit("Four services");
        await house.ApplyAsync();
        var before = await house.IdsAsync();

        house.Compose(("a", "")).Commit("One service");
        var said = await house.HomeiqAsync("apply");
        Assert.True(said.Code == 4, said.ToString());
        Assert.Contains("awaiting approval", said.Out, StringComparison.Ordinal);
        Assert.Contains("b, c, d", said.Out, StringComparison.Ordinal);
        Assert.Equal(before, await house.IdsAsync());

        var wrong = await house.HomeiqAsync("apply", "--approve", "0123456789ab");
        Assert.True(wrong.Code == 4, wrong.ToString());
        Assert.Equal(before, await house.IdsAsync());

        var digest = JsonDocument.Parse((await house.HomeiqAsync("plan", "-o", "json")).Out).RootElement.GetProperty("digest").GetString()!;
        await house.ApplyAsync("--approve", digest);
        Assert.Equal(before["a"], Assert.Single(await house.IdsAsync()).Value);
    }

    [Fact]
    public async Task An_empty_desired_state_removes_nothing_unasked()
    {
        await using var house = new House();
        house.Compose(("a", "")).Commit("One service");
        await house.ApplyAsync();
        var before = await house.IdsAsync();

        house.Write("compose.yaml", "services:\n").Commit("Not a word about services");
        var wordless = await house.HomeiqAsync("apply");
        house.Write("compose.yaml", "services: {}\n").Commit("No service");
        var said = await house.HomeiqAsync("apply");

        Assert.True(wordless.Code == 2, wordless.ToString());
        Assert.Contains("there are no services", wordless.Error, StringComparison.Ordinal);
        Assert.True(said.Code == 4, said.ToString());
        Assert.Contains("the desired state is empty", said.Out, StringComparison.Ordinal);
        Assert.Equal(before, await house.IdsAsync());
        await house.ExpectUpAsync("a");

        var digest = JsonDocument.Parse((await house.HomeiqAsync("plan", "-o", "json")).Out).RootElement.GetProperty("digest").GetString()!;
        await house.ApplyAsync("--approve", digest);
        Assert.Empty(await house.ContainersAsync());
        await house.ExpectSettledAsync();
    }

    [Fact]
    public async Task A_broken_or_missing_file_removes_nothing()
    {
        await using var house = new House();
        house.Compose(("a", "")).Commit("One service");
        await house.ApplyAsync();
        var before = await house.IdsAsync();

        house.Write("compose.yaml", "services:\n  a:\n    image: homeiq-test/app:1.1.0\n   broken\n").Commit("Broken");
        var broken = await house.HomeiqAsync("apply");
        File.Delete(Path.Combine(house.Repository, "desired-state", "compose.yaml"));
        house.Commit("Missing");
        var missing = await house.HomeiqAsync("apply");

        Assert.True(broken.Code == 2, broken.ToString());
        Assert.Contains("compose.yaml:", broken.ToString(), StringComparison.Ordinal);
        Assert.True(missing.Code == 2, missing.ToString());
        Assert.Equal(before, await house.IdsAsync());
    }
}
