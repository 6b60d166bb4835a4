using System.Text;
using HomeIQ.Reconciler.Changes;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Planning;

/// <summary>All that can be had before anything stops: images, networks, volumes, contents, the old images kept, the new containers made, the old ones asked.</summary>
internal sealed class Preparation(PlanDraft draft, Inventory inventory, Remarks remarks)
{
    private readonly ImageChoices images = new(inventory, remarks);
    private readonly Dictionary<(string Image, string? Platform), DraftStep> fetches = [];
    private readonly Dictionary<string, string> builds = new(StringComparer.Ordinal);
    private readonly Dictionary<string, DraftStep> networks = new(StringComparer.Ordinal);
    private readonly Dictionary<string, DraftStep> replacements = new(StringComparer.Ordinal);
    private readonly Dictionary<string, DraftStep> volumes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, DraftStep> contents = new(StringComparer.Ordinal);

    public IReadOnlyDictionary<string, DraftStep> Replacements => replacements;

    public void MakeGround(Ground ground)
    {
        foreach (var (network, cause) in ground.Create)
        {
            networks[network.Name] = draft.Add(new CreateNetwork(network), cause, Section.Ground);
        }

        foreach (var (volume, cause) in ground.Volumes)
        {
            volumes[volume.Name] = draft.Add(new CreateVolume(volume), cause, Section.Ground);
        }

        foreach (var (from, to, cause) in ground.Replace)
        {
            replacements[to.Name] = draft.Add(new ReplaceNetwork(from, to), cause, Section.Move, order: -1);
        }
    }

    /// <summary>Everything that the service's new container needs, and the container itself, stopped, under another name.</summary>
    public void Make(ServiceWork work, IReadOnlyDictionary<string, ServiceWork> works)
    {
        var desired = work.Desired!;
        var choice = images.For(work);
        var create = draft.Add(
            new CreateContainer(work.Name, TemporaryName(desired.ContainerName), work.SpecDigest(inventory), choice.ImageId), work.Cause, Section.Create, work.Phase, work.Order);

        create.After(Fetch(work, choice));
        foreach (var attachment in desired.Spec.Networks)
        {
            create.After(networks.GetValueOrDefault(attachment.Network));

            // An address of the new range cannot be had before the range is there.
            if (attachment is not { Ipv4Address: null, Ipv6Address: null })
            {
                create.After(replacements.GetValueOrDefault(attachment.Network));
            }
        }

        foreach (var mount in desired.Spec.Mounts)
        {
            create.After(mount switch
            {
                { Kind: MountKind.Volume } => volumes.GetValueOrDefault(mount.Source),
                { Kind: MountKind.Content, Content: { } digest } => Export(work, digest),
                _ => null,
            });
        }

        foreach (var provider in inventory.Providers(desired))
        {
            create.After(works.GetValueOrDefault(provider)?.Create);
        }

        work.Create = create;
    }

    /// <summary>What a container that stays needs before it is put right: restored exports, the network that it joins.</summary>
    public void Await(ServiceWork work)
    {
        foreach (var digest in work.Restore.Order(StringComparer.Ordinal))
        {
            var export = Export(work, digest);
            (work.Stop ?? work.Start)?.After(export);
        }

        foreach (var step in work.Adjusted)
        {
            step.After(step.Step is ReconnectNetwork reconnect ? networks.GetValueOrDefault(reconnect.Network) : null);
        }
    }

    /// <summary>Tags the image of the container that goes, so that the way back finds it whatever happens to its own tag.</summary>
    public void Keep(ServiceWork work)
    {
        var old = work.Container!;
        if (inventory.HasImage(old.ImageId, old))
        {
            draft.Add(new KeepImage(work.Name, old.ImageId, KeepTag(inventory.Situation.Instance, work.Name, old.ImageId)), "the way back needs it", Section.Keep, work.Phase, work.Order);
        }
        else
        {
            remarks.Warn("image-gone", work.Name, $"the image of its present container is gone from the engine ({old.Image}): a way back would need the kept container itself");
        }
    }

    /// <summary>Has a service that is about to be interrupted asked beforehand, if anything is asked of it or the engine finds it ill.</summary>
    public void Ask(ServiceWork work)
    {
        if (work is not { Container: { } container, Effective.Service.Policy.Probes: { } probes, Move: Move.Replace or Move.Restart or Move.Bounce or Move.Remove })
        {
            return;
        }

        var trouble = HealthVerdict.TroubleOf(container);
        var asked = container.Status == ContainerStatus.Running ? probes.Count : 0;
        if (asked > 0 || trouble is Trouble.Unhealthy or Trouble.Restarting)
        {
            draft.Add(new TakeBaseline(work.Name, new(container.Id, container.Name), asked), "what fails already is not blamed on this plan", Section.Ask, work.Phase, work.Order);
        }
    }

    public void Note(ServiceWork work) => images.Note(work);

    /// <summary><c>homeiq-keep/INSTANCE/SERVICE:IMAGE</c>, in the letters that an image reference may have.</summary>
    internal static string KeepTag(string instance, string service, string imageId)
    {
        var id = imageId[(imageId.IndexOf(':', StringComparison.Ordinal) + 1)..];
        return $"{KeepPath(instance)}/{PathPart(service)}:{(id.Length > 12 ? id[..12] : id)}";
    }

    /// <summary>The path below which all keep tags of an instance lie.</summary>
    internal static string KeepPath(string instance) => $"homeiq-keep/{PathPart(instance)}";

    private static string PathPart(string text)
    {
        var part = new StringBuilder(text.Length);
        foreach (var letter in text.ToLowerInvariant())
        {
            if (char.IsAsciiLetterOrDigit(letter))
            {
                part.Append(letter);
            }
            else if (part.Length > 0 && part[^1] != '-')
            {
                part.Append('-');
            }
        }

        return part.ToString().TrimEnd('-') is { Length: > 0 } clean ? clean : "x";
    }

    private DraftStep? Fetch(ServiceWork work, ImageChoice choice)
    {
        if (choice.Fetch is not { } step)
        {
            return null;
        }

        var (image, platform) = step switch
        {
            PullImage pull => (pull.Image, pull.Platform),
            BuildImage build => (build.Image, null),
            _ => throw new NotSupportedException($"{step.GetType().Name} fetches no image."),
        };
        if (step is BuildImage built && !builds.TryAdd(built.Image, built.BuildDigest) && builds[built.Image] != built.BuildDigest)
        {
            remarks.Refuse("pin-clash", work.Name, $"{built.Image} is built from another source by another service", "give each its own pin");
        }

        // The second service of one image finds it there, instead of fetching it at the same time.
        var fetch = draft
            .Add(step, choice.Cause.Length > 0 ? $"{work.Cause}; {choice.Cause}" : work.Cause, Section.Fetch, work.Phase, work.Order)
            .After(fetches.GetValueOrDefault((image, platform)));

        return fetches[(image, platform)] = fetch;
    }

    private DraftStep? Export(ServiceWork work, string digest)
    {
        if (inventory.IntactContents.Contains(digest))
        {
            return null;
        }

        return contents.TryGetValue(digest, out var export)
            ? export
            : contents[digest] = draft.Add(new ExportContent(work.Name, digest), work.Cause, Section.Contents, work.Phase, work.Order);
    }

    private string TemporaryName(string container)
    {
        var name = ContainerNames.New(container);
        for (var number = 2; inventory.ContainersByName.ContainsKey(name); number++)
        {
            name = $"{ContainerNames.New(container)}-{number}";
        }

        return name;
    }
}
