using System.Text;
using HomeIQ.Reconciler.Docker;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Applying;

/// <summary>Saves what tells why a container failed, before anything is put back: its logs, health and inspect, without secrets.</summary>
internal static class Evidence
{
    private const int LogLines = 400;

    /// <returns>The folder, relative to the state directory.</returns>
    public static async Task<string> SaveAsync(RunContext context, string service, ObservedContainer container, string reason)
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
