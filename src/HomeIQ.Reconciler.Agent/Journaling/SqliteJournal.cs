using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Journaling;

/// <summary>The journal in SQLite: an append-only table of entries, and the few pointers that a promotion moves.</summary>
/// <remarks>WAL with <c>synchronous=FULL</c>: what was acknowledged survives a power cut. One connection, one writer at a time.</remarks>
public sealed class SqliteJournal : IJournal
{
    private readonly JournalFile journal;
    private readonly PointerTable pointers;
    private readonly TimeProvider time;
    private readonly Lock gate = new();

    public SqliteJournal(string file, TimeProvider time)
    {
        this.time = time;
        journal = new(file);
        pointers = new(journal);
    }

    /// <summary>The settings that make every write durable, as the connection has them.</summary>
    internal (string Log, long Synchronous) Durability => ((string)journal.Scalar("PRAGMA journal_mode")!, (long)journal.Scalar("PRAGMA synchronous")!);

    public string Begin(RunStarted entry)
    {
        lock (gate)
        {
            using var transaction = journal.Begin();
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
            using var transaction = journal.Begin();
            Insert(run, new PhaseEntered(RunPhase.Soaking));
            pointers.Effective = state;
            pointers.Soaking = run;
            transaction.Commit();
        }
    }

    public string Supersede(string run, RunEnded entry, RunStarted next)
    {
        lock (gate)
        {
            using var transaction = journal.Begin();
            Close(run, entry);
            pointers.Soaking = null;
            var id = Open(next);
            transaction.Commit();
            return id;
        }
    }

    public void Promote(string run, StepDone entry, string state)
    {
        lock (gate)
        {
            using var transaction = journal.Begin();
            Insert(run, entry);
            pointers.Effective = state;
            if (pointers.Soaking is not { } soaking || soaking == run)
            {
                if (pointers.LastKnownGood is { } old && old != state)
                {
                    // A repair changes nothing about what lies before; and who went back to a state comes next to the one before that.
                    pointers.Follow(state, entry.Receipt is StateSealed { IsRepair: true } ? pointers.Previous : BackTo(run) is { } target ? pointers.Before(target) : old);
                }

                pointers.LastKnownGood = state;
                pointers.Soaking = null;
            }

            transaction.Commit();
        }
    }

    public void End(string run, RunEnded entry)
    {
        lock (gate)
        {
            using var transaction = journal.Begin();
            Close(run, entry);
            var soaking = pointers.Soaking;
            if (entry.After is { } after)
            {
                // Where the way back led, containers that had to be made again included.
                pointers.Effective = after;
                if (soaking is null || soaking == run)
                {
                    pointers.Follow(after, pointers.Previous);
                    pointers.LastKnownGood = after;
                }
            }
            else if (soaking == run && pointers.LastKnownGood is null)
            {
                // A first install that fell ill while it was watched: the host is held to nothing again.
                pointers.Effective = null;
            }

            if (soaking == run)
            {
                pointers.Soaking = null;
            }

            transaction.Commit();
        }
    }

    public IReadOnlyList<RunRecord> Runs(int most) => Read("SELECT id FROM runs ORDER BY rowid DESC LIMIT $1", most);

    public IReadOnlyList<string> RunIds()
    {
        lock (gate)
        {
            return journal.Column("SELECT id FROM runs ORDER BY rowid DESC");
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
            return new(pointers.Effective, pointers.LastKnownGood, pointers.Previous, pointers.Soaking);
        }
    }

    public IReadOnlyList<QuarantineEntry> Quarantine()
    {
        lock (gate)
        {
            return [.. journal.Column("SELECT body FROM quarantine ORDER BY id").Select(JournalJson.ReadQuarantine)];
        }
    }

    public void AddQuarantine(QuarantineEntry entry)
    {
        lock (gate)
        {
            journal.Execute("INSERT OR REPLACE INTO quarantine (id, body) VALUES ($1, $2)", entry.Id, JournalJson.Write(entry));
        }
    }

    public void ReleaseQuarantine(string id)
    {
        lock (gate)
        {
            journal.Execute("DELETE FROM quarantine WHERE id = $1", id);
        }
    }

    public void Decide(Decision decision)
    {
        lock (gate)
        {
            var now = time.GetUtcNow().ToUnixTimeMilliseconds();
            using var transaction = journal.Begin();
            EndDecisions(decision.Subject);
            journal.Execute("INSERT INTO decisions (at, subject, body) VALUES ($1, $2, $3)", now, decision.Subject, JournalJson.Write(decision));
            switch (decision)
            {
                case Release release:
                    journal.Execute("DELETE FROM quarantine WHERE id = $1", release.Quarantine);
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

    public void Dispose() => journal.Dispose();

    private void EndDecisions(string subject) =>
        journal.Execute("UPDATE decisions SET ended = $2 WHERE subject = $1 AND ended IS NULL", subject, time.GetUtcNow().ToUnixTimeMilliseconds());

    private List<Decision> Decisions(string query, params object[] values) =>
        journal.Rows(query, row => JournalJson.ReadDecision(row.GetString(1), DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(0))), values);

    private List<RunRecord> Read(string query, params object[] values)
    {
        lock (gate)
        {
            return [.. journal.Column(query, values).Select(ReadRun)];
        }
    }

    private RunRecord ReadRun(string id)
    {
        var entries = journal.Rows(
            "SELECT at, body FROM entries WHERE run = $1 ORDER BY seq",
            row => JournalJson.Read(row.GetString(1), DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(0))),
            id);
        return RunReader.Read(id, entries) ?? throw new JournalException($"run {id} has no beginning in the journal: the file was tampered with");
    }

    private void Insert(string run, JournalEntry entry) =>
        journal.Execute(
            "INSERT INTO entries (run, at, body) VALUES ($1, $2, $3)",
            run, time.GetUtcNow().ToUnixTimeMilliseconds(), JournalJson.Write(entry));

    /// <summary>The state that a person goes back to by this run; null when it is another kind of run.</summary>
    private string? BackTo(string run) =>
        journal.Scalar("SELECT body FROM entries WHERE run = $1 ORDER BY seq LIMIT 1", run) is string first && JournalJson.Read(first, default) is RunStarted { Cause: RunCause.Rollback } started
            ? started.GoesTo ?? pointers.Previous
            : null;

    private string Open(RunStarted entry)
    {
        var now = time.GetUtcNow();
        var stem = now.ToString("yyMMdd-HHmmss", System.Globalization.CultureInfo.InvariantCulture);
        var id = stem;
        for (var n = 2; journal.Scalar("SELECT 1 FROM runs WHERE id = $1", id) is not null; n++)
        {
            id = $"{stem}-{n}";
        }

        journal.Execute("INSERT INTO runs (id, started) VALUES ($1, $2)", id, now.ToUnixTimeMilliseconds());
        Insert(id, entry);
        EndDecisions(Approval.SubjectOf(entry.Plan.Digest));
        return id;
    }

    private void Close(string run, RunEnded entry)
    {
        Insert(run, entry);
        journal.Execute("UPDATE runs SET ended = $2 WHERE id = $1", run, time.GetUtcNow().ToUnixTimeMilliseconds());
    }
}
