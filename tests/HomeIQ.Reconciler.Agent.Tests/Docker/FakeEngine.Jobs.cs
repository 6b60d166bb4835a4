using HomeIQ.Reconciler.Files;

namespace HomeIQ.Reconciler.Docker;

/// <summary>A stand-in for Alembic in an image, on real SQLite files: its history is in <c>ALEMBIC</c> (oldest first), where the database lies in <c>DATABASE</c>.</summary>
public sealed partial class FakeEngine
{
    /// <summary>True for a container that was asked to run Alembic and nothing else.</summary>
    private bool Work(FakeContainer container)
    {
        if (VolumeFolder is null || container.Spec.Entrypoint is not [var program, _, ..] command || program != "alembic")
        {
            return false;
        }

        var (code, said) = Alembic(container, [.. command.Skip(1)]);
        container.Logs.AddRange(said.Split('\n').Select(line => (clock.Now, line)));
        Later(container, command.Contains("upgrade") ? container.Seconds("MIGRATION_TAKES") : TimeSpan.Zero, () => Exit(container, code));
        return true;
    }

    /// <summary>A service makes its database when there is none.</summary>
    private void Seed(FakeContainer container)
    {
        if (VolumeFolder is null || container.Knob("DATABASE") is not { } path || container.Spec.Entrypoint is not null || File.Exists(FileAt(container, path)))
        {
            return;
        }

        using var file = new SqliteFile(FileAt(container, path), makes: true);
        file.Execute("CREATE TABLE rows (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO rows (name) VALUES ('a'), ('b'), ('c')");
        if (container.Knob("CREATES_ALL") is null)
        {
            file.Execute("CREATE TABLE alembic_version (version_num TEXT NOT NULL); INSERT INTO alembic_version VALUES ('r1')");
        }
    }

    private string FileAt(FakeContainer container, string path)
    {
        var mount = container.Mounts.Single(mount => path.StartsWith(mount.Target + "/", StringComparison.Ordinal));
        return Path.Combine(mount.Kind == "volume" ? MountPoint(mount.Name) : mount.Source, path[(mount.Target.Length + 1)..]);
    }

    private (int Code, string Said) Alembic(FakeContainer container, string[] words)
    {
        var history = (container.Knob("ALEMBIC") ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        switch (words)
        {
            case ["heads"]:
                return (0, string.Join('\n', (container.Knob("HEADS") ?? history.LastOrDefault() ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(head => $"{head} (head)")));
            case ["upgrade", "head"] when container.Knob("DATABASE") is { } path:
                return Upgrade(container, path, history);
            default:
                return (2, $"alembic: error: {string.Join(' ', words)}");
        }
    }

    private (int Code, string Said) Upgrade(FakeContainer container, string path, string[] history)
    {
        using var file = new SqliteFile(container.Knob("MIGRATES_ANOTHER") is null ? FileAt(container, path) : ":memory:", makes: true);
        file.Execute("CREATE TABLE IF NOT EXISTS rows (id INTEGER PRIMARY KEY, name TEXT); CREATE TABLE IF NOT EXISTS alembic_version (version_num TEXT NOT NULL)");
        var at = file.Scalar("SELECT version_num FROM alembic_version") as string;
        if (at is not null && !history.Contains(at))
        {
            return (255, $"Can't locate revision identified by '{at}'");
        }

        foreach (var revision in history.SkipWhile(known => at is not null && known != at).Skip(at is null ? 0 : 1))
        {
            if (file.Rows("PRAGMA table_info(rows)", row => row.GetString(1)).Contains(revision))
            {
                return (1, $"duplicate column name: {revision}");
            }

            // As Alembic on SQLite by default: what was done before a failure stays done.
            file.Execute($"ALTER TABLE rows ADD COLUMN {revision} TEXT DEFAULT ''");
            if (container.Knob("FAILS_ON_ROW") is { } row && (long)file.Scalar("SELECT count(*) FROM rows WHERE id = $1", long.Parse(row, System.Globalization.CultureInfo.InvariantCulture))! > 0)
            {
                return (1, $"NOT NULL constraint failed: rows.{revision} at row {row}");
            }

            if (container.Knob("LOSES_ROWS") is { } where && container.Mounts.Any(mount => mount.Kind == where))
            {
                file.Execute("DELETE FROM rows WHERE id % 2 = 0");
            }

            file.Execute("DELETE FROM alembic_version");
            file.Execute("INSERT INTO alembic_version VALUES ($1)", revision);
        }

        return (0, "");
    }
}
