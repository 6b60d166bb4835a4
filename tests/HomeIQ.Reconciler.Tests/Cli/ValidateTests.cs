using System.Text.Json;

namespace HomeIQ.Reconciler.Cli;

public sealed class ValidateTests
{
    [Fact]
    public async Task A_good_folder_is_ok_and_ends_with_0()
    {
        using var homeiq = new Homeiq();
        House.WriteGood(homeiq, "desired-state");

        Assert.Equal(new Ended(0, "ok: project house, 2 services, 1 network, 0 volumes\n", ""), await homeiq.RunAsync("validate"));
    }

    [Fact]
    public async Task A_broken_folder_reads_like_a_good_compilers_output()
    {
        using var homeiq = new Homeiq();
        House.WriteBroken(homeiq, "desired-state");

        Snapshot.Matches((await homeiq.RunAsync("validate")).ToString());
    }

    [Fact]
    public async Task An_absolute_path_is_taken_as_it_is()
    {
        using var homeiq = new Homeiq();
        House.WriteGood(homeiq, "elsewhere/state");

        Assert.Equal(0, (await homeiq.RunAsync("validate", "--path", homeiq.Files.PathOf("elsewhere/state"))).Code);
        Assert.Equal(0, (await homeiq.RunAsync("validate", "--path", homeiq.Files.PathOf("elsewhere/state/"))).Code);
        Assert.Equal(0, (await homeiq.RunAsync("validate", "--path", "elsewhere/../elsewhere/state")).Code);
    }

    [Fact]
    public async Task An_absolute_path_that_is_not_there_is_not_looked_for_below_the_working_folder()
    {
        using var homeiq = new Homeiq();
        House.WriteGood(homeiq, "elsewhere");

        var ended = await homeiq.RunAsync("validate", "--path", "/elsewhere");

        Assert.Equal(2, ended.Code);
        Assert.StartsWith("homeiq: error: there is no folder /elsewhere\n", ended.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_newest_commit_of_a_repository_is_validated_and_not_its_work_tree()
    {
        using var homeiq = new Homeiq();
        House.WriteGood(homeiq, "repository/desired-state");
        var repository = await homeiq.CommitAsync("first");
        House.WriteBroken(homeiq, "repository/desired-state");

        var ended = await homeiq.RunAsync("validate", "--repo", repository);

        Assert.True(ended.Code == 0, ended.ToString());
        Assert.Empty(Directory.GetFileSystemEntries(homeiq.Files.PathOf("tmp"), "homeiq-*"));
    }

    [Fact]
    public async Task A_reference_that_is_not_there_ends_with_2_and_leaves_no_temporary_folder()
    {
        using var homeiq = new Homeiq();
        House.WriteGood(homeiq, "repository/desired-state");
        var repository = await homeiq.CommitAsync("first");

        var ended = await homeiq.RunAsync("validate", "--repo", repository, "--revision", "nowhere");

        Snapshot.Matches(ended.ToString());
        Assert.Empty(Directory.GetFileSystemEntries(homeiq.Files.PathOf("tmp"), "homeiq-*"));
    }

    [Fact]
    public async Task Compose_files_are_judged_by_themselves()
    {
        using var homeiq = new Homeiq();
        House.WriteGood(homeiq, "files");
        homeiq.Files.Write("files/override.yaml", "services: {data-api: {restart: alway}}\n");

        var good = await homeiq.RunAsync("validate", "--compose", "files/compose.yaml", "files/compose.versions.yaml");
        var bad = await homeiq.RunAsync("validate", "--compose", "files/compose.yaml", "files/compose.versions.yaml", "files/override.yaml");

        Assert.True(good.Code == 0, good.ToString());
        Snapshot.Matches(bad.ToString());
    }

    [Fact]
    public async Task A_compose_file_that_is_not_there_is_named()
    {
        using var homeiq = new Homeiq();

        Assert.Equal(new Ended(2, "", "homeiq: error: there is no file compose.yaml\n"), await homeiq.RunAsync("validate", "--compose", "compose.yaml"));
    }

    [Fact]
    public async Task Json_names_severity_and_place_and_nothing_else_is_on_the_output()
    {
        using var homeiq = new Homeiq();
        House.WriteBroken(homeiq, "desired-state");

        var ended = await homeiq.RunAsync("validate", "-o", "json");

        Assert.Equal(1, ended.Code);
        Assert.Empty(ended.Error);
        var first = JsonDocument.Parse(ended.Out).RootElement[0];
        Assert.Equal("compose.yaml", first.GetProperty("position").GetProperty("file").GetString());
        Assert.True(first.GetProperty("position").GetProperty("line").GetInt32() > 0);
        Assert.Contains(first.GetProperty("severity").GetString(), (string[])["Error", "error"]);
    }

    [Fact]
    public async Task A_good_state_in_json_is_an_empty_list()
    {
        using var homeiq = new Homeiq();
        House.WriteGood(homeiq, "desired-state");

        Assert.Equal(new Ended(0, "[]\n", ""), await homeiq.RunAsync("validate", "-o", "json"));
    }
}
