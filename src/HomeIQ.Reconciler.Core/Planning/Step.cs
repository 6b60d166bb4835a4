using System.Text.Json.Serialization;
using HomeIQ.Reconciler.Desired;

namespace HomeIQ.Reconciler.Planning;

/// <summary>One thing to do to the host. The cases below are the whole vocabulary: all that the product may ever do.</summary>
/// <remarks>
/// A step is a value: it says what, never how, and holds no secret (specifications are named by digest and lie sealed).
/// Five places know every case, and a test walks each case through all of them: <c>PlanText</c>, the JSON below,
/// <c>StepPerformer</c> (perform and probe), <c>RollbackPlanner</c> (the way back) and the tests' <c>SimulatedHost</c>.
/// Every step is safe to do twice. Its cause stands beside it in <see cref="PlannedStep"/>, outside equality and digest.
/// </remarks>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "step")]
[JsonDerivedType(typeof(PullImage), "pull-image")]
[JsonDerivedType(typeof(BuildImage), "build-image")]
[JsonDerivedType(typeof(KeepImage), "keep-image")]
[JsonDerivedType(typeof(ExportContent), "export-content")]
[JsonDerivedType(typeof(CreateNetwork), "create-network")]
[JsonDerivedType(typeof(ReplaceNetwork), "replace-network")]
[JsonDerivedType(typeof(RemoveNetwork), "remove-network")]
[JsonDerivedType(typeof(CreateVolume), "create-volume")]
[JsonDerivedType(typeof(CreateContainer), "create-container")]
[JsonDerivedType(typeof(Rehearse), "rehearse")]
[JsonDerivedType(typeof(TakeBaseline), "take-baseline")]
[JsonDerivedType(typeof(StopContainer), "stop-container")]
[JsonDerivedType(typeof(BackUp), "back-up")]
[JsonDerivedType(typeof(Migrate), "migrate")]
[JsonDerivedType(typeof(RestoreData), "restore-data")]
[JsonDerivedType(typeof(ReleaseCopies), "release-copies")]
[JsonDerivedType(typeof(SetRestartPolicy), "set-restart-policy")]
[JsonDerivedType(typeof(SetAside), "set-aside")]
[JsonDerivedType(typeof(RenameContainer), "rename-container")]
[JsonDerivedType(typeof(StartContainer), "start-container")]
[JsonDerivedType(typeof(RestartContainer), "restart-container")]
[JsonDerivedType(typeof(UnpauseContainer), "unpause-container")]
[JsonDerivedType(typeof(UpdateContainer), "update-container")]
[JsonDerivedType(typeof(ReconnectNetwork), "reconnect-network")]
[JsonDerivedType(typeof(DisconnectNetwork), "disconnect-network")]
[JsonDerivedType(typeof(VerifyService), "verify-service")]
[JsonDerivedType(typeof(PutBack), "put-back")]
[JsonDerivedType(typeof(Soak), "soak")]
[JsonDerivedType(typeof(Promote), "promote")]
[JsonDerivedType(typeof(RemoveContainer), "remove-container")]
[JsonDerivedType(typeof(ReleaseImage), "release-image")]
[JsonDerivedType(typeof(ReleaseStates), "release-states")]
public abstract record Step
{
    /// <summary>The service, network, volume or image that it is about.</summary>
    [JsonIgnore]
    public abstract string Subject { get; }

    /// <summary>True for what is done before anything stops, so that both ways are ready before the first cut (promise 7).</summary>
    [JsonIgnore]
    public bool IsPreparation => this is PullImage or BuildImage or KeepImage or ExportContent or CreateNetwork or CreateVolume or CreateContainer or Rehearse or TakeBaseline;
}

/// <summary>A container that a step works on.</summary>
/// <param name="Id">The id that the step expects; null = the one that this run creates for the service.</param>
/// <param name="Name">The name that it bears when the step begins.</param>
public sealed record ContainerRef(string? Id, string Name);

/// <summary>Fetch an image. Receipt: <see cref="Journaling.ImageReady"/>.</summary>
public sealed record PullImage(string Service, string Image, string? Platform = null) : Step
{
    public override string Subject => Service;
}

/// <summary>Build an image from the commit's own tree and tag it with the pin. Receipt: <see cref="Journaling.ImageReady"/>.</summary>
public sealed record BuildImage(string Service, string Image, string BuildDigest) : Step
{
    public override string Subject => Service;
}

/// <summary>Tag the image that the way back needs, so that nothing prunes it.</summary>
public sealed record KeepImage(string Service, string ImageId, string Tag) : Step
{
    public override string Subject => Service;
}

/// <summary>Write a file or folder of the commit to the content store, where containers mount it.</summary>
public sealed record ExportContent(string Service, string Digest) : Step
{
    public override string Subject => Service;
}

public sealed record CreateNetwork(DesiredNetwork Network) : Step
{
    public override string Subject => Network.Name;
}

/// <summary>Make a network anew with other settings and reattach every container, running, stopped and kept, with aliases and addresses.</summary>
public sealed record ReplaceNetwork(DesiredNetwork From, DesiredNetwork To) : Step
{
    public override string Subject => To.Name;
}

/// <summary>Remove a network that nothing uses any more.</summary>
public sealed record RemoveNetwork(DesiredNetwork Network) : Step
{
    public override string Subject => Network.Name;
}

/// <summary>Create a volume that is not there. There is no step that removes one.</summary>
public sealed record CreateVolume(DesiredVolume Volume) : Step
{
    public override string Subject => Volume.Name;
}

/// <summary>Create the service's container, stopped, under a temporary name. Receipt: <see cref="Journaling.ContainerMade"/>.</summary>
/// <param name="ImageId">The image to use; null = the one that this run pulled or built for the service.</param>
public sealed record CreateContainer(string Service, string TemporaryName, string SpecDigest, string? ImageId) : Step
{
    public override string Subject => Service;
}

/// <summary>Ask a running service what it will be asked again afterwards, so that what fails already is not blamed on the run. Never fails. Receipt: <see cref="Journaling.BaselineTaken"/>.</summary>
/// <param name="Probes">How many probes the state before has for it; the engine's verdict on its health is noted with their answers.</param>
public sealed record TakeBaseline(string Service, ContainerRef Container, int Probes) : Step
{
    public override string Subject => Service;
}

/// <summary>Stop a container within its grace period. Receipt: <see cref="Journaling.ContainerStopped"/> (it may have been stopped before).</summary>
/// <param name="FoundStopped">It was stopped when the plan was made: should the step leave no receipt, the way back leaves it so.</param>
public sealed record StopContainer(string Service, ContainerRef Container, bool FoundStopped = false) : Step
{
    public override string Subject => Service;
}

/// <summary>Copy a volume while nobody who mounts it runs, and prove the copy. Receipt: <see cref="Journaling.BackedUp"/>.</summary>
public sealed record BackUp(string Database, string Volume) : Step
{
    /// <summary>SQLite databases in the volume, by their paths in it: each is opened in the copy of a copy, and what it holds is noted.</summary>
    public ValueList<string> Files { get; init; } = [];

    public override string Subject => Database;
}

/// <summary>A migration of a SQLite database by a command of the new version's image, alone in a container of its own and without a network.</summary>
/// <param name="Service">Whose new container's specification it gets.</param>
/// <param name="Target">Where that mounts the volume.</param>
/// <param name="File">The database's path in the volume.</param>
public sealed record MigrationJob(string Service, string Volume, string Target, string File, string SpecDigest, DesiredMigration Migration);

/// <summary>Migrate a copy that is taken while everybody runs, and note what comes of it. Receipt: <see cref="Journaling.Rehearsed"/>.</summary>
public sealed record Rehearse(string Database, MigrationJob Job) : Step
{
    public override string Subject => Job.Service;
}

/// <summary>Migrate the data, and prove that it came of it what the rehearsal led to. Receipt: <see cref="Journaling.Migrated"/>.</summary>
/// <remarks>Its way back is that of <see cref="BackUp"/>: a half-migrated database is put back, never migrated on.</remarks>
public sealed record Migrate(string Database, MigrationJob Job) : Step
{
    public override string Subject => Job.Service;
}

/// <summary>The way back from <see cref="BackUp"/>: the proven copy takes the place of what is there, which is kept beside it.</summary>
/// <param name="Copy">The folder of the copy, beside the volume's own.</param>
/// <param name="Inode">Names the copy wherever it is moved to.</param>
/// <param name="Run">The run that made it, under which its manifest lies.</param>
public sealed record RestoreData(string Database, string Volume, string Copy, ulong Inode, string Run) : Step
{
    public override string Subject => Database;
}

/// <summary>Remove older copies of a volume: the newest is kept. Receipt: <see cref="Journaling.CopiesReleased"/>.</summary>
public sealed record ReleaseCopies(string Database, string Volume) : Step
{
    public override string Subject => Database;
}

/// <summary>Arm or disarm a container: say when the engine itself starts it again.</summary>
/// <param name="Was">What the way back makes it again; null where there is no way back.</param>
public sealed record SetRestartPolicy(string Service, ContainerRef Container, RestartPolicy Restart, RestartPolicy? Was) : Step
{
    public override string Subject => Service;
}

/// <summary>Disarm a container's restart policy and give it a name that is out of the way. It is kept, not removed.</summary>
/// <param name="SpecDigest">What made it, and <paramref name="ImageId"/>, for the case that it has to be made again.</param>
public sealed record SetAside(string Service, ContainerRef Container, string AsideName, string SpecDigest, string ImageId, RestartPolicy Restart) : Step
{
    public override string Subject => Service;
}

/// <summary>Give a container the name that it is to bear.</summary>
public sealed record RenameContainer(string Service, ContainerRef Container, string To) : Step
{
    public override string Subject => Service;
}

/// <summary>Start a container. Receipt: <see cref="Journaling.ContainerStarted"/>.</summary>
public sealed record StartContainer(string Service, ContainerRef Container) : Step
{
    public override string Subject => Service;
}

/// <summary>Stop and start a container that stays the same.</summary>
/// <param name="ForDrift">It is to see a restored file, which is what the state before wants, too: the way back leaves it alone.</param>
public sealed record RestartContainer(string Service, ContainerRef Container, bool ForDrift = false) : Step
{
    public override string Subject => Service;
}

public sealed record UnpauseContainer(string Service, ContainerRef Container) : Step
{
    public override string Subject => Service;
}

/// <summary>Put settings of a container back to what was recorded when it was made, while it runs on. Receipt: <see cref="Journaling.LeftDrifted"/> when the engine does not take them.</summary>
/// <param name="Fields">As the engine names them (<c>HostConfig.Memory</c>); the values lie sealed.</param>
public sealed record UpdateContainer(string Service, ContainerRef Container, ValueList<string> Fields) : Step
{
    public override string Subject => Service;
}

/// <summary>Join a network as the specification says, leaving it first when the container is on it in another way. Receipt: <see cref="Journaling.LeftDrifted"/> when that cannot be had.</summary>
/// <param name="SpecDigest">Names the sealed service, whose aliases and addresses count.</param>
public sealed record ReconnectNetwork(string Service, ContainerRef Container, string Network, string SpecDigest) : Step
{
    public override string Subject => Service;
}

/// <summary>Leave a network that the container was not made for.</summary>
public sealed record DisconnectNetwork(string Service, ContainerRef Container, string Network) : Step
{
    public override string Subject => Service;
}

/// <summary>Wait until the service is healthy and its probes pass. Receipt: <see cref="Journaling.ServiceVerified"/>.</summary>
/// <param name="Digest">Names the sealed service, whose health check, probes and time limit count: by its content, or by the specification that it has in the state before.</param>
/// <param name="Completes">Somebody waits until it has done its task: running is not enough, it has to end with 0.</param>
public sealed record VerifyService(string Service, ContainerRef Container, string Digest, bool Completes = false) : Step
{
    public override string Subject => Service;
}

/// <summary>The way back from <see cref="SetAside"/>: name and restart policy as before; made again from the sealed specification when it is gone.</summary>
/// <param name="Container">Its id, and the name under which it was set aside.</param>
public sealed record PutBack(string Service, ContainerRef Container, string Name, string SpecDigest, string ImageId, RestartPolicy Restart) : Step
{
    public override string Subject => Service;
}

/// <summary>Hold the host to the new state and watch it for a while; a service that falls ill takes the whole run back.</summary>
/// <remarks>Performing it seals the state and leaves the run open: drift is corrected meanwhile, and whoever watches ends the step.</remarks>
/// <param name="Services">Those that the run changed.</param>
/// <param name="Errors">What a log that fills with errors means.</param>
public sealed record Soak(ValueList<string> Services, TimeSpan For, LogErrors Errors) : Step
{
    public override string Subject => "soak";
}

/// <summary>Seal what now runs as the effective state and the last known-good one.</summary>
public sealed record Promote(string Revision) : Step
{
    public override string Subject => Revision;
}

/// <summary>Remove a container that nothing needs any more; its volumes stay.</summary>
public sealed record RemoveContainer(string Service, ContainerRef Container) : Step
{
    public override string Subject => Service;
}

/// <summary>Take away a tag of ours that kept an image; the image goes when no tag is left.</summary>
public sealed record ReleaseImage(string Service, string Tag) : Step
{
    public override string Subject => Service;
}

/// <summary>Delete sealed states of old runs, and all in the state directory that only they needed. Receipt: <see cref="Journaling.StatesReleased"/>.</summary>
public sealed record ReleaseStates(ValueList<string> States) : Step
{
    public override string Subject => "state directory";
}
