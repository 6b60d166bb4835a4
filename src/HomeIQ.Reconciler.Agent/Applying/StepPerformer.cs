using HomeIQ.Reconciler.Docker;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Applying;

/// <summary>Sends each step to the place that performs and probes it, and puts what the engine says against it into words.</summary>
public sealed class StepPerformer(RunContext context, EventHub events) : IStepPerformer
{
    private readonly ImageSteps images = new(context);
    private readonly ContainerSteps containers = new(context);
    private readonly InPlaceSteps inPlace = new(context);
    private readonly NetworkSteps networks = new(context);
    private readonly DataSteps data = new(context);
    private readonly MigrationSteps migrations = new(context, events);
    private readonly Baseline baseline = new(context);
    private readonly StateSteps states = new(context);
    private readonly Promotion promotion = new(context, events);
    private readonly Verification verification = new(context, events);

    public async Task<Receipt> PerformAsync(PlannedStep step, bool isRollback, CancellationToken cancellationToken)
    {
        try
        {
            return step.Step switch
            {
                PullImage pull => await images.PullAsync(step, pull, cancellationToken),
                BuildImage build => await images.BuildAsync(step, build, cancellationToken),
                KeepImage keep => await images.KeepAsync(keep),
                ReleaseImage release => await images.ReleaseAsync(release),
                ExportContent export => await images.ExportAsync(export),
                CreateNetwork create => await networks.CreateAsync(create),
                ReplaceNetwork replace => await networks.ReplaceAsync(replace),
                RemoveNetwork remove => await networks.RemoveAsync(remove),
                CreateVolume create => await networks.CreateVolumeAsync(create),
                CreateContainer create => await containers.CreateAsync(create),
                TakeBaseline take => await baseline.TakeAsync(take, cancellationToken),
                StopContainer stop => await containers.StopAsync(stop, isRollback),
                BackUp backup => await data.BackUpAsync(backup),
                Rehearse rehearse => await migrations.RehearseAsync(rehearse, cancellationToken),
                Migrate migrate => await migrations.MigrateAsync(migrate),
                RestoreData restore => await data.RestoreAsync(restore, cancellationToken),
                ReleaseCopies release => await data.ReleaseAsync(release, cancellationToken),
                SetRestartPolicy set => await containers.SetRestartPolicyAsync(set, isRollback),
                SetAside aside => await containers.SetAsideAsync(aside, isRollback),
                RenameContainer rename => await containers.RenameAsync(rename),
                StartContainer start => await containers.StartAsync(start, isRollback),
                RestartContainer restart => await containers.RestartAsync(restart, isRollback),
                UnpauseContainer unpause => await containers.UnpauseAsync(unpause),
                UpdateContainer update => await inPlace.UpdateAsync(update),
                ReconnectNetwork reconnect => await inPlace.ReconnectAsync(reconnect),
                DisconnectNetwork disconnect => await inPlace.DisconnectAsync(disconnect),
                PutBack back => await containers.PutBackAsync(back),
                RemoveContainer remove => await containers.RemoveAsync(remove),
                VerifyService verify => await verification.VerifyAsync(step, verify, cancellationToken),
                Soak => await promotion.SealAsync(context.Revision),
                Promote promote => await promotion.PromoteAsync(promote),
                ReleaseStates release => await states.ReleaseAsync(release),
                _ => throw new NotSupportedException($"Nobody performs {step.Step.GetType().Name}."),
            };
        }
        catch (ContainerHostException refused)
        {
            throw Translate(step.Step, refused);
        }
        catch (Exception broken) when (broken is IOException or UnauthorizedAccessException)
        {
            throw new StepFailedException(FailureClass.Environmental, broken.Message, step.Step is BackUp or RestoreData or ReleaseCopies or Rehearse or Migrate ? "check the disk of the volume" : "check the disk of the state directory", broken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw new StepFailedException(FailureClass.Environmental, "stopped before it was done, because the run ended");
        }
    }

    /// <remarks>Most steps are safe to do twice, so that only those are asked whose receipt the way back needs.</remarks>
    public async Task<Receipt?> ProbeAsync(PlannedStep step, CancellationToken cancellationToken) => step.Step switch
    {
        CreateContainer create => await containers.ProbeCreatedAsync(create),
        PullImage pull => await images.ProbeAsync(pull.Image),
        BuildImage build => await images.ProbeAsync(build.Image, build.BuildDigest),
        UpdateContainer update => await inPlace.ProbeAsync(update),
        ReconnectNetwork reconnect => await inPlace.ProbeAsync(reconnect),
        DisconnectNetwork disconnect => await inPlace.ProbeAsync(disconnect),
        _ => null,
    };

    private static StepFailedException Translate(Step step, ContainerHostException refused)
    {
        var (failureClass, hint) = (refused.Failure, step) switch
        {
            (HostFailure.NotFound, PullImage) => (FailureClass.Rejected, "check the name and the tag; nothing was touched"),
            (HostFailure.Unauthorized, _) => (FailureClass.Environmental, "log in to the registry, or give the credentials file with --docker-config"),
            (HostFailure.Throttled, _) => (FailureClass.Environmental, "the registry asks to wait; try again later"),
            (HostFailure.RegistryFailed, _) => (FailureClass.Environmental, "the registry does not answer; try again later"),
            (HostFailure.PortTaken, _) => (FailureClass.Environmental, "find what holds the port: ss -ltnp"),
            (HostFailure.Invalid, BuildImage) => (FailureClass.Rejected, "mend the build; nothing was touched"),
            (HostFailure.Invalid, CreateContainer) => (FailureClass.Rejected, "mend the service's settings; nothing was touched"),
            (HostFailure.Invalid, Rehearse or Migrate) => (FailureClass.Migration, "the command cannot be started in that image"),
            (HostFailure.Invalid, StartContainer) => (FailureClass.Verification, "the container cannot be started as it is"),
            _ => (FailureClass.Environmental, (string?)null),
        };
        return new StepFailedException(failureClass, refused.Message, hint, refused);
    }
}
