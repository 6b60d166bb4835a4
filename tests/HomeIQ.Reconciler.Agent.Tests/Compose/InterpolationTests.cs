using HomeIQ.Reconciler.Compose;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Yaml;

namespace HomeIQ.Reconciler.Agent.Tests.Compose;

public class InterpolationTests
{
    private static readonly Variables Host = ComposeCase.Host(("SET", "value"), ("EMPTY", ""), ("OTHER", "more"), ("DOLLAR", "a$SET"), ("_u1", "under"));

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("", "")]
    [InlineData("$SET", "value")]
    [InlineData("${SET}", "value")]
    [InlineData("a${SET}b", "avalueb")]
    [InlineData("$SET-$OTHER", "value-more")]
    [InlineData("$SET$OTHER", "valuemore")]
    [InlineData("${SET}${OTHER}", "valuemore")]
    [InlineData("$_u1", "under")]
    [InlineData("$SET.log", "value.log")]
    [InlineData("${EMPTY}", "")]
    [InlineData("[$EMPTY]", "[]")]
    [InlineData("${DOLLAR}", "a$SET")]
    [InlineData("${SET:-d}", "value")]
    [InlineData("${EMPTY:-d}", "d")]
    [InlineData("${NONE:-d}", "d")]
    [InlineData("${NONE:-}", "")]
    [InlineData("${SET-d}", "value")]
    [InlineData("${EMPTY-d}", "")]
    [InlineData("${NONE-d}", "d")]
    [InlineData("${NONE-}", "")]
    [InlineData("${SET:?e}", "value")]
    [InlineData("${SET?e}", "value")]
    [InlineData("${EMPTY?e}", "")]
    [InlineData("${SET:+r}", "r")]
    [InlineData("${EMPTY:+r}", "")]
    [InlineData("${NONE:+r}", "")]
    [InlineData("${SET+r}", "r")]
    [InlineData("${EMPTY+r}", "r")]
    [InlineData("${NONE+r}", "")]
    [InlineData("${NONE:-${SET}}", "value")]
    [InlineData("${NONE:-${EMPTY:-${SET}}}", "value")]
    [InlineData("${NONE:-${ALSO:-${AND:-deep}}}", "deep")]
    [InlineData("${NONE:-a${SET}b}", "avalueb")]
    [InlineData("${NONE-$SET}", "value")]
    [InlineData("${SET:+${OTHER}}", "more")]
    [InlineData("${LONGITUDE:--115.1}", "-115.1")]
    [InlineData("${LATITUDE--36.1}", "-36.1")]
    [InlineData("${NONE:-http://host:8086/?a=b}", "http://host:8086/?a=b")]
    [InlineData("${NONE:-a:-b}", "a:-b")]
    [InlineData("${NONE:-a?b+c}", "a?b+c")]
    [InlineData("${NONE:-{\"a\": {\"b\": 1}}}", "{\"a\": {\"b\": 1}}")]
    [InlineData("${NONE:-with space}", "with space")]
    [InlineData("${NONE:-a$$b}", "a$b")]
    [InlineData("$$", "$")]
    [InlineData("$$SET", "$SET")]
    [InlineData("$${SET}", "${SET}")]
    [InlineData("$$$SET", "$value")]
    [InlineData("a$$b$$c", "a$b$c")]
    [InlineData("cost$", "cost$")]
    [InlineData("$1", "$1")]
    [InlineData("a$ b", "a$ b")]
    [InlineData("${NONE:-x}}", "x}")]
    public void A_text_is_expanded_as_Compose_expands_it(string text, string expected)
    {
        Assert.Equal(expected, Expand(text, Host, out var problems).Text);
        Assert.Empty(problems);
    }

    [Theory]
    [InlineData("$NONE", "f.yaml:3:7: error: the variable `NONE` is not set (set it in /etc/homeiq/host.env, or write ${NONE:-default})")]
    [InlineData("${NONE}", "f.yaml:3:7: error: the variable `NONE` is not set (set it in /etc/homeiq/host.env, or write ${NONE:-default})")]
    [InlineData("${ALSO:-${NONE}}", "f.yaml:3:7: error: the variable `NONE` is not set (set it in /etc/homeiq/host.env, or write ${NONE:-default})")]
    [InlineData("${NONE?}", "f.yaml:3:7: error: the variable `NONE` is required (set it in /etc/homeiq/host.env)")]
    [InlineData("${NONE:?give me}", "f.yaml:3:7: error: the variable `NONE` is required: give me (set it in /etc/homeiq/host.env)")]
    [InlineData("${EMPTY:?give me}", "f.yaml:3:7: error: the variable `EMPTY` is required: give me (set it in /etc/homeiq/host.env)")]
    [InlineData("${NONE:?see $SET}", "f.yaml:3:7: error: the variable `NONE` is required: see $SET (set it in /etc/homeiq/host.env)")]
    [InlineData("${", "f.yaml:3:7: error: `${` has no closing `}` (write `$$` for a dollar sign)")]
    [InlineData("${SET", "f.yaml:3:7: error: `${` has no closing `}` (write `$$` for a dollar sign)")]
    [InlineData("${SET:-${OTHER}", "f.yaml:3:7: error: `${` has no closing `}` (write `$$` for a dollar sign)")]
    [InlineData("${}", "f.yaml:3:7: error: `${` is not followed by a variable's name (write `$$` for a dollar sign)")]
    [InlineData("${1}", "f.yaml:3:7: error: `${` is not followed by a variable's name (write `$$` for a dollar sign)")]
    [InlineData("${ SET }", "f.yaml:3:7: error: `${` is not followed by a variable's name (write `$$` for a dollar sign)")]
    [InlineData("${SET:x}", "f.yaml:3:7: error: `${SET` is followed by something else than `:-`, `-`, `:?`, `?`, `:+` or `+` (write `$$` for a dollar sign)")]
    [InlineData("${SET!}", "f.yaml:3:7: error: `${SET` is followed by something else than `:-`, `-`, `:?`, `?`, `:+` or `+` (write `$$` for a dollar sign)")]
    public void What_cannot_be_expanded_is_a_problem_at_its_place_and_shows_no_value(string text, string expected)
    {
        Expand(text, Host, out var problems);

        Assert.Equal(expected, string.Join('\n', problems));
    }

    [Fact]
    public void Two_missing_variables_of_one_text_are_both_reported()
    {
        Expand("$ONE/$TWO", Variables.None, out var problems);

        Assert.Equal(
            """
            f.yaml:3:7: error: the variable `ONE` is not set (no env file is named: give one with --env-file, or write ${ONE:-default})
            f.yaml:3:7: error: the variable `TWO` is not set (no env file is named: give one with --env-file, or write ${TWO:-default})
            """,
            string.Join('\n', problems));
    }

    [Theory]
    [InlineData("${SET}", true)]
    [InlineData("a${NONE:-${SET}}", true)]
    [InlineData("${SET:+word}", true)]
    [InlineData("${EMPTY}", true)]
    [InlineData("${NONE:-word}", false)]
    [InlineData("$$SET", false)]
    [InlineData("word", false)]
    public void A_text_is_marked_when_any_part_of_it_came_from_the_host(string text, bool expected) =>
        Assert.Equal(expected, Expand(text, Host, out _).IsFromHost);

    [Fact]
    public void A_value_of_Git_leaves_no_mark()
    {
        var variables = new Variables([new Variable("SET", "x", IsFromHost: false, new SourcePosition("domain.env", 1, 1))], ["domain.env"]);

        Assert.False(Expand("${SET}", variables, out _).IsFromHost);
    }

    [Fact]
    public void Left_unresolved_a_text_stays_as_it_is_and_only_its_form_is_checked()
    {
        Assert.Equal("$NONE ${A:?b} ${C:-d} $$", Expand("$NONE ${A:?b} ${C:-d} $$", Variables.Unresolved, out var none).Text);
        Assert.Empty(none);

        Expand("${A:+${B!}}", Variables.Unresolved, out var problems);
        Assert.Single(problems);
    }

    [Fact]
    public void Keys_are_left_alone_and_lists_and_mappings_are_walked()
    {
        var problems = new List<Problem>();
        var tree = YamlReader.Read("$SET: [$SET, {a: $OTHER}]"u8.ToArray(), "f.yaml", problems)!;

        Assert.Equal("$SET:\n  - @value\n  -\n    a: @more", TreeText.Of(Interpolation.Apply(tree, Host, problems)));
        Assert.Empty(problems);
    }

    [Theory]
    [InlineData("${EMPTY}")]
    [InlineData("${NONE:-}")]
    [InlineData("${NONE:-null}")]
    [InlineData("${NONE:-~}")]
    public void What_a_variable_left_empty_is_a_text_and_not_a_null(string text) => Assert.False(Expand(text, Host, out _).IsNull);

    [Fact]
    public void Position_and_style_stay()
    {
        var scalar = Expand("${NONE:-true}", Host, out _);

        Assert.True(scalar.IsPlain);
        Assert.Equal(new SourcePosition("f.yaml", 3, 7), scalar.Position);
    }

    [Fact]
    public void Defaults_nested_beyond_reason_are_refused()
    {
        var text = string.Concat(Enumerable.Repeat("${A:-", 40)) + new string('}', 40);

        Expand(text, Host, out var problems);

        Assert.Equal("defaults are nested more than 32 levels deep", Assert.Single(problems).Message);
    }

    [Fact]
    public void An_expansion_beyond_reason_is_refused()
    {
        var variables = ComposeCase.Host(("BIG", new string('x', 300_000)));

        Expand("$BIG$BIG$BIG$BIG", variables, out var problems);

        Assert.Equal("too long once its variables are expanded: at most 1048576 characters a value, 16777216 in all", Assert.Single(problems).Message);
    }

    private static YamlScalar Expand(string text, Variables variables, out List<Problem> problems)
    {
        problems = [];
        return (YamlScalar)Interpolation.Apply(new YamlScalar(text, IsPlain: true, new SourcePosition("f.yaml", 3, 7)), variables, problems);
    }
}
