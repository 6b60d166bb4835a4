namespace HomeIQ.Reconciler.Cli;

public sealed class CompletionTests
{
    [Theory]
    [InlineData("homeiq pl", "plan")]
    [InlineData("homeiq va", "validate")]
    [InlineData("homeiq plan --detai", "--detailed-exitcode")]
    [InlineData("homeiq completion z", "zsh")]
    public async Task Bash_completes_what_the_program_offers(string line, string expected)
    {
        using var homeiq = new Homeiq();
        var script = homeiq.Files.Write("completion", (await homeiq.RunAsync("completion", "bash")).Out);
        var words = line.Split(' ');

        // As bash calls it: the command, the word under the cursor, the word before.
        var bash = await homeiq.RunAsync("bash", ["-euc", $$"""
            PATH={{Path.GetDirectoryName(Homeiq.Program)}}:$PATH
            . {{script}}
            complete -p homeiq >/dev/null
            COMP_LINE='{{line}}' COMP_POINT={{line.Length}}
            _homeiq homeiq '{{words[^1]}}' '{{words[^2]}}'
            printf '%s\n' "${COMPREPLY[@]}"
            """]);

        Assert.Equal(new Ended(0, $"{expected}\n", ""), bash);
    }

    [Theory]
    [InlineData("zsh")]
    [InlineData("fish")]
    public async Task The_scripts_of_other_shells_ask_the_program_itself(string shell)
    {
        using var homeiq = new Homeiq();

        var script = await homeiq.RunAsync("completion", shell);

        Assert.Equal(0, script.Code);
        Assert.Contains("[suggest:", script.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_quickstart_is_well_formed()
    {
        using var homeiq = new Homeiq();

        Assert.Equal(new Ended(0, "", ""), await homeiq.RunAsync("bash", ["-n", Repository.PathOf("examples", "quickstart.sh")]));
    }
}
