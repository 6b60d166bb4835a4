using System.Diagnostics;
using HomeIQ.Reconciler.Changes;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Scenarios;

/// <summary>HomeIQ as it is: 29 services and the 2 of profile <c>test</c>, from Git to healthy, builds included.</summary>
[Collection(nameof(Alone))]
public sealed class WholeHouseScenarios(WholeHouse whole, ITestOutputHelper output) : IClassFixture<WholeHouse>
{
    private House House => whole.House;

    [Fact]
    public async Task A_first_install_brings_all_31_services_up_healthy_and_promotes_them()
    {
        output.WriteLine($"first install: {whole.InstallTook.TotalSeconds:0.0} s");
        Assert.True(whole.Installed.Code == 0, whole.Installed.ToString());

        var containers = (await House.ContainersAsync()).Values.Where(container => !ContainerNames.IsFailed(container.Name)).ToList();

        Assert.Equal(31, containers.Count);
        Assert.All(containers, container => Assert.True(container is { Status: ContainerStatus.Running, Health: ContainerHealth.Healthy or ContainerHealth.None }, $"{container.Name} is {container.Status}, {container.Health}"));
        Assert.NotNull(House.Journal(journal => journal.Pointers().LastKnownGood));
        Assert.DoesNotContain(containers, container => ContainerNames.IsTemporary(container.Name));
    }

    [Fact]
    public async Task What_the_env_files_of_the_host_say_arrives_as_it_stands_and_is_not_printed()
    {
        var containers = await House.ContainersAsync();

        Assert.Equal("stand-in key with # and $ inside", containers["homeiq-admin"].Fields["Config.Env.API_KEY"]);
        Assert.Equal("0.4", containers["automation-miner"].Fields["Config.Env.MIN_QUALITY_SCORE"]);
        Assert.DoesNotContain("stand-in key", whole.Installed.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("stand-in-token", whole.Installed.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_apply_does_nothing()
    {
        var before = await whole.IdsAsync();

        var said = await TimedAsync("nothing to do", () => House.ApplyAsync());

        Assert.Contains("in sync", said.Out, StringComparison.Ordinal);
        Assert.Equal(before, await whole.IdsAsync());
    }

    [Theory]
    [InlineData("carbon-intensity", "homeiq/carbon-intensity:1.0.0", "homeiq/carbon-intensity:1.1.0")]
    [InlineData("data-api", "homeiq/data-api:1.0.0", "homeiq/data-api:1.1.0")]
    [InlineData("influxdb", "influxdb:2.7.12", "influxdb:2.8.0")]
    public async Task A_one_line_upgrade_replaces_that_container_alone(string service, string from, string to)
    {
        var before = await House.ContainersAsync();
        var ids = await whole.IdsAsync();
        House.Edit("compose.versions.yaml", from, to).Commit($"{service} to {to}");

        await TimedAsync($"upgrade of {service}", () => House.ApplyAsync());

        var after = await whole.IdsAsync();
        Assert.Equal([service], ids.Keys.Where(name => ids[name] != after.GetValueOrDefault(name)));
        var containers = (await House.ContainersAsync()).Values;
        Assert.Equal(31, containers.Count(container => !ContainerNames.IsFailed(container.Name)));
        Assert.Equal(to, containers.Single(container => container.Id == after[service]).Image);

        // Only what caches the address of what is new was restarted beside it.
        var restarted = containers
            .Where(container => before.TryGetValue(container.Name, out var was) && was.Id == container.Id && was.StartedAt != container.StartedAt)
            .Select(container => container.Owner!.Service).Order(StringComparer.Ordinal);
        output.WriteLine($"restarted beside it: {string.Join(", ", restarted)}");
        Assert.Equal(service == "data-api" ? ["health-dashboard"] : [], restarted);
    }

    [Fact]
    public async Task A_pull_request_is_planned_as_Markdown_without_an_engine_and_without_the_secrets_of_the_host()
    {
        var from = House.Git("rev-parse", "HEAD").Trim();
        House.Git("checkout", "-q", "-b", "proposal");
        House.Edit("compose.versions.yaml", "homeiq/weather-api:1.0.0", "homeiq/weather-api:1.1.0");
        var head = House.Commit("weather-api to 1.1.0");
        House.Git("checkout", "-q", "main");
        var settings = House.Settings.ToDictionary();
        House.Settings.Remove("HOMEIQ_ENV_FILE");
        House.Settings["HOMEIQ_DOCKER"] = "unix:///tmp/no-engine-lives-here.sock";
        try
        {
            var said = await TimedAsync("plan of a pull request", () => House.HomeiqAsync("plan", "--base", from, "--head", head, "-o", "markdown"));

            Assert.True(said.Code == 0, said.ToString());
            Assert.Contains("weather-api", said.Out, StringComparison.Ordinal);
            Assert.Contains("1.1.0", said.Out, StringComparison.Ordinal);
            Assert.DoesNotContain("carbon-intensity", said.Out, StringComparison.Ordinal);
        }
        finally
        {
            House.Settings.Clear();
            foreach (var (key, value) in settings)
            {
                House.Settings[key] = value;
            }
        }
    }

    [Fact]
    public async Task A_bad_commit_among_31_services_is_put_back_and_its_revert_restarts_nothing()
    {
        var ids = await whole.IdsAsync();
        var dockerfile = Path.Combine(House.Repository, "services", "air-quality-service", "Dockerfile");
        File.AppendAllText(dockerfile, "ENV CRASH_AFTER=1\n");
        House.Edit("compose.versions.yaml", "homeiq/air-quality:1.0.0", "homeiq/air-quality:1.1.0").Commit("air-quality to 1.1.0");

        var said = await TimedAsync("bad commit", () => House.HomeiqAsync("apply"));

        Assert.True(said.Code == 1, said.ToString());
        Assert.Contains("air-quality", said.Out, StringComparison.Ordinal);
        Assert.Equal(ids, await whole.IdsAsync());
        Assert.Equal(4, (await House.HomeiqAsync("apply")).Code);

        House.Git("revert", "--no-edit", "HEAD");
        await House.ApplyAsync();
        Assert.Equal(ids, await whole.IdsAsync());
        var steps = House.Journal(journal => journal.Runs(1)[0].Plan.Steps);
        Assert.IsType<Planning.Promote>(Assert.Single(steps).Step);
    }

    private async Task<Said> TimedAsync(string what, Func<Task<Said>> actAsync)
    {
        var watch = Stopwatch.StartNew();
        var said = await actAsync();
        output.WriteLine($"{what}: {watch.Elapsed.TotalSeconds:0.0} s");
        return said;
    }
}
