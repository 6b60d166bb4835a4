using System.Text;
using HomeIQ.Reconciler.Agent.Tests.Compose;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Yaml;

namespace HomeIQ.Reconciler.Agent.Tests.Yaml;

public class YamlReaderTests
{
    [Theory]
    [InlineData("a: 1.10", "a: 1.10")]
    [InlineData("a: 0755", "a: 0755")]
    [InlineData("a: 'yes'", "a: \"yes\"")]
    [InlineData("a: \"b\\tc\"", "a: \"b\tc\"")]
    [InlineData("a:", "a: ~")]
    [InlineData("a: null", "a: ~")]
    [InlineData("a: 'null'", "a: \"null\"")]
    [InlineData("a: !!str null", "a: \"null\"")]
    [InlineData("a: |\n  b\n  c\n", "a: \"b\\nc\\n\"")]
    [InlineData("a: >-\n  b\n  c\n", "a: \"b c\"")]
    [InlineData("a: [b, 'c']", "a: [b, \"c\"]")]
    [InlineData("a: []\nb: {}", "a: []\nb: {}")]
    [InlineData("a: b # comment", "a: b")]
    [InlineData("a: b#c", "a: b#c")]
    [InlineData("---\na: b\n...\n", "a: b")]
    [InlineData("\uFEFFa: b", "a: b")]
    [InlineData("a: b\r\nc: d\r\n", "a: b\nc: d")]
    [InlineData("on: yes", "on: yes")]
    [InlineData("'1': a", "1: a")]
    [InlineData("a: &x {b: c}\nd: *x", "a:\n  b: c\nd:\n  b: c")]
    [InlineData("a: &x b\nc: &x d\ne: *x", "a: b\nc: d\ne: d")]
    [InlineData("x: &x {a: 1, b: 2}\ny:\n  <<: *x\n  b: 3", "x:\n  a: 1\n  b: 2\ny:\n  a: 1\n  b: 3")]
    [InlineData("x: &x {a: 1}\nz: &z {a: 2, c: 3}\ny:\n  d: 4\n  <<: [*x, *z]", "x:\n  a: 1\nz:\n  a: 2\n  c: 3\ny:\n  a: 1\n  c: 3\n  d: 4")]
    [InlineData("y: {<<: {a: 1}, b: 2}", "y:\n  a: 1\n  b: 2")]
    [InlineData("y: {'<<': {a: 1}}", "y:\n  <<:\n    a: 1")]
    [InlineData("a: !reset null", "a: !reset ~")]
    [InlineData("a: !override b", "a: !override b")]
    [InlineData("", "~")]
    [InlineData("# nothing", "~")]
    [InlineData("a: \"b\n\t c\"", "a: \"b c\"")]
    [InlineData("a: |\n  b\n  \tc\n", "a: \"b\\n\tc\\n\"")]
    public void A_document_is_read_as_it_was_written(string text, string expected)
    {
        var node = Read(text, out var problems);

        Assert.Equal(expected, TreeText.Of(node));
        Assert.Empty(problems);
    }

    [Theory]
    [InlineData("a: 1\nb: 2\n  c: 3", "f.yaml:3:4: error: this is not YAML: a mapping cannot begin here (quote a text that holds `: `, and look at the indentation)")]
    [InlineData("a: [1,\nb: }", "f.yaml:1:6: error: this is not YAML: found a bracket or brace that is not closed")]
    [InlineData("a: [1", "f.yaml:2:1: error: this is not YAML: `,` or `]` was expected here (a `[` is not closed)")]
    [InlineData("a: \"b", "f.yaml:1:")]
    [InlineData("a: b\na: c", "f.yaml:2:1: error: the key `a` is already there at 1:1 (a key may stand only once)")]
    [InlineData("a: b\n'a': c", "f.yaml:2:1: error: the key `a` is already there at 1:1 (a key may stand only once)")]
    [InlineData("x: &x {a: 1}\ny:\n  <<: *x\n  <<: *x", "f.yaml:4:3: error: the key `<<` is already there at 3:3 (a key may stand only once)")]
    [InlineData("1: a", "f.yaml:1:1: error: the key `1` is a number, not a string (write \"1\")")]
    [InlineData("0x1F: a", "f.yaml:1:1: error: the key `0x1F`")]
    [InlineData("true: a", "f.yaml:1:1: error: the key `true` is a boolean, not a string (write \"true\")")]
    [InlineData("null: a", "f.yaml:1:1: error: the key `null` is null, not a string (write \"null\")")]
    [InlineData(": a", "f.yaml:1:1: error: a key is missing before the colon")]
    [InlineData("[a]: b", "f.yaml:1:1: error: a key must be a string, not a list or a mapping")]
    [InlineData("? {a: b}\n: c", "f.yaml:1:3: error: a key must be a string, not a list or a mapping")]
    [InlineData("a: &x b\n*x : c", "f.yaml:2:1: error: an alias cannot be a key")]
    [InlineData("a: *x", "f.yaml:1:4: error: the anchor `&x` is not defined before this alias")]
    [InlineData("a: &x [*x]", "f.yaml:1:8: error: the alias `*x` stands inside the very node that it names")]
    [InlineData("a: &x\n  b:\n    <<: *x", "f.yaml:3:9: error: the alias `*x` stands inside the very node that it names")]
    [InlineData("a:\n  <<: 1", "f.yaml:2:7: error: `<<` takes a mapping or a list of mappings")]
    [InlineData("a: b\n---\nc: d", "f.yaml:2:1: error: a second YAML document begins here; a file holds one (split the file)")]
    [InlineData("a: !!binary aGk=", "f.yaml:1:4: error: the tag `tag:yaml.org,2002:binary` is not known (`!reset` and `!override` are)")]
    [InlineData("a: !ref b", "f.yaml:1:4: error: the tag `!ref` is not known (`!reset` and `!override` are)")]
    [InlineData("a:\n\tb: c", "f.yaml:2:1: error: this is not YAML: a tab in the indentation (indent with spaces)")]
    [InlineData("a: b\n\t\nc: d", "f.yaml:2:1: error: this is not YAML: a tab in the indentation (indent with spaces)")]
    [InlineData("services:\n  web:\n    image: x\n   ports: []", "f.yaml:4:4: error: this is not YAML: a key was expected here (look at the indentation and the quotes)")]
    [InlineData("a: @b", "f.yaml:1:4: error: this is not YAML: this character cannot begin a value (quote the value)")]
    [InlineData("a: \"\\q\"", "f.yaml:1:4: error: this is not YAML: found unknown escape character (while scanning a quoted scalar)")]
    [InlineData("a:\n  b: [1,\n\t2]", "f.yaml:3:1: error: this is not YAML: a tab in the indentation (indent with spaces)")]
    [InlineData("a: b\u0007c", "f.yaml:1:5: error: the control character U+0007 has no place in YAML")]
    [InlineData("a: b\n\u0000", "f.yaml:2:1: error: the control character U+0000 has no place in YAML")]
    public void What_is_wrong_is_a_problem_at_its_place(string text, string expected)
    {
        Read(text, out var problems);

        Assert.StartsWith(expected, string.Join('\n', problems), StringComparison.Ordinal);
    }

    [Fact]
    public void All_problems_of_a_document_are_found()
    {
        Read("a: 1\na: 2\n3: b\nc: {d: 1, d: 2}\n", out var problems);

        Assert.Equal(["2:1", "3:1", "4:11"], problems.Select(problem => $"{problem.Position.Line}:{problem.Position.Column}"));
    }

    [Fact]
    public void Every_node_knows_its_place()
    {
        var root = Assert.IsType<YamlMapping>(Read("a:\n  - b: 'ü'\n    c: [d]\n", out _));
        var item = Assert.IsType<YamlMapping>(Assert.IsType<YamlSequence>(root.Find("a")).Items[0]);

        Assert.Equal(new SourcePosition("f.yaml", 2, 5), item.Position);
        Assert.Equal(new SourcePosition("f.yaml", 2, 8), item.Find("b")!.Position);
        Assert.Equal(new SourcePosition("f.yaml", 3, 5), item.Entries[1].Key.Position);
        Assert.Equal(new SourcePosition("f.yaml", 3, 9), Assert.IsType<YamlSequence>(item.Find("c")).Items[0].Position);
    }

    [Fact]
    public void An_aliased_node_keeps_the_place_where_it_was_written()
    {
        var root = Assert.IsType<YamlMapping>(Read("a: &x b\nc: *x", out _));

        Assert.Equal(new SourcePosition("f.yaml", 1, 4), root.Find("c")!.Position with { Column = 4 });
        Assert.Equal(1, root.Find("c")!.Position.Line);
    }

    [Fact]
    public void Bytes_that_are_not_UTF_8_are_a_problem_at_their_place()
    {
        var problems = new List<Problem>();

        Assert.Null(YamlReader.Read([.. "a: ü\nb: "u8, 0xC3, 0x28], "f.yaml", problems));

        Assert.Equal("f.yaml:2:4: error: the byte 0xC3 is not UTF-8 (save the file as UTF-8)", string.Join('\n', problems));
    }

    [Fact]
    public void A_file_that_is_too_large_is_not_read()
    {
        var problems = new List<Problem>();

        Assert.Null(YamlReader.Read(new byte[YamlReader.MaximumBytes + 1], "f.yaml", problems));

        Assert.Equal("f.yaml: error: the file has 1048577 bytes; at most 1048576 are read", string.Join('\n', problems));
    }

    [Fact]
    public void Problems_beyond_a_hundred_are_not_shown()
    {
        Read(string.Concat(Enumerable.Repeat("a: b\n", 500)), out var problems);

        Assert.Equal(100, problems.Count);
        Assert.EndsWith("more problems of this file are not shown", problems[^1].Message, StringComparison.Ordinal);
    }

    private static YamlNode? Read(string text, out List<Problem> problems)
    {
        problems = [];
        return YamlReader.Read(Encoding.UTF8.GetBytes(text), "f.yaml", problems);
    }
}
