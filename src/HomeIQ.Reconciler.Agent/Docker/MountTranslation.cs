using HomeIQ.Reconciler.Desired;
using Models = Docker.DotNet.Models;

namespace HomeIQ.Reconciler.Docker;

/// <summary>Mounts in the engine's words.</summary>
internal static class MountTranslation
{
    /// <remarks>Engines that do not make a missing folder for a mount do so for a bind, the older form of the same.</remarks>
    public static (List<string> Binds, List<Models.Mount> Mounts) ToEngine(ValueList<MountSpec> specs, EngineApi api, string? contentRoot)
    {
        var binds = new List<string>();
        var mounts = new List<Models.Mount>();
        foreach (var spec in specs)
        {
            var isPlain = !spec.Source.Contains(':', StringComparison.Ordinal) && !spec.Target.Contains(':', StringComparison.Ordinal);
            if (spec is { Kind: MountKind.Bind, CreateHostPath: true } && !api.MakesBindMountpoints && isPlain)
            {
                binds.Add(ToBind(spec));
            }
            else
            {
                mounts.Add(ToMount(spec, contentRoot));
            }
        }

        return (binds, mounts);
    }

    private static string ToBind(MountSpec spec)
    {
        var options = string.Join(',', new[] { spec.ReadOnly ? "ro" : "rw", spec.Propagation }.Where(option => option is not null));
        return $"{spec.Source}:{spec.Target}:{options}";
    }

    private static Models.Mount ToMount(MountSpec spec, string? contentRoot) => spec.Kind switch
    {
        MountKind.Bind => new()
        {
            Type = "bind",
            Source = spec.Source,
            Target = spec.Target,
            ReadOnly = spec.ReadOnly,
            BindOptions = new() { Propagation = spec.Propagation, CreateMountpoint = spec.CreateHostPath ? true : null },
        },
        MountKind.Content => new()
        {
            Type = "bind",
            Source = PathOf(spec, contentRoot),
            Target = spec.Target,
            ReadOnly = true,
            // An export that is missing must fail, not become an empty folder.
            BindOptions = new() { Propagation = spec.Propagation },
        },
        MountKind.Volume => new()
        {
            Type = "volume",
            Source = spec.Source.Length > 0 ? spec.Source : null,
            Target = spec.Target,
            ReadOnly = spec.ReadOnly,
            VolumeOptions = spec.NoCopy || spec.SubPath is not null ? new() { NoCopy = spec.NoCopy, Subpath = spec.SubPath } : null,
        },
        MountKind.Tmpfs => new()
        {
            Type = "tmpfs",
            Target = spec.Target,
            ReadOnly = spec.ReadOnly,
            TmpfsOptions = new() { SizeBytes = spec.TmpfsSize > 0 ? spec.TmpfsSize : null, Mode = (uint?)spec.TmpfsMode },
        },
        _ => throw new ContainerHostException(HostFailure.Invalid, $"no engine knows a mount of kind {spec.Kind}"),
    };

    private static string PathOf(MountSpec spec, string? contentRoot) =>
        Path.IsPathRooted(spec.Source) ? spec.Source
        : contentRoot is not null ? Path.Combine(contentRoot, spec.Source)
        : throw new ContainerHostException(HostFailure.Invalid, $"nobody told where the exported contents lie, which {spec.Target} needs");
}
