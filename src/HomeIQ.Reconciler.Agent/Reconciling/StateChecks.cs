using System.Globalization;
using System.Text.Json;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Reporting;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>Looks over a state directory without making or changing anything but a file that comes and goes.</summary>
public static class StateChecks
{
    private const long Gibibyte = 1L << 30;

    /// <summary>Below this nothing can be upgraded any more.</summary>
    private const long FullBelow = Gibibyte / 4;

    private const long TightBelow = 2 * Gibibyte;

    public static IEnumerable<Finding> Of(string root, TimeProvider time)
    {
        if (!StateDirectory.Exists(root))
        {
            yield return new("state", Soundness.Warn, $"{root} holds no journal: nothing was applied from there yet", "homeiq apply makes it; --state names another folder");
            yield break;
        }

        yield return Private(root);
        yield return Space("space", root);
        using var state = StateDirectory.Open(root);
        yield return Key(state);
        foreach (var finding in Past(state, time))
        {
            yield return finding;
        }
    }

    /// <summary>How much is free where a folder lies.</summary>
    public static Finding Space(string check, string folder)
    {
        var free = new DriveInfo(folder).AvailableFreeSpace;
        var text = $"{(free / (double)Gibibyte).ToString("0.0", CultureInfo.InvariantCulture)} GiB are free at {folder}";
        return free < FullBelow ? new(check, Soundness.Fail, text, "free some: a run that cannot write its journal does not begin")
            : free < TightBelow ? new(check, Soundness.Warn, text, "free some before the next upgrade: images and evidence want room")
            : new(check, Soundness.Ok, text);
    }

    private static Finding Private(string root)
    {
        const UnixFileMode others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;
        var open = new[] { root, Path.Combine(root, "journal.db"), Path.Combine(root, "key"), Path.Combine(root, "sealed") }
            .FirstOrDefault(path => Path.Exists(path) && (File.GetUnixFileMode(path) & others) != UnixFileMode.None);
        if (open is not null)
        {
            return new("state", Soundness.Fail, $"{open} can be read or written by others, and secrets lie sealed there", $"chmod go-rw {open}");
        }

        var probe = Path.Combine(root, $".doctor-{Environment.ProcessId}");
        try
        {
            File.WriteAllText(probe, "");
            File.Delete(probe);
            return new("state", Soundness.Ok, $"{root} is writable, and private to its owner");
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            return new("state", Soundness.Fail, $"{root} cannot be written: {refused.Message}", "run homeiq as the owner of the folder, or give it back to that user");
        }
    }

    private static Finding Key(StateDirectory state)
    {
        try
        {
            return state.Key().Count == 32 ? new("key", Soundness.Ok, "this host's key is there") : new("key", Soundness.Fail, "this host's key has not its 32 bytes", "put it back from a copy");
        }
        catch (JournalException lost)
        {
            return new("key", Soundness.Fail, lost.Message, "put it back from a copy");
        }
    }

    private static IEnumerable<Finding> Past(StateDirectory state, TimeProvider time)
    {
        SqliteJournal? opened = null;
        Finding? broken = null;
        try
        {
            opened = new SqliteJournal(state.JournalFile, time);
        }
        catch (JournalException unusable)
        {
            broken = new("journal", Soundness.Fail, unusable.Message, "put it back from a copy, or use the version that wrote it");
        }

        if (opened is not { } journal)
        {
            yield return broken!;
            yield break;
        }

        using (journal)
        {
            var unfinished = journal.Unfinished().LastOrDefault(run => run.Id != journal.Pointers().Soaking);
            yield return unfinished is not null && !state.IsLocked()
                ? new("journal", Soundness.Warn, $"run {unfinished.Id} was cut off, and nobody is at work", "homeiq apply finishes it, or homeiq run does")
                : new("journal", Soundness.Ok, $"it can be read; {Counted(journal.Quarantine().Count, "entry", "entries")} in quarantine");
            yield return Sealed(new SealedStore(state), journal.Pointers());
            yield return Clock(journal, time);
        }
    }

    private static Finding Sealed(SealedStore sealedStore, JournalPointers pointers)
    {
        foreach (var id in new[] { pointers.Effective, pointers.LastKnownGood, pointers.Previous }.OfType<string>().Distinct(StringComparer.Ordinal))
        {
            try
            {
                if (sealedStore.FindState(id) is null)
                {
                    return new("sealed state", Soundness.Fail, $"the state {id}, which the journal names, is gone", "put the state directory back from a copy; without it there is no way back there");
                }
            }
            catch (JsonException damaged)
            {
                return new("sealed state", Soundness.Fail, $"the state {id} cannot be read: {damaged.Message}", "put the state directory back from a copy");
            }
        }

        return pointers.Effective is null ? new("sealed state", Soundness.Warn, "this host is held to nothing yet", "homeiq apply brings it to the branch")
            : new("sealed state", Soundness.Ok, pointers.Previous is null ? "what this host is held to is there; there is no earlier one to go back to" : "what this host is held to is there, and the one to go back to");
    }

    /// <summary>Back-off, windows and suspensions go by it.</summary>
    private static Finding Clock(SqliteJournal journal, TimeProvider time)
    {
        var now = time.GetUtcNow();
        return journal.Runs(1) is [var last] && (last.EndedAt ?? last.StartedAt) > now + TimeSpan.FromMinutes(1)
            ? new("clock", Soundness.Fail, $"it says {now:u}, and run {last.Id} ended after that: it was set back", "let a time service set it (timedatectl set-ntp true)")
            : now.Year < 2025 ? new("clock", Soundness.Fail, $"it says {now:u}", "let a time service set it (timedatectl set-ntp true)")
            : new("clock", Soundness.Ok, $"{now:u}");
    }

    private static string Counted(int count, string one, string many) => $"{count} {(count == 1 ? one : many)}";
}
