using HomeIQ.Reconciler.Docker;
using HomeIQ.Reconciler.Scenarios.Docker;

namespace HomeIQ.Reconciler.Scenarios;

/// <summary>What the program finds when it starts: nothing of its own any more, no engine, another engine's uptime, itself.</summary>
public sealed class FreshStartScenarios
{
    [Fact]
    public async Task A_lost_state_directory_changes_nothing_by_itself_and_says_what_is_there()
    {
        await using var house = new House().Furnish();
        await house.ApplyAsync();
        var before = await house.IdsAsync();
        Directory.Delete(house.State, recursive: true);

        var plan = await house.HomeiqAsync("plan");
        var apply = await house.HomeiqAsync("apply");

        Assert.Equal(0, plan.Code);
        Assert.Contains($"3 containers of instance {house.Name} are here", plan.Out, StringComparison.Ordinal);
        Assert.Contains("put the state directory back", plan.Out, StringComparison.Ordinal);
        Assert.True(apply.Code == 4, apply.ToString());
        Assert.Contains("--approve", apply.Out, StringComparison.Ordinal);
        Assert.Equal(before, await house.IdsAsync());
        Assert.Equal(3, (await house.ContainersAsync()).Count);
    }

    [Theory]
    [InlineData("plan")]
    [InlineData("status")]
    [InlineData("apply")]
    public async Task An_engine_that_is_not_there_is_told_clearly_and_nothing_is_begun(string verb)
    {
        await using var house = new House().Furnish();
        house.Settings["HOMEIQ_DOCKER"] = "unix:///tmp/no-engine-lives-here.sock";

        var said = await house.HomeiqAsync(verb);

        Assert.Equal(2, said.Code);
        Assert.Contains("/tmp/no-engine-lives-here.sock", said.Error, StringComparison.Ordinal);
        Assert.Contains("--docker", said.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(" at HomeIQ.", said.Error, StringComparison.Ordinal);
        Assert.Empty(house.Journal(journal => journal.Runs(10)));
    }

    [Fact]
    public async Task An_engine_that_was_restarted_in_between_is_no_drift()
    {
        var folder = $"/tmp/hqf-{Guid.NewGuid().ToString("N")[..8]}";
        var endpoint = await Rig.RunAsync("engine.sh", "start", folder);
        try
        {
            await Rig.RunAsync("images.sh", endpoint);
            await using var house = new House().Furnish();
            house.Settings["HOMEIQ_DOCKER"] = endpoint;
            house.Edit("compose.yaml", "healthcheck: *health", "healthcheck: *health\n    restart: unless-stopped").Commit("Start again by yourself");
            await house.ApplyAsync();
            await using var engine = new DockerEngine(new() { Endpoint = endpoint });
            var before = (await engine.ListContainersAsync(default)).Select(container => container.Id).Order(StringComparer.Ordinal).ToList();

            await Rig.RunAsync("engine.sh", "restart", folder);
            var said = await house.ApplyAsync();

            Assert.Contains("in sync", said.Out, StringComparison.Ordinal);
            Assert.Equal(before, (await engine.ListContainersAsync(default)).Select(container => container.Id).Order(StringComparer.Ordinal));
            Assert.Single(house.Journal(journal => journal.Runs(10)));
        }
        finally
        {
            await Rig.RunAsync("engine.sh", "stop", folder);
        }
    }

    [Fact]
    public async Task Of_two_that_apply_at_once_one_acts_and_the_other_says_so()
    {
        await using var house = new House().Furnish();
        house.Settings["HOMEIQ_HALT_AFTER"] = "4";
        using var first = house.Start("apply");
        while (await first.StandardError.ReadLineAsync(default) is { } line && !line.StartsWith("homeiq: halted", StringComparison.Ordinal))
        {
        }

        house.Settings.Clear();
        var second = await house.HomeiqAsync("apply");
        var runs = house.Journal(journal => journal.Runs(10));
        first.Kill();
        await first.WaitForExitAsync(default);

        Assert.Equal(2, second.Code);
        Assert.Contains("another homeiq acts from", second.Out, StringComparison.Ordinal);
        Assert.Single(runs);
        // The lock of a dead process is gone with it.
        await house.ApplyAsync();
    }
}
