using HomeIQ.Reconciler.Planning;
using Microsoft.Data.Sqlite;

namespace HomeIQ.Reconciler.Journaling;

/// <summary>The journal in SQLite: an append-only table of entries, and the few pointers that a promotion moves.</summary>
/// <remarks>WAL with <c>synchronous=FULL</c>: what was acknowledged survives a power cut. One connection, one writer at a time.</remarks>
public sealed class SqliteJournal : IJournal
{
    /// <summary>Of the tables below; a file with a higher number was written by a newer program and is not touched.</summary>
    private const long Version = 2;

    private const string EffectivePointer = "effective";
    private const string GoodPointer = "last-known-good";
    private const string PreviousPointer = "previous";
    private const string SoakingPointer = "soaking";

    private readonly SqliteConnection connection;
    private readonly TimeProvider time;
    private readonly Lock gate = new();

    public SqliteJournal(string file, TimeProvider time)
    {
        this.time = time;
        if (!File.Exists(file))
        {
            using var made = new FileStream(file, new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.Write, UnixCreateMode = DurableFile.Private });
        }

        connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Pooling = false }.ToString());
        try
        {
            connection.Open();
            Prepare();
        }
        catch (Exception unusable) when (unusable is JournalException or SqliteException)
        {
            connection.Dispose();
            throw unusable as JournalException ?? Unusable((SqliteException)unusable);
        }
    }

    /// <summary>The settings that make every write durable, as the connection has them.</summary>
    internal (string Log, long Synchronous) Durability => ((string)Scalar("PRAGMA journal_mode")!, (long)Scalar("PRAGMA synchronous")!);

    public string Begin(RunStarted entry)
    {
        lock (gate)
        {
            using var transaction = connection.BeginTransaction();
            var id = Open(entry);
            transaction.Commit();
            return id;
        }
    }

    public void Append(string run, JournalEntry entry)
    {
        lock (gate)
        {
            Insert(run, entry);
        }
    }

    public void EnterSoak(string run, int number, string state)
    {
        lock (gate)
        {
            using var transaction = connection.BeginTransaction();
            Insert(run, new PhaseEntered(RunPhase.Soaking));
            Point(EffectivePointer, state);
            Point(SoakingPointer, run);
            transaction.Commit();
        }
    }

    public string Supersede(string run, RunEnded entry, RunStarted next)
    {
        lock (gate)
        {
            using var transaction = connection.BeginTransaction();
            Close(run, entry);
            Release(SoakingPointer);
            var id = Open(next);
            transaction.Commit();
            return id;
        }
    }

    public void Promote(string run, StepDone entry, string state)
    {
        lock (gate)
        {
            using var transaction = connection.BeginTransaction();
            Insert(run, entry);
            Point(EffectivePointer, state);
            if (Pointer(SoakingPointer) is not { } soaking || soaking == run)
            {
                if (Pointer(GoodPointer) is { } old && old != state)
                {
                    // A repair changes nothing about what lies before; and who went back to a state comes next to the one before that.
                    Follow(state, entry.Receipt is StateSealed { IsRepair: true } ? Pointer(PreviousPointer) : BackTo(run) is { } target ? Pointer(Before(target)) : old);
                }

                Point(GoodPointer, state);
                Release(SoakingPointer);
            }

            transaction.Commit();
        }
    }

    public void End(string run, RunEnded entry)
    {
        lock (gate)
        {
            using var transaction = connection.BeginTransaction();
            Close(run, entry);
            var soaking = Pointer(SoakingPointer);
            if (entry.After is { } after)
            {
                // Where the way back led, containers that had to be made again included.
                Point(EffectivePointer, after);
                if (soaking is null || soaking == run)
                {
                    Follow(after, Pointer(PreviousPointer));
                    Point(GoodPointer, after);
                }
            }
            else if (soaking == run && Pointer(GoodPointer) is null)
            {
                // A first install that fell ill while it was watched: the host is held to nothing again.
                Release(EffectivePointer);
            }

            if (soaking == run)
            {
                Release(SoakingPointer);
            }

            transaction.Commit();
        }
    }

    public IReadOnlyList<RunRecord> Runs(int most) => Read("SELECT id FROM runs ORDER BY rowid DESC LIMIT $1", most);

    public IReadOnlyList<string> RunIds()
    {
        lock (gate)
        {
            return Column("SELECT id FROM runs ORDER BY rowid DESC");
        }
    }

    public RunRecord? Find(string run)
    {
        var found = Read("SELECT id FROM runs WHERE id = $1 OR id LIKE $1 || '%' ORDER BY id LIMIT 2", run);
        return found is [var only] ? only : found.FirstOrDefault(candidate => candidate.Id == run);
    }

    public IReadOnlyList<RunRecord> Since(string run) => Read("SELECT id FROM runs WHERE rowid >= (SELECT rowid FROM runs WHERE id = $1) ORDER BY rowid", run);

    public IReadOnlyList<RunRecord> Unfinished() => Read("SELECT id FROM runs WHERE ended IS NULL ORDER BY rowid");

    public JournalPointers Pointers()
    {
        lock (gate)
        {
            return new(Pointer(EffectivePointer), Pointer(GoodPointer), Pointer(PreviousPointer), Pointer(SoakingPointer));
        }
    }

    public IReadOnlyList<QuarantineEntry> Quarantine()
    {
        lock (gate)
        {
            return [.. Column("SELECT body FROM quarantine ORDER BY id").Select(JournalJson.ReadQuarantine)];
        }
    }

    public void AddQuarantine(QuarantineEntry entry)
    {
        lock (gate)
        {
            Execute("INSERT OR REPLACE INTO quarantine (id, body) VALUES ($1, $2)", entry.Id, JournalJson.Write(entry));
        }
    }

    public void ReleaseQuarantine(string id)
    {
        lock (gate)
        {
            Execute("DELETE FROM quarantine WHERE id = $1", id);
        }
    }

    public void Decide(Decision decision)
    {
        lock (gate)
        {
            var now = time.GetUtcNow().ToUnixTimeMilliseconds();
            using var transaction = connection.BeginTransaction();
            EndDecisions(decision.Subject);
            Execute("INSERT INTO decisions (at, subject, body) VALUES ($1, $2, $3)", now, decision.Subject, JournalJson.Write(decision));
            switch (decision)
            {
                case Release release:
                    Execute("DELETE FROM quarantine WHERE id = $1", release.Quarantine);
                    EndDecisions(decision.Subject);
                    break;
                case Resumption resumption:
                    foreach (var suspension in Standing().OfType<Suspension>().Where(suspension => resumption.Service is null || suspension.Service == resumption.Service))
                    {
                        EndDecisions(suspension.Subject);
                    }

                    EndDecisions(decision.Subject);
                    break;
            }

            transaction.Commit();
        }
    }

    public IReadOnlyList<Decision> Standing()
    {
        lock (gate)
        {
            return Decisions("SELECT at, body FROM decisions WHERE ended IS NULL ORDER BY seq");
        }
    }

    public IReadOnlyList<Decision> Decisions(int most)
    {
        lock (gate)
        {
            return Decisions("SELECT at, body FROM decisions ORDER BY seq DESC LIMIT $1", most);
        }
    }

    public void Dispose() => connection.Dispose();

    private void EndDecisions(string subject) =>
        Execute("UPDATE decisions SET ended = $2 WHERE subject = $1 AND ended IS NULL", subject, time.GetUtcNow().ToUnixTimeMilliseconds());

    private List<Decision> Decisions(string query, params object[] values) =>
        Rows(query, row => JournalJson.ReadDecision(row.GetString(1), DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(0))), values);

    private List<RunRecord> Read(string query, params object[] values)
    {
        lock (gate)
        {
            return [.. Column(query, values).Select(ReadRun)];
        }
    }

    private RunRecord ReadRun(string id)
    {
        var entries = Rows(
            "SELECT at, body FROM entries WHERE run = $1 ORDER BY seq",
            row => JournalJson.Read(row.GetString(1), DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(0))),
            id);
        return RunReader.Read(id, entries) ?? throw new JournalException($"run {id} has no beginning in the journal: the file was tampered with");
    }

    private void Insert(string run, JournalEntry entry) =>
        Execute(
            "INSERT INTO entries (run, at, body) VALUES ($1, $2, $3)",
            run, time.GetUtcNow().ToUnixTimeMilliseconds(), JournalJson.Write(entry));

    /// <summary>Notes which known-good state lies before another one, which is about to be the last.</summary>
    private void Follow(string state, string? earlier)
    {
        foreach (var name in (string[])[PreviousPointer, Before(state)])
        {
            if (earlier is null)
            {
                Release(name);
            }
            else
            {
                Point(name, earlier);
            }
        }
    }

    private static string Before(string? state) => $"before {state}";

    /// <summary>The state that a person goes back to by this run; null when it is another kind of run.</summary>
    private string? BackTo(string run) =>
        Scalar("SELECT body FROM entries WHERE run = $1 ORDER BY seq LIMIT 1", run) is string first && JournalJson.Read(first, default) is RunStarted { Cause: RunCause.Rollback } started
            ? started.GoesTo ?? Pointer(PreviousPointer)
            : null;

    private string? Pointer(string name) => (string?)Scalar("SELECT state FROM pointers WHERE name = $1", name);

    private void Point(string name, string state) => Execute("INSERT OR REPLACE INTO pointers (name, state) VALUES ($1, $2)", name, state);

    private void Release(string name) => Execute("DELETE FROM pointers WHERE name = $1", name);

    private string Open(RunStarted entry)
    {
        var now = time.GetUtcNow();
        var stem = now.ToString("yyMMdd-HHmmss", System.Globalization.CultureInfo.InvariantCulture);
        var id = stem;
        for (var n = 2; Scalar("SELECT 1 FROM runs WHERE id = $1", id) is not null; n++)
        {
            id = $"{stem}-{n}";
        }

        Execute("INSERT INTO runs (id, started) VALUES ($1, $2)", id, now.ToUnixTimeMilliseconds());
        Insert(id, entry);
        EndDecisions(Approval.SubjectOf(entry.Plan.Digest));
        return id;
    }

    private void Close(string run, RunEnded entry)
    {
        Insert(run, entry);
        Execute("UPDATE runs SET ended = $2 WHERE id = $1", run, time.GetUtcNow().ToUnixTimeMilliseconds());
    }

    private void Prepare()
    {
        // Asked first, so that a newer program's file stays as it is.
        var version = (long)Scalar("PRAGMA user_version")!;
        if (version > Version)
        {
            throw new JournalException(
                $"{connection.DataSource} was written by a newer homeiq (format {version}, this one knows {Version}): use that version, nothing was touched");
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

    private List<string> Column(string query, params object[] values) => Rows(query, row => row.GetString(0), values);

    private List<T> Rows<T>(string query, Func<SqliteDataReader, T> read, params object[] values)
    {
        try
        {
            using var command = Command(query, values);
            using var reader = command.ExecuteReader();
            var rows = new List<T>();
            while (reader.Read())
            {
                rows.Add(read(reader));
            }

            return rows;
        }
        catch (SqliteException broken)
        {
            throw Unusable(broken);
        }
    }

    private object? Scalar(string query, params object[] values)
    {
        try
        {
            using var command = Command(query, values);
            return command.ExecuteScalar();
        }
        catch (SqliteException broken)
        {
            throw Unusable(broken);
        }
    }

    private void Execute(string statement, params object[] values)
    {
        try
        {
            using var command = Command(statement, values);
            command.ExecuteNonQuery();
        }
        catch (SqliteException broken)
        {
            throw Unusable(broken);
        }
    }

    private JournalException Unusable(SqliteException broken) => new($"the journal {connection.DataSource} cannot be used: {broken.Message}", broken);

    private SqliteCommand Command(string text, params object[] values)
    {
        var command = connection.CreateCommand();
        command.CommandText = text;
        for (var i = 0; i < values.Length; i++)
        {
            command.Parameters.AddWithValue($"${i + 1}", values[i]);
        }

        return command;
    }
}

/// <summary>The journal cannot be used; no run starts without it.</summary>
public sealed class JournalException(string message, Exception? inner = null) : Exception(message, inner);
