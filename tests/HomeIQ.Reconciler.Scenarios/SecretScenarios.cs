using System.Text;

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
        var leaks = Directory.GetFiles(house.State, "*", SearchOption.AllDirectories)
            .Where(path => !path.Contains("/sealed/", StringComparison.Ordinal))
            .Where(path => Encoding.Latin1.GetString(File.ReadAllBytes(path)) is var text && (text.Contains("pa$$w0rd", StringComparison.Ordinal) || text.Contains("another-one", StringComparison.Ordinal)));
        Assert.Empty(leaks);
        Assert.All(Directory.GetFiles(Path.Combine(house.State, "sealed"), "*", SearchOption.AllDirectories), path => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path)));
    }
}
