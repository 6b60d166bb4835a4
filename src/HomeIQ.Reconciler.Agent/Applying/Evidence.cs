using System.Text;
using HomeIQ.Reconciler.Docker;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Applying;

/// <summary>Saves what tells why a container failed, before anything is put back: its logs, health and inspect, without secrets.</summary>
internal static class Evidence
{
    private const int LogLines = 400;

    /// <summary>What was found bad, as a failure that says where the evidence lies.</summary>
    public static async Task<StepFailedException> OfAsync(RunContext context, FailureClass failureClass, string service, ObservedContainer? container, string reason)
    {
        if (container is null)
        {
            return new(failureClass, reason) { Service = service };
        }

        var (folder, hint) = await SaveAsync(context, service, container, reason);
        return new(failureClass, reason, hint) { Evidence = folder, Service = service };
    }

    /// <remarks>A full disk takes the evidence, and is told; what was measured stays what it is.</remarks>
    /// <returns>The folder, relative to the state directory, or null; and what a person can look at.</returns>
    public static async Task<(string? Folder, string Hint)> SaveAsync(RunContext context, string service, ObservedContainer container, string reason)
    {
        try
        {
            var folder = await WriteAsync(context, service, container, reason);
            return (folder, $"logs, health log and inspect: {Path.Combine(context.State.Root, folder)}");
        }
        catch (Exception unwritable) when (unwritable is IOException or UnauthorizedAccessException)
        {
            return (null, $"its logs could not be kept, check the disk of the state directory: {unwritable.Message}");
        }
    }

    private static async Task<string> WriteAsync(RunContext context, string service, ObservedContainer container, string reason)
    {
        var relative = Path.Combine("runs", context.Run, service);
        var folder = Path.Combine(context.State.Root, relative);
        Directory.CreateDirectory(folder, DurableFile.PrivateFolder);

        void Write(string name, string text) =>
            DurableFile.Write(Path.Combine(folder, name), Encoding.UTF8.GetBytes(context.Redactor.Redact(text)), DurableFile.Private);

        Write("reason.txt", $"{service}: {reason}\ncontainer {container.Name} ({container.Id}), image {container.Image} ({container.ImageId})\nstatus {container.Status}, exit code {container.ExitCode}, restarts {container.RestartCount}, health {container.Health}\n");
        Write("logs.txt", await TryAsync(async () => string.Join('\n', await context.Host.ReadLogsAsync(container.Id, LogLines, default)) + "\n"));
        Write("inspect.json", await TryAsync(() => context.Host.InspectRawAsync(container.Id, default)));
        return relative;
    }

    /// <summary>Evidence that cannot be had says so in its file; the failure that it belongs to comes first.</summary>
    private static async Task<string> TryAsync(Func<Task<string>> read)
    {
        try
        {
            return await read();
        }
        catch (ContainerHostException unavailable)
        {
            return $"not to be had: {unavailable.Message}\n";
        }
    }
}
