using System.Diagnostics;
using System.Runtime.CompilerServices;
using HomeIQ.Reconciler.Changes;
using HomeIQ.Reconciler.Scenarios.Docker;

namespace HomeIQ.Reconciler.Scenarios;

/// <summary>All of HomeIQ from this repository's <c>desired-state/</c>, with stand-ins for its source: installed once for all tests of a class.</summary>
public sealed class WholeHouse : IAsyncLifetime
{
    /// <summary>31 health checks a second are all that two processors can do.</summary>
    private const string HealthInterval = "3s";

    private readonly House house = new() { Patience = TimeSpan.FromMinutes(15) };

    internal House House => house;

    internal Said Installed { get; private set; } = null!;

    public TimeSpan InstallTook { get; private set; }

    public async ValueTask InitializeAsync()
    {
        var root = Path.GetFullPath(Path.Combine(Here(), "..", ".."));
        Script(Path.Combine(root, "tests", "stand-ins", "make.sh"), house.Repository, house.ProjectDirectory);
        Script(Path.Combine(root, "tests", "stand-ins", "pulled-images.sh"), TestEngine.Endpoint);
        Script("cp", "-r", Path.Combine(root, "desired-state"), house.Repository);
        // Watching is tried elsewhere; here it would only take its minutes.
        var policy = Path.Combine(house.Repository, "desired-state", "reconciler.yaml");
        File.WriteAllText(policy, File.ReadAllText(policy).Replace("soak: { for: 5m, log-errors: fail }", "soak: none", StringComparison.Ordinal));
        var env = Path.Combine(house.ProjectDirectory, ".env");
        var lines = File.ReadAllLines(env).Where(line => !line.StartsWith("HEALTH_INTERVAL", StringComparison.Ordinal));
        File.WriteAllLines(env, [.. lines, $"HEALTH_INTERVAL={HealthInterval}", $"DOCKER_SOCKET={new Uri(TestEngine.Endpoint).LocalPath}"]);
        house.Settings["HOMEIQ_ENV_FILE"] = env;
        house.Settings["HOMEIQ_PROFILE"] = "test";
        // A house of its own, but under the name that the desired state gives it.
        house.Settings["HOMEIQ_PROJECT_NAME"] = "homeiq";
        house.Commit("HomeIQ");

        var watch = Stopwatch.StartNew();
        Installed = await house.HomeiqAsync("apply");
        InstallTook = watch.Elapsed;
    }

    public ValueTask DisposeAsync() => house.DisposeAsync();

    /// <summary>Service to id of the container that bears the service's own name.</summary>
    internal async Task<Dictionary<string, string>> IdsAsync() => (await house.ContainersAsync()).Values
        .Where(container => !ContainerNames.IsTemporary(container.Name) && !ContainerNames.IsFailed(container.Name))
        .ToDictionary(container => container.Owner!.Service, container => container.Id, StringComparer.Ordinal);

    private static void Script(string program, params string[] arguments)
    {
        var (code, text) = House.Run(program, arguments, new Dictionary<string, string>());
        Assert.True(code == 0, $"{program}: {text}");
    }

    private static string Here([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;
}
