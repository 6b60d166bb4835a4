using System.Text.Json.Serialization;

namespace HomeIQ.Reconciler.Journaling;

/// <summary>What performing a step brought about: what its way back, a later step or the sealed state needs to know. Holds no secret.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "receipt")]
[JsonDerivedType(typeof(Performed), "performed")]
[JsonDerivedType(typeof(Skipped), "skipped")]
[JsonDerivedType(typeof(ImageReady), "image-ready")]
[JsonDerivedType(typeof(NetworkMade), "network-made")]
[JsonDerivedType(typeof(ContainerMade), "container-made")]
[JsonDerivedType(typeof(ContainerStopped), "container-stopped")]
[JsonDerivedType(typeof(ContainerStarted), "container-started")]
[JsonDerivedType(typeof(ServiceVerified), "service-verified")]
[JsonDerivedType(typeof(StateSealed), "state-sealed")]
public abstract record Receipt;

/// <summary>Done; nothing more to know.</summary>
public sealed record Performed : Receipt;

/// <summary>There was nothing to do after all.</summary>
public sealed record Skipped(string Reason) : Receipt;

public sealed record ImageReady(string ImageId, string? RepoDigest) : Receipt;

public sealed record NetworkMade(string NetworkId) : Receipt;

public sealed record ContainerMade(string ContainerId, string ImageId) : Receipt;

/// <param name="WasRunning">False: it had been stopped before, and the way back leaves it stopped.</param>
public sealed record ContainerStopped(bool WasRunning, int ExitCode) : Receipt;

public sealed record ContainerStarted(DateTimeOffset? StartedAt) : Receipt;

/// <param name="Evidence">One line: <c>healthy after 3.2 s; 2 probes passed</c>.</param>
public sealed record ServiceVerified(string Evidence) : Receipt;

/// <param name="IsRepair">The state is the one before with containers made again: the known-good state to go back to stays the earlier one.</param>
public sealed record StateSealed(bool IsRepair) : Receipt;
