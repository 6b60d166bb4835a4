using HomeIQ.Reconciler.Docker;
using HomeIQ.Reconciler.Planning;
using Microsoft.Data.Sqlite;

namespace HomeIQ.Reconciler.Journaling;

public sealed class SqliteJournalTests : IDisposable
{
    private static readonly Plan Plan = new() { Project = "house", Revision = "abc123", Steps = [new(1, new Promote("abc123"), "done", [])] };

    private readonly string folder = Directory.CreateTempSubdirectory("homeiq-journal-").FullName;
    private readonly VirtualClock clock = new();

    private string JournalPath => Path.Combine(folder, "journal.db");

    public void Dispose()
    {
        clock.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    /// <remarks>A daemon and a verb that is typed just after it.</remarks>
    [Fact]
    public async Task Several_who_open_a_new_journal_at_once_all_get_it()
    {
        for (var round = 0; round < 10; round++)
        {
            var file = Path.Combine(folder, $"new-{round}.db");
            using var together = new Barrier(6);
            var opened = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Factory.StartNew(
                () =>
                {
                    together.SignalAndWait(TestContext.Current.CancellationToken);
                    using var journal = new SqliteJournal(file, TimeProvider.System);
                    return journal.Runs(1).Count;
                },
                TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default)));

            Assert.All(opened, runs => Assert.Equal(0, runs));
        }
    }

    [Fact]
    public void Every_write_is_on_disk_when_the_call_returns()
    {
        using var journal = Open();

        Assert.Equal(("wal", 2L), journal.Durability);
    }

    [Fact]
    public void Only_the_owner_reads_it()
    {
        using var journal = Open();
        journal.Begin(new RunStarted(Plan, null, "apply"));

        var files = Directory.GetFiles(folder);
        Assert.True(files.Length >= 2);
        Assert.All(files, file => Assert.Equal(DurableFile.Private, File.GetUnixFileMode(file)));
    }

    [Fact]
    public void A_run_is_read_back_as_it_was_written()
    {
        using (var journal = Open())
        {
            var run = journal.Begin(new RunStarted(Plan, "before", "apply"));
            journal.Append(run, new PhaseEntered(RunPhase.Upgrading));
            journal.Append(run, new StepIntended(1, IsRollback: false));
        }

        using var again = Open();
        var read = Assert.Single(again.Unfinished());
        Assert.Equal(("before", "apply", RunPhase.Upgrading, Plan), (read.Before, read.Cause, read.Phase, read.Plan));
        var begun = Assert.Single(read.Begun);
        Assert.Equal((1, null, null), (begun.Planned.Number, begun.Receipt, begun.EndedAt));

        again.Append(read.Id, new StepFailed(1, false, FailureClass.Verification, "sick", "look", "runs/x"));
        again.End(read.Id, new RunEnded(RunPhase.RolledBack, null, "went back"));
        Assert.Empty(again.Unfinished());
        var ended = again.Find(read.Id)!;
        Assert.Equal((RunPhase.RolledBack, "went back", "sick"), (ended.Phase, ended.Summary, ended.Failure!.Failure!.Reason));
    }

    [Fact]
    public void Runs_of_one_second_have_ids_of_their_own_and_are_listed_newest_first()
    {
        using var journal = Open();
        var ids = Enumerable.Range(0, 12).Select(_ => journal.Begin(new RunStarted(Plan, null, "apply"))).ToList();

        Assert.Equal(12, ids.Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(Enumerable.Reverse(ids), journal.Runs(50).Select(run => run.Id));
        Assert.Equal(ids, journal.Unfinished().Select(run => run.Id));
        Assert.Equal(ids[^1], Assert.Single(journal.Runs(1)).Id);
    }

    [Fact]
    public void A_clock_that_is_set_back_does_not_change_the_order()
    {
        var late = new Shifted(TimeSpan.FromHours(1));
        string first, second;
        using (var journal = new SqliteJournal(JournalPath, late))
        {
            first = journal.Begin(new RunStarted(Plan, null, "apply"));
        }

        using var after = new SqliteJournal(JournalPath, new Shifted(TimeSpan.Zero));
        second = after.Begin(new RunStarted(Plan, null, "apply"));

        Assert.Equal([second, first], after.Runs(5).Select(run => run.Id));
    }

    [Fact]
    public void A_run_is_found_by_the_beginning_of_its_id_when_only_one_begins_so()
    {
        using var journal = Open();
        var one = journal.Begin(new RunStarted(Plan, null, "apply"));

        Assert.Equal(one, journal.Find(one[..6])!.Id);
        Assert.Null(journal.Find("nothing"));

        var two = journal.Begin(new RunStarted(Plan, null, "apply"));
        Assert.Null(journal.Find(one[..6]));
        Assert.Equal((one, two), (journal.Find(one)!.Id, journal.Find(two)!.Id));
    }

    [Fact]
    public void A_promotion_moves_the_pointers_and_keeps_the_one_before()
    {
        using var journal = Open();
        var first = Promote(journal, "state-1");
        Assert.Equal(new JournalPointers("state-1", "state-1", null), journal.Pointers());

        Promote(journal, "state-2");
        Assert.Equal(new JournalPointers("state-2", "state-2", "state-1"), journal.Pointers());
        Assert.NotNull(journal.Find(first)!.Begun[0].Receipt);
    }

    [Fact]
    public void The_end_of_a_run_promotes_nothing_but_follows_containers_that_were_made_again()
    {
        using var journal = Open();
        var run = Promote(journal, "state-1");
        journal.End(run, new RunEnded(RunPhase.Succeeded, null, "done"));
        Assert.Equal(new JournalPointers("state-1", "state-1", null), journal.Pointers());

        var failed = journal.Begin(new RunStarted(Plan, "state-1", "apply"));
        journal.End(failed, new RunEnded(RunPhase.RolledBack, "state-1-back", "went back"));
        Assert.Equal(new JournalPointers("state-1-back", "state-1-back", null), journal.Pointers());
    }

    [Fact]
    public void A_promotion_happens_whole_or_not_at_all()
    {
        using var journal = Open();
        Promote(journal, "state-1");
        Refuse("INSERT ON pointers WHEN NEW.name = 'last-known-good'");

        var run = journal.Begin(new RunStarted(Plan, "state-1", "apply"));
        journal.Append(run, new StepIntended(1, IsRollback: false));
        Assert.ThrowsAny<Exception>(() => journal.Promote(run, new StepDone(1, false, new Performed()), "state-2"));

        Assert.Equal(new JournalPointers("state-1", "state-1", null), journal.Pointers());
        Assert.Null(journal.Find(run)!.Begun[0].Receipt);
    }

    [Fact]
    public void An_end_happens_whole_or_not_at_all()
    {
        using var journal = Open();
        Promote(journal, "state-1");
        var run = journal.Begin(new RunStarted(Plan, "state-1", "apply"));
        Refuse("INSERT ON pointers");

        Assert.ThrowsAny<Exception>(() => journal.End(run, new RunEnded(RunPhase.RolledBack, "state-1-back", "went back")));

        Assert.False(journal.Find(run)!.IsFinished);
        Assert.Contains(run, journal.Unfinished().Select(unfinished => unfinished.Id));
    }

    [Fact]
    public void A_journal_of_a_newer_program_is_refused_and_not_touched()
    {
        Open().Dispose();
        Sql("PRAGMA user_version = 99");
        var before = File.ReadAllBytes(JournalPath);

        var refused = Assert.Throws<JournalException>(Open);

        Assert.Contains("newer homeiq (format 99", refused.Message);
        Assert.Equal(before, File.ReadAllBytes(JournalPath));
    }

    [Fact]
    public void A_file_that_is_no_journal_is_refused_in_words()
    {
        File.WriteAllText(JournalPath, new string('x', 10_000));

        var refused = Assert.Throws<JournalException>(Open);

        Assert.Contains(JournalPath, refused.Message);
    }

    [Fact]
    public void Quarantine_is_kept_until_it_is_released()
    {
        var entry = new QuarantineEntry("q-1", "run", "abc123", clock.Now, new([KeyValuePair.Create("api", "digest")]), "api", "sick");
        using (var journal = Open())
        {
            journal.AddQuarantine(entry);
            journal.AddQuarantine(entry);
        }

        using var again = Open();
        Assert.Equal([entry], again.Quarantine());
        again.ReleaseQuarantine("q-1");
        Assert.Empty(again.Quarantine());
    }

    [Fact]
    public void A_release_is_on_record_and_takes_the_entry_with_it()
    {
        using (var journal = Open())
        {
            journal.AddQuarantine(new QuarantineEntry("q-1", "run", "abc123", clock.Now, new([KeyValuePair.Create("api", "digest")]), "api", "sick"));
            journal.Decide(new Release("q-1"));
        }

        using var again = Open();
        Assert.Empty(again.Quarantine());
        Assert.Equal(new Release("q-1") { At = clock.Now }, Assert.Single(again.Decisions(10)));
    }

    [Fact]
    public void Decisions_hold_until_another_one_about_the_same_or_the_run_that_they_allow()
    {
        using var journal = Open();
        var plan = Plan with { Digest = "0123456789abcdef" };
        journal.Decide(new Suspension(null, clock.Now.AddHours(1), "first"));
        journal.Decide(new Suspension(null, clock.Now.AddHours(2), "longer"));
        journal.Decide(new Suspension("api", clock.Now.AddHours(1), "debugging"));
        journal.Decide(new Approval(plan.Digest));
        Assert.Equal(["longer", "debugging"], journal.Standing().OfType<Suspension>().Select(suspension => suspension.Reason));

        journal.Begin(new RunStarted(Plan with { Digest = "another" }, null, "apply"));
        Assert.Single(journal.Standing().OfType<Approval>());
        journal.Begin(new RunStarted(plan, null, "apply"));
        Assert.Empty(journal.Standing().OfType<Approval>());

        journal.Decide(new Resumption("api"));
        Assert.Equal("longer", Assert.Single(journal.Standing().OfType<Suspension>()).Reason);
        journal.Decide(new Suspension("api", clock.Now.AddHours(1), "again"));
        journal.Decide(new Resumption(null));
        Assert.Empty(journal.Standing());
        Assert.Equal(7, journal.Decisions(10).Count);
    }

    [Fact]
    public void A_journal_of_the_first_format_is_led_on_with_all_that_it_holds()
    {
        string run;
        using (var journal = Open())
        {
            run = journal.Begin(new RunStarted(Plan, null, "apply"));
        }

        Sql("DROP TABLE decisions; PRAGMA user_version = 1");
        using var later = Open();

        Assert.Equal(run, Assert.Single(later.Unfinished()).Id);
        Assert.Empty(later.Decisions(10));
        later.Decide(new Release("q-1"));
        Assert.Single(later.Decisions(10));
    }

    private SqliteJournal Open() => new(JournalPath, clock);

    private static string Promote(SqliteJournal journal, string state)
    {
        var run = journal.Begin(new RunStarted(Plan, null, "apply"));
        journal.Append(run, new StepIntended(1, IsRollback: false));
        journal.Promote(run, new StepDone(1, false, new Performed()), state);
        return run;
    }

    private void Refuse(string what) => Sql($"CREATE TRIGGER refuse BEFORE {what} BEGIN SELECT RAISE(ABORT, 'the disk is full'); END");

    private void Sql(string statement)
    {
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = JournalPath, Pooling = false }.ToString());
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = statement;
        command.ExecuteNonQuery();
    }

    private sealed class Shifted(TimeSpan by) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => new DateTimeOffset(2031, 5, 7, 12, 0, 0, TimeSpan.Zero) + by;
    }
}
