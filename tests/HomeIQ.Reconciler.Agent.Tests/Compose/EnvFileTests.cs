using System.Text;
using HomeIQ.Reconciler.Compose;
using HomeIQ.Reconciler.Desired;

namespace HomeIQ.Reconciler.Agent.Tests.Compose;

public class EnvFileTests
{
    [Theory]
    [InlineData("A=b", "A=b")]
    [InlineData("A=b\n", "A=b")]
    [InlineData("A=b\nC=d\n", "A=b|C=d")]
    [InlineData("A=b\r\nC=d\r\n", "A=b|C=d")]
    [InlineData("\r\n\r\nA=b", "A=b")]
    [InlineData("\uFEFFA=b", "A=b")]
    [InlineData("", "")]
    [InlineData("\n\n  \n", "")]
    [InlineData("# only a comment", "")]
    [InlineData("\t # indented comment\nA=b", "A=b")]
    [InlineData("A=", "A=")]
    [InlineData("A=\nB=c", "A=|B=c")]
    [InlineData("A=\r\nB=c", "A=|B=c")]
    [InlineData("A = b", "A=b")]
    [InlineData("  A=b  ", "A=b")]
    [InlineData("\tA=\tb", "A=b")]
    [InlineData("A: b", "A=b")]
    [InlineData("A: b=c", "A=b=c")]
    [InlineData("A=b:c", "A=b:c")]
    [InlineData("A=b=c==", "A=b=c==")]
    [InlineData("export A=b", "A=b")]
    [InlineData("export\tA=b", "A=b")]
    [InlineData("  export   A=b", "A=b")]
    [InlineData("exportA=b", "exportA=b")]
    [InlineData("export_A=b", "export_A=b")]
    [InlineData("export=b", "export=b")]
    [InlineData("A=export B", "A=export B")]
    [InlineData("a.b-c[0]=d", "a.b-c[0]=d")]
    [InlineData("Ärger=ü", "Ärger=ü")]
    [InlineData("A=b c", "A=b c")]
    [InlineData("A=b # comment", "A=b")]
    [InlineData("A=b #comment", "A=b")]
    [InlineData("A=b #", "A=b")]
    [InlineData("A=b#c", "A=b#c")]
    [InlineData("A=b#c # d", "A=b#c")]
    [InlineData("A=http://h/#anchor", "A=http://h/#anchor")]
    [InlineData("A='b'", "A=b")]
    [InlineData("A=\"b\"", "A=b")]
    [InlineData("A='b#c' # d", "A=b#c")]
    [InlineData("A=\"b#c\" # d", "A=b#c")]
    [InlineData("A=\"b\"#c", "A=b")]
    [InlineData("A=\"b # c\"", "A=b # c")]
    [InlineData("A='  b  '", "A=  b  ")]
    [InlineData("A=\"  b  \"", "A=  b  ")]
    [InlineData("A=''", "A=")]
    [InlineData("A=\"\"", "A=")]
    [InlineData("A='b\"c'", "A=b\"c")]
    [InlineData("A=\"b'c\"", "A=b'c")]
    [InlineData("A=b'c", "A=b'c")]
    [InlineData("A=b\"c\"", "A=b\"c\"")]
    [InlineData("A='it\\'s'", "A=it's")]
    [InlineData("A='b\\nc'", "A=b\\nc")]
    [InlineData("A='b\\\\'", "A=b\\\\")]
    [InlineData("A='$B ${C}'", "A=$B ${C}")]
    [InlineData("A=\"b\\nc\"", "A=b\nc")]
    [InlineData("A=\"\\a\\b\\f\\r\\t\\v\\\\\"", "A=\a\b\f\r\t\v\\")]
    [InlineData("A=\"say \\\"b\\\"\"", "A=say \"b\"")]
    [InlineData("A=\"\\0123\"", "A=S")]
    [InlineData("A=\"\\0\"", "A=\\0")]
    [InlineData("A=\"\\x07\"", "A=\\x07")]
    [InlineData("A=\"\\u12e4\"", "A=\\u12e4")]
    [InlineData("A=b\\nc", "A=b\\nc")]
    [InlineData("A=b\\", "A=b\\")]
    [InlineData("A=\"first\nsecond\"\nB=c", "A=first\nsecond|B=c")]
    [InlineData("A='first\nsecond'\nB=c", "A=first\nsecond|B=c")]
    [InlineData("A=\"first\n# no comment\nlast\"", "A=first\n# no comment\nlast")]
    [InlineData("B=c\nA=$B", "B=c|A=c")]
    [InlineData("B=c\nA=${B}d", "B=c|A=cd")]
    [InlineData("B=c\nA=\"x $B\"", "B=c|A=x c")]
    [InlineData("B=c\nA='x $B'", "B=c|A=x $B")]
    [InlineData("A=\"\\$B\"", "A=$B")]
    [InlineData("A=\"\\${B}\"", "A=${B}")]
    [InlineData("A=$$B", "A=$B")]
    [InlineData("A=cost$", "A=cost$")]
    [InlineData("A=pa$5#word", "A=pa$5#word")]
    [InlineData("A=${B:-c}", "A=c")]
    [InlineData("A=${B:-${C:--115.1}}", "A=-115.1")]
    [InlineData("A=b\nA=c", "A=b|A=c")]
    [InlineData("A=b\nC=$A\nA=d\nE=$A", "A=b|C=b|A=d|E=d")]
    [InlineData("A", "A")]
    [InlineData("A\nB=c", "A|B=c")]
    [InlineData("export A\n", "A")]
    public void A_file_is_read_by_the_rules_of_Compose(string text, string expected)
    {
        Assert.Equal(expected, Read(text, Variables.None, out var problems));
        Assert.Empty(problems);
    }

    [Theory]
    [InlineData("A B=secret", "e.env:1:1: error: a variable's name cannot contain a space (NAME=value is expected)")]
    [InlineData("=secret", "e.env:1:1: error: a variable's name is missing before the `=`")]
    [InlineData("A=b\n  A$B=secret", "e.env:2:4: error: the character `$` has no place in a variable's name (NAME=value is expected)")]
    [InlineData("lol$wut", "e.env:1:4: error: the character `$` has no place in a variable's name (NAME=value is expected)")]
    [InlineData("\nA=\"secret", "e.env:2:3: error: the value of `A` has no closing \"")]
    [InlineData("A='secret\\'", "e.env:1:3: error: the value of `A` has no closing '")]
    [InlineData("A=\"secret\\\"", "e.env:1:3: error: the value of `A` has no closing \"")]
    [InlineData("A=\"b\"secret", "e.env:1:6: error: there is more after the closing \" of `A` (quote the whole value)")]
    [InlineData("A=\"b\nc\" secret", "e.env:2:3: error: there is more after the closing \" of `A` (quote the whole value)")]
    [InlineData("X=\"1\n2\"\nA= $B", "e.env:3:4: error: the variable `B` is not set (set it in e.env, or write ${B:-default})")]
    [InlineData("A=${B", "e.env:1:3: error: `${` has no closing `}` (write `$$` for a dollar sign)")]
    [InlineData("A=#b", "e.env:1:3: warning: the value of `A` begins with `#`, which is no comment here (put comments on lines of their own, or quote the value)")]
    [InlineData("A= # b", "e.env:1:4: warning: the value of `A` begins with `#`, which is no comment here (put comments on lines of their own, or quote the value)")]
    [InlineData("A=b\0c", "e.env:1:4: error: an env file holds no NUL character (save the file as UTF-8)")]
    public void What_is_wrong_is_a_problem_at_its_place_and_shows_no_value(string text, string expected)
    {
        Read(text, Variables.None, out var problems);

        Assert.Equal(expected, string.Join('\n', problems));
        Assert.DoesNotContain("secret", string.Join('\n', problems), StringComparison.Ordinal);
    }

    [Fact]
    public void All_problems_are_found_and_the_good_lines_are_read()
    {
        Assert.Equal("A=1|B=2", Read("A=1\n?\nB=2\nC D=3\n=4\n", Variables.None, out var problems));

        Assert.Equal(["2:1", "4:1", "5:1"], problems.Select(problem => $"{problem.Position.Line}:{problem.Position.Column}"));
    }

    [Fact]
    public void Bytes_that_are_no_text_are_a_problem_at_their_place()
    {
        var problems = new List<Problem>();

        Assert.Empty(EnvFile.Parse([(byte)'A', (byte)'=', (byte)'\n', (byte)'B', 0xFF], "e.env", Variables.None, isFromHost: true, problems));

        Assert.Equal("e.env:2:2: error: this byte is not UTF-8 (save the file as UTF-8)", string.Join('\n', problems));
    }

    [Fact]
    public void A_bare_name_takes_the_value_that_interpolation_would_see()
    {
        Assert.Equal("A=outside|B", Read("A\nB", ComposeCase.Host(("A", "outside")), out var problems));
        Assert.Empty(problems);
    }

    [Fact]
    public void What_is_set_outside_wins_over_the_files_own_earlier_line() =>
        Assert.Equal("A=inside|B=outside", Read("A=inside\nB=$A", ComposeCase.Host(("A", "outside")), out _));

    [Fact]
    public void A_value_of_a_file_in_Git_is_of_the_host_only_when_it_refers_to_it()
    {
        var entries = EnvFile.Parse("A=$SECRET\nB=plain\nC=$A\nD=$B"u8.ToArray(), "e.env", ComposeCase.Host(("SECRET", "s")), isFromHost: false, []);

        Assert.Equal([true, false, true, false], entries.Select(entry => entry.IsFromHost));
    }

    [Fact]
    public void Left_unresolved_a_value_keeps_its_variables() => Assert.Equal("A=${B} $$", Read("A=${B} $$", Variables.Unresolved, out _));

    [Fact]
    public void A_value_that_doubles_itself_is_refused_before_it_fills_the_memory()
    {
        var text = new StringBuilder("A=xxxxxxxxxxxxxxxx\n");
        for (var count = 0; count < 40; count++)
        {
            text.Append("A=$A$A\n");
        }

        Read(text.ToString(), Variables.None, out var problems);

        Assert.Contains(problems, problem => problem.Message.StartsWith("too long once its variables are expanded", StringComparison.Ordinal));
    }

    [Fact]
    public void Later_files_of_the_host_win_and_may_refer_to_earlier_ones()
    {
        var folder = Directory.CreateTempSubdirectory("homeiq-env-");
        try
        {
            var first = Path.Combine(folder.FullName, "1.env");
            var second = Path.Combine(folder.FullName, "2.env");
            File.WriteAllText(first, "A=one\nB=$A");
            File.WriteAllText(second, "A=two\nC=$A$B");
            var problems = new List<Problem>();

            var variables = EnvFile.ReadHostFiles(new LoadRequest { Tree = new MemoryTree(), EnvFiles = [first, second] }, problems);

            Assert.Empty(problems);
            Assert.Equal(["A=two", "B=one", "C=twoone"], variables.All.OrderBy(variable => variable.Name, StringComparer.Ordinal).Select(variable => $"{variable.Name}={variable.Text}"));
            Assert.All(variables.All, variable => Assert.True(variable.IsFromHost));
            Assert.Equal(new SourcePosition(second, 1, 1), variables.Find("A")!.Position);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void A_missing_file_of_the_host_is_a_problem_with_its_path_and_the_others_are_read()
    {
        var folder = Directory.CreateTempSubdirectory("homeiq-env-");
        try
        {
            var there = Path.Combine(folder.FullName, "there.env");
            File.WriteAllText(there, "A=one");
            var problems = new List<Problem>();

            var variables = EnvFile.ReadHostFiles(new LoadRequest { Tree = new MemoryTree(), EnvFiles = ["/no/such.env", folder.FullName, there] }, problems);

            Assert.Equal(
                $"/no/such.env: error: the env file does not exist (--env-file names it)\n{folder.FullName}: error: the env file is a folder (--env-file names it)",
                string.Join('\n', problems));
            Assert.Equal("one", variables.Find("A")?.Text);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static string Read(string text, Variables variables, out List<Problem> problems)
    {
        problems = [];
        return string.Join('|', EnvFile.Parse(Encoding.UTF8.GetBytes(text), "e.env", variables, isFromHost: true, problems)
            .Select(entry => entry.Text is null ? entry.Name : $"{entry.Name}={entry.Text}"));
    }
}
