using System.Text.RegularExpressions;

namespace HomeIQ.Reconciler.Cli;

/// <summary>What the program says about itself, and that the README says the same.</summary>
public sealed partial class HelpTests
{
    public static TheoryData<string> Verbs => ["validate", "plan", "diff", "apply", "status", "history", "show", "rollback", "adopt", "retry", "quarantine", "get", "approve", "suspend", "resume", "wait", "events", "logs", "doctor", "run", "reconcile", "schema", "completion", "version"];

    [Fact]
    public async Task The_program_tells_what_it_is_and_lists_its_verbs()
    {
        using var homeiq = new Homeiq();

        Snapshot.Matches((await homeiq.RunAsync("--help")).ToString());
    }

    [Theory]
    [MemberData(nameof(Verbs))]
    public async Task The_help_of_every_verb_teaches_it(string verb)
    {
        using var homeiq = new Homeiq();

        var help = await homeiq.RunAsync(verb, "--help");

        // The settings are the same in every verb: they are looked at once, in the program's own help.
        var own = string.Join('\n', help.Out.Split('\n').TakeWhile(line => !line.StartsWith("  --settings", StringComparison.Ordinal)));
        Snapshot.Matches($"exit code {help.Code}\n{own}", verb);
    }

    [Theory]
    [InlineData("plna")]
    [InlineData("valdate")]
    public async Task A_verb_that_is_not_there_brings_the_one_that_was_meant(string verb)
    {
        using var homeiq = new Homeiq();

        Snapshot.Matches((await homeiq.RunAsync(verb)).ToString(), verb);
    }

    [Theory]
    [InlineData("wrong-flag", "plan", "--revison", "main")]
    [InlineData("wrong-format", "plan", "-o", "xml")]
    [InlineData("wrong-number", "history", "-n", "many")]
    [InlineData("no-value", "plan", "--repo")]
    [InlineData("no-shell", "completion")]
    [InlineData("wrong-shell", "completion", "tcsh")]
    [InlineData("nothing")]
    public async Task Wrong_usage_ends_with_2_and_says_what_is_wrong(string name, params string[] arguments)
    {
        using var homeiq = new Homeiq();

        var ended = await homeiq.RunAsync(arguments);

        Assert.Equal(2, ended.Code);
        Snapshot.Matches(ended.Error, name);
    }

    [Fact]
    public async Task The_readme_lists_exactly_the_verbs_of_the_program()
    {
        using var homeiq = new Homeiq();
        var help = (await homeiq.RunAsync("--help")).Out;
        var program = VerbOfHelp().Matches(help[help.IndexOf("Commands:", StringComparison.Ordinal)..]).Select(match => match.Groups["name"].Value);
        var readme = Section("The verbs").Split('\n').Where(line => line.StartsWith("| `", StringComparison.Ordinal))
            .SelectMany(line => VerbOfReadme().Matches(line.Split('|')[1]).Select(match => match.Groups["name"].Value));

        Assert.Equal(program.Order(), readme.Order());
    }

    [Fact]
    public async Task The_readme_lists_exactly_the_settings_of_the_program()
    {
        using var homeiq = new Homeiq();
        var help = (await homeiq.RunAsync("--help")).Out;
        var program = FlagOfHelp().Matches(help).Select(match => match.Groups["name"].Value).Except(["--help", "--version", "--settings"]);
        var readme = Section("The agent's settings").Split('\n').Select(line => FlagOfReadme().Match(line)).Where(match => match.Success).Select(match => match.Groups["name"].Value);

        Assert.Equal(program.Order(), readme.Order());
    }

    [Fact]
    public async Task The_readme_names_the_variables_of_the_program()
    {
        using var homeiq = new Homeiq();
        var help = (await homeiq.RunAsync("--help")).Out;
        var program = Variable().Matches(help).Select(match => match.Value).Where(name => name is not "HOMEIQ_SETTINGS").Distinct();
        var readme = Variable().Matches(Section("The agent's settings")).Select(match => match.Value).Distinct();

        Assert.Equal(program.Order(), readme.Order());
    }

    [Fact]
    public async Task Every_flag_that_the_readme_gives_a_verb_is_in_the_verbs_help()
    {
        using var homeiq = new Homeiq();
        foreach (var line in Section("The verbs").Split('\n').Where(line => line.StartsWith("| `", StringComparison.Ordinal)))
        {
            var help = (await homeiq.RunAsync(VerbOfReadme().Match(line).Groups["name"].Value, "--help")).Out;
            foreach (var flag in AnyFlag().Matches(line).Select(match => match.Value))
            {
                Assert.True(help.Contains(flag, StringComparison.Ordinal), $"{flag} of: {line}");
            }
        }
    }

    private static string Section(string title)
    {
        var readme = File.ReadAllText(Repository.PathOf("README.md"));
        var start = readme.IndexOf($"## {title}\n", StringComparison.Ordinal);
        Assert.True(start >= 0, $"the README has no section \"{title}\"");
        var end = readme.IndexOf("\n## ", start, StringComparison.Ordinal);
        return readme[start..(end < 0 ? readme.Length : end)];
    }

    [GeneratedRegex(@"^  (?<name>[a-z]+)\b", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex VerbOfHelp();

    [GeneratedRegex(@"`(?<name>[a-z]+)(?: \[\w+\])?`", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex VerbOfReadme();

    [GeneratedRegex(@"^  (?:-\S, )*(?<name>--[a-z-]+)", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex FlagOfHelp();

    [GeneratedRegex(@"^\| `(?<name>--[a-z-]+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex FlagOfReadme();

    [GeneratedRegex("HOMEIQ_[A-Z_]+", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Variable();

    [GeneratedRegex(@"--[a-z-]{2,}", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex AnyFlag();
}
