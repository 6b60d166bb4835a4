using HomeIQ.Reconciler.Docker;
using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Journaling;

/// <summary>The plug is pulled and files end anywhere: what is read is what was written up to some entry, or the journal says that it is damaged.</summary>
public sealed class JournalCutTests : IDisposable
{
    private const int Entries = 24;
    private const int Page = 4096;
    private const int WalHeader = 32;
    private const int Frame = Page + 24;

    private readonly string folder = Directory.CreateTempSubdirectory("homeiq-cut-").FullName;
    private readonly VirtualClock clock = new();

    public void Dispose()
    {
        clock.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void A_log_that_ends_anywhere_reads_as_the_entries_up_to_there()
    {
        var whole = Path.Combine(folder, "whole.db");
        byte[] file, log;
        string run;
        using (var journal = new SqliteJournal(whole, clock))
        {
            run = Write(journal);
            (file, log) = (Shared(whole), Shared($"{whole}-wal"));
        }

        var frames = (log.Length - WalHeader) / Frame;
        var counts = new List<int>();
        var ends = Enumerable.Range(0, frames + 1).SelectMany(frame => (int[])[WalHeader + (frame * Frame), WalHeader + (frame * Frame) - 1, WalHeader + (frame * Frame) + 100, WalHeader + (frame * Frame) + Frame - 1])
            .Prepend(0).Where(end => end >= 0 && end <= log.Length).Distinct().Order().ToList();
        foreach (var end in ends)
        {
            var copy = Path.Combine(folder, "copy.db");
            File.WriteAllBytes(copy, file);
            File.WriteAllBytes($"{copy}-wal", log[..end]);
            File.Delete($"{copy}-shm");
            using (var journal = new SqliteJournal(copy, clock))
            {
                counts.Add(Read(journal, run));
            }

            File.Delete(copy);
            File.Delete($"{copy}-wal");
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"journal cuts: {ends.Count} ends of a log of {frames} frames");
        Assert.Equal(counts.Order(), counts);
        Assert.Equal(-1, counts[0]);
        Assert.Equal(Entries, counts[^1]);
        // Every single entry was at some end the last one that had come to disk.
        Assert.Equal(Enumerable.Range(-1, Entries + 2), counts.Distinct());
    }

    [Fact]
    public void A_file_that_ends_anywhere_opens_or_says_that_it_is_damaged()
    {
        var whole = Path.Combine(folder, "whole.db");
        string run;
        using (var journal = new SqliteJournal(whole, clock))
        {
            run = Write(journal);
        }

        var file = File.ReadAllBytes(whole);
        var damaged = 0;
        for (var end = 0; end <= file.Length; end += Page / 4)
        {
            var copy = Path.Combine(folder, "copy.db");
            File.WriteAllBytes(copy, file[..end]);
            try
            {
                using var journal = new SqliteJournal(copy, clock);
                // Nothing at all is a new journal; all of it is all of it.
                Assert.Equal(end == 0 ? -1 : Entries, Read(journal, run));
            }
            catch (JournalException said)
            {
                Assert.Contains("copy.db", said.Message);
                damaged++;
            }

            File.Delete(copy);
            File.Delete($"{copy}-wal");
            File.Delete($"{copy}-shm");
        }

        Assert.True(damaged > 10);
    }

    private static string Write(SqliteJournal journal)
    {
        var steps = Enumerable.Range(1, Entries).Select(number => new PlannedStep(number, new KeepImage("api", $"sha256:{number}", new string('x', 200)), "a cause", []));
        var run = journal.Begin(new RunStarted(new Plan { Project = "house", Revision = "abc123", Steps = [.. steps] }, "before", "apply"));
        for (var number = 1; number <= Entries; number++)
        {
            journal.Append(run, new StepIntended(number, IsRollback: false));
        }

        return run;
    }

    /// <summary>How many entries are there, which are the first ones and no others; -1 when not even the run is.</summary>
    private static int Read(SqliteJournal journal, string run)
    {
        if (journal.Find(run) is not { } read)
        {
            return -1;
        }

        Assert.Equal(Enumerable.Range(1, read.Begun.Count), read.Begun.Select(begun => begun.Planned.Number));
        return read.Begun.Count;
    }

    private static byte[] Shared(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
