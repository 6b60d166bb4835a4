using HomeIQ.Reconciler.Contents;

namespace HomeIQ.Reconciler.Agent.Tests.Contents;

public sealed class DockerIgnoreSpecs
{
    [Theory]

    // Plain names
    [InlineData("notes.md", "notes.md", true)]
    [InlineData("notes.md", "docs/notes.md", false)]
    [InlineData("notes.md", "notes.mdx", false)]
    [InlineData("docs", "docs", true)]
    [InlineData("docs", "docs/a/b", true)]
    [InlineData("docs", "docs2", false)]
    [InlineData("docs/", "docs/a", true)]
    [InlineData("docs/", "docs", true)]
    [InlineData("/docs", "docs/a", true)]
    [InlineData("./docs", "docs/a", true)]
    [InlineData("docs/./a", "docs/a", true)]
    [InlineData("docs//a", "docs/a", true)]
    [InlineData("docs/x/../a", "docs/a", true)]
    [InlineData("../docs", "docs", false)]
    [InlineData("docs/a", "docs", false)]
    [InlineData("docs/a", "x/docs/a", false)]
    [InlineData("  docs  ", "docs", true)]
    [InlineData("\uFEFFdocs", "docs", true)]
    [InlineData("docs\r\nsrc\r\n", "src/x", true)]
    [InlineData(".", "a", false)]
    [InlineData("/", "a", false)]
    [InlineData("", "a", false)]

    // Comments
    [InlineData("#docs", "docs", false)]
    [InlineData("#docs", "#docs", false)]
    [InlineData(" #docs", "#docs", true)]
    [InlineData("docs # all", "docs", false)]

    // One star, a question mark
    [InlineData("*", "a", true)]
    [InlineData("*", "a/b", true)]
    [InlineData("*.md", "a.md", true)]
    [InlineData("*.md", ".md", true)]
    [InlineData("*.md", "docs/a.md", false)]
    [InlineData("*.md", "a.mdx", false)]
    [InlineData("*/a", "x/a", true)]
    [InlineData("*/a", "a", false)]
    [InlineData("*/a", "x/y/a", false)]
    [InlineData("*/*/a", "x/y/a", true)]
    [InlineData("a*", "abc/d", true)]
    [InlineData("a*c", "ac", true)]
    [InlineData("a*c", "a/c", false)]
    [InlineData("a?c", "abc", true)]
    [InlineData("a?c", "ac", false)]
    [InlineData("a?c", "a/c", false)]
    [InlineData("?", "ä", true)]

    // Two stars
    [InlineData("**", "a/b/c", true)]
    [InlineData("**/a", "a", true)]
    [InlineData("**/a", "x/y/a", true)]
    [InlineData("**/a", "x/a/z", true)]
    [InlineData("**/a", "xa", false)]
    [InlineData("**/*.md", "a.md", true)]
    [InlineData("**/*.md", "x/y/a.md", true)]
    [InlineData("**/a/b", "x/a/b", true)]
    [InlineData("**/a/b", "x/a/c", false)]
    [InlineData("a/**", "a/b/c", true)]
    [InlineData("a/**", "a", false)]
    [InlineData("a/**", "ab/c", false)]
    [InlineData("a/**/b", "a/b", true)]
    [InlineData("a/**/b", "a/x/y/b", true)]
    [InlineData("a/**/b", "x/a/b", false)]
    [InlineData("a/**/b", "a/xb", false)]
    [InlineData("a/**/*.c", "a/x/y.c", true)]
    [InlineData("**/a/**", "x/a/y", true)]
    [InlineData("**/a/**", "x/b/y", false)]
    [InlineData("**/node_modules", "web/node_modules/x/index.js", true)]
    [InlineData("a**", "abc", true)]
    [InlineData("a**/b", "ax/y/b", true)]
    [InlineData("a**/b", "x/ay/b", false)]
    [InlineData("**.md", "x/a.md", true)]

    // Classes and escapes
    [InlineData("a[bc]d", "abd", true)]
    [InlineData("a[b-d]e", "ace", true)]
    [InlineData("a[b-d]e", "aee", false)]
    [InlineData("a[^b-d]e", "axe", true)]
    [InlineData("a[^b-d]e", "ace", false)]
    [InlineData("[[]x", "[x", true)]
    [InlineData(@"[\]]x", "]x", true)]
    [InlineData(@"[a\-z]x", "-x", true)]
    [InlineData(@"[a\-z]x", "bx", false)]
    [InlineData(@"a\*b", "a*b", true)]
    [InlineData(@"a\*b", "axb", false)]
    [InlineData(@"\#a", "#a", true)]
    [InlineData(@"\!a", "!a", true)]
    [InlineData(@"\d", "1", false)]

    // What means something in an expression means nothing here
    [InlineData("a.b", "axb", false)]
    [InlineData("*.b", "axb", false)]
    [InlineData("a+*", "aa", false)]
    [InlineData("(a|b)*", "a", false)]
    [InlineData("(a|b)*", "(a|b)c", true)]
    [InlineData("a{2}*", "aa", false)]
    [InlineData("*$", "a$", true)]
    [InlineData("^a*", "a", false)]
    [InlineData("a]*", "a]b", true)]
    [InlineData("*.md", "a.md\n", false)]

    // Exceptions: the last match decides
    [InlineData("*.md\n!README.md", "README.md", false)]
    [InlineData("*.md\n!README.md", "other.md", true)]
    [InlineData("!README.md\n*.md", "README.md", true)]
    [InlineData("*.md\n!README*.md\nREADME-secret.md", "README-secret.md", true)]
    [InlineData("*.md\nREADME-secret.md\n!README*.md", "README-secret.md", false)]
    [InlineData("docs\n!docs/keep", "docs/keep", false)]
    [InlineData("docs\n!docs/keep", "docs/keep/deep/er", false)]
    [InlineData("docs\n!docs/keep", "docs/other", true)]
    [InlineData("docs\n!docs/keep\ndocs/keep/not", "docs/keep/not", true)]
    [InlineData("docs\n!docs/keep\ndocs/keep/not", "docs/keep/x", false)]
    [InlineData("*\n!src", "src/a/b.cs", false)]
    [InlineData("*\n!src", "doc", true)]
    [InlineData("*\n!**/*.cs", "src/deep/a.cs", false)]
    [InlineData("*\n!**/*.cs", "src/deep/a.md", true)]
    [InlineData("**\n!*.cs", "a.cs", false)]
    [InlineData("**\n!*.cs", "src/a.cs", true)]
    [InlineData("! src\n", "src", false)]
    [InlineData("*\n! src", "src", false)]
    [InlineData("*\n!/src/", "src/x", false)]
    [InlineData("!a", "b", false)]
    public void The_last_line_that_matches_decides(string rules, string path, bool ignored) =>
        Assert.Equal(ignored, DockerIgnore.Parse(rules).Ignores(path));

    [Theory]
    [InlineData("ok\n!", "line 2: \"!\" names nothing")]
    [InlineData("a[", "line 1: \"a[\" is malformed")]
    [InlineData("a[b", "line 1: \"a[b\" is malformed")]
    [InlineData("a[]b]", "line 1: \"a[]b]\" is malformed")]
    [InlineData("a[-b]", "line 1: \"a[-b]\" is malformed")]
    [InlineData("a[b-]", "line 1: \"a[b-]\" is malformed")]
    [InlineData("a[z-b]", "line 1: \"a[z-b]\" is malformed")]
    [InlineData(@"a\", @"line 1: ""a\"" is malformed")]
    public void A_malformed_line_is_named(string rules, string message) =>
        Assert.Equal(message, Assert.Throws<FormatException>(() => DockerIgnore.Parse(rules)).Message);

    [Fact]
    public void A_pattern_made_to_keep_a_matcher_busy_is_done_at_once()
    {
        var rules = DockerIgnore.Parse(string.Concat(Enumerable.Repeat("**/*a", 30)) + "b");
        var clock = System.Diagnostics.Stopwatch.StartNew();

        Assert.False(rules.Ignores(string.Concat(Enumerable.Repeat("a", 2000))));
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(5), $"{clock.Elapsed}");
    }
}
