using HomeIQ.Reconciler.Contents;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Docker;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Observed;
using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Applying;

/// <summary>Images and exported files: what can be had before anything stops.</summary>
internal sealed class ImageSteps(RunContext context)
{
    /// <summary>How often a registry is asked that asks to wait, and how long the first wait is; it doubles.</summary>
    private const int Tries = 4;

    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(2);

    public Task<Receipt> PullAsync(PlannedStep planned, PullImage step, CancellationToken cancellationToken)
    {
        var progress = new Listener<TransferProgress>(
            news => context.Progress.Report(new StepProgressed(planned, $"{news.Subject} {news.Text}".Trim(), news.Current, news.Total)));
        return InTurnAsync(planned, step.Image, () => context.Host.PullImageAsync(step.Image, step.Platform, progress, cancellationToken), cancellationToken);
    }

    public async Task<Receipt> BuildAsync(PlannedStep planned, BuildImage step, CancellationToken cancellationToken)
    {
        if (await ProbeAsync(step.Image, step.BuildDigest) is { } made)
        {
            return made;
        }

        if (context is not { Tree: { } tree, Desired: { } desired } || desired.Find(step.Service) is not { Build: { } build } service)
        {
            throw new StepFailedException(FailureClass.Environmental, $"the source of {step.Image} is not at hand", "fetch the repository again");
        }

        if (BuildDigest.In(tree, build, service.Spec.Platform) != step.BuildDigest)
        {
            // Its source had moved on already under the pin, when the commit became what the host is held to.
            throw new StepFailedException(FailureClass.Rejected, $"{step.Image} was built from another source than that of {PlanText.Revision(context.Revision)}: what is at hand would make another image", "change the pin to deploy the newer source");
        }

        var progress = new Listener<TransferProgress>(
            news => context.Progress.Report(new StepProgressed(planned, context.Redactor.Redact(news.Text), news.Current, news.Total)));
        var labels = ValueMap<string>.Empty.With(ObservedImage.BuildLabel, step.BuildDigest);
        return await InTurnAsync(planned, step.Image, BuildAsync, cancellationToken);

        async Task<ObservedImage> BuildAsync()
        {
            await using var archive = BuildContext.Open(tree, build);
            return await context.Host.BuildImageAsync(new(step.Image, archive.Dockerfile, build, labels), archive.Stream, progress, cancellationToken);
        }
    }

    /// <summary>Has an image, and waits where the registry that holds it, or what it is built upon, asks for it.</summary>
    private async Task<Receipt> InTurnAsync(PlannedStep planned, string reference, Func<Task<ObservedImage>> fetch, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return Ready(reference, await fetch());
            }
            catch (ContainerHostException refused) when (refused.Failure is HostFailure.Throttled && attempt < Tries)
            {
                var wait = FirstWait * (1 << (attempt - 1));
                context.Progress.Report(new StepProgressed(planned, $"the registry asks to wait; again in {wait.TotalSeconds:0} s"));
                await Task.Delay(wait, context.Time, cancellationToken);
            }
        }
    }

    public async Task<Receipt> KeepAsync(KeepImage step)
    {
        await context.Host.TagImageAsync(step.ImageId, step.Tag, CancellationToken.None);
        return new Performed();
    }

    public async Task<Receipt> ReleaseAsync(ReleaseImage step) =>
        await context.Host.UntagImageAsync(step.Tag, CancellationToken.None) ? new Performed() : new Skipped("the tag was gone already");

    public async Task<Receipt> ExportAsync(ExportContent step)
    {
        if (context.Contents.IsIntact(step.Digest))
        {
            return new Skipped("exported already");
        }

        if (context.Desired?.Contents.FirstOrDefault(content => content.Digest == step.Digest) is not { } bound)
        {
            throw new StepFailedException(FailureClass.Environmental, "the file to export is not part of this commit");
        }

        // On record before the file is: who runs on the older one has to be started again, whatever happens in between.
        var readers = (await context.Host.ListContainersAsync(CancellationToken.None))
            .Where(container => container.IsUp && IsReader(container, step.Digest))
            .Select(container => new StaleReader(container.Id, container.StartedAt, step.Digest));
        context.Contents.Export(context.Tree, bound, [.. readers]);
        return new Performed();
    }

    private bool IsReader(ObservedContainer container, string digest) =>
        container.Owner is { } owner && owner.Instance == context.Instance
        && context.Sealed.FindService(owner.SpecDigest)?.Spec.Mounts.Any(mount => mount.Content == digest) == true;

    /// <summary>The image if the engine has it, for a build only when it was made from the same source.</summary>
    public async Task<Receipt?> ProbeAsync(string reference, string? buildDigest = null) =>
        await context.Host.FindImageAsync(reference, CancellationToken.None) is { } image && (buildDigest is null || image.BuildDigest == buildDigest)
            ? Ready(reference, image)
            : null;

    private static ImageReady Ready(string reference, ObservedImage image) => new(image.Id, image.DigestIn(ImagePin.Parse(reference).Repository));
}
