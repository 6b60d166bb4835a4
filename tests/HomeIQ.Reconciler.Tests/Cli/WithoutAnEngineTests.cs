using System.Text.Json;

namespace HomeIQ.Reconciler.Cli;

/// <summary>What the verbs say on a machine where the engine, the repository or the past is missing.</summary>
public sealed class WithoutAnEngineTests
{
    [Theory]
    [InlineData("status")]
    [InlineData("plan")]
    [InlineData("diff")]
    [InlineData("apply")]
    [InlineData("adopt")]
    public async Task An_engine_that_does_not_answer_ends_with_2_and_says_what_to_do(string verb)
    {
        using var homeiq = new Homeiq();
        House.WriteGood(homeiq, "repository/desired-state");
        var repository = await homeiq.CommitAsync("first");

        var ended = await homeiq.RunAsync(verb, "--repo", repository, "--state", homeiq.Files.PathOf("state"), "--docker", $"unix://{homeiq.Files.PathOf("no.sock")}");

        Assert.Equal(2, ended.Code);
        Snapshot.Matches(ended.ToString(), verb);
    }

    [Theory]
    [InlineData("no-such-folder", "nowhere/repository")]
    [InlineData("nobody-listens", "http://127.0.0.1:9/house.git")]
    [InlineData("ssh", "ssh://git:s3cret@example.invalid/house.git")]
    public async Task A_repository_that_cannot_be_read_is_said_so(string name, string url)
    {
        using var homeiq = new Homeiq();

        Snapshot.Matches((await homeiq.RunAsync("validate", "--repo", url)).ToString(), name);
        Assert.Empty(Directory.GetFileSystemEntries(homeiq.Files.PathOf("tmp"), "homeiq-*"));
    }

    [Theory]
    [InlineData("history")]
    [InlineData("show")]
    [InlineData("events")]
    [InlineData("quarantine", "list")]
    [InlineData("resume")]
    [InlineData("approve", "0123456789abcdef")]
    public async Task Where_nothing_was_applied_there_is_no_past_and_none_is_made(params string[] verb)
    {
        using var homeiq = new Homeiq();

        Assert.Equal(
            new Ended(2, "", "homeiq: error: /TEST/state holds no journal: nothing was applied from there yet\n        give --state DIR, or run homeiq apply first\n"),
            await homeiq.RunAsync([.. verb, "--state", homeiq.Files.PathOf("state")]));
        Assert.False(Directory.Exists(homeiq.Files.PathOf("state")));
    }

    [Fact]
    public async Task The_doctor_looks_at_each_part_by_itself_says_what_to_do_and_makes_nothing()
    {
        using var homeiq = new Homeiq();
        House.WriteBroken(homeiq, "repository/desired-state");
        var repository = await homeiq.CommitAsync("first");

        var ended = await homeiq.RunAsync(
            "doctor", "--repo", repository, "--state", homeiq.Files.PathOf("state"), "--docker", $"unix://{homeiq.Files.PathOf("no.sock")}", "--git-ssh-key", homeiq.Files.PathOf("no.key"), "-o", "json");

        Assert.Equal(1, ended.Code);
        var found = JsonDocument.Parse(ended.Out).RootElement.EnumerateArray().ToDictionary(finding => finding.GetProperty("check").GetString()!, finding => finding.GetProperty("result").GetString());
        Assert.Equal(
            [("credentials", "Fail"), ("daemon", "Warn"), ("desired state", "Fail"), ("engine", "Fail"), ("repository", "Ok"), ("state", "Warn")],
            found.Where(pair => pair.Key is not ("unit" or "image space")).Select(pair => (pair.Key, pair.Value!)).OrderBy(pair => pair.Key, StringComparer.Ordinal));
        Assert.False(Directory.Exists(homeiq.Files.PathOf("state")));
        Assert.Empty(Directory.GetFileSystemEntries(homeiq.Files.PathOf("tmp"), "homeiq-*"));
    }

    [Theory]
    [InlineData("suspend", "--for", "2h")]
    [InlineData("suspend", "--reason", "x")]
    [InlineData("suspend", "--for", "soon", "--reason", "x")]
    [InlineData("wait", "--for=better")]
    [InlineData("wait")]
    [InlineData("logs")]
    [InlineData("approve")]
    [InlineData("quarantine", "release")]
    public async Task What_is_asked_for_by_halves_ends_with_2(params string[] arguments)
    {
        using var homeiq = new Homeiq();

        var ended = await homeiq.RunAsync(arguments);

        Assert.Equal((2, ""), (ended.Code, ended.Out));
        Assert.NotEmpty(ended.Error);
    }

    [Fact]
    public async Task The_schema_is_JSON()
    {
        using var homeiq = new Homeiq();

        Assert.Equal("object", JsonDocument.Parse((await homeiq.RunAsync("schema")).Out).RootElement.GetProperty("type").GetString());
    }

    [Fact]
    public async Task The_version_is_one_line_and_equals_the_flags()
    {
        using var homeiq = new Homeiq();

        var verb = await homeiq.RunAsync("version");

        Assert.Matches(@"^homeiq \d+\.\d+\.\d+\n$", verb.Out);
        Assert.Contains(verb.Out.Trim()["homeiq ".Length..], (await homeiq.RunAsync("--version")).Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("validate")]
    [InlineData("--help")]
    public async Task In_a_pipe_there_is_no_escape_code(string argument)
    {
        using var homeiq = new Homeiq();
        House.WriteBroken(homeiq, "desired-state");

        var ended = await homeiq.RunAsync(argument);

        Assert.NotEmpty(ended.Out + ended.Error);
        Assert.DoesNotContain('\e', ended.Out + ended.Error);
    }
}
