using HomeIQ.Reconciler.Agent.Tests.Git;

namespace HomeIQ.Reconciler.Scenarios;

/// <summary>A source that loses what the host runs, or says nothing at all.</summary>
public sealed class GitFaultScenarios
{
    [Fact]
    public async Task A_commit_that_vanished_from_the_source_is_told_and_still_what_drift_is_put_right_to()
    {
        await using var house = new House();
        house.Compose(("app", ""), ("bystander", "")).Commit("First");
        house.Write("lamp.conf", "bright\n").Compose(("app", "volumes: ['./lamp.conf:/etc/lamp.conf:ro']"), ("bystander", ""));
        var gone = house.Commit("Runs");
        await house.ApplyAsync();
        var before = await house.IdsAsync();

        // Somebody forces the branch to another history; the commit that runs is nowhere at the source any more.
        house.Git("reset", "-q", "--hard", "HEAD~1");
        house.Compose(("app", ""), ("bystander", "environment: {COLOUR: blue}")).Commit("Another history");
        house.Git("reflog", "expire", "--expire=now", "--all");
        house.Git("gc", "-q", "--prune=now");
        Assert.NotEqual(0, House.Run("git", ["-C", house.Repository, "cat-file", "-e", gone], new Dictionary<string, string>()).Code);

        var plan = await house.HomeiqAsync("plan");
        Assert.Contains("history of main was rewritten", plan.Out, StringComparison.Ordinal);
        Assert.Contains("history-rewritten", (await house.HomeiqAsync("status", "-o", "json")).Out, StringComparison.Ordinal);

        // While the new history is a bad one, what vanished is what the host is held to, files and all.
        house.Compose(("app", "image: homeiq-test/app:bad-never-healthy"), ("bystander", "")).Commit("And a bad one");
        Assert.Equal(1, (await house.HomeiqAsync("apply")).Code);
        Assert.Equal(before, await house.IdsAsync());
        house.Docker("rm", "-f", house.Container("app"));
        Assert.Equal(4, (await house.HomeiqAsync("apply")).Code);
        Assert.Equal("bright", house.Docker("exec", house.Container("app"), "cat", "/etc/lamp.conf"));

        house.Compose(("app", ""), ("bystander", "environment: {COLOUR: blue}")).Commit("Mended");
        await house.ApplyAsync();
        await house.ExpectReplacedAsync(before, "app", "bystander");
    }

    [Fact]
    public async Task While_the_source_accepts_and_says_nothing_the_daemon_heals()
    {
        await using var house = new House();
        house.Compose(("app", "")).Commit("Good");
        await house.ApplyAsync();
        using var silent = new SilentServer();
        house.Settings["HOMEIQ_REPO"] = $"http://127.0.0.1:{silent.Port}/house.git";
        await using var daemon = await Soaking.WatchedDaemon.StartAsync(house, "--interval", "1");
        await silent.Connected;

        house.Docker("rm", "-f", house.Container("app"));

        await daemon.SettledAsync(DateTimeOffset.UtcNow, async _ =>
            await house.Engine.FindContainerAsync(house.Container("app"), default) is { Status: Observed.ContainerStatus.Running, Health: Observed.ContainerHealth.Healthy } ? null : "app is not running again");
        Assert.Equal(0, await daemon.StopAsync());
    }
}
