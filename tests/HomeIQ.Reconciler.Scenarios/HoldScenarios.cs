using System.Text.Json;

namespace HomeIQ.Reconciler.Scenarios;

public sealed class HoldScenarios
{
    [Fact]
    public async Task After_a_bad_commit_an_unrelated_one_is_held_a_revert_restarts_nothing_and_a_fix_is_applied_at_once()
    {
        await using var house = new House();
        house.Compose(("app", ""), ("other", "")).Commit("Good");
        await house.ApplyAsync();
        house.Compose(("app", "image: homeiq-test/app:bad-never-healthy"), ("other", "")).Commit("Bad");
        Assert.Equal(1, (await house.HomeiqAsync("apply")).Code);
        var before = await house.IdsAsync();
        var started = await StartedAsync(house);

        house.Compose(("app", "image: homeiq-test/app:bad-never-healthy"), ("other", "environment: {A: b}")).Commit("Unrelated");
        var held = await house.HomeiqAsync("apply");
        Assert.True(held.Code == 4, held.ToString());
        Assert.Contains("app", held.Out, StringComparison.Ordinal);
        Assert.Equal(before, await house.IdsAsync());

        house.Compose(("app", ""), ("other", "")).Commit("Revert");
        await house.ApplyAsync();
        Assert.Equal(started, await StartedAsync(house));
        Assert.Equal("Synced", (await house.StatusAsync()).GetProperty("sync").GetString());

        house.Compose(("app", "image: homeiq-test/app:bad-never-healthy"), ("other", "environment: {A: b}")).Commit("Bad again");
        Assert.Equal(4, (await house.HomeiqAsync("apply")).Code);
        house.Compose(("app", "image: homeiq-test/app:1.1.0"), ("other", "environment: {A: b}")).Commit("Fix");
        await house.ApplyAsync();
        await house.ExpectUpAsync("app", "other");
        Assert.Equal("homeiq-test/app:1.1.0", house.Inspect("app", "{{.Config.Image}}"));
        await house.ExpectSettledAsync();
    }

    [Fact]
    public async Task While_held_the_branchs_change_and_the_hosts_drift_are_told_apart()
    {
        await using var house = new House();
        house.Compose(("app", ""), ("other", "")).Commit("Good");
        await house.ApplyAsync();
        house.Compose(("app", "image: homeiq-test/app:bad-never-healthy"), ("other", "")).Commit("Bad");
        Assert.Equal(1, (await house.HomeiqAsync("apply")).Code);
        Assert.Equal(new Said(0, "no differences\n", ""), await house.HomeiqAsync("diff", "--effective"));
        house.Docker("stop", house.Container("other"));

        var branch = await house.HomeiqAsync("diff");
        Assert.Equal(1, branch.Code);
        Assert.Contains("image", branch.Out, StringComparison.Ordinal);
        Assert.Contains("homeiq-test/app:bad-never-healthy", branch.Out, StringComparison.Ordinal);

        var drift = await house.HomeiqAsync("diff", "--effective");
        Assert.Equal(new Said(1, "  ! other  not running (exited with 0)\n", ""), drift);

        var changes = await ChangesAsync(house, "diff", "-o", "json");
        Assert.Equal(["service-changed app", "container-not-running other"], changes);
        Assert.Equal(["container-not-running other"], await ChangesAsync(house, "diff", "--effective", "-o", "json"));

        var status = await house.HomeiqAsync("status", "-o", "markdown");
        var commits = house.Git("log", "--format=%h").Split('\n');
        Assert.StartsWith($"**{house.Name}**: Held, Degraded, held to `{commits[1]}`\n", status.Out, StringComparison.Ordinal);
        Assert.Contains("- **held**: ", status.Out, StringComparison.Ordinal);
        Assert.EndsWith($"| service | sync | health | image |\n|---|---|---|---|\n| app | Held | Healthy | `homeiq-test/app:1.0.0` |\n| other | OutOfSync | Degraded | `homeiq-test/app:1.0.0` |\n", status.Out, StringComparison.Ordinal);

        var history = (await house.HomeiqAsync("history", "-o", "markdown")).Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(["| run | ended | from | to | how |", "|---|---|---|---|---|"], history[..2]);
        Assert.Equal(2, history[2..].Length);
        Assert.Contains($" | {commits[1]} | {commits[0]} | ", history[2], StringComparison.Ordinal);
        Assert.Contains($" | - | {commits[1]} | ", history[3], StringComparison.Ordinal);
        Assert.All(history, row => Assert.Equal(6, row.Count(character => character == '|')));

        // Drift is put right while the commit stays held.
        Assert.Equal(4, (await house.HomeiqAsync("apply")).Code);
        await house.ExpectUpAsync("app", "other");
        Assert.Equal(0, (await house.HomeiqAsync("diff", "--effective")).Code);
    }

    private static async Task<IEnumerable<string>> ChangesAsync(House house, params string[] verb)
    {
        var said = await house.HomeiqAsync(verb);
        Assert.True(said.Code == 1, said.ToString());
        var json = JsonDocument.Parse(said.Out).RootElement;
        Assert.Equal(0, json.GetProperty("steps").GetArrayLength());
        return json.GetProperty("changes").EnumerateArray().Select(change => $"{change.GetProperty("change").GetString()} {change.GetProperty("service").GetString()}");
    }

    private static async Task<Dictionary<string, DateTimeOffset?>> StartedAsync(House house) =>
        (await house.IdsAsync()).Keys.ToDictionary(service => service, service => house.ContainerAsync(service).Result.StartedAt);
}
