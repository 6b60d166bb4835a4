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
    public async Task A_commit_is_judged_as_plan_judges_it()
    {
        using var homeiq = new Homeiq();
        homeiq.Files.Write("repository/compose.yaml", "name: house\nservices:\n  web: {image: 'nginx:1.27', volumes: ['./logs:/logs']}\n");
        var repository = await homeiq.CommitAsync("first");

        var validated = await homeiq.RunAsync("validate", "--repo", repository, "--path", "");
        var planned = await homeiq.RunAsync("plan", "--repo", repository, "--path", "", "--state", homeiq.Files.PathOf("state"));

        Assert.Equal(1, validated.Code);
        Assert.Equal("compose.yaml:3:40: error: services.web.volumes: `logs` is written to, and no folder of the host is named for it (set --project-dir, write an absolute path, or mount it read-only with :ro)", validated.Error.Split('\n')[0]);
        Assert.Equal(2, planned.Code);
        Assert.Equal(planned.Error, validated.Error);
    }

    [Fact]
    public async Task A_folder_has_the_root_of_its_tree_for_what_lies_beside_it()
    {
        using var homeiq = new Homeiq();
        House.WriteGood(homeiq, "desired-state");
        homeiq.Files.Write("desired-state/compose.yaml", "name: house\nservices:\n  data-api: {env_file: .env, volumes: ['./logs:/logs']}\n  health-dashboard: {}\n");
        homeiq.Files.Write("desired-state/.env", "A=b\n");

        var ended = await homeiq.RunAsync("validate");

        Assert.True(ended.Code == 0, ended.ToString());
    }

    [Theory]
    [InlineData("./desired-state")]
    [InlineData("desired-state/.")]
    [InlineData("/desired-state/")]
    [InlineData("more/../desired-state")]
    public async Task A_path_in_the_repository_may_be_written_as_any_path(string path)
    {
        using var homeiq = new Homeiq();
        House.WriteGood(homeiq, "repository/desired-state");
        var repository = await homeiq.CommitAsync("first");

        var ended = await homeiq.RunAsync("validate", "--repo", repository, "--path", path);

        Assert.True(ended.Code == 0, ended.ToString());
    }

    [Fact]
    public async Task The_root_of_the_repository_is_a_dot()
    {
        using var homeiq = new Homeiq();
        House.WriteGood(homeiq, "repository");
        var repository = await homeiq.CommitAsync("first");

        Assert.Equal(0, (await homeiq.RunAsync("validate", "--repo", repository, "--path", ".")).Code);
        Assert.Equal(0, (await homeiq.RunAsync("plan", "--repo", repository, "--path", ".", "--base", "main", "--head", "main")).Code);
    }

    [Fact]
    public async Task A_folder_that_is_named_beats_the_repository_of_a_variable()
    {
        using var homeiq = new Homeiq();
        House.WriteGood(homeiq, "repository/desired-state", project: "committed");
        homeiq.Variables["HOMEIQ_REPO"] = await homeiq.CommitAsync("first");
        House.WriteGood(homeiq, "repository/desired-state", project: "edited");

        Assert.StartsWith("ok: project committed,", (await homeiq.RunAsync("validate")).Out, StringComparison.Ordinal);
        Assert.StartsWith("ok: project edited,", (await homeiq.RunAsync("validate", "--path", "repository/desired-state")).Out, StringComparison.Ordinal);
        Assert.StartsWith("ok: project committed,", (await homeiq.RunAsync("validate", "--path", "desired-state")).Out, StringComparison.Ordinal);
        Assert.StartsWith("ok: project committed,", (await homeiq.RunAsync("validate", "--repo", homeiq.Files.PathOf("repository"), "--path", "desired-state")).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Places_are_told_from_the_working_folder()
    {
        using var homeiq = new Homeiq();
        homeiq.Files.Write("repository/deep/state/compose.yaml", "services:\n  a: {image: 'a:1', x: 1, ports: ['80:80']}\n  b: {image: 'b:1', ports: ['80:80']}\n");
        await homeiq.CommitAsync("first");
        homeiq.Files.Write("elsewhere/compose.yaml", "services: {a: {image: 'a:1', zzz: 1}}\n");

        async Task<string> FirstLineAsync(string folder, params string[] arguments) =>
            (await homeiq.RunAsync("env", ["-C", homeiq.Files.PathOf(folder), Homeiq.Program, "validate", "--compose", .. arguments])).Error.Split('\n')[0];

        Assert.StartsWith("state/compose.yaml:2:21: error: ", await FirstLineAsync("repository/deep", "state/compose.yaml"), StringComparison.Ordinal);
        Assert.StartsWith("../elsewhere/compose.yaml:1:30: error: ", await FirstLineAsync("repository", "../elsewhere/compose.yaml"), StringComparison.Ordinal);
        Assert.StartsWith("/TEST/elsewhere/compose.yaml:1:30: error: ", await FirstLineAsync("repository", homeiq.Files.PathOf("elsewhere/compose.yaml")), StringComparison.Ordinal);
        Assert.Contains("already by service `a` at state/compose.yaml:2:35 (",
            (await homeiq.RunAsync("env", ["-C", homeiq.Files.PathOf("repository/deep"), Homeiq.Program, "validate", "--path", "state", "--project-name", "p"])).Error, StringComparison.Ordinal);
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
    public async Task Compose_files_of_several_folders_are_judged_together()
    {
        using var homeiq = new Homeiq();
        homeiq.Files.Write("one/c.yaml", "include: [../three/i.yaml]\nservices: {a: {image: 'a:1', env_file: ../four/e.env, command: '${X:-y}'}}\n");
        homeiq.Files.Write("two/o.yaml", "services: {a: {environment: {B: c}, extends: {file: ../two/base.yaml, service: base}}}\n");
        homeiq.Files.Write("two/base.yaml", "services: {base: {image: 'a:2', tty: true}}\n");
        homeiq.Files.Write("three/i.yaml", "services: {b: {image: 'b:1'}}\n");
        homeiq.Files.Write("four/e.env", "E=f\n");

        Assert.Equal(new Ended(0, "ok: project compose, 2 services, 1 network, 0 volumes\n", ""), await homeiq.RunAsync("validate", "--compose", "one/c.yaml", "two/o.yaml"));
        Assert.Equal(
            new Ended(0, "ok: project compose, 2 services, 1 network, 0 volumes\n", ""),
            await homeiq.RunAsync("env", ["-C", homeiq.Files.PathOf("one"), Homeiq.Program, "validate", "--compose", "c.yaml"]));
    }

    [Fact]
    public async Task A_folder_reached_over_a_link_is_read()
    {
        using var homeiq = new Homeiq();
        House.WriteGood(homeiq, "real");
        Directory.CreateSymbolicLink(homeiq.Files.PathOf("link"), homeiq.Files.PathOf("real"));

        Assert.Equal(0, (await homeiq.RunAsync("validate", "--compose", "link/compose.yaml", "link/compose.versions.yaml")).Code);
    }

    [Fact]
    public async Task A_variable_that_nobody_sets_is_empty_where_only_the_form_is_judged()
    {
        using var homeiq = new Homeiq();
        homeiq.Files.Write("c.yaml", "services:\n  a: {image: 'a:1', command: 'x ${NOPE}'}\n");
        homeiq.Files.Write("bad.yaml", "services:\n  a: {image: 'a:1', command: 'x ${NOPE:?say it}'}\n");
        homeiq.Files.Write("h.env", "A=b\n");

        Assert.Equal(
            new Ended(0, "ok: project compose, 1 service, 1 network, 0 volumes\n", """
                c.yaml:2:30: warning: the variable `NOPE` is not set, and empty here (name an env file with --env-file, or write ${NOPE:-default})
                1 warning

                """),
            await homeiq.RunAsync("validate", "--compose", "c.yaml"));
        Assert.Equal(1, (await homeiq.RunAsync("validate", "--compose", "c.yaml", "--env-file", "h.env")).Code);
        Assert.Equal(1, (await homeiq.RunAsync("validate", "--compose", "bad.yaml")).Code);
    }

    [Fact]
    public async Task A_profile_that_no_service_has_is_told_at_the_file()
    {
        using var homeiq = new Homeiq();
        House.WriteGood(homeiq, "repository");
        var repository = await homeiq.CommitAsync("first");

        Assert.StartsWith("repository/compose.yaml: warning: no service has the profile `a`", (await homeiq.RunAsync("validate", "--compose", "repository/compose.yaml", "--profile", "a")).Error.Split('\n').First(line => line.Contains("profile", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.StartsWith(".: warning: no service has the profile `a`", (await homeiq.RunAsync("validate", "--repo", repository, "--path", "", "--profile", "a")).Error, StringComparison.Ordinal);
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
        Assert.Equal("desired-state/compose.yaml", first.GetProperty("position").GetProperty("file").GetString());
        Assert.True(first.GetProperty("position").GetProperty("line").GetInt32() > 0);
        Assert.Equal("error", first.GetProperty("severity").GetString());
        Assert.Contains("unknown key `enviroment` (did you", ended.Out.Replace("\",\n    \"hint\": \"", " (", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_good_state_in_json_is_an_empty_list()
    {
        using var homeiq = new Homeiq();
        House.WriteGood(homeiq, "desired-state");

        Assert.Equal(new Ended(0, "[]\n", ""), await homeiq.RunAsync("validate", "-o", "json"));
    }
}
