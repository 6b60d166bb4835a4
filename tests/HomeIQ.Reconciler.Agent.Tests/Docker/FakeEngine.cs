using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using HomeIQ.Reconciler.Changes;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Docker;

/// <summary>A container engine in memory that behaves as the real one does, so far as the conformance suite asks; it writes down what it was told to do.</summary>
/// <remarks>
/// Ids are the same in every run. Nothing takes time but what the images' environment says (<see cref="FakeImage.Environment"/>), and that is the clock's.
/// What happens from outside (other people, crashes of the engine) stands in <c>FakeEngine.Outside.cs</c>.
/// </remarks>
public sealed partial class FakeEngine : IContainerHost
{
    private readonly Lock gate = new();
    private readonly VirtualClock clock;
    private readonly int seed;
    private readonly bool ownsClock;
    private readonly SortedDictionary<string, FakeContainer> containers = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, FakeNetwork> networks = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, FakeVolume> volumes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, FakeImage> images = new(StringComparer.Ordinal);
    private int made;

    /// <param name="ownsClock">The clock ends with the engine.</param>
    public FakeEngine(VirtualClock clock, int seed = 1, bool ownsClock = false)
    {
        this.clock = clock;
        this.seed = seed;
        this.ownsClock = ownsClock;
        foreach (var name in (string[])["bridge", "host", "none"])
        {
            var settings = new DesiredNetwork(name) { Driver = name == "none" ? "null" : name };
            networks[name] = new FakeNetwork(NewId("network"), settings, ValueMap<string>.Empty, networks.Count) { IsPredefined = true };
        }
    }

    /// <summary>What the engine was told to do, a line a call, with names instead of ids.</summary>
    public Transcript Transcript { get; } = new();

    public Faults Faults { get; } = new();

    /// <summary>What an engine of another version says more of each container.</summary>
    public ValueMap<string> NewFields { get; set; } = ValueMap<string>.Empty;

    public EngineFacts Facts { get; set; } = new("FAKE:ENGINE", "29.1.0", "1.52", "Debian GNU/Linux 12", "x86_64");

    /// <summary>The folder in which volumes lie as real folders; none do where it is null.</summary>
    public string? VolumeFolder { get; init; }

    public ValueTask DisposeAsync()
    {
        if (ownsClock)
        {
            clock.Dispose();
        }

        return ValueTask.CompletedTask;
    }

    public Task<EngineFacts> DescribeAsync(CancellationToken cancellationToken) => LookAsync("describe", () => Facts, cancellationToken);

    public Task<IReadOnlyList<ObservedContainer>> ListContainersAsync(CancellationToken cancellationToken) =>
        LookAsync<IReadOnlyList<ObservedContainer>>(
            "list", () => [.. containers.Values.OrderBy(container => container.Name, StringComparer.Ordinal).Select(Observe)], cancellationToken);

    public Task<ObservedContainer?> FindContainerAsync(string idOrName, CancellationToken cancellationToken) =>
        LookAsync("find", () => Find(idOrName) is { } found ? Observe(found) : null, cancellationToken);

    public Task<string> InspectRawAsync(string containerId, CancellationToken cancellationToken) =>
        LookAsync("inspect", () => FakeFields.AsJson(Get(containerId)), cancellationToken);

    public Task<MadeFrom> ReadSpecificationAsync(string containerId, CancellationToken cancellationToken) =>
        LookAsync("specification", () => FakeFields.MadeFrom(Get(containerId)), cancellationToken);

    public Task<IReadOnlyList<string>> ReadLogsAsync(string containerId, int lines, CancellationToken cancellationToken) =>
        LookAsync<IReadOnlyList<string>>("logs", () => [.. Get(containerId).Logs.TakeLast(lines).Select(line => line.Text)], cancellationToken);

    public async IAsyncEnumerable<string> StreamLogsAsync(
        string containerId, int? tail, DateTimeOffset? since, bool follow, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var there = await LookAsync("logs", () => Get(containerId).Logs.ToArray(), cancellationToken);
        foreach (var (_, text) in there.Where(line => !(line.At < since)).TakeLast(tail ?? int.MaxValue))
        {
            yield return text;
        }

        for (var told = there.Length; follow;)
        {
            var (more, isOver) = Ask(() => Find(containerId) is { } found ? (found.Logs.Skip(told).ToArray(), found.Status != ContainerStatus.Running) : ([], true));
            foreach (var (_, text) in more)
            {
                yield return text;
            }

            told += more.Length;
            if (isOver && more.Length == 0)
            {
                yield break;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100), clock, cancellationToken);
        }
    }

    public Task<ExecResult> ExecuteAsync(string containerId, IReadOnlyList<string> command, CancellationToken cancellationToken) =>
        LookAsync(
            "exec",
            () =>
            {
                var container = Get(containerId);
                return container.Status switch
                {
                    ContainerStatus.Running => FakeShell.Run(container, command, Unwell(container)),
                    ContainerStatus.Paused => throw Conflict($"container {container.Id} is paused, unpause the container before exec"),
                    _ => throw Conflict($"container {container.Id} is not running"),
                };
            },
            cancellationToken);

    public Task<string> CreateContainerAsync(
        string name, ContainerSpec spec, string imageId, ValueMap<string> labels, CancellationToken cancellationToken) =>
        TellAsync("create", () => $"create {name} from {spec.Image}", () => Create(name, spec, imageId, labels), cancellationToken);

    public Task<bool> StartContainerAsync(string containerId, CancellationToken cancellationToken) =>
        TellAsync("start", () => $"start {NameOf(containerId)}", () => Start(Get(containerId)), cancellationToken);

    public async Task<bool> StopContainerAsync(string containerId, TimeSpan? grace, CancellationToken cancellationToken)
    {
        var delay = Ask(() => Find(containerId) is { IsUp: true } container ? container.Seconds("STOP_DELAY") : TimeSpan.Zero);
        var allowed = Ask(() => grace ?? Find(containerId)?.Spec.StopGracePeriod ?? TimeSpan.FromSeconds(10));
        if (delay > TimeSpan.Zero)
        {
            await Task.Delay(delay < allowed ? delay : allowed, clock, cancellationToken);
        }

        return await TellAsync("stop", () => $"stop {NameOf(containerId)}", () => Stop(Get(containerId), delay > allowed ? 137 : 0), cancellationToken);
    }

    public Task UnpauseContainerAsync(string containerId, CancellationToken cancellationToken) =>
        TellAsync(
            "unpause",
            () => $"unpause {NameOf(containerId)}",
            () =>
            {
                var container = Get(containerId);
                if (container.Status == ContainerStatus.Paused)
                {
                    container.Status = ContainerStatus.Running;
                    Happened(container, "unpause");
                }
                else if (container.Status != ContainerStatus.Running)
                {
                    throw Conflict($"Container {container.Id} is not running");
                }

                return true;
            },
            cancellationToken);

    public Task RenameContainerAsync(string containerId, string name, CancellationToken cancellationToken) =>
        TellAsync("rename", () => $"rename {NameOf(containerId)} to {name}", () => Rename(Get(containerId), name), cancellationToken);

    public Task SetRestartPolicyAsync(string containerId, RestartPolicy policy, CancellationToken cancellationToken) =>
        TellAsync(
            "restart-policy",
            () => $"restart policy of {NameOf(containerId)}: {policy}",
            () => Update(Get(containerId), new() { Restart = policy }),
            cancellationToken);

    public Task UpdateContainerAsync(string containerId, ContainerUpdate update, CancellationToken cancellationToken) =>
        TellAsync("update", () => $"update {NameOf(containerId)}", () => Update(Get(containerId), update), cancellationToken);

    public Task<bool> RemoveContainerAsync(string containerId, CancellationToken cancellationToken) =>
        TellAsync(
            "remove",
            () => $"remove {NameOf(containerId)}",
            () =>
            {
                if (Find(containerId) is not { } container)
                {
                    return false;
                }

                if (container.IsUp || container.Status == ContainerStatus.Restarting)
                {
                    throw Conflict($"cannot remove container \"/{container.Name}\": container is {container.Status.ToString().ToLowerInvariant()}: stop the container before removing or force remove");
                }

                Drop(container);
                return true;
            },
            cancellationToken);

    private string Create(string name, ContainerSpec spec, string imageId, ValueMap<string> labels)
    {
        if (IsMarked(name))
        {
            throw Conflict($"Conflict. The container name \"/{name}\" is already in use by a mark.");
        }

        if (Find(name) is { } holder)
        {
            throw Conflict($"Conflict. The container name \"/{name}\" is already in use by container \"{holder.Id}\". You have to remove (or rename) that container to be able to reuse that name.");
        }

        if (FindImage(imageId) is not { } image)
        {
            throw new ContainerHostException(HostFailure.NotFound, $"No such image: {imageId}");
        }

        var container = new FakeContainer
        {
            Id = NewId("container"),
            Name = name,
            Spec = spec,
            Image = image,
            Labels = new([.. image.Labels, .. spec.Labels, .. labels]),
            Restart = spec.Restart,
            Health = (spec.HealthCheck ?? image.HealthCheck) is { IsDisabled: false } ? ContainerHealth.Starting : ContainerHealth.None,
        };

        Mount(container);
        if (spec.NetworkMode is null)
        {
            foreach (var attachment in spec.Networks is [] ? [new NetworkAttachment("bridge")] : spec.Networks)
            {
                container.Endpoints[attachment.Network] = new FakeEndpoint(attachment);
            }
        }

        containers[container.Id] = container;
        Happened(container, "create");
        return container.Id;
    }

    private ObservedContainer Observe(FakeContainer container) =>
        container.Observe() is var seen && NewFields.Count > 0 ? seen with { Fields = new([.. seen.Fields, .. NewFields]) } : seen;

    /// <summary>All of it or none; to an engine, zero and empty mean "leave it".</summary>
    private bool Update(FakeContainer container, ContainerUpdate update)
    {
        var spec = container.Spec;
        if (update.Memory is > 0 and < 6 << 20)
        {
            throw new ContainerHostException(HostFailure.Invalid, "Minimum memory limit allowed is 6MB");
        }

        if (update.Memory > FakeFields.SwapOf(spec) && FakeFields.SwapOf(spec) > 0 && update.MemorySwap is null or 0)
        {
            throw Conflict($"Cannot update container {container.Id}: Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time");
        }

        if ((update.CpuQuota is > 0 || update.CpuPeriod is > 0) && spec.NanoCpus > 0)
        {
            throw Conflict($"Cannot update container {container.Id}: Conflicting options: CPU Quota cannot be updated as NanoCPUs has already been set");
        }

        container.Restart = update.Restart ?? container.Restart;
        container.Spec = spec with
        {
            Memory = Given(update.Memory) ?? spec.Memory,
            MemorySwap = Given(update.MemorySwap) ?? FakeFields.SwapOf(spec),
            MemoryReservation = Given(update.MemoryReservation) ?? spec.MemoryReservation,
            NanoCpus = Given(update.NanoCpus) ?? spec.NanoCpus,
            CpuShares = Given(update.CpuShares) ?? spec.CpuShares,
            CpuQuota = Given(update.CpuQuota) ?? spec.CpuQuota,
            CpuPeriod = Given(update.CpuPeriod) ?? spec.CpuPeriod,
            CpusetCpus = update.CpusetCpus is { Length: > 0 } cpus ? cpus : spec.CpusetCpus,
            CpusetMems = update.CpusetMems is { Length: > 0 } mems ? mems : spec.CpusetMems,
            PidsLimit = update.PidsLimit ?? spec.PidsLimit,
        };
        Happened(container, "update");
        return true;

        static long? Given(long? value) => value is 0 ? null : value;
    }

    private void Mount(FakeContainer container)
    {
        foreach (var mount in container.Spec.Mounts)
        {
            if (mount.Kind == MountKind.Volume)
            {
                var name = mount.Source.Length > 0 ? mount.Source : NewId("volume");
                AddVolume(new DesiredVolume(name), ValueMap<string>.Empty);
                container.Mounts.Add(new ObservedMount("volume", name, MountPoint(name), mount.Target, mount.ReadOnly));
            }
            else if (mount.Kind == MountKind.Tmpfs)
            {
                container.Mounts.Add(new ObservedMount("tmpfs", "", "", mount.Target, mount.ReadOnly));
            }
            else
            {
                container.Mounts.Add(new ObservedMount("bind", "", mount.Source, mount.Target, mount.ReadOnly));
            }
        }

        foreach (var (target, options) in container.Spec.Tmpfs)
        {
            container.Mounts.Add(new ObservedMount("tmpfs", "", "", target, options.Split(',').Contains("ro", StringComparer.Ordinal)));
        }

        foreach (var target in container.Image.Volumes.Where(target => container.Mounts.All(mount => mount.Target != target)).ToList())
        {
            var name = NewId("volume");
            AddVolume(new DesiredVolume(name), ValueMap<string>.Empty);
            container.Mounts.Add(new ObservedMount("volume", name, MountPoint(name), target, false));
        }
    }

    private bool Rename(FakeContainer container, string name)
    {
        if (container.Name == name)
        {
            return true;
        }

        if (containers.Values.FirstOrDefault(other => other.Name == name) is { } holder)
        {
            throw Conflict($"Conflict. The container name \"/{name}\" is already in use by container \"{holder.Id}\". You have to remove (or rename) that container to be able to reuse that name.");
        }

        container.Name = name;
        Happened(container, "rename");
        return true;
    }

    private void Drop(FakeContainer container)
    {
        container.Life++;
        containers.Remove(container.Id);
        Happened(container, "destroy");
    }

    private FakeContainer? Find(string idOrName) =>
        containers.GetValueOrDefault(idOrName)
        ?? containers.Values.FirstOrDefault(container => container.Name == idOrName.TrimStart('/'));

    private FakeContainer Get(string idOrName) =>
        Find(idOrName) ?? throw new ContainerHostException(HostFailure.NotFound, $"No such container: {idOrName}");

    private string NameOf(string idOrName) => Find(idOrName)?.Name ?? $"{idOrName[..Math.Min(12, idOrName.Length)]} (gone)";

    private string NewId(string kind) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{seed} {kind} {made++}")));

    private static ContainerHostException Conflict(string message) => new(HostFailure.Conflict, message);

    private T Ask<T>(Func<T> question)
    {
        lock (gate)
        {
            return question();
        }
    }

    private async Task<T> LookAsync<T>(string call, Func<T> question, CancellationToken cancellationToken)
    {
        await Task.Yield();
        clock.Touch();
        cancellationToken.ThrowIfCancellationRequested();
        var fault = await Faults.BeforeAsync(call, clock, cancellationToken);
        ThrowIfAway();
        var answer = Ask(question);
        fault?.After(call);
        return answer;
    }

    private async Task<T> TellAsync<T>(string call, Func<string> words, Func<T> deed, CancellationToken cancellationToken)
    {
        await Task.Yield();
        clock.Touch();
        cancellationToken.ThrowIfCancellationRequested();
        var line = Ask(words);
        try
        {
            var fault = await Faults.BeforeAsync(call, clock, cancellationToken);
            ThrowIfAway();
            var answer = Ask(deed);
            fault?.After(call);
            Transcript.Add(answer is false ? $"{line} (nothing to do)" : line);
            return answer;
        }
        catch (ContainerHostException refused)
        {
            Transcript.Add($"{line} FAILED: {refused.Message}");
            throw;
        }
        finally
        {
            clock.Touch();
        }
    }
}
