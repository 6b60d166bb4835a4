using System.Collections.Concurrent;
using HomeIQ.Reconciler.Backups;
using HomeIQ.Reconciler.Changes;
using HomeIQ.Reconciler.Contents;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Docker;
using HomeIQ.Reconciler.Git;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Locking;
using HomeIQ.Reconciler.Observed;
using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Applying;

/// <summary>What the steps of one run share: where they work, what they belong to, and what earlier steps of the run brought about.</summary>
public sealed class RunContext
{
    private readonly ConcurrentDictionary<string, ContainerMade> made = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, ContainerMade> remade = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, ImageReady> images = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, BaselineTaken> baselines = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, MigrationProof> rehearsals = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, BackedUp> copies = new(StringComparer.Ordinal);
    private readonly HashSet<string> inherited = new(StringComparer.Ordinal);

    public required string Run { get; init; }

    public required string Instance { get; init; }

    public required string Revision { get; init; }

    public required IContainerHost Host { get; init; }

    public required SealedStore Sealed { get; init; }

    public required ContentStore Contents { get; init; }

    public required StateDirectory State { get; init; }

    public required IJournal Journal { get; init; }

    /// <summary>Asked for before each step; null where single steps are done without.</summary>
    public EngineLock? Lock { get; init; }

    /// <summary>What the run leads to; null on a way back, which needs sealed specifications only.</summary>
    public DesiredState? Desired { get; init; }

    /// <summary>The commit's files; null on a way back and where Git is gone.</summary>
    public ISourceTree? Tree { get; init; }

    /// <summary>What the host was held to before the run.</summary>
    public EffectiveState? Before { get; init; }

    /// <summary>Where the way back leads: the last known-good state, or for a repair what the host is held to; null on a first install.</summary>
    public EffectiveState? BackTo { get; init; }

    /// <summary>Id of the state that this run was watched in, as it is sealed by now; null when it is not watched.</summary>
    public string? Watched { get; set; }

    /// <summary>By which the run learns that a newer commit overtakes it; null when none can.</summary>
    internal RunUnderWay? UnderWay { get; set; }

    public string EngineVersion { get; init; } = "";

    /// <summary>Host on which published ports are reached.</summary>
    public string ProbeHost { get; init; } = "127.0.0.1";

    /// <summary>Whether this machine is the engine's host, from which containers' own addresses are reached.</summary>
    public bool IsEngineLocal { get; init; }

    public Redactor Redactor { get; init; } = Redactor.None;

    public TimeProvider Time { get; init; } = TimeProvider.System;

    public IProgress<RunEvent> Progress { get; init; } = new Listener<RunEvent>(_ => { });

    /// <summary>The container that this run created for a service; null when it did not.</summary>
    public ContainerMade? MadeFor(string service) => made.GetValueOrDefault(service);

    /// <summary>The container that the way back had to make again for a service; null when the kept one was put back.</summary>
    public ContainerMade? RemadeFor(string service) => remade.GetValueOrDefault(service);

    /// <summary>The image that this run pulled or built for a service; null when it did not.</summary>
    public ImageReady? ImageFor(string service) => images.GetValueOrDefault(service);

    /// <summary>How a service stood before anything stopped; null when it was not asked.</summary>
    public BaselineTaken? BaselineOf(string service) => baselines.GetValueOrDefault(service);

    /// <summary>What a migration did to a copy of a database; null when it was not rehearsed.</summary>
    public MigrationProof? RehearsalOf(string database) => rehearsals.GetValueOrDefault(database);

    /// <summary>The copy that this run made of a volume; null when it made none.</summary>
    public BackedUp? CopyOf(string volume) => copies.GetValueOrDefault(volume);

    /// <summary>The container that a step names: by id, as the one that this run created, or as the one that the way back had to make again in its place; null when it is gone.</summary>
    public async Task<ObservedContainer?> FindAsync(string service, ContainerRef expected)
    {
        var found = await Host.FindContainerAsync(expected.Id ?? MadeFor(service)?.ContainerId ?? expected.Name, default);

        // What was made again stands in for one that is gone, or that is still there and of no use any more.
        return RemadeFor(service) is { } again && (found is null || ContainerNames.IsFailed(found.Name)) ? await Host.FindContainerAsync(again.ContainerId, default) ?? found : found;
    }

    /// <summary>What an earlier run interrupted stood as it did before that one: as the run noted it, and where it did not, well.</summary>
    public void Inherit(RunRecord earlier)
    {
        foreach (var service in earlier.Plan.Steps.Select(step => step.Step).Where(step => step is StopContainer or RestartContainer or CreateContainer).Select(step => step.Subject).Distinct(StringComparer.Ordinal))
        {
            var noted = earlier.Begun.FirstOrDefault(step => step.Planned.Step is TakeBaseline && step.Planned.Step.Subject == service)?.Receipt as BaselineTaken;
            baselines[service] = noted ?? new BaselineTaken(Trouble.None, []);
            inherited.Add(service);
        }
    }

    /// <summary>The container that a step names, by id: under another id it is somebody else's doing.</summary>
    public async Task<ObservedContainer> ExpectAsync(string service, ContainerRef expected) =>
        await FindAsync(service, expected)
            ?? throw new StepFailedException(
                FailureClass.Environmental,
                $"the container {expected.Name} of {service} that the plan expects is gone",
                "something else on this host removed it; see docker events");

    /// <summary>What was recorded of a container when it was made: what its drift is measured against.</summary>
    public ValueMap<string> RecordedOf(string service, string containerId) =>
        Before?.Find(service) is { } held && held.ContainerId == containerId ? held.Recorded : Sealed.FindRecorded(containerId) ?? ValueMap<string>.Empty;

    /// <summary>What a container of a service is made from.</summary>
    /// <remarks>Another service of the same specification may have been the first to be sealed: the name is the one that was asked for.</remarks>
    /// <exception cref="StepFailedException">It is not in the state directory any more.</exception>
    public DesiredService Specified(string digest, string service) =>
        (Sealed.FindService(digest)
        ?? throw new StepFailedException(FailureClass.Environmental, $"the sealed specification {digest} of {service} is missing from the state directory")) with
        { Name = service };

    /// <summary>Takes note of a receipt, as it comes in or as the journal tells it after a crash.</summary>
    public void Note(Step step, Receipt receipt, bool isRollback)
    {
        var service = step.Subject;
        switch (receipt)
        {
            case ContainerMade container:
                (isRollback ? remade : made)[service] = container;
                break;
            case Rehearsed rehearsed:
                rehearsals[rehearsed.Database] = rehearsed.Proof;
                break;
            case BackedUp copied when step is BackUp backup:
                copies[backup.Volume] = copied;
                break;
            case ImageReady image:
                images[service] = image;
                break;
            case BaselineTaken baseline when !inherited.Contains(service):
                baselines[service] = baseline;
                break;
        }
    }
}
