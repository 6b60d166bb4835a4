using HomeIQ.Reconciler.Compose;

namespace HomeIQ.Reconciler.Agent.Tests.Compose;

public class ComposeIncludeTests
{
    [Fact]
    public void An_included_file_brings_its_resources_with_paths_of_its_own_folder() =>
        Assert.Equal(
            """
            services:
              a:
                image: x
                depends_on:
                  b:
                    condition: service_started
              b:
                build:
                  context: ./sub/src
                env_file:
                  -
                    path: ./sub/b.env
            networks:
              n: ~
            """,
            Merge(("compose.yaml", "include: [sub/compose.yaml]\nservices: {a: {image: x, depends_on: [b]}}"), ("sub/compose.yaml", "services: {b: {build: ./src, env_file: b.env}}\nnetworks: {n: }")));

    [Fact]
    public void A_list_of_paths_is_merged_before_it_is_brought_in() =>
        Assert.Equal(
            "services:\n  b:\n    image: y\n    build:\n      context: ./sub/src",
            Merge(
                ("compose.yaml", "include:\n  - path: [sub/compose.yaml, b.override.yaml]\n"),
                ("sub/compose.yaml", "services: {b: {image: x, build: ./src}}"),
                ("b.override.yaml", "services: {b: {image: y}}")));

    [Fact]
    public void A_project_directory_is_where_relative_paths_begin() =>
        Assert.Equal(
            "services:\n  b:\n    build:\n      context: ./other/src",
            Merge(("compose.yaml", "include: [{path: sub/compose.yaml, project_directory: ./other}]"), ("sub/compose.yaml", "services: {b: {build: ./src}}")));

    [Fact]
    public void Its_env_file_speaks_only_where_the_host_is_silent()
    {
        var tree = Tree(
            ("compose.yaml", "include: [{path: sub/c.yaml, env_file: [one.env, two.env, /dev/null]}]\nservices: {a: {image: 'a:${TAG:-none}'}}"),
            ("one.env", "TAG=1\nA=one"), ("two.env", "A=two\nB=$A-$HOST"), ("sub/c.yaml", "services: {b: {image: 'x:$TAG', labels: {a: $A, b: $B, h: $HOST}}}"));

        var (merged, problems) = ComposeCase.Load(tree, ["compose.yaml"], ComposeCase.Host(("HOST", "h"), ("A", "host")));

        Assert.Empty(problems);
        Assert.Equal(
            """
            services:
              a:
                image: "a:none"
              b:
                image: "x:1"
                labels:
                  a: @host
                  b: @host-h
                  h: @h
            """,
            TreeText.Of(merged!.Root));
    }

    [Fact]
    public void Includes_nest_and_the_same_file_may_come_by_two_ways() =>
        Assert.Equal(
            "services:\n  b:\n    image: b\n  d:\n    image: d\n  c:\n    image: c",
            Merge(
                ("compose.yaml", "include: [b/b.yaml, c.yaml]"), ("b/b.yaml", "include: [../d.yaml]\nservices: {b: {image: b}}"),
                ("c.yaml", "include: [d.yaml]\nservices: {c: {image: c}}"), ("d.yaml", "services: {d: {image: d}}")));

    [Fact]
    public void A_further_file_overrides_what_was_included() =>
        Assert.Equal(
            "services:\n  b:\n    image: b:2",
            Merge(["compose.yaml", "compose.versions.yaml"], ("compose.yaml", "include: [b.yaml]"), ("b.yaml", "services: {b: {image: b:1}}"), ("compose.versions.yaml", "services: {b: {image: b:2}}")));

    [Fact]
    public void An_included_service_may_be_extended_inside_its_own_file_only() =>
        Assert.Equal(
            "compose.yaml:2:25: error: `a` extends `b`, which is no service of compose.yaml",
            Problems(("compose.yaml", "include: [b.yaml]\nservices: {a: {extends: b}}"), ("b.yaml", "services: {b: {image: x}}")));

    [Theory]
    [InlineData("include: [b.yaml]\nservices: {b: {image: y}}", "b.yaml:1:12: error: `services.b` of an included file is already defined at compose.yaml:2:12 (override it in a further Compose file, or in a list of paths under `include`)")]
    [InlineData("include: [compose.yaml]", "compose.yaml:1:11: error: `include` goes in a circle: compose.yaml -> compose.yaml")]
    [InlineData("include: [circle.yaml]", "circle.yaml:1:11: error: `include` goes in a circle: compose.yaml -> circle.yaml -> compose.yaml")]
    [InlineData("include: [gone.yaml]", "compose.yaml:1:11: error: the Compose file `gone.yaml` does not exist")]
    [InlineData("include: [gone.yaml, {path: gone.yaml}]", "compose.yaml:1:11: error: the Compose file `gone.yaml` does not exist\ncompose.yaml:1:22: error: the Compose file `gone.yaml` does not exist")]
    [InlineData("include: [sub]", "compose.yaml:1:11: error: the Compose file `sub` is a folder, not a file")]
    [InlineData("include: ['https://example.org/c.yaml']", "compose.yaml:1:11: error: `https://example.org/c.yaml` is no path inside the tree (only files of the repository can be included)")]
    [InlineData("include: [../c.yaml]", "compose.yaml:1:11: error: `../c.yaml` is no path inside the tree (only files of the repository can be included)")]
    [InlineData("include: b.yaml", "compose.yaml:1:10: error: `include` must be a list")]
    [InlineData("include: [[b.yaml]]", "compose.yaml:1:11: error: an entry of `include` is a path or a mapping")]
    [InlineData("include: [{paths: b.yaml}]", "compose.yaml:1:12: error: `include` has no key `paths` (`path`, `project_directory` and `env_file` are its keys)\ncompose.yaml:1:11: error: an entry of `include` needs a `path`")]
    [InlineData("include: [{path: {a: b}}]", "compose.yaml:1:18: error: `path` must be a path or a list of paths\ncompose.yaml:1:11: error: an entry of `include` needs a `path`")]
    [InlineData("include: [{path: b.yaml, env_file: gone.env}]", "compose.yaml:1:36: error: the env file `gone.env` does not exist")]
    [InlineData("include: [{path: b.yaml, env_file: bad.env}]", "bad.env:1:1: error: a variable's name cannot contain a space (NAME=value is expected)")]
    [InlineData("include: [named.yaml]", "named.yaml:1:1: note: the `name` of an included file is not used: it joins the project that includes it")]
    [InlineData("include: [sub/c.yaml]", "compose.yaml:1:11: note: `sub/.env` is not read by itself (name it under `env_file` of the include, or among the agent's env files)")]
    [InlineData("include: [missing.yaml]", "missing.yaml:1:23: error: the variable `X` is not set (no env file is named: give one with --env-file, or write ${X:-default})")]
    public void What_cannot_be_included_is_a_problem_at_its_place(string file, string expected) =>
        Assert.Equal(expected, Problems(
            ("compose.yaml", file), ("b.yaml", "services: {b: {image: x}}"), ("circle.yaml", "include: [compose.yaml]"), ("bad.env", "A B=c"), ("named.yaml", "name: n\nservices: {}"),
            ("sub/c.yaml", "services: {c: {image: x}}"), ("sub/.env", "A=b"), ("missing.yaml", "services: {m: {image: $X}}")));

    [Fact]
    public void An_unknown_section_of_an_included_file_is_kept_to_be_refused_by_name() =>
        Assert.Equal("servces:\n  b:\n    image: x", Merge(("compose.yaml", "include: [b.yaml]"), ("b.yaml", "servces: {b: {image: x}}")));

    [Fact]
    public void Files_that_include_without_end_are_refused()
    {
        var tree = new MemoryTree();
        for (var level = 0; level < 20; level++)
        {
            tree[$"{level}.yaml"] = $"include: [{level + 1}.yaml, {{path: {level + 1}.yaml}}]\nservices: {{}}";
        }

        tree["20.yaml"] = "services: {}";

        var (merged, problems) = ComposeCase.Load(tree, ["0.yaml"]);

        Assert.Null(merged);
        Assert.Equal("too much is included and extended: at most 256 files and 8388608 bytes are read", Assert.Single(problems).Message);
    }

    private static string Merge(params (string Path, string Text)[] files) => Merge([files[0].Path], files);

    private static string Merge(IReadOnlyList<string> names, params (string Path, string Text)[] files)
    {
        var (merged, problems) = ComposeCase.Load(Tree(files), names);
        Assert.Empty(problems);
        return TreeText.Of(merged!.Root);
    }

    private static string Problems(params (string Path, string Text)[] files) => string.Join('\n', ComposeCase.Load(Tree(files), [files[0].Path], Variables.None).Problems);

    private static MemoryTree Tree(params (string Path, string Text)[] files)
    {
        var tree = new MemoryTree();
        foreach (var (path, text) in files)
        {
            tree[path] = text;
        }

        return tree;
    }
}
