using System.Text.Json;

namespace HomeIQ.Reconciler.Scenarios;

public sealed class DriftScenarios
{
    [Fact]
    public async Task What_somebody_moved_by_hand_is_seen_and_put_right_and_nothing_else_is()
    {
        await using var house = new House();
        string[] names = ["stopped", "paused", "renamed", "removed", "updated", "disconnected", "bystander"];
        var check = Furniture.Healthcheck.Replace("400ms", "1s", StringComparison.Ordinal);
        house.Compose([.. names.Select(name => (name, check + "\nrestart: unless-stopped"))]).Commit("Good");
        await house.ApplyAsync();
        var before = await house.IdsAsync();
        var started = (await house.ContainerAsync("bystander")).StartedAt;

        house.Docker("stop", "-t", "0", house.Container("stopped"));
        house.Docker("pause", house.Container("paused"));
        house.Docker("rename", house.Container("renamed"), $"{house.Name}-elsewhere");
        house.Docker("rm", "-f", house.Container("removed"));
        house.Docker("update", "--memory", "64m", "--memory-swap", "64m", house.Container("updated"));
        house.Docker("network", "disconnect", $"{house.Name}_default", house.Container("disconnected"));

        var diff = await house.HomeiqAsync("diff");
        Assert.Equal(1, diff.Code);
        Assert.All(names[..^1], name => Assert.Contains(name, diff.Out, StringComparison.Ordinal));
        Assert.DoesNotContain("bystander", diff.Out, StringComparison.Ordinal);
        var drift = (await house.StatusAsync()).GetProperty("drift").EnumerateArray().Select(change => change.GetProperty("service").GetString()).Distinct();
        Assert.Equal(names[..^1].Order(StringComparer.Ordinal), drift.Order(StringComparer.Ordinal));

        await house.ApplyAsync();

        await house.ExpectUpAsync(names);
        Assert.Equal(started, (await house.ContainerAsync("bystander")).StartedAt);
        var after = await house.IdsAsync();
        Assert.All((string[])["stopped", "paused", "renamed", "bystander"], name => Assert.Equal(before[name], after[name]));
        Assert.Equal("0", house.Inspect("updated", "{{.HostConfig.Memory}}"));
        Assert.Contains("healthy", house.Docker("exec", house.Container("bystander"), "curl", "-fsS", "http://disconnected:8080/health"), StringComparison.Ordinal);
        Assert.Equal(names.Length, (await house.ContainersAsync()).Count);
        await house.ExpectSettledAsync();
    }
}
