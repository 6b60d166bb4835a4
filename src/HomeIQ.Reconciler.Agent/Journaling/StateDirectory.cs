using System.Security.Cryptography;

namespace HomeIQ.Reconciler.Journaling;

/// <summary>The reconciler's own folder on the host: journal, sealed states, exported contents, evidence, the clone. Private to its owner.</summary>
/// <remarks>The folder has the same path for the engine, since containers mount exported contents from it.</remarks>
public sealed class StateDirectory : IDisposable
{
    private FileStream? held;

    private StateDirectory(string root) => Root = root;

    public string Root { get; }

    public string JournalFile => Path.Combine(Root, "journal.db");

    private string KeyFile => Path.Combine(Root, "key");

    public string SealedFolder => Path.Combine(Root, "sealed");

    /// <summary>Traversable by all: containers of any user read what they mount from here.</summary>
    public string ContentFolder => Path.Combine(Root, "content");

    /// <summary>Manifests of copies, by run.</summary>
    public string BackupFolder => Path.Combine(Root, "backups");

    public string EvidenceFolder => Path.Combine(Root, "runs");

    public string CloneFolder => Path.Combine(Root, "repository.git");

    /// <summary>Opens the folder, making what is missing.</summary>
    public static StateDirectory Open(string root)
    {
        var state = new StateDirectory(Path.GetFullPath(root));
        var traversable = DurableFile.PrivateFolder | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        Directory.CreateDirectory(state.Root, traversable);
        Directory.CreateDirectory(state.ContentFolder, traversable);
        Directory.CreateDirectory(state.SealedFolder, DurableFile.PrivateFolder);
        Directory.CreateDirectory(state.EvidenceFolder, DurableFile.PrivateFolder);
        if (!File.Exists(state.JournalFile) && !File.Exists(state.KeyFile))
        {
            // Before the journal, so that there is none without its key.
            DurableFile.Write(state.KeyFile, RandomNumberGenerator.GetBytes(32), DurableFile.Private);
        }

        return state;
    }

    /// <summary>True when a reconciler was at work here before: reading verbs make no folder.</summary>
    public static bool Exists(string root) => File.Exists(Path.Combine(root, "journal.db"));

    /// <summary>This host's key for specification digests, made with the folder.</summary>
    /// <exception cref="JournalException">It is lost: what failed before could not be told from what did not.</exception>
    public ValueList<byte> Key() => File.Exists(KeyFile)
        ? new ValueList<byte>(File.ReadAllBytes(KeyFile))
        : throw new JournalException(
            $"{KeyFile} is gone, and without it nothing that failed before is recognized: put it back from a copy, or write a new one (head -c 32 /dev/urandom) and take it that everything in quarantine is tried again");

    /// <summary>By which this folder is told from others, wherever it lies; a copy has the same.</summary>
    public string Id() => Convert.ToHexStringLower(SHA256.HashData([.. "state directory "u8, .. Key()]))[..12];

    /// <summary>Makes this process the only one that acts from this folder; false when another one does. A dead holder's lock is gone with it.</summary>
    public bool TryLock()
    {
        try
        {
            held ??= new FileStream(
                Path.Combine(Root, "lock"),
                new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None, UnixCreateMode = DurableFile.Private });
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>Whether anybody acts from this folder now, this process included.</summary>
    public bool IsLocked()
    {
        if (held is not null)
        {
            return true;
        }

        try
        {
            using var probe = new FileStream(Path.Combine(Root, "lock"), FileMode.Open, FileAccess.Read, FileShare.None);
            return false;
        }
        catch (FileNotFoundException)
        {
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }

    public void Dispose() => held?.Dispose();
}
