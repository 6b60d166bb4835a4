using System.Text.Json.Serialization;
using HomeIQ.Reconciler.Backups;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Journaling;

/// <summary>What performing a step brought about: what its way back, a later step or the sealed state needs to know. Holds no secret.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "receipt")]
[JsonDerivedType(typeof(Performed), "performed")]
[JsonDerivedType(typeof(Skipped), "skipped")]
[JsonDerivedType(typeof(ImageReady), "image-ready")]
[JsonDerivedType(typeof(NetworkMade), "network-made")]
[JsonDerivedType(typeof(ContainerMade), "container-made")]
[JsonDerivedType(typeof(BaselineTaken), "baseline-taken")]
[JsonDerivedType(typeof(BackedUp), "backed-up")]
[JsonDerivedType(typeof(Rehearsed), "rehearsed")]
[JsonDerivedType(typeof(Migrated), "migrated")]
[JsonDerivedType(typeof(CopiesReleased), "copies-released")]
[JsonDerivedType(typeof(ContainerStopped), "container-stopped")]
[JsonDerivedType(typeof(ContainerStarted), "container-started")]
[JsonDerivedType(typeof(ServiceVerified), "service-verified")]
[JsonDerivedType(typeof(StateSealed), "state-sealed")]
[JsonDerivedType(typeof(StatesReleased), "states-released")]
[JsonDerivedType(typeof(LeftDrifted), "left-drifted")]
public abstract record Receipt;

/// <summary>Done; nothing more to know.</summary>
public sealed record Performed : Receipt;

/// <summary>There was nothing to do after all.</summary>
public sealed record Skipped(string Reason) : Receipt;

public sealed record ImageReady(string ImageId, string? RepoDigest) : Receipt;

public sealed record NetworkMade(string NetworkId) : Receipt;

public sealed record ContainerMade(string ContainerId, string ImageId) : Receipt;

/// <param name="Trouble">What the engine said of its health.</param>
/// <param name="Failing">The probes that did not pass.</param>
public sealed record BaselineTaken(Trouble Trouble, ValueList<ProbeFinding> Failing) : Receipt;

/// <summary>A probe, and how it was answered.</summary>
public sealed record ProbeFinding(Probe Probe, ProbeAnswer Answer);

/// <param name="Copy">The folder of the copy, beside the volume's own.</param>
/// <param name="Run">Under which its manifest lies.</param>
public sealed record BackedUp(string Copy, ulong Inode, string Run, long Bytes, int Files) : Receipt
{
    /// <summary>What each SQLite database in it holds, by its path in the volume.</summary>
    public ValueMap<SqliteFacts> Databases { get; init; } = ValueMap<SqliteFacts>.Empty;
}

public sealed record Rehearsed(string Database, MigrationProof Proof) : Receipt;

public sealed record Migrated(string Database, TimeSpan Took, SqliteFacts Facts) : Receipt;

public sealed record CopiesReleased(int Copies) : Receipt;

/// <param name="WasRunning">False: it had been stopped before, and the way back leaves it stopped.</param>
public sealed record ContainerStopped(bool WasRunning, int ExitCode) : Receipt;

public sealed record ContainerStarted(DateTimeOffset? StartedAt) : Receipt;

/// <summary>The container could not be put right while it stays the same: the next plan makes it again.</summary>
/// <param name="Reason">Which field is still another, or the engine's words.</param>
public sealed record LeftDrifted(string ContainerId, string Reason) : Receipt;

/// <param name="Evidence">One line: <c>healthy after 3.2 s; 2 probes passed</c>.</param>
public sealed record ServiceVerified(string Evidence) : Receipt
{
    /// <summary>What failed the same way before anything stopped: told, and not blamed on the run.</summary>
    public ValueList<string> FailingBefore { get; init; } = [];
}

/// <param name="IsRepair">The state is the one before with containers made again: the known-good state to go back to stays the earlier one.</param>
public sealed record StateSealed(bool IsRepair) : Receipt;

/// <summary>How many files and folders of the state directory went.</summary>
public sealed record StatesReleased(int States, int Specifications, int Contents, int Evidence) : Receipt;
