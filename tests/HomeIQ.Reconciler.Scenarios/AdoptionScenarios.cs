using System.Text.Json;
using System.Text.RegularExpressions;
using HomeIQ.Reconciler.Changes;
using HomeIQ.Reconciler.Observed;
using HomeIQ.Reconciler.Scenarios.Docker;

namespace HomeIQ.Reconciler.Scenarios;

/// <summary>All of HomeIQ as Debian's docker-compose starts it from a working copy, taken over as it runs.</summary>
[Collection(nameof(Alone))]
public sealed partial class AdoptionScenarios(ITestOutputHelper output) : IAsyncDisposable
{
    private const string Project = "homeiq";

    /// <summary>Compose 1.29 knows no <c>include</c>: it is given the files one by one.</summary>
    private static readonly string[] Files = ["core", "collectors", "devices", "ai", "frontends", "test", "versions", "house"];

    private readonly House house = new() { Patience = TimeSpan.FromMinutes(15) };

    [Fact]
    public async Task Twenty_nine_services_of_docker_compose_are_taken_over_upgraded_put_back_and_found_again()
    {
        Furnish();
        ComposeUp();
        var started = await LivesAsync();
        Assert.Equal(29, started.Count);

        var look = await house.HomeiqAsync("adopt");
        Assert.True(look.Code == 4, look.ToString());
        var adopted = await house.HomeiqAsync("adopt", "--yes");
        output.WriteLine(adopted.ToString());
        Assert.True(adopted.Code == 0, adopted.ToString());
        Assert.Equal(started, await LivesAsync());

        // Only what mounts files of the working copy is not as the commit says: it is to mount the commit's own.
        string[] fromWorkingCopy = ["admin-api", "ai-automation-service"];
        Assert.Equal(fromWorkingCopy, await PendingAsync());
        await house.ApplyAsync();
        var settled = await LivesAsync();
        Assert.Equal(fromWorkingCopy, Replaced(started, settled));
        Assert.Empty(await PendingAsync());

        house.Edit("compose.versions.yaml", "homeiq/weather-api:1.0.0", "homeiq/weather-api:1.1.0").Commit("weather-api to 1.1.0");
        await house.ApplyAsync();
        var upgraded = await LivesAsync();
        Assert.Equal(["weather-api"], Replaced(settled, upgraded));

        File.AppendAllText(Path.Combine(house.Repository, "services", "air-quality-service", "Dockerfile"), "ENV CRASH_AFTER=1\n");
        house.Edit("compose.versions.yaml", "homeiq/air-quality:1.0.0", "homeiq/air-quality:1.1.0").Commit("air-quality to 1.1.0");
        var bad = await house.HomeiqAsync("apply");
        Assert.True(bad.Code == 1, bad.ToString());
        var back = await LivesAsync();
        Assert.Empty(Replaced(upgraded, back));
        Assert.Equal(Project, (await house.Engine.FindContainerAsync("homeiq-air-quality", default))!.ComposeProject);
        house.Git("revert", "--no-edit", "HEAD");
        await house.ApplyAsync();

        Directory.Delete(house.State, recursive: true);
        var lost = await house.HomeiqAsync("apply");
        // What Compose made bears no label of ours: nothing says any more that it was taken over.
        Assert.True(lost.Code == 2, lost.ToString());
        Assert.Contains("homeiq adopt takes over what Compose runs", lost.ToString(), StringComparison.Ordinal);
        var rebuilt = await house.HomeiqAsync("adopt", "--ours", "--yes");
        output.WriteLine(rebuilt.ToString());
        Assert.True(rebuilt.Code == 0, rebuilt.ToString());
        Assert.Contains("in sync", (await house.ApplyAsync()).Out, StringComparison.Ordinal);
        Assert.Equal(back, await LivesAsync());
    }

    public async ValueTask DisposeAsync()
    {
        Remove("container", "rm", "-f");
        await house.DisposeAsync();
        Remove("network", "rm");
        Remove("volume", "rm", "-f");
    }

    /// <summary>HomeIQ's desired state in the words that Compose 1.29 understands, and a working copy of it where the host's own files are.</summary>
    private void Furnish()
    {
        var root = Path.GetFullPath(Path.Combine(Rig.Folder, "..", ".."));
        Script(Path.Combine(root, "tests", "stand-ins", "make.sh"), house.Repository, house.ProjectDirectory);
        Script("cp", "-r", Path.Combine(root, "desired-state"), house.Repository);
        foreach (var file in Directory.GetFiles(Path.Combine(house.Repository, "desired-state"), "compose*.yaml"))
        {
            File.WriteAllText(file, LongEnvFile().Replace(NestedDefault().Replace(File.ReadAllText(file), nested => $"${{{nested.Groups["inner"].Value}}}"), ""));
        }

        house.Edit("reconciler.yaml", "soak: { for: 5m, log-errors: fail }", "soak: none");
        house.Write("compose.house.yaml", "version: \"3.9\"\nnetworks: { homeiq-network: { driver: bridge } }\n");
        var env = Path.Combine(house.ProjectDirectory, ".env");
        File.WriteAllLines(env, [.. File.ReadAllLines(env).Where(line => !line.StartsWith("HEALTH_INTERVAL", StringComparison.Ordinal)), "HEALTH_INTERVAL=3s", $"DOCKER_SOCKET={new Uri(TestEngine.Endpoint).LocalPath}"]);
        house.Commit("HomeIQ");
        Script("cp", "-r", house.Repository + "/.", house.ProjectDirectory);
        house.Settings["HOMEIQ_ENV_FILE"] = env;
        house.Settings["HOMEIQ_PROJECT_NAME"] = Project;
    }

    private void ComposeUp()
    {
        var folder = Path.Combine(house.ProjectDirectory, "desired-state");
        var files = Files.SelectMany(name => new[] { "-f", Path.Combine(folder, $"compose.{name}.yaml") });
        var (code, text) = House.Run(
            "docker-compose", ["--compatibility", "-p", Project, "--env-file", Path.Combine(house.ProjectDirectory, ".env"), .. files, "up", "-d", "--no-color"],
            new Dictionary<string, string> { ["DOCKER_HOST"] = TestEngine.Endpoint, ["DOCKER_BUILDKIT"] = "0", ["COMPOSE_DOCKER_CLI_BUILD"] = "0", ["COMPOSE_HTTP_TIMEOUT"] = "300" });
        Assert.True(code == 0, text);
    }

    /// <summary>Service to the life of its container: which one it is, and since when it runs.</summary>
    private async Task<SortedDictionary<string, (string Id, DateTimeOffset? Since)>> LivesAsync() => new(
        (await house.Engine.ListContainersAsync(default))
            .Where(container => (container.ComposeProject == Project || container.Owner?.Instance == house.Name) && !ContainerNames.IsFailed(container.Name))
            .ToDictionary(
                container => container.Owner?.Service ?? container.Fields["Config.Labels.com.docker.compose.service"],
                container => (container.Id, container.Status is ContainerStatus.Running ? container.StartedAt : null),
                StringComparer.Ordinal),
        StringComparer.Ordinal);

    private static IEnumerable<string> Replaced(SortedDictionary<string, (string Id, DateTimeOffset? Since)> before, SortedDictionary<string, (string Id, DateTimeOffset? Since)> after)
    {
        Assert.Equal(before.Keys, after.Keys);
        return before.Keys.Where(service => before[service].Id != after[service].Id);
    }

    /// <summary>What <c>plan</c> would change.</summary>
    private async Task<List<string>> PendingAsync()
    {
        var said = await house.HomeiqAsync("plan", "-o", "json");
        Assert.True(said.Code == 0, said.ToString());
        var plan = JsonDocument.Parse(said.Out).RootElement;
        return [.. plan.GetProperty("changes").EnumerateArray().Select(change => change.GetProperty("service").GetString()!)];
    }

    private void Remove(string kind, params string[] verb)
    {
        var ids = house.Docker([kind, "ls", "-q", .. kind == "container" ? new[] { "-a" } : [], "--filter", $"label=com.docker.compose.project={Project}"]).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        if (ids.Length > 0)
        {
            house.Docker([kind, .. verb, .. ids]);
        }
    }

    private static void Script(string program, params string[] arguments)
    {
        var (code, text) = House.Run(program, arguments, new Dictionary<string, string>());
        Assert.True(code == 0, $"{program}: {text}");
    }

    /// <summary><c>${A:-${B:-c}}</c>: Compose 1.29 ends the default at the first bracket.</summary>
    [GeneratedRegex(@"\$\{\w+:-\$\{(?<inner>[^{}]*)\}\}", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex NestedDefault();

    /// <summary>An env file that may be missing.</summary>
    [GeneratedRegex(@"^ *- path: .*\n *required: false\n", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex LongEnvFile();
}
