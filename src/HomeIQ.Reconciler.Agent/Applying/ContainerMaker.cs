using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Observed;
using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Applying;

/// <summary>Makes containers from sealed specifications: new ones on the way forward, and on the way back those of the old state that are lost.</summary>
internal sealed class ContainerMaker(RunContext context)
{
    /// <summary>Makes the container of the state that the run leads to, and seals how it looks just after creation.</summary>
    public async Task<string> MakeAsync(string name, DesiredService service, string digest, string imageId) =>
        await MakeAsync(name, service, digest, imageId, former: null, NewProviderAsync) ?? throw HasNoProvider(service);

    /// <summary>Makes a container of the old state again under its name, or finds that an earlier process has; null while whose namespace it shares is not back either.</summary>
    /// <param name="lost">Id of the one that it stands in for.</param>
    public async Task<ContainerMade?> MakeAgainAsync(string service, string name, string digest, string imageId, string? lost)
    {
        if (await context.Host.FindContainerAsync(name, default) is { Owner: { } owner } again && again.Id != lost && owner.Instance == context.Instance && owner.SpecDigest == digest)
        {
            if (context.Sealed.FindRecorded(again.Id) is null)
            {
                // Made, and the answer was lost.
                context.Sealed.PutRecorded(again.Id, again.Fields);
            }

            return new(again.Id, again.ImageId);
        }

        return await MakeAsync(name, context.Specified(digest, service) with { ContainerName = name }, digest, imageId, lost, OldProviderAsync) is { } id ? new(id, imageId) : null;
    }

    /// <summary>It shares a namespace with a container that is not there any more, or that another one stands in for: the engine will never start it again.</summary>
    public async Task<bool> IsHomelessAsync(ObservedContainer container)
    {
        if (container.Owner is not { } owner || context.Sealed.FindService(owner.SpecDigest)?.Spec is not { } spec)
        {
            return false;
        }

        foreach (var (wanted, mode) in new[] { (spec.NetworkMode, container.NetworkMode), (spec.IpcMode, container.IpcMode), (spec.PidMode, container.PidMode) })
        {
            if (ProviderOf(wanted) is not { } provider || !mode.StartsWith("container:", StringComparison.Ordinal))
            {
                continue;
            }

            var joined = mode["container:".Length..];
            if (context.RemadeFor(provider) is { } again ? again.ContainerId != joined : await context.Host.FindContainerAsync(joined, default) is null)
            {
                return true;
            }
        }

        return false;
    }

    private async Task<string?> MakeAsync(string name, DesiredService service, string digest, string imageId, string? former, Func<string, Task<string?>> provider)
    {
        if (await WithNamespacesAsync(await WithAnonymousVolumesAsync(service, former), provider) is not { } spec)
        {
            return null;
        }

        Seed(spec);
        var labels = new Ownership(context.Instance, service.Name, context.Run, context.Revision, digest).ToLabels();
        var id = await context.Host.CreateContainerAsync(name, spec, imageId, labels, default);
        if (await context.Host.FindContainerAsync(id, default) is { } created)
        {
            context.Sealed.PutRecorded(id, created.Fields);
        }

        return id;
    }

    /// <summary>Resolves <c>service:NAME</c> to the id of the container that serves NAME when this one starts; null when there is none.</summary>
    private static async Task<ContainerSpec?> WithNamespacesAsync(ContainerSpec spec, Func<string, Task<string?>> provider)
    {
        var isComplete = true;
        async Task<string?> ResolveAsync(string? mode)
        {
            if (ProviderOf(mode) is not { } name)
            {
                return mode;
            }

            var id = await provider(name);
            isComplete &= id is not null;
            return $"container:{id}";
        }

        var resolved = spec with
        {
            NetworkMode = await ResolveAsync(spec.NetworkMode),
            IpcMode = await ResolveAsync(spec.IpcMode),
            PidMode = await ResolveAsync(spec.PidMode),
        };
        return isComplete ? resolved : null;
    }

    private static string? ProviderOf(string? mode) => mode?.StartsWith("service:", StringComparison.Ordinal) is true ? mode["service:".Length..] : null;

    private async Task<string?> NewProviderAsync(string service) =>
        context.MadeFor(service)?.ContainerId ?? await BearerAsync((context.Desired?.Find(service) ?? context.Before?.Find(service)?.Service)?.ContainerName);

    /// <summary>The one that was made again, else the old one, which may still be set aside; what this run made for the service is on its way out.</summary>
    private async Task<string?> OldProviderAsync(string service)
    {
        if (context.RemadeFor(service)?.ContainerId is { } again)
        {
            return again;
        }

        var old = context.BackTo?.Find(service);
        if (old is not null && await context.Host.FindContainerAsync(old.ContainerId, default) is { } there)
        {
            return there.Id;
        }

        return await BearerAsync(old?.Service.ContainerName) is { } bearer && bearer != context.MadeFor(service)?.ContainerId ? bearer : null;
    }

    private async Task<string?> BearerAsync(string? name) =>
        (await context.Host.ListContainersAsync(default)).FirstOrDefault(candidate => candidate.Owner?.Instance == context.Instance && candidate.Name == name)?.Id;

    private static StepFailedException HasNoProvider(DesiredService service)
    {
        var providers = new[] { service.Spec.NetworkMode, service.Spec.IpcMode, service.Spec.PidMode }.Select(ProviderOf).OfType<string>().Distinct(StringComparer.Ordinal);
        return new(FailureClass.Environmental, $"there is no container of {string.Join(" or ", providers)} to share a namespace with");
    }

    /// <summary>Anonymous volumes are carried over by their names, those that only the image declares too, or the data in them would stay behind.</summary>
    private async Task<ContainerSpec> WithAnonymousVolumesAsync(DesiredService service, string? formerId)
    {
        var ours = (await context.Host.ListContainersAsync(default)).Where(candidate =>
            candidate.Owner is { } owner && owner.Instance == context.Instance && owner.Service == service.Name).ToList();

        // Where the one that bears the name is gone, what this run made in its place carries them, whatever it is called by now.
        var former = ours.Find(candidate => candidate.Id == formerId)
            ?? ours.Find(candidate => candidate.Name == service.ContainerName)
            ?? ours.Find(candidate => candidate.Id == context.MadeFor(service.Name)?.ContainerId);
        if (former is null)
        {
            return service.Spec;
        }

        var old = former.Mounts.Where(mount => mount.Kind == "volume").DistinctBy(mount => mount.Target, StringComparer.Ordinal).ToDictionary(mount => mount.Target, StringComparer.Ordinal);
        var asked = service.Spec.Mounts.Select(mount => mount is { Kind: MountKind.Volume, Source: "" } && old.TryGetValue(mount.Target, out var kept) ? mount with { Source = kept.Name } : mount);

        // What nobody asked for, then or now, comes from the image; what was asked for then and is not now is to go.
        var known = service.Spec.Mounts.Concat(context.Before?.Find(service.Name)?.Service.Spec.Mounts ?? []).Select(mount => mount.Target)
            .Concat(service.Spec.Tmpfs.Select(tmpfs => tmpfs.Key)).ToHashSet(StringComparer.Ordinal);
        var declared = old.Values.Where(mount => IsAnonymous(mount.Name) && !known.Contains(mount.Target)).OrderBy(mount => mount.Target, StringComparer.Ordinal)
            .Select(mount => new MountSpec(MountKind.Volume, mount.Name, mount.Target, mount.ReadOnly));
        return service.Spec with { Mounts = [.. asked, .. declared] };
    }

    /// <summary>The engine's own names for volumes that were given none.</summary>
    private static bool IsAnonymous(string volume) => volume.Length == 64 && volume.All(char.IsAsciiHexDigitLower);

    /// <summary>Fills a writable relative bind from the commit, once: what is there already belongs to the operator.</summary>
    private void Seed(ContainerSpec spec)
    {
        foreach (var mount in spec.Mounts.Where(mount => mount is { Kind: MountKind.Bind, SeedPath: not null }))
        {
            if (context.Tree is { } tree && !Path.Exists(mount.Source))
            {
                context.Contents.Seed(tree, mount.SeedPath!, mount.Source);
            }
        }
    }
}
