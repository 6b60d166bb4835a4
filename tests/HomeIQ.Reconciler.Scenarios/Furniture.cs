using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Scenarios;

/// <summary>Desired states of a few lines, and what tests look at in the house that they make.</summary>
internal static class Furniture
{
    /// <summary>A health check that says its word within half a second.</summary>
    public const string Healthcheck = """healthcheck: {test: [CMD, curl, -fsS, "http://localhost:8080/health"], interval: 400ms, timeout: 2s, retries: 3, start_period: 3s}""";

    /// <summary>Writes <c>compose.yaml</c>: each service runs the first version of the application with a health check, as far as its settings say nothing else.</summary>
    /// <param name="services">A name and the lines below it.</param>
    public static House Compose(this House house, params (string Name, string Settings)[] services) => house.ComposeWith("", services);

    /// <param name="rest">Further keys at the top: volumes, networks.</param>
    public static House ComposeWith(this House house, string rest, params (string Name, string Settings)[] services)
    {
        var text = string.Concat(services.Select(service => $"  {service.Name}:\n" + string.Concat(Lines(service.Settings).Select(line => $"    {line}\n"))));
        house.Write("compose.yaml", $"services:{(services.Length == 0 ? " {}" : "")}\n{text}{rest}\n");
        return File.Exists(Path.Combine(house.Repository, "desired-state", "reconciler.yaml")) ? house : house.Policy("");
    }

    /// <summary>Writes <c>reconciler.yaml</c> with these keys.</summary>
    public static House Policy(this House house, string text) => house.Write("reconciler.yaml", $"version: 1\ncompose: [compose.yaml]\npolicy: {{ soak: none }}\n{text}\n");

    /// <summary>A Docker client for the house's engine; fails the test when the command fails.</summary>
    public static string Docker(this House house, params string[] arguments)
    {
        var (code, text) = House.Run("docker", arguments, new Dictionary<string, string> { ["DOCKER_HOST"] = house.Endpoint });
        Assert.True(code == 0, $"{house.Name}: docker {string.Join(' ', arguments)}: {text}");
        return text.Trim();
    }

    /// <summary>What the engine says of a service's container, by one of its templates.</summary>
    public static string Inspect(this House house, string service, string format) => house.Docker("inspect", "--format", format, house.Container(service));

    /// <summary>Expects that just these services have another container than before, and that nothing is left beside them.</summary>
    public static async Task ExpectReplacedAsync(this House house, Dictionary<string, string> before, params string[] services)
    {
        var after = await house.IdsAsync();
        Assert.Equal(before.Keys.Order(StringComparer.Ordinal), after.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(services.Order(StringComparer.Ordinal), before.Keys.Where(name => before[name] != after[name]).Order(StringComparer.Ordinal));
        Assert.Equal(after.Count, (await house.ContainersAsync()).Count);
    }

    /// <summary>Expects that the host is on the branch's commit, and that a further apply finds nothing to do.</summary>
    public static async Task ExpectSettledAsync(this House house)
    {
        var ids = await house.IdsAsync();
        var again = await house.ApplyAsync();
        Assert.Contains("in sync", again.Out, StringComparison.Ordinal);
        Assert.Equal(ids, await house.IdsAsync());
        Assert.Equal("Synced", (await house.StatusAsync()).GetProperty("sync").GetString());
    }

    /// <summary>Expects that every service of the house runs, and is healthy where somebody can tell.</summary>
    public static async Task ExpectUpAsync(this House house, params string[] services)
    {
        foreach (var service in services)
        {
            var container = await house.ContainerAsync(service);
            Assert.Equal(ContainerStatus.Running, container.Status);
            Assert.True(container.Health is ContainerHealth.Healthy or ContainerHealth.None, $"{service} is {container.Health}");
        }
    }

    private static IEnumerable<string> Lines(string settings)
    {
        var lines = settings.ReplaceLineEndings("\n").Split('\n', StringSplitOptions.RemoveEmptyEntries).ToList();
        bool Says(string key) => lines.Exists(line => line.StartsWith(key, StringComparison.Ordinal));
        if (!Says("image:"))
        {
            yield return "image: homeiq-test/app:1.0.0";
        }

        if (!Says("healthcheck:"))
        {
            yield return Healthcheck;
        }

        foreach (var line in lines)
        {
            yield return line;
        }
    }
}
