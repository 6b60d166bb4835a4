namespace HomeIQ.Reconciler.Cli;

/// <summary>A flag beats a variable, a variable beats the file; what is wrong or missing is said so that one knows what to do.</summary>
public sealed class SettingsTests
{
    [Fact]
    public async Task A_flag_beats_a_variable_and_a_variable_beats_the_file()
    {
        using var homeiq = new Homeiq();
        House.WriteGood(homeiq, "desired-state", project: "");
        homeiq.Variables["HOMEIQ_SETTINGS"] = homeiq.Files.Write("settings.json", """{"project_name": "by-file"}""");

        Assert.StartsWith("ok: project by-file,", (await homeiq.RunAsync("validate")).Out, StringComparison.Ordinal);

        homeiq.Variables["HOMEIQ_PROJECT_NAME"] = "by-variable";
        Assert.StartsWith("ok: project by-variable,", (await homeiq.RunAsync("validate")).Out, StringComparison.Ordinal);
        Assert.StartsWith("ok: project by-flag,", (await homeiq.RunAsync("validate", "--project-name", "by-flag")).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_flag_names_another_settings_file_than_the_variable()
    {
        using var homeiq = new Homeiq();
        House.WriteGood(homeiq, "desired-state", project: "");
        homeiq.Variables["HOMEIQ_SETTINGS"] = homeiq.Files.Write("one.json", """{"project_name": "one"}""");
        var other = homeiq.Files.Write("other.json", """{"project_name": "other"}""");

        Assert.StartsWith("ok: project other,", (await homeiq.RunAsync("validate", "--settings", other)).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_list_is_written_as_a_list_in_the_file_and_with_colons_in_the_variable()
    {
        using var homeiq = new Homeiq();
        homeiq.Files.Write("desired-state/compose.yaml", """
            name: house
            services:
              a: {image: "a:1"}
              b: {image: "b:1", profiles: [more]}
              c: {image: "c:1", profiles: [most]}
            """);
        var file = homeiq.Files.Write("settings.json", """{"profile": ["more", "most"]}""");

        Assert.Contains("3 services", (await homeiq.RunAsync("validate", "--settings", file)).Out, StringComparison.Ordinal);
        Assert.Contains("2 services", (await homeiq.RunAsync("validate", "--settings", file, "--profile", "more")).Out, StringComparison.Ordinal);
        homeiq.Variables["HOMEIQ_PROFILE"] = "more:most";
        Assert.Contains("3 services", (await homeiq.RunAsync("validate")).Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""["by-file"]""")]
    [InlineData("\"by-file\"")]
    public async Task A_list_by_flag_beats_the_variables_and_that_beats_the_files_however_it_is_written(string inFile)
    {
        using var homeiq = new Homeiq();
        homeiq.Files.Write("desired-state/compose.yaml", """
            name: house
            services:
              a: {image: "a:1"}
              b: {image: "b:1", profiles: [by-file]}
              c: {image: "c:${C:-1}", profiles: [by-variable]}
              d: {image: "d:1", profiles: [by-variable]}
            """);
        async Task<string> ValidateAsync(params string[] more) => (await homeiq.RunAsync(["validate", .. more])).ToString();
        homeiq.Variables["HOMEIQ_SETTINGS"] = homeiq.Files.Write("settings.json", $$"""{"profile": {{inFile}}, "env_file": {{inFile}}}""");

        Assert.Contains("by-file", await ValidateAsync(), StringComparison.Ordinal);
        homeiq.Files.Write("by-file", "C=\n");
        Assert.Contains("2 services", await ValidateAsync(), StringComparison.Ordinal);

        homeiq.Variables["HOMEIQ_PROFILE"] = "by-variable";
        Assert.Contains("3 services", await ValidateAsync(), StringComparison.Ordinal);
        homeiq.Variables["HOMEIQ_ENV_FILE"] = "by-variable";
        Assert.Contains("by-variable", await ValidateAsync(), StringComparison.Ordinal);
        homeiq.Variables.Remove("HOMEIQ_PROFILE");
        homeiq.Variables["HOMEIQ_PROFILE__0"] = "by-variable";
        homeiq.Files.Write("by-variable", "C=\n");
        Assert.Contains("3 services", await ValidateAsync(), StringComparison.Ordinal);

        Assert.Contains("1 service,", await ValidateAsync("--profile", "none"), StringComparison.Ordinal);
        Assert.Contains("by-flag", await ValidateAsync("--env-file", "by-flag"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Key_and_known_hosts_of_ssh_are_files_below_the_working_folder_or_absolute()
    {
        using var homeiq = new Homeiq();
        string Missing(string what, string file, string hint) => $"homeiq: error: {what} {file} is not there.\n        {hint}\n";
        Task<Ended> Validate(params string[] more) => homeiq.RunAsync(["validate", "--repo", "ssh://git@127.0.0.1:9/house.git", .. more]);

        homeiq.Variables["HOMEIQ_SETTINGS"] = homeiq.Files.Write("settings.json", """{"git_ssh_key": "/by/file", "git_known_hosts": "/by/file"}""");
        Assert.Equal(Missing("The ssh key", "/by/file", "name the private key: --git-ssh-key FILE"), (await Validate()).Error);

        homeiq.Variables["HOMEIQ_GIT_SSH_KEY"] = "/by/variable";
        Assert.Equal(Missing("The ssh key", "/by/variable", "name the private key: --git-ssh-key FILE"), (await Validate()).Error);

        homeiq.Files.Write("key", "");
        Assert.Equal(Missing("The file of known hosts", "/by/file", "name the file that holds the server's key: --git-known-hosts FILE"), (await Validate("--git-ssh-key", "key")).Error);
        Assert.Equal(
            Missing("The file of known hosts", "/TEST/hosts", "name the file that holds the server's key: --git-known-hosts FILE"),
            (await Validate("--git-ssh-key", "key", "--git-known-hosts", "hosts")).Error);
    }

    [Theory]
    [InlineData("--forge bitkeeper", "--forge bitkeeper is none that homeiq knows\n        write github, gitea or gitlab; leave it out to tell nobody\n")]
    [InlineData("--forge gitea", "where is the interface of the forge? the repository's address does not tell\n        give --forge-api URL\n")]
    [InlineData("--forge gitea --forge-api git.example", "--forge-api git.example is no http(s) address\n        write it like https://git.example/api/v1\n")]
    [InlineData("--forge gitea --forge-api https://git.example/api/v1", "what is the repository called at the forge? its address does not tell\n        give --forge-project OWNER/NAME\n")]
    [InlineData("--forge gitea --forge-api https://git.example/api/v1 --forge-project a/b", "--forge gitea needs a token, and there is none\n        set HOMEIQ_FORGE_TOKEN, or forge_token in the settings file\n")]
    public async Task A_forge_that_cannot_be_told_is_said_at_once(string flags, string told)
    {
        using var homeiq = new Homeiq();

        Assert.Equal(new Ended(2, "", $"homeiq: error: {told}"), await homeiq.RunAsync(["status", "--repo", "git@git.example:a/b.git", "--state", homeiq.Files.PathOf("state"), .. flags.Split(' ')]));
    }

    [Theory]
    [InlineData("not-there", null)]
    [InlineData("no-json", "{\"repo\": ")]
    [InlineData("unknown-key", "{\"repository\": \"x\"}")]
    public async Task A_settings_file_that_cannot_be_used_is_said_so(string name, string? text)
    {
        using var homeiq = new Homeiq();
        House.WriteGood(homeiq, "desired-state");
        if (text is not null)
        {
            homeiq.Files.Write("settings.json", text);
        }

        Snapshot.Matches((await homeiq.RunAsync("validate", "--settings", "settings.json")).ToString(), name);
    }

    [Theory]
    [InlineData("status")]
    [InlineData("plan")]
    [InlineData("diff")]
    [InlineData("apply")]
    public async Task Without_a_repository_a_verb_asks_for_one(string verb)
    {
        using var homeiq = new Homeiq();

        Assert.Equal(
            new Ended(2, "", "homeiq: error: which repository? none is named\n        give --repo URL, or set HOMEIQ_REPO\n"),
            await homeiq.RunAsync(verb, "--state", homeiq.Files.PathOf("state")));
    }
}
