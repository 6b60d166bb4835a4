using HomeIQ.Reconciler.Changes;
using HomeIQ.Reconciler.Docker;
using HomeIQ.Reconciler.Journaling;

namespace HomeIQ.Reconciler.Applying;

/// <summary>Where volumes lie on this machine, and who uses them.</summary>
internal sealed class VolumeFolders(RunContext context)
{
    /// <summary>The folder in which the engine keeps a volume's files.</summary>
    public async Task<string> FindAsync(string name)
    {
        var volume = (await context.Host.ListVolumesAsync(default)).FirstOrDefault(volume => volume.Name == name)
            ?? throw new StepFailedException(FailureClass.Environmental, $"the volume {name} is not there any more");
        return Directory.Exists(volume.MountPoint)
            ? volume.MountPoint
            : throw new StepFailedException(FailureClass.Environmental, $"the files of volume {name} ({volume.MountPoint}) cannot be seen from here", "run homeiq on the engine's own host, as root");
    }

    /// <summary>Nobody who runs mounts it: a copy of what is written meanwhile is no copy (D4), and nothing is put back under somebody's feet. A job that a process of ours left running is ended.</summary>
    public async Task RequireQuietAsync(string volume)
    {
        foreach (var user in (await context.Host.ListContainersAsync(default)).Where(container => container.IsUp && container.MountsVolume(volume)))
        {
            if (user.Owner?.Instance != context.Instance || !ContainerNames.IsJob(user.Name))
            {
                throw new StepFailedException(FailureClass.Environmental, $"{user.Name} runs and mounts the volume {volume}", "something else on this host started it");
            }

            await JobContainer.RemoveAsync(context, user);
        }
    }
}
