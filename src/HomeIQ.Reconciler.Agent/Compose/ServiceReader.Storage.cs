using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Git;
using HomeIQ.Reconciler.Yaml;

namespace HomeIQ.Reconciler.Compose;

// What is mounted: volumes, folders of the host, files of the commit, memory.
internal sealed partial class ServiceReader
{
    private static readonly string[] Propagations = ["private", "rprivate", "shared", "rshared", "slave", "rslave"];

    private readonly SortedDictionary<string, (MountSpec Mount, SourcePosition Position)> mounts = new(StringComparer.Ordinal);

    private ContainerSpec Storage(ContainerSpec spec)
    {
        foreach (var item in keys.Items("volumes"))
        {
            switch (item)
            {
                case YamlScalar scalar:
                    ShortMount(scalar);
                    break;
                case YamlMapping map:
                    LongMount(keys.Below(map, "volumes"));
                    break;
                default:
                    keys.Wrong(item, "volumes", "a list of mounts");
                    break;
            }
        }

        SharedFiles("secrets", context.Shared.Secrets);
        SharedFiles("configs", context.Shared.Configs);
        var tmpfs = Tmpfs();

        return spec with { Mounts = [.. mounts.Values.Select(mount => mount.Mount)], Tmpfs = tmpfs };
    }

    private void Mount(MountSpec mount, SourcePosition position)
    {
        if (mounts.TryGetValue(mount.Target, out var other))
        {
            Problems.Error(position, keys.Where, $"two mounts at {mount.Target}, the other at {other.Position}");
            return;
        }

        mounts[mount.Target] = (mount, position);
    }

    private void ShortMount(YamlScalar scalar)
    {
        if (keys.Settled(scalar) is not { } text)
        {
            return;
        }

        if (VolumeSyntax.Parse(text) is not { } parts || VolumeSyntax.Clean(parts.Target) is not { } target || (text.Contains(':') && parts.Source.Length == 0))
        {
            Problems.Error(scalar.Position, $"{keys.Where}.volumes", $"`{text}` is no mount", "write volume:/path, ./path:/path or /path:/path, each with :ro if need be; the path in the container begins with /");
            return;
        }

        var readOnly = false;
        var noCopy = false;
        string? propagation = null;
        foreach (var mode in parts.Modes)
        {
            switch (mode)
            {
                case "ro" or "rw":
                    readOnly = mode == "ro";
                    break;
                case "nocopy":
                    noCopy = true;
                    break;
                case "cached" or "delegated" or "consistent":
                    Problems.Note(scalar.Position, $"{keys.Where}.volumes", $"`{mode}` has no effect here: it is Docker Desktop's");
                    break;
                case "z" or "Z":
                    Problems.Error(scalar.Position, $"{keys.Where}.volumes", $"`{mode}` is not supported: labels of SELinux are not changed", "label the folder on the host");
                    break;
                case var other when Propagations.Contains(other):
                    propagation = other;
                    break;
                default:
                    Problems.Error(scalar.Position, $"{keys.Where}.volumes", $"`{mode}` is no mode of a mount", Suggestions.For(mode, ["ro", "rw", "nocopy", .. Propagations]) ?? "write ro or rw");
                    return;
            }
        }

        if (parts.IsPath)
        {
            PathMount(parts.Source, scalar.Position, new(MountKind.Bind, "", target, readOnly) { Propagation = propagation });
        }
        else
        {
            VolumeMount(parts.Source, scalar.Position, new(MountKind.Volume, "", target, readOnly) { NoCopy = noCopy });
        }
    }

    private void LongMount(KeyReader reader)
    {
        var type = reader.OneOf("type", "bind", "volume", "tmpfs", "npipe", "cluster", "image");
        var source = reader.Scalar("source");
        var readOnly = reader.Flag("read_only") ?? false;
        var bind = reader.Child("bind");
        var volume = reader.Child("volume");
        var tmpfs = reader.Child("tmpfs");
        var targetText = reader.Word("target");
        reader.Ignore("consistency", "it is Docker Desktop's");
        reader.Refuse("image", "engines below version 28 do not know mounts of images");
        reader.Done();
        if (!reader.Has("type"))
        {
            reader.Error("type", "is missing", "write type: bind, volume or tmpfs");
        }

        if (targetText is null || VolumeSyntax.Clean(targetText) is not { } target)
        {
            reader.Error("target", targetText is null ? "is missing" : $"`{targetText}` does not begin with /");
            return;
        }

        foreach (var (section, only) in ((KeyReader?, string)[])[(bind, "bind"), (volume, "volume"), (tmpfs, "tmpfs")])
        {
            if (section is not null && type is not null && type != only)
            {
                reader.Error(only, $"does not belong to a mount of type {type}");
            }
        }

        var text = source is null ? "" : reader.Settled(source) ?? "";
        switch (type)
        {
            case "bind":
                BindMount(reader, bind, text, source?.Position ?? reader.Position, new(MountKind.Bind, "", target, readOnly));
                break;
            case "volume":
                var noCopy = volume?.Flag("nocopy") ?? false;
                var subPath = volume?.Word("subpath");
                volume?.Refuse("labels", "they would only be set on a new volume", "write them under volumes at the top");
                volume?.Done();
                VolumeMount(text, source?.Position ?? reader.Position, new(MountKind.Volume, "", target, readOnly) { NoCopy = noCopy, SubPath = subPath });
                break;
            case "tmpfs":
                if (source is not null)
                {
                    reader.Error("source", "a mount of type tmpfs has none");
                }

                var size = tmpfs?.Bytes("size") ?? 0;
                var mode = tmpfs?.Typed<int>("mode", "an octal mode", Units.Mode, "write 1777");
                tmpfs?.Done();
                Mount(new(MountKind.Tmpfs, "", target, readOnly) { TmpfsSize = size, TmpfsMode = mode }, reader.Position);
                break;
            case not null:
                Problems.Error(reader.At("type"), reader.Where, $"`type: {type}` is not supported", "use bind, volume or tmpfs");
                break;
        }
    }

    private void BindMount(KeyReader reader, KeyReader? bind, string source, SourcePosition position, MountSpec mount)
    {
        mount = mount with { Propagation = bind?.OneOf("propagation", Propagations), CreateHostPath = bind?.Flag("create_host_path") ?? true };
        bind?.Refuse("selinux", "labels of SELinux are not changed", "label the folder on the host");
        if (bind?.OneOf("recursive", "enabled", "disabled", "writable", "readonly") is { } recursive and not "enabled")
        {
            bind.Error("recursive", $"`{recursive}` is not supported");
        }

        bind?.Done();
        if (source is not (['/', ..] or ['.', ..] or ['~', ..]))
        {
            reader.Error("source", source.Length == 0 ? "is missing" : $"`{source}` is no path", "write an absolute path, or one that begins with ./");
            return;
        }

        PathMount(source, position, mount);
    }

    // Read-only and relative: the commit's. Writable and relative: the host's, filled once from the commit. Absolute: the operator's.
    private void PathMount(string source, SourcePosition position, MountSpec mount)
    {
        if (source is not ['.', ..])
        {
            Mount(mount with { Source = VolumeSyntax.Clean(context.OnHost(source)!) ?? source }, position);
            return;
        }

        var path = LoadContext.InTree(source);
        if (mount.ReadOnly)
        {
            var digest = context.Export(path, position, $"{keys.Where}.volumes");
            Mount(digest is null
                ? mount with { Source = source }
                : new(MountKind.Content, digest, mount.Target, true) { Content = digest, Propagation = mount.Propagation }, position);
            return;
        }

        if (context.OnHost(source) is not { } onHost)
        {
            Problems.Add(position, $"{keys.Where}.volumes", $"`{context.Request.Tree.Shown(path)}` is written to, and no folder of the host is named for it",
                "set --project-dir, write an absolute path, or mount it read-only with :ro", context.Outside);
            onHost = source;
        }

        var seed = context.Request.Tree.Find(path) is { Kind: SourceKind.File or SourceKind.Folder } ? path : null;
        Mount(mount with { Source = onHost.Length > 1 ? onHost.TrimEnd('/') : onHost, SeedPath = seed }, position);
    }

    private void VolumeMount(string source, SourcePosition position, MountSpec mount)
    {
        if (source.Length == 0)
        {
            Mount(mount, position);
        }
        else if (source.Contains('/', StringComparison.Ordinal))
        {
            Problems.Error(position, $"{keys.Where}.volumes", $"`{source}` is neither a volume nor a path", $"write ./{source} for a path");
        }
        else if (context.Shared.UseVolume(source) is { } real)
        {
            Mount(mount with { Source = real }, position);
        }
        else
        {
            Problems.Error(position, $"{keys.Where}.volumes", $"there is no volume `{source}`",
                Suggestions.For(source, context.Shared.VolumeKeys) ?? $"define it under volumes at the top: {source}:");
        }
    }

    private ValueMap<string> Tmpfs()
    {
        var tmpfs = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var scalar in keys.Scalars("tmpfs", single: true))
        {
            var text = keys.Settled(scalar) ?? "";
            var cut = text.IndexOf(':', StringComparison.Ordinal);
            if (VolumeSyntax.Clean(cut < 0 ? text : text[..cut]) is not { } target)
            {
                Problems.Error(scalar.Position, $"{keys.Where}.tmpfs", $"`{text}` does not begin with /", "write /path or /path:size=64m,mode=1777");
            }
            else if (mounts.TryGetValue(target, out var other) || tmpfs.ContainsKey(target))
            {
                Problems.Error(scalar.Position, keys.Where, other.Position is { } first ? $"two mounts at {target}, the other at {first}" : $"two mounts at {target}");
            }
            else
            {
                tmpfs[target] = cut < 0 ? "" : text[(cut + 1)..];
            }
        }

        return new(tmpfs);
    }
}
