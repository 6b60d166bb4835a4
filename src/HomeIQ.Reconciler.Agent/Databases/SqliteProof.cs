using System.Security.Cryptography;
using System.Text;
using HomeIQ.Reconciler.Backups;
using HomeIQ.Reconciler.Files;

namespace HomeIQ.Reconciler.Databases;

/// <summary>Tells what SQLite databases hold, in copies of their own: a reader would leave files behind, and finish what the writer left unfinished. Only a hot copy opens a database where it lies, as its own program does.</summary>
internal static class SqliteProof
{
    /// <summary>What belongs to a database beside its file; the shared memory is made anew by whoever opens it.</summary>
    private static readonly string[] Companions = ["-wal", "-journal"];

    /// <summary>Copies a database that nobody uses, with what is unfinished of it, opens the copy, and tells what it holds.</summary>
    /// <param name="folder">The volume's folder: nothing on the way down from there may lead elsewhere.</param>
    /// <param name="file">The database's path in it.</param>
    /// <param name="scratch">A folder that is made for it and is gone afterwards.</param>
    /// <exception cref="IOException">It is no database, or a damaged one.</exception>
    public static async Task<SqliteFacts> ExamineAsync(string folder, string file, string scratch, CancellationToken cancellationToken)
    {
        var database = Plain(folder, file);
        await ColdCopy.RemoveAsync(scratch, cancellationToken);
        try
        {
            Directory.CreateDirectory(scratch, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            var copy = Path.Combine(scratch, "database");
            foreach (var part in Companions.Prepend("").Where(part => Posix.Find(Posix.Bytes(database + part)) is not null))
            {
                RequireFile(database + part);
                File.Copy(database + part, copy + part);
            }

            return await Task.Run(() => Examine(database, copy), cancellationToken);
        }
        finally
        {
            await ColdCopy.RemoveAsync(scratch, CancellationToken.None);
        }
    }

    /// <summary>Copies a database that is in use, as it is at one moment.</summary>
    /// <exception cref="IOException">It is no database, or a damaged one.</exception>
    public static Task CopyHotAsync(string folder, string file, string target, CancellationToken cancellationToken) => Task.Run(
        () => Translated(file, () =>
        {
            using var live = new SqliteFile(Plain(folder, file), makes: false);
            live.Execute("PRAGMA busy_timeout=10000;");
            using var copy = new SqliteFile(target, makes: true);
            live.CopyTo(copy);
            return true;
        }),
        cancellationToken);

    private static SqliteFacts Examine(string name, string copy) => Translated(name, () =>
    {
        using var file = new SqliteFile(copy, makes: false);
        var complaints = file.Rows("PRAGMA integrity_check(3)", row => row.GetString(0)).Where(said => said != "ok").ToList();
        if (complaints.Count > 0)
        {
            throw new IOException($"{name} is damaged: {string.Join("; ", complaints)}");
        }

        var orphans = file.Rows("PRAGMA foreign_key_check", row => $"{row.GetString(0)} refers to what is missing in {row.GetString(2)}").Distinct(StringComparer.Ordinal).Take(3).ToList();
        var tables = file.Rows("SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0 AND name NOT LIKE 'sqlite@_%' ESCAPE '@' ORDER BY name", row => row.GetString(0));
        var schema = file.Rows(
            "SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_schema WHERE name NOT LIKE 'sqlite@_%' ESCAPE '@' ORDER BY type, name",
            row => $"{row.GetString(0)}\0{row.GetString(1)}\0{row.GetString(2)}\0{row.GetString(3)}\0");
        return new SqliteFacts(
            Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(schema)))),
            new(tables.Where(table => table != SqliteFacts.AlembicTable).Select(table => KeyValuePair.Create(table, (long)file.Scalar($"SELECT count(*) FROM \"{table.Replace("\"", "\"\"", StringComparison.Ordinal)}\"")!))),
            tables.Contains(SqliteFacts.AlembicTable) ? [.. file.Rows($"SELECT coalesce(version_num, '') FROM {SqliteFacts.AlembicTable} ORDER BY 1", row => row.GetString(0))] : [])
        {
            Orphans = [.. orphans],
        };
    });

    /// <summary>The path of a database that a service may have put anything in the place of: a link would lead out of its volume.</summary>
    private static string Plain(string folder, string file)
    {
        var path = folder;
        foreach (var name in Path.GetDirectoryName(file)!.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            path = Path.Join(path, name);
            if (Posix.Find(Posix.Bytes(path)) is not { IsFolder: true })
            {
                throw new IOException($"{path} is no folder");
            }
        }

        path = Path.Join(folder, file);
        RequireFile(path);
        return path;
    }

    private static void RequireFile(string path)
    {
        if (Posix.Find(Posix.Bytes(path)) is not { IsFile: true })
        {
            throw new IOException($"{path} is no file");
        }
    }

    private static T Translated<T>(string name, Func<T> ask)
    {
        try
        {
            return ask();
        }
        catch (SqliteFileException unusable)
        {
            throw new IOException($"{name} cannot be read as a SQLite database: {unusable.Message}", unusable);
        }
    }
}
