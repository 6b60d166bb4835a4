using HomeIQ.Reconciler.Changes;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Docker;
using HomeIQ.Reconciler.Files;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Applying;

/// <summary>Runs one command of a service's new image to its end, in a container like the service's own but without network, ports and dependencies, and removes it.</summary>
internal sealed class JobContainer(RunContext context, EventHub events)
{
    /// <summary>Between two looks, where no event tells of the end.</summary>
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    /// <summary>At a removal.</summary>
    private const int Attempts = 3;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private const int LogLines = 1000;

    /// <param name="subject">What it is about; part of its name.</param>
    /// <param name="mounts">What the service mounts, or what takes its place.</param>
    /// <returns>The lines that it said.</returns>
    /// <exception cref="StepFailedException">It ended badly or not in time, which tells of the version.</exception>
    public async Task<IReadOnlyList<string>> RunAsync(DesiredService service, string subject, string specDigest, ValueList<string> command, ValueList<MountSpec> mounts, TimeSpan within, CancellationToken cancellationToken)
    {
        var name = ContainerNames.Job(service.ContainerName, subject);
        await RemoveAsync(name);
        var spec = service.Spec with
        {
            Entrypoint = command,
            Command = null,
            // A socket leads out of any confinement, read-only or not, and no migration needs the host's devices.
            Mounts = [.. mounts.Where(mount => mount.Kind != MountKind.Bind || Posix.Find(Posix.Bytes(mount.Source)) is not { IsSocket: true })],
            Privileged = false,
            CapAdd = [],
            Devices = [],
            Networks = [],
            NetworkMode = "none",
            IpcMode = null,
            PidMode = null,
            Ports = [],
            Expose = [],
            Restart = RestartPolicy.No,
            HealthCheck = HealthCheck.Disabled,
        };
        var image = context.MadeFor(service.Name)?.ImageId
            ?? throw new StepFailedException(FailureClass.Environmental, $"the new container of {service.Name} is not known any more");
        var labels = new Ownership(context.Instance, service.Name, context.Run, context.Revision, specDigest).ToLabels();
        try
        {
            var id = await context.Host.CreateContainerAsync(name, spec, image, labels, default);
            await context.Host.StartContainerAsync(id, default);
            var ended = await EndOfAsync(service.Name, id, command, within, cancellationToken);
            var said = (await context.Host.ReadLogsAsync(id, LogLines, default)).Select(context.Redactor.Redact).ToList();
            // Killed from outside or for want of memory: that says nothing of the version.
            return ended.ExitCode == 0
                ? said
                : throw await Evidence.OfAsync(context, ended.ExitCode is 137 or 143 ? FailureClass.Environmental : FailureClass.Migration, service.Name, ended, $"{string.Join(' ', command)} ended with exit code {ended.ExitCode}{Last(said)}");
        }
        finally
        {
            await RemoveAsync(name);
        }
    }

    /// <summary>Ends what an earlier process of ours left running, and removes it.</summary>
    public static Task RemoveAsync(RunContext context, ObservedContainer job) => RemoveAsync(context, job.Id);

    private Task RemoveAsync(string name) => RemoveAsync(context, name);

    /// <remarks>One lost answer leaves nothing behind: it looks and tries again.</remarks>
    private static async Task RemoveAsync(RunContext context, string idOrName)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                if (await context.Host.FindContainerAsync(idOrName, default) is { Owner: { } owner } left && owner.Instance == context.Instance)
                {
                    _ = left.IsUp && await context.Host.StopContainerAsync(left.Id, Grace, default);
                    await context.Host.RemoveContainerAsync(left.Id, default);
                }

                return;
            }
            catch (ContainerHostException) when (attempt < Attempts)
            {
                await Task.Delay(Pause, context.Time, default(CancellationToken));
            }
        }
    }

    private async Task<ObservedContainer> EndOfAsync(string service, string id, ValueList<string> command, TimeSpan within, CancellationToken cancellationToken)
    {
        var began = context.Time.GetTimestamp();
        while (true)
        {
            var next = events.NextEventOf(id);
            var container = await context.Host.FindContainerAsync(id, default)
                ?? throw new StepFailedException(FailureClass.Environmental, $"the container of {string.Join(' ', command)} is gone", "something else on this host removed it");
            if (!container.IsUp)
            {
                return await events.WasStoppedAsync(container, cancellationToken)
                    ? throw await Evidence.OfAsync(context, FailureClass.Environmental, service, container, $"{string.Join(' ', command)} was stopped by something else on this host")
                    : container;
            }

            var left = within - context.Time.GetElapsedTime(began);
            if (left <= TimeSpan.Zero)
            {
                throw await Evidence.OfAsync(context, FailureClass.Migration, service, container, $"{string.Join(' ', command)} has not ended after {Duration.ToText(within)}");
            }

            await events.WaitAsync(next, left < LookAgain ? left : LookAgain, cancellationToken);
        }
    }

    /// <summary>What a program says last is mostly why it ended.</summary>
    private static string Last(List<string> said) => said.FindLast(line => !string.IsNullOrWhiteSpace(line)) is { } last ? $": {(last.Length <= 300 ? last : last[..300] + "…").Trim()}" : "";
}
