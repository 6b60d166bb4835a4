using HomeIQ.Reconciler.Changes;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Docker;

/// <summary>The door to a container engine. Looking calls change nothing; every other call is safe to repeat.</summary>
/// <remarks>
/// Errors come as <see cref="ContainerHostException"/>; a missing object is <see cref="HostFailure.NotFound"/>. Two adapters: <c>DockerEngine</c> and the
/// tests' <c>FakeEngine</c>; one conformance suite runs against both.
/// </remarks>
public interface IContainerHost : IAsyncDisposable
{
    Task<EngineFacts> DescribeAsync(CancellationToken cancellationToken);

    /// <summary>Every container, fully inspected, sorted by name; one that vanishes in between is left out.</summary>
    Task<IReadOnlyList<ObservedContainer>> ListContainersAsync(CancellationToken cancellationToken);

    /// <summary>By id or name; null when there is none.</summary>
    Task<ObservedContainer?> FindContainerAsync(string idOrName, CancellationToken cancellationToken);

    Task<IReadOnlyList<ObservedNetwork>> ListNetworksAsync(CancellationToken cancellationToken);

    Task<IReadOnlyList<ObservedVolume>> ListVolumesAsync(CancellationToken cancellationToken);

    /// <summary>By reference, digest or id; null when the engine does not have it.</summary>
    Task<ObservedImage?> FindImageAsync(string reference, CancellationToken cancellationToken);

    /// <summary>Every tag of the repositories just below a path (<c>homeiq-keep/homeiq</c>), each with the id of its image.</summary>
    Task<ValueMap<string>> ListTagsAsync(string path, CancellationToken cancellationToken);

    /// <summary>What the engine could not tell apart from an ordinary inspect: the raw JSON, for evidence.</summary>
    Task<string> InspectRawAsync(string containerId, CancellationToken cancellationToken);

    /// <summary>What a container was made from, read back from what the engine knows of it and of its image.</summary>
    Task<MadeFrom> ReadSpecificationAsync(string containerId, CancellationToken cancellationToken);

    /// <summary>Creates a container, stopped, and returns its id. Namespaces of other containers come resolved (<c>container:ID</c>).</summary>
    /// <param name="imageId">The image to use, whatever the specification's reference means by now.</param>
    /// <param name="labels">Our labels, added to the specification's own.</param>
    Task<string> CreateContainerAsync(string name, ContainerSpec spec, string imageId, ValueMap<string> labels, CancellationToken cancellationToken);

    /// <summary>False when it was running already.</summary>
    Task<bool> StartContainerAsync(string containerId, CancellationToken cancellationToken);

    /// <summary>False when it was not running. <paramref name="grace"/> null = the container's own.</summary>
    Task<bool> StopContainerAsync(string containerId, TimeSpan? grace, CancellationToken cancellationToken);

    Task UnpauseContainerAsync(string containerId, CancellationToken cancellationToken);

    Task RenameContainerAsync(string containerId, string name, CancellationToken cancellationToken);

    Task SetRestartPolicyAsync(string containerId, RestartPolicy policy, CancellationToken cancellationToken);

    /// <summary>Changes settings of a container, whatever its status; all of them or, when the engine refuses, none.</summary>
    Task UpdateContainerAsync(string containerId, ContainerUpdate update, CancellationToken cancellationToken);

    /// <summary>Removes a stopped container without its volumes; false when it was gone already.</summary>
    Task<bool> RemoveContainerAsync(string containerId, CancellationToken cancellationToken);

    /// <summary>The last lines of both streams, oldest first, each without its line end.</summary>
    Task<IReadOnlyList<string>> ReadLogsAsync(string containerId, int lines, CancellationToken cancellationToken);

    /// <summary>Both streams from some point on, oldest first, each line as soon as it is there.</summary>
    /// <param name="tail">Only so many of those that are there already; null for all of them.</param>
    /// <param name="since">Only what was written from then on, by the engine's clock; null for everything.</param>
    /// <param name="follow">Goes on with what is written from now on, until the container ends or it is cancelled.</param>
    IAsyncEnumerable<string> StreamLogsAsync(string containerId, int? tail, DateTimeOffset? since, bool follow, CancellationToken cancellationToken);

    /// <summary>Runs a command in a running container and returns exit code and output (bounded to 64 KiB).</summary>
    Task<ExecResult> ExecuteAsync(string containerId, IReadOnlyList<string> command, CancellationToken cancellationToken);

    /// <summary>Pulls an image; errors inside the stream are errors, a registry's 429 is <see cref="HostFailure.Throttled"/>.</summary>
    Task<ObservedImage> PullImageAsync(string reference, string? platform, IProgress<TransferProgress> progress, CancellationToken cancellationToken);

    /// <summary>Builds an image from a tar stream of its context; a failing build is an error with the end of its output.</summary>
    Task<ObservedImage> BuildImageAsync(BuildRequest request, Stream context, IProgress<TransferProgress> progress, CancellationToken cancellationToken);

    Task TagImageAsync(string imageId, string reference, CancellationToken cancellationToken);

    /// <summary>
    /// Takes a tag away, and the image with its last one; false when there is nothing to take: the tag is gone already, or it is the last
    /// name of an image that a container uses, running or not, which then keeps it.
    /// </summary>
    Task<bool> UntagImageAsync(string reference, CancellationToken cancellationToken);

    Task<string> CreateNetworkAsync(DesiredNetwork network, ValueMap<string> labels, CancellationToken cancellationToken);

    Task<bool> RemoveNetworkAsync(string idOrName, CancellationToken cancellationToken);

    Task ConnectAsync(string networkId, string containerId, NetworkAttachment attachment, CancellationToken cancellationToken);

    Task DisconnectAsync(string networkId, string containerId, CancellationToken cancellationToken);

    Task CreateVolumeAsync(DesiredVolume volume, ValueMap<string> labels, CancellationToken cancellationToken);

    /// <summary>Makes a mark: a container that is never started, of an empty image of our own, there for its name alone, which nothing else can have meanwhile.</summary>
    /// <remarks>No list of containers has it. Its image is made when it is missing, never pulled.</remarks>
    /// <returns>Its id; null when something has the name already.</returns>
    Task<string?> PlaceMarkAsync(string name, ValueMap<string> labels, CancellationToken cancellationToken);

    /// <summary>What has this name, a mark or not; null when nothing has.</summary>
    Task<Mark?> FindMarkAsync(string name, CancellationToken cancellationToken);

    /// <summary>Sets the number that a mark carries; false when it is gone.</summary>
    Task<bool> TurnMarkAsync(string markId, int count, CancellationToken cancellationToken);

    /// <summary>False when it was gone already.</summary>
    Task<bool> RemoveMarkAsync(string markId, CancellationToken cancellationToken);

    /// <summary>What the engine still remembers of a container from a moment by its own clock up to its end (<c>die</c>), oldest first: it forgets all but some hundred events of everything.</summary>
    /// <param name="until">The word of the end is waited for until then; never ask for a far moment.</param>
    Task<IReadOnlyList<EngineEvent>> RecallAsync(string containerId, DateTimeOffset since, DateTimeOffset until, CancellationToken cancellationToken);

    /// <summary>Events from now on (or since a moment), until cancelled; health check executions left out.</summary>
    /// <remarks>
    /// Fails only if the first connection fails; afterwards it connects again by itself and says so by an event of kind <c>engine</c>, action
    /// <c>reconnected</c>: an engine that was away has forgotten what happened before, so look at everything.
    /// </remarks>
    IAsyncEnumerable<EngineEvent> WatchAsync(DateTimeOffset? since, CancellationToken cancellationToken);
}

/// <summary>A container that is only a name, some labels and a number.</summary>
/// <param name="Labels">All of them; those of a container that is no mark lack <see cref="Label"/>.</param>
public sealed record Mark(string Id, ValueMap<string> Labels, int Count)
{
    /// <summary>By it marks are told from containers.</summary>
    public const string Label = "io.homeiq.mark";
}

public sealed record ExecResult(long ExitCode, string Output);

/// <param name="Kind"><c>container</c>, <c>network</c>, <c>volume</c>, <c>image</c>, <c>engine</c>.</param>
/// <param name="Action"><c>start</c>, <c>die</c>, <c>health_status: healthy</c>, …</param>
public sealed record EngineEvent(string Kind, string Action, string ActorId, ValueMap<string> Attributes, DateTimeOffset At);

/// <summary>A build whose context comes as a tar stream.</summary>
/// <param name="Dockerfile">Path inside the context.</param>
public sealed record BuildRequest(string Tag, string Dockerfile, BuildSpec Spec, ValueMap<string> Labels);

/// <summary>Something moved while pulling or building.</summary>
/// <param name="Subject">Layer id, or empty.</param>
/// <param name="Text">The engine's words (<c>Downloading</c>, <c>Step 3/7 : COPY . .</c>).</param>
public sealed record TransferProgress(string Subject, string Text, long Current = 0, long Total = 0);

/// <summary>What kind of failure it was, so far as callers have to tell them apart.</summary>
public enum HostFailure
{
    /// <summary>The engine does not answer, or the connection broke: nobody knows what happened.</summary>
    Unreachable,
    NotFound,

    /// <summary>The name is taken, or the object is not in a state for it.</summary>
    Conflict,

    /// <summary>A host port is taken.</summary>
    PortTaken,

    /// <summary>The registry refused the credentials.</summary>
    Unauthorized,

    /// <summary>The registry asked to come back later.</summary>
    Throttled,

    /// <summary>The registry does not answer or failed.</summary>
    RegistryFailed,

    /// <summary>The request is wrong (bad specification, unknown tag, failing build).</summary>
    Invalid,

    /// <summary>The call's deadline passed.</summary>
    TimedOut,

    /// <summary>The engine failed (500 and unclassified answers).</summary>
    Engine,
}

/// <summary>A call to the container engine failed; the message is the engine's own words, without secrets of ours.</summary>
public sealed class ContainerHostException(HostFailure failure, string message, Exception? inner = null) : Exception(message, inner)
{
    public HostFailure Failure { get; } = failure;
}
