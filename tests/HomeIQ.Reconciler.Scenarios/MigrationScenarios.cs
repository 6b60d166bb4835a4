namespace HomeIQ.Reconciler.Scenarios;

/// <summary>Real migrations of a real SQLite database by Debian's Alembic, in containers of the real engine: by commit, and back.</summary>
public sealed class MigrationScenarios
{
    private const string Path = "/data/app.db";

    [Fact]
    public async Task A_commit_migrates_a_database_and_what_cannot_migrate_it_is_found_on_a_copy_while_everybody_runs()
    {
        await using var house = await InstalledAsync();
        var (before, ids, started) = (Contents(house), await house.IdsAsync(), Started(house));

        foreach (var (tag, why) in ((string, string)[])
        [
            ("bad-row", "alembic upgrade head ended with exit code 1: "),
            ("bad-shape", "No support for ALTER of constraints in SQLite"),
            ("bad-heads", "the image has 2 heads (0002, 0003)"),
        ])
        {
            var said = await Move(house, tag).HomeiqAsync("apply");

            Assert.True(said.Code == 1, $"{tag}: {said}");
            Assert.Contains(why, said.ToString(), StringComparison.Ordinal);
            Assert.Equal((before, started), (Contents(house), Started(house)));
            Assert.Equal(ids, await house.IdsAsync());
            ExpectOnly(house);
        }

        Assert.Equal(4, (await house.HomeiqAsync("apply")).Code);

        var plan = await Move(house, "1.1.0").HomeiqAsync("plan");
        Assert.Contains("rehearse the migration of rows on a copy (alembic upgrade head)", plan.Out, StringComparison.Ordinal);
        Assert.Contains("migrate rows (alembic upgrade head)", plan.Out, StringComparison.Ordinal);
        await house.ApplyAsync();

        Assert.Equal("0002 | id name room seen | lamp hall 0, door hall 0, cat None 0 | hall", Contents(house, withRooms: true));
        Assert.Equal("640 1000:1000", house.Docker("exec", house.Container("store"), "stat", "-c", "%a %u:%g", Path));
        Assert.Equal(ids["reader"], (await house.IdsAsync())["reader"]);
        await house.ExpectUpAsync("store", "reader");
    }

    [Fact]
    public async Task A_version_that_migrated_its_data_and_is_ill_goes_back_with_every_row_and_nobody_types_anything()
    {
        await using var house = await InstalledAsync();
        var (before, ids, file) = (Contents(house), await house.IdsAsync(), FileOf(house));

        var said = await Move(house, "bad-health").HomeiqAsync("apply");

        Assert.True(said.Code == 1, said.ToString());
        Assert.Equal(ids, await house.IdsAsync());
        Assert.Equal((before, file), (Contents(house), FileOf(house)));
        await house.ExpectUpAsync("store", "reader");
        Assert.Contains("migrate rows", (await house.HomeiqAsync("show")).Out, StringComparison.Ordinal);
    }

    private static async Task<House> InstalledAsync()
    {
        var house = new House();
        await Move(house, "1.0.0").ApplyAsync();
        house.Docker("exec", house.Container("store"), "alembic", "upgrade", "head");
        house.Docker("exec", house.Container("store"), "chmod", "640", Path);
        Ask(house, "db.execute(\"INSERT INTO devices (name, room) VALUES ('lamp', 'hall'), ('door', 'hall'), ('cat', NULL)\"); db.commit()");
        return house;
    }

    private static House Move(House house, string tag)
    {
        house
            .Policy($"databases: {{ rows: {{ kind: sqlite, service: store, path: {Path}, migrate: [alembic, upgrade, head], migrate-within: 2m }} }}")
            .ComposeWith(
                "volumes: {data: {}}",
                ("store", $"image: homeiq-test/rows:{tag}\nuser: \"1000:1000\"\nvolumes: [data:/data]\nrestart: unless-stopped"),
                ("reader", "volumes: [data:/data:ro]\nrestart: unless-stopped"))
            .Commit($"To {tag}");
        return house;
    }

    /// <summary>Revision, columns and rows of the database, as the running service sees them.</summary>
    private static string Contents(House house, bool withRooms = false) => Ask(
        house,
        "revision = db.execute('SELECT version_num FROM alembic_version').fetchone()[0]",
        "columns = ' '.join(row[1] for row in db.execute('PRAGMA table_info(devices)'))",
        "rows = ', '.join(' '.join(map(str, row[1:])) for row in db.execute('SELECT * FROM devices ORDER BY id'))",
        $"print(revision, '|', columns, '|', rows{(!withRooms ? "" : ", '|', *(row[0] for row in db.execute('SELECT name FROM rooms ORDER BY name'))")})");

    private static string Ask(House house, params string[] lines) =>
        house.Docker("exec", house.Container("store"), "python3.11", "-c", string.Join('\n', ["import sqlite3", $"db = sqlite3.connect('{Path}')", .. lines])).Trim();

    private static string FileOf(House house) => house.Docker("exec", house.Container("store"), "sh", "-c", $"sha256sum {Path}; stat -c '%a %u:%g %s' {Path}");

    private static string Started(House house) => house.Inspect("store", "{{.State.StartedAt}}") + house.Inspect("reader", "{{.State.StartedAt}}");

    /// <summary>Beside the volume's own folder lies nothing, and no job is left.</summary>
    private static void ExpectOnly(House house)
    {
        var folder = System.IO.Path.GetDirectoryName(house.Docker("volume", "inspect", "--format", "{{.Mountpoint}}", $"{house.Name}_data"))!;
        Assert.Equal(["_data"], Directory.GetFileSystemEntries(folder).Select(System.IO.Path.GetFileName));
        Assert.DoesNotContain(".job", house.Docker("ps", "-a", "--format", "{{.Names}}"), StringComparison.Ordinal);
    }
}
