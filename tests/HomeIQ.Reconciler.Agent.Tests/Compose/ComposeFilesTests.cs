using System.Runtime.CompilerServices;
using HomeIQ.Reconciler.Compose;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Git;
using HomeIQ.Reconciler.Yaml;

namespace HomeIQ.Reconciler.Agent.Tests.Compose;

public class ComposeFilesTests
{
    [Fact]
    public void HomeIQs_own_desired_state_is_one_tree_whose_every_service_has_the_image_of_the_versions_file()
    {
        var problems = new List<Problem>();
        var request = new LoadRequest { Tree = new FolderTree(RepositoryRoot()), LeaveUnresolved = true };

        var merged = ComposeFiles.Load(request, ["desired-state/compose.yaml", "desired-state/compose.versions.yaml"], Variables.Unresolved, problems);

        Assert.Empty(problems);
        var services = Assert.IsType<YamlMapping>(merged!.Root.Find("services"));
        Assert.Equal(("homeiq", "desired-state", 31), (merged.ProjectName, merged.Folder, services.Entries.Count));
        Assert.All(services.Entries, service => Assert.Equal("desired-state/compose.versions.yaml", Assert.IsType<YamlMapping>(service.Value).Find("image")?.Position.File));
    }

    [Fact]
    public void A_broken_tree_is_answered_with_every_problem_of_every_file()
    {
        var tree = new MemoryTree
        {
            ["compose.yaml"] = """
                version: "3.8"
                include:
                  - core.yaml
                  - missing.yaml
                services:
                  web:
                    image: nginx:${NGINX}
                    image: nginx:1.27
                    build: ../../elsewhere
                    environment: [A=1, A=2]
                    extends: nobody
                  core:
                    image: other:1
                """,
            ["core.yaml"] = """
                services:
                  core:
                    image: core:1
                    command: ["${UNCLOSED"]
                    8080: x
                """,
            ["compose.versions.yaml"] = "services:\n\tweb:\n",
        };

        var (merged, problems) = ComposeCase.Load(tree, ["compose.yaml", "compose.versions.yaml"], ComposeCase.Host(("UNUSED", "x")));

        Assert.NotNull(merged);
        Snapshot.Matches(string.Join('\n', problems));
    }

    [Fact]
    public void The_same_problem_of_a_file_that_is_read_twice_is_told_once()
    {
        var tree = new MemoryTree { ["a.yaml"] = "include: [c.yaml]", ["b.yaml"] = "include: [c.yaml]", ["c.yaml"] = "services: {c: {image: $X}}" };

        Assert.Single(ComposeCase.Load(tree, ["a.yaml", "b.yaml"]).Problems);
    }

    [Fact]
    public void A_variable_that_only_an_unused_extension_needs_is_no_problem() =>
        Assert.Equal("services:\n  a:\n    image: x", ComposeCase.Merge("x-template: {image: $UNSET}\nservices: {a: {image: x, x-note: $UNSET}}"));

    [Fact]
    public void Anchors_of_extensions_live_on_where_they_are_used() =>
        Assert.Equal(
            "services:\n  a:\n    restart: always\n    logging:\n      driver: local\n    image: x",
            ComposeCase.Merge("x-log: &log {driver: local}\nx-common: &common {restart: always, logging: *log}\nservices: {a: {<<: *common, image: x}}"));

    [Fact]
    public void Problems_without_end_are_cut_short()
    {
        var lines = string.Concat(Enumerable.Range(0, 3000).Select(index => $"      - A{index}=$X{index}\n"));

        var (_, problems) = ComposeCase.Load(new MemoryTree { ["1.yaml"] = $"services:\n  a:\n    environment:\n{lines}" }, ["1.yaml"]);

        Assert.Equal(1001, problems.Count);
        Assert.EndsWith("what follows is not shown", problems[^1].Message, StringComparison.Ordinal);
    }

    [Fact]
    public void No_files_are_nothing() => Assert.Null(ComposeCase.Load(new MemoryTree(), []).Merged);

    internal static string RepositoryRoot([CallerFilePath] string file = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "..", "..", ".."));
}
