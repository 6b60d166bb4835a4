using System.Text;
using System.Text.Json;

namespace HomeIQ.Reconciler.Scenarios;

public sealed class SecretScenarios
{
    private const string Secret = "pa$$w0rd#with $HOME and ${braces}";

    [Fact]
    public async Task A_value_of_an_env_file_reaches_the_container_exactly_and_appears_nowhere_else()
    {
        await using var house = new House();
        var file = Path.Combine(Path.GetDirectoryName(house.Repository)!, "house.env");
        await File.WriteAllTextAsync(file, $"# of this host\nTOKEN='{Secret}'\n", TestContext.Current.CancellationToken);
        house.Settings["HOMEIQ_ENV_FILE"] = file;
        // The application tells its secret to everybody: on its log, in its health output, in its label.
        const string leaky = "environment: {TOKEN: '${TOKEN}'}\nlabels: {token: '${TOKEN}'}\ncommand: [sh, -c, 'echo \"my token is $$TOKEN\"; exec /app/run']";
        house.Compose(("app", leaky)).Commit("Good");
        var told = new StringBuilder().Append(await house.ApplyAsync());
        Assert.Contains($"TOKEN={Secret}\n", house.Docker("exec", house.Container("app"), "env") + "\n", StringComparison.Ordinal);

        house.Compose(("app", leaky + "\nimage: homeiq-test/app:bad-never-healthy\nhealthcheck: {test: [CMD-SHELL, 'echo \"sick with $$TOKEN\"; exit 1'], interval: 300ms, retries: 2}")).Commit("Bad");
        foreach (var verb in (string[][])[["plan"], ["plan", "-o", "json"], ["diff"], ["validate"], ["apply"], ["show"], ["show", "-o", "json"], ["history"], ["status"], ["status", "-o", "json"]])
        {
            told.Append(await house.HomeiqAsync(verb));
        }

        await File.WriteAllTextAsync(file, "TOKEN=another-one\n", TestContext.Current.CancellationToken);
        house.Compose(("app", leaky)).Commit("Good again");
        told.Append(await house.HomeiqAsync("diff")).Append(await house.HomeiqAsync("plan")).Append(await house.ApplyAsync());

        Assert.Contains("rolled back", told.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("pa$$w0rd", told.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("another-one", told.ToString(), StringComparison.Ordinal);
        Assert.Equal("another-one", house.Inspect("app", "{{.Config.Labels.token}}"));
        Assert.NotEmpty(Directory.GetFiles(Path.Combine(house.State, "runs"), "inspect.json", SearchOption.AllDirectories));
        Assert.Contains("my token is", await File.ReadAllTextAsync(Directory.GetFiles(Path.Combine(house.State, "runs"), "logs.txt", SearchOption.AllDirectories)[0], TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Empty(Leaks(house, "pa$$w0rd", "another-one"));
        Assert.All(Directory.GetFiles(Path.Combine(house.State, "sealed"), "*", SearchOption.AllDirectories), path => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path)));
    }

    [Fact]
    public async Task Every_line_of_the_log_in_a_pipe_is_compact_json_and_no_secret_is_in_it()
    {
        await using var house = new House();
        await GiveAsync(house, Secret);
        house.Settings["HOMEIQ_LOG"] = "debug";
        const string leaky = "environment: {TOKEN: '${TOKEN}'}\nlabels: {token: '${TOKEN}'}\n";
        house.Compose(("app", leaky)).Commit("Good");
        var good = await house.ApplyAsync();
        house.Compose(("app", leaky + "image: homeiq-test/app:bad-never-healthy\nhealthcheck: {test: [CMD-SHELL, 'echo \"sick with $$TOKEN\"; exit 1'], interval: 300ms, retries: 2}")).Commit("Bad");
        var bad = await house.HomeiqAsync("apply");
        Assert.True(bad.Code == 1, bad.ToString());

        var lines = good.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Concat(bad.Error.Split('\n').Where(line => line.StartsWith('{'))).ToList();
        Assert.All(lines, line => Assert.True(JsonDocument.Parse(line).RootElement.TryGetProperty("@t", out _), line));
        Assert.Contains(lines, line => line.Contains("\"@l\":\"Warning\"", StringComparison.Ordinal) && line.Contains("sick with", StringComparison.Ordinal));
        Assert.DoesNotContain("pa$$w0rd", good.ToString() + bad, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_secret_argument_of_a_build_is_hidden_while_it_builds_in_the_log_and_in_what_is_kept_of_it()
    {
        await using var house = new House();
        await GiveAsync(house, "s3cr3t-t0ken");
        house.Settings["HOMEIQ_LOG"] = "debug";
        var tag = $"homeiq-test/{house.Name}:1.0.0";
        var settings = $"build: {{context: app, args: {{TOKEN: '${{TOKEN}}'}}}}\nimage: {tag}";
        house.Write("app/Dockerfile", "FROM homeiq-test/app:1.0.0\nARG TOKEN\nRUN echo \"asked with $TOKEN\" && exit 3\n").Compose(("app", settings)).Commit("Cannot be built");

        var live = await house.OnTerminalAsync("apply");
        var piped = await house.HomeiqAsync("apply");
        var told = $"{live}{piped}{await house.HomeiqAsync("show")}{await house.HomeiqAsync("show", "-o", "json")}{await house.HomeiqAsync("plan", "-o", "json")}";
        Assert.True(live.Code == 1 && piped.Code == 1, told);
        Assert.Contains("build " + tag + ": asked with (secret)", live.Out, StringComparison.Ordinal);
        Assert.Contains("asked with (secret)", piped.ToString(), StringComparison.Ordinal);

        house.Write("app/Dockerfile", $"FROM homeiq-test/app:1.0.0\nARG TOKEN\nRUN echo \"asked with $TOKEN\" && echo {house.Name}\n").Commit("Can be built");
        var built = await house.OnTerminalAsync("apply");
        Assert.True(built.Code == 0, built.ToString());
        house.Docker("rm", "-f", house.Container("app"));
        house.Docker("rmi", "-f", tag);
        Assert.Contains("asked with (secret)", built.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cr3t-t0ken", told + built, StringComparison.Ordinal);
        Assert.Empty(Leaks(house, "s3cr3t-t0ken"));
    }

    /// <summary>The host's own value for <c>${TOKEN}</c>.</summary>
    private static async Task GiveAsync(House house, string value)
    {
        var file = Path.Combine(Path.GetDirectoryName(house.Repository)!, "house.env");
        await File.WriteAllTextAsync(file, $"TOKEN='{value}'\n", TestContext.Current.CancellationToken);
        house.Settings["HOMEIQ_ENV_FILE"] = file;
    }

    /// <summary>Files of the state directory that hold one of the values, but for the sealed ones.</summary>
    private static IEnumerable<string> Leaks(House house, params string[] values) =>
        Directory.GetFiles(house.State, "*", SearchOption.AllDirectories)
            .Where(path => !path.Contains("/sealed/", StringComparison.Ordinal))
            .Where(path => Encoding.Latin1.GetString(File.ReadAllBytes(path)) is var text && values.Any(value => text.Contains(value, StringComparison.Ordinal)));
}
