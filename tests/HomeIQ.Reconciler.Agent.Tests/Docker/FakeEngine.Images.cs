using System.Security.Cryptography;
using System.Text;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Docker;

/// <content>Images: found, pulled from a registry in memory, built, tagged.</content>
public sealed partial class FakeEngine
{
    private readonly Dictionary<string, FakeImage> registry = new(StringComparer.Ordinal);

    /// <summary>By <c>repository@digest</c>: a tag that moves leaves the manifest that it meant before.</summary>
    private readonly Dictionary<string, FakeImage> manifests = new(StringComparer.Ordinal);

    public Task<ObservedImage?> FindImageAsync(string reference, CancellationToken cancellationToken) =>
        LookAsync("image", () => FindImage(reference)?.Observed, cancellationToken);

    public Task<ValueMap<string>> ListTagsAsync(string path, CancellationToken cancellationToken) =>
        LookAsync(
            "tags",
            () => new ValueMap<string>(
                from image in images.Values
                from tag in image.Tags
                where tag.StartsWith($"{path}/", StringComparison.Ordinal) && !tag[(path.Length + 1)..].Contains('/', StringComparison.Ordinal)
                select KeyValuePair.Create(tag, image.Id)),
            cancellationToken);

    public Task<ObservedImage> PullImageAsync(
        string reference, string? platform, IProgress<TransferProgress> progress, CancellationToken cancellationToken) =>
        TellAsync(
            "pull",
            () => $"pull {reference}",
            () =>
            {
                var image = DigestOf(reference) is { } digest
                    ? manifests.GetValueOrDefault($"{FakeImage.RepositoryOf(reference)}@{digest}")
                    : registry.GetValueOrDefault(FakeImage.Normalize(reference));
                if (image is null)
                {
                    throw new ContainerHostException(HostFailure.NotFound, $"manifest for {reference} not found: manifest unknown: manifest unknown");
                }

                progress.Report(new TransferProgress("", $"Pulling from {FakeImage.RepositoryOf(reference)}"));
                progress.Report(new TransferProgress(image.Id[7..19], "Downloading", 50, 100));
                progress.Report(new TransferProgress(image.Id[7..19], "Pull complete", 100, 100));
                return Tag(image, DigestOf(reference) is null ? reference : null).Observed;
            },
            cancellationToken);

    public async Task<ObservedImage> BuildImageAsync(
        BuildRequest request, Stream context, IProgress<TransferProgress> progress, CancellationToken cancellationToken)
    {
        using var bytes = new MemoryStream();
        await context.CopyToAsync(bytes, cancellationToken);
        return await TellAsync(
            "build",
            () => $"build {request.Tag}",
            () => Tag(FakeBuild.Make(request, bytes.ToArray(), BaseImage, progress), request.Tag).Observed,
            cancellationToken);

        FakeImage? BaseImage(string reference) => FindImage(reference) ?? registry.GetValueOrDefault(FakeImage.Normalize(reference));
    }

    public Task TagImageAsync(string imageId, string reference, CancellationToken cancellationToken) =>
        TellAsync(
            "tag",
            () => $"tag {(FindImage(imageId)?.Tags is [var first, ..] ? first : imageId)} as {reference}",
            () => Tag(FindImage(imageId) ?? throw new ContainerHostException(HostFailure.NotFound, $"No such image: {imageId}"), reference),
            cancellationToken);

    public Task<bool> UntagImageAsync(string reference, CancellationToken cancellationToken) =>
        TellAsync(
            "untag",
            () => $"untag {reference}",
            () =>
            {
                var tag = FakeImage.Normalize(reference);
                if (images.Values.FirstOrDefault(image => image.Tags.Contains(tag)) is not { } image || (image.Tags.Count == 1 && IsUsed(image.Id)))
                {
                    return false;
                }

                images[image.Id] = image with { Tags = [.. image.Tags.Where(other => other != tag)] };
                if (images[image.Id].Tags.Count == 0)
                {
                    images.Remove(image.Id);
                }

                return true;
            },
            cancellationToken);

    /// <summary>Puts an image into the engine as if it had been there always.</summary>
    public FakeImage AddImage(string reference, ValueMap<string>? environment = null, HealthCheck? healthCheck = null, ValueList<string>? volumes = null) =>
        Ask(() => Tag(NewImage(reference, environment, healthCheck, volumes) with { RepoDigests = [] }, reference));

    /// <summary>Puts an image into the registry, from where it can be pulled; a tag moves when it was there.</summary>
    public FakeImage Push(string reference, ValueMap<string>? environment = null, HealthCheck? healthCheck = null, ValueList<string>? volumes = null) =>
        Ask(() =>
        {
            var image = NewImage(reference, environment, healthCheck, volumes);
            manifests[image.RepoDigests[0]] = image;
            return registry[FakeImage.Normalize(reference)] = image;
        });

    /// <summary>The registry does not have it any more, neither under its tag nor under its digest.</summary>
    public void Unpublish(string reference) => Ask(() => registry.Remove(FakeImage.Normalize(reference), out var image) && manifests.Remove(image.RepoDigests[0]));

    private static FakeImage NewImage(string reference, ValueMap<string>? environment, HealthCheck? healthCheck, ValueList<string>? volumes)
    {
        var tag = FakeImage.Normalize(reference);
        var knobs = environment ?? ValueMap<string>.Empty;
        knobs = knobs.ContainsKey("VERSION") ? knobs : knobs.With("VERSION", tag[(tag.LastIndexOf(':') + 1)..]);
        var content = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{tag} {knobs} {healthCheck} {volumes}")));
        return new FakeImage($"sha256:{content}")
        {
            Environment = knobs,
            HealthCheck = healthCheck,
            Volumes = volumes ?? [],
            RepoDigests = [$"{FakeImage.RepositoryOf(reference)}@sha256:{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(content)))}"],
        };
    }

    /// <summary>Has the image and gives it the name, which another image may lose by it.</summary>
    private FakeImage Tag(FakeImage image, string? reference)
    {
        if (images.TryGetValue(image.Id, out var there))
        {
            image = there with { RepoDigests = [.. there.RepoDigests.Union(image.RepoDigests, StringComparer.Ordinal)] };
        }

        if (reference is not null)
        {
            var tag = FakeImage.Normalize(reference);
            foreach (var loser in images.Values.Where(other => other.Tags.Contains(tag)).ToList())
            {
                images[loser.Id] = loser with { Tags = [.. loser.Tags.Where(other => other != tag)] };
            }

            image = image with { Tags = [.. image.Tags.Where(other => other != tag), tag] };
        }

        return images[image.Id] = image;
    }

    private FakeImage? FindImage(string reference)
    {
        if (images.TryGetValue(reference, out var byId))
        {
            return byId;
        }

        if (DigestOf(reference) is { } digest)
        {
            var pinned = $"{FakeImage.RepositoryOf(reference)}@{digest}";
            return images.Values.FirstOrDefault(image => image.RepoDigests.Contains(pinned));
        }

        var tag = FakeImage.Normalize(reference);
        return images.Values.FirstOrDefault(image => image.Tags.Contains(tag));
    }

    private bool IsUsed(string imageId) => containers.Values.Any(container => container.Image.Id == imageId);

    private static string? DigestOf(string reference) => reference.IndexOf('@') is >= 0 and var at ? reference[(at + 1)..] : null;
}
