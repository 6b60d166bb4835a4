using HomeIQ.Reconciler.Desired;

namespace HomeIQ.Reconciler.Planning;

/// <summary>The image that a new container is made from, and the step that fetches it.</summary>
/// <param name="ImageId">Null when only the fetching will tell.</param>
internal sealed record ImageChoice(string? ImageId, Step? Fetch, string Cause = "");

/// <summary>Decides which image a service gets. A reference whose text did not change keeps the image that it first meant.</summary>
internal sealed class ImageChoices(Inventory inventory, Remarks remarks)
{
    public ImageChoice For(ServiceWork work)
    {
        var desired = work.Desired!;
        if (inventory.Situation.GoesBackTo?.Find(work.Name) is { ImageId.Length: > 0 } target)
        {
            return Sealed(work, target);
        }

        var kept = work.Effective is { ImageId.Length: > 0 } effective && effective.Service.Spec.Image == desired.Spec.Image && effective.Service.Spec.Platform == desired.Spec.Platform
            ? effective
            : null;

        if (kept is not null && !(inventory.Situation.Refresh && desired.Build is null && desired.Pull != PullPolicy.Never))
        {
            return inventory.HasImage(kept.ImageId, work.Container) ? new(kept.ImageId, null) : Regain(work, desired, kept);
        }

        // An image that is there under this pin may be of the platform that was wanted before.
        var otherPlatform = work.Effective is { } held && held.Service.Spec.Platform != desired.Spec.Platform;
        return desired.Build is { } build ? Built(desired, build, otherPlatform) : Pulled(desired, always: kept is not null || otherPlatform);
    }

    /// <summary>Remarks on pins whose text did not change while something behind it did.</summary>
    public void Note(ServiceWork work)
    {
        if (work is not { Desired: { } desired, Effective: { } effective } || effective.Service.Spec.Image != desired.Spec.Image || desired.Scale == 0)
        {
            return;
        }

        var image = inventory.Image(desired.Spec.Image);
        if (!inventory.Situation.Refresh && image is not null && effective.ImageId.Length > 0 && image.Id != effective.ImageId)
        {
            remarks.Warn("moved-tag", desired.Name, $"{desired.Spec.Image} means another image by now; the one that it first meant is kept", "change the pin, or run with --refresh");
        }

        var made = inventory.ImagesById.GetValueOrDefault(effective.ImageId)?.BuildDigest ?? effective.Service.Build?.Digest;
        if (desired.Build is { } build && made is not null && made != build.Digest)
        {
            remarks.Warn("source-moved", desired.Name, $"its source moved on under the unchanged pin {desired.Spec.Image}, and is not deployed", "change the pin to deploy it");
        }
    }

    /// <summary>The very image of the state that is gone back to; no other one is taken for it, whatever bears its name by now.</summary>
    private ImageChoice Sealed(ServiceWork work, EffectiveService target)
    {
        const string cause = "the image is gone from the engine, and is regained by the digest that was sealed";
        var image = target.Service.Spec.Image;
        if (inventory.HasImage(target.ImageId, work.Container))
        {
            return new(target.ImageId, null);
        }

        if (target.Service.Build is { } build)
        {
            // Made anew from the same source since then, by us.
            if (inventory.Image(image) is { } again && again.BuildDigest == build.Digest)
            {
                return new(again.Id, null);
            }

            return inventory.Situation.HasSource
                ? new(null, new BuildImage(work.Name, image, build.Digest), "the image is gone from the engine")
                : Gone(work.Name, $"{image} was built here, the image is gone from the engine, and the source of {PlanText.Revision(inventory.Situation.Desired.Revision)} is not at hand to build it again", "fetch the repository again, then roll back");
        }

        if (target.Service.Pull == PullPolicy.Never)
        {
            return Gone(work.Name, $"{image} is gone from the engine, and its pull policy is never", "load the image again");
        }

        return target.RepoDigest is { } digest
            ? new(target.ImageId, new PullImage(work.Name, digest, target.Service.Spec.Platform), cause)
            : Gone(work.Name, $"{image} is gone from the engine, and was never in a registry from which just this image could be pulled", "load the image again");
    }

    private ImageChoice Gone(string service, string message, string hint)
    {
        remarks.Refuse("image-gone", service, message, hint);
        return new(null, null);
    }

    /// <summary>The image of the effective state is gone from the engine.</summary>
    private ImageChoice Regain(ServiceWork work, DesiredService desired, EffectiveService kept)
    {
        const string cause = "the image is gone from the engine";
        if (desired.Build is { } build)
        {
            return inventory.Image(desired.Spec.Image) is { BuildDigest: { } digest } image && digest == build.Digest
                ? new(image.Id, null)
                : new(null, new BuildImage(work.Name, desired.Spec.Image, build.Digest), cause);
        }

        if (desired.Pull == PullPolicy.Never)
        {
            return Missing(desired);
        }

        return new(null, new PullImage(work.Name, kept.RepoDigest ?? desired.Spec.Image, desired.Spec.Platform), cause);
    }

    private ImageChoice Built(DesiredService desired, BuildSpec build, bool always) =>
        desired.Pull != PullPolicy.Build && !always && inventory.Image(desired.Spec.Image) is { } image && image.BuildDigest == build.Digest
            ? new(image.Id, null)
            : new(null, new BuildImage(desired.Name, desired.Spec.Image, build.Digest));

    private ImageChoice Pulled(DesiredService desired, bool always)
    {
        var present = inventory.Image(desired.Spec.Image);
        return desired.Pull switch
        {
            PullPolicy.Never => present is null ? Missing(desired) : new(present.Id, null),
            PullPolicy.Always => Pull(desired),
            _ => present is null || always ? Pull(desired) : new(present.Id, null),
        };
    }

    private static ImageChoice Pull(DesiredService desired) => new(null, new PullImage(desired.Name, desired.Spec.Image, desired.Spec.Platform));

    private ImageChoice Missing(DesiredService desired)
    {
        remarks.Refuse("image-missing", desired.Name, $"{desired.Spec.Image} is not on this engine, and its pull policy is never", "load the image, or allow pulling it");
        return new(null, null);
    }
}
