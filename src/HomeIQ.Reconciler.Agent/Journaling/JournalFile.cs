using System.Data;
using HomeIQ.Reconciler.Files;

namespace HomeIQ.Reconciler.Journaling;

/// <summary>The journal's file: opened, brought up to this version, asked and told in SQL.</summary>
/// <remarks>WAL with <c>synchronous=FULL</c>: what was acknowledged survives a power cut. One connection; whoever uses it takes care that it is alone.</remarks>
internal sealed class JournalFile : IDisposable
{
    /// <summary>Of the tables below; a file with a higher number was written by a newer program and is not touched.</summary>
    private const long Version = 2;

    private readonly SqliteFile connection;

    /// <exception cref="JournalException">It cannot be used.</exception>
    public JournalFile(string file)
    {
        if (!File.Exists(file))
        {
            using var made = new FileStream(file, new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.Write, UnixCreateMode = DurableFile.Private });
        }

        try
        {
            connection = new SqliteFile(file, makes: true);
        }
        catch (SqliteFileException unusable)
        {
            throw Unusable(file, unusable);
        }

        try
        {
            Prepare();
        }
        catch (JournalException)
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>What follows until its commit happens as a whole or not at all.</summary>
    public IDbTransaction Begin() => connection.Begin();

    public void Dispose() => connection.Dispose();

    public List<string> Column(string query, params object[] values) => Rows(query, row => row.GetString(0), values);

    public List<T> Rows<T>(string query, Func<IDataRecord, T> read, params object[] values) => Try(() => connection.Rows(query, read, values));

    public object? Scalar(string query, params object[] values) => Try(() => connection.Scalar(query, values));

    public void Execute(string statement, params object[] values) => Try(() =>
    {
        connection.Execute(statement, values);
        return true;
    });

    private void Prepare()
    {
        // Asked first, so that a newer program's file stays as it is.
        var version = (long)Scalar("PRAGMA user_version")!;
        if (version > Version)
        {
            throw new JournalException(
                $"{connection.Path} was written by a newer homeiq (format {version}, this one knows {Version}): use that version, nothing was touched");
        }

        Execute("PRAGMA busy_timeout=5000; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;");
        if (version < Version)
        {
            BringUp();
        }
    }

    /// <summary>Makes what this version adds. Of several who open a new file at once one does, and the others find it done.</summary>
    private void BringUp()
    {
        // A transaction that only reads at first could not go on to write after somebody else has.
        Execute("BEGIN IMMEDIATE;");
        var version = (long)Scalar("PRAGMA user_version")!;
        if (version < 1)
        {
            Execute(
                """
                CREATE TABLE runs (id TEXT PRIMARY KEY, started INTEGER NOT NULL, ended INTEGER) STRICT;
                CREATE TABLE entries (seq INTEGER PRIMARY KEY AUTOINCREMENT, run TEXT NOT NULL REFERENCES runs(id), at INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
                CREATE INDEX entries_by_run ON entries (run, seq);
                CREATE TABLE pointers (name TEXT PRIMARY KEY, state TEXT NOT NULL) STRICT;
                CREATE TABLE quarantine (id TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT;
                """);
        }

        if (version < 2)
        {
            // What a person decided; without an end while it holds.
            Execute("CREATE TABLE decisions (seq INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, subject TEXT NOT NULL, ended INTEGER, body TEXT NOT NULL) STRICT;");
        }

        Execute($"PRAGMA user_version = {Version}; COMMIT;");
    }

    private T Try<T>(Func<T> ask)
    {
        try
        {
            return ask();
        }
        catch (SqliteFileException broken)
        {
            throw Unusable(connection.Path, broken);
        }
    }

    private static JournalException Unusable(string file, SqliteFileException broken) => new($"the journal {file} cannot be used: {broken.Message}", broken);
}

/// <summary>The journal cannot be used; no run starts without it.</summary>
public sealed class JournalException(string message, Exception? inner = null) : Exception(message, inner);
