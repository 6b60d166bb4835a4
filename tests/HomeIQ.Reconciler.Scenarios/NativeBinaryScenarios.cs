using System.Diagnostics;
using System.Text.Json;
using HomeIQ.Reconciler.Agent.Tests.Git;

namespace HomeIQ.Reconciler.Scenarios;

/// <summary>The published native binary through its main job: what trimming and ahead-of-time compilation could have broken.</summary>
public sealed class NativeBinaryScenarios(ITestOutputHelper output)
{
    private const string Why = "HOMEIQ_TEST_BINARY names no native binary: tests/run.sh --aot publishes one, and the build server always does";

    public static bool IsPublished => Environment.GetEnvironmentVariable("HOMEIQ_TEST_BINARY") is { Length: > 0 } binary && File.Exists(binary);

    [Fact(Skip = Why, SkipUnless = nameof(IsPublished))]
    public async Task It_tells_its_version_at_once()
    {
        await using var house = new House();
        var took = new List<double>();
        for (var i = 0; i < 5; i++)
        {
            var watch = Stopwatch.StartNew();
            var said = await house.HomeiqAsync("version");
            took.Add(watch.Elapsed.TotalMilliseconds);
            Assert.True(said.Code == 0, said.ToString());
            Assert.NotEmpty(said.Out);
        }

        output.WriteLine($"start-up: {took.Min():0} ms at best, {took.Max():0} ms at worst of {took.Count}");
    }

    [Fact(Skip = Why, SkipUnless = nameof(IsPublished))]
    public async Task It_installs_upgrades_and_takes_a_bad_upgrade_back()
    {
        await using var house = new House().Furnish();
        house.Settings["HOMEIQ_REPO"] = $"file://{house.Repository}";

        Assert.Equal(0, (await house.HomeiqAsync("validate")).Code);
        var plan = await house.HomeiqAsync("plan");
        Assert.True(plan.Code == 0, plan.ToString());
        Assert.Contains("first install", plan.Out, StringComparison.Ordinal);
        await house.ApplyAsync();
        var ids = await house.IdsAsync();

        house.Upgrade("web", "1.1.0");
        using (var json = JsonDocument.Parse((await house.HomeiqAsync("plan", "-o", "json")).Out))
        {
            Assert.NotEmpty(json.RootElement.GetProperty("steps").EnumerateArray());
        }

        await house.ApplyAsync();
        var upgraded = await house.IdsAsync();
        Assert.Equal(["web"], ids.Keys.Where(name => ids[name] != upgraded[name]));

        house.Upgrade("api", "bad-never-healthy");
        var bad = await house.HomeiqAsync("apply");
        Assert.True(bad.Code == 1, bad.ToString());
        Assert.Contains("rolled back", bad.Out, StringComparison.Ordinal);
        Assert.Equal(upgraded, await house.IdsAsync());

        Assert.Equal("Held", (await house.StatusAsync()).GetProperty("sync").GetString());
        Assert.Contains("RolledBack", (await house.HomeiqAsync("history")).Out, StringComparison.Ordinal);
    }

    [Fact(Skip = Why, SkipUnless = nameof(IsPublished))]
    public async Task It_fetches_over_http_and_names_a_server_that_cannot_be_trusted()
    {
        await using var house = new House().Furnish();
        var served = Directory.CreateTempSubdirectory("homeiq-served-");
        try
        {
            house.Git("clone", "-q", "--bare", house.Repository, Path.Combine(served.FullName, "source.git"));
            using var server = new GitHttpServer(served.FullName, GitHttpServer.Basic("ada", "secret"));
            house.Settings["HOMEIQ_REPO"] = server.Url;
            house.Settings["HOMEIQ_GIT_USER"] = "ada";
            house.Settings["HOMEIQ_GIT_PASSWORD"] = "secret";
            var plan = await house.HomeiqAsync("plan");
            Assert.True(plan.Code == 0, plan.ToString());
            Assert.Contains("first install", plan.Out, StringComparison.Ordinal);

            // TLS is there, and says what it met: a server that speaks no TLS.
            house.Settings["HOMEIQ_REPO"] = server.Url.Replace("http://", "https://", StringComparison.Ordinal);
            var refused = await house.HomeiqAsync("plan");
            Assert.Equal(2, refused.Code);
            Assert.Contains("could not be fetched", refused.Error, StringComparison.Ordinal);
            Assert.DoesNotContain("secret", refused.ToString(), StringComparison.Ordinal);
        }
        finally
        {
            served.Delete(recursive: true);
        }
    }
}
