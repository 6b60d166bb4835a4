using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Docker;

namespace HomeIQ.Reconciler.Agent.Tests.Docker;

public sealed class MountTranslationSpecs
{
    private static readonly EngineApi Newest = new(EngineApi.Ours);
    private static readonly EngineApi Oldest = new(new Version(1, 41));

    [Fact]
    public void A_bind_makes_its_missing_folder_on_every_engine()
    {
        ValueList<MountSpec> mounts = [new(MountKind.Bind, "/srv/data", "/data", ReadOnly: true) { Propagation = "rslave" }];

        var (binds, none) = MountTranslation.ToEngine(mounts, Oldest, null);
        var (nothing, made) = MountTranslation.ToEngine(mounts, Newest, null);

        Assert.Equal(["/srv/data:/data:ro,rslave"], binds);
        Assert.Empty(none);
        Assert.Empty(nothing);
        var mount = Assert.Single(made);
        Assert.Equal(("bind", "/srv/data", "/data", true, "rslave", true), (mount.Type, mount.Source, mount.Target, mount.ReadOnly, mount.BindOptions!.Propagation, mount.BindOptions.CreateMountpoint));
    }

    [Theory]
    [InlineData("/srv/data", false)]
    [InlineData("/srv/with:colon", true)]
    public void A_bind_that_must_exist_or_cannot_be_written_in_short_is_a_mount_on_old_engines_too(string source, bool create)
    {
        var (binds, mounts) = MountTranslation.ToEngine([new(MountKind.Bind, source, "/data") { CreateHostPath = create }], Oldest, null);

        Assert.Empty(binds);
        Assert.Equal(source, Assert.Single(mounts).Source);
    }

    [Fact]
    public void Exported_content_is_mounted_read_only_from_the_content_root_and_never_made()
    {
        var mount = Assert.Single(MountTranslation.ToEngine([new(MountKind.Content, "ab12/nginx.conf", "/etc/nginx.conf")], Oldest, "/state/content").Mounts);

        Assert.Equal(("bind", "/state/content/ab12/nginx.conf", true), (mount.Type, mount.Source, mount.ReadOnly));
        Assert.Null(mount.BindOptions!.CreateMountpoint);
    }

    [Fact]
    public void Exported_content_without_a_content_root_is_refused()
    {
        Assert.Throws<ContainerHostException>(() => MountTranslation.ToEngine([new(MountKind.Content, "ab12", "/etc/x")], Newest, null));
    }

    [Fact]
    public void A_volume_without_a_name_is_the_engines_to_name()
    {
        var mount = Assert.Single(MountTranslation.ToEngine([new(MountKind.Volume, "", "/scratch")], Newest, null).Mounts);

        Assert.Equal(("volume", null, "/scratch"), (mount.Type, mount.Source, mount.Target));
    }

    [Fact]
    public void Options_of_volumes_and_temporary_files_are_told()
    {
        var mounts = MountTranslation.ToEngine(
            [new(MountKind.Volume, "data", "/data") { NoCopy = true, SubPath = "in/here" }, new(MountKind.Tmpfs, "", "/run") { TmpfsSize = 4096, TmpfsMode = 0x1ff }], Newest, null).Mounts;

        Assert.Equal((true, "in/here"), (mounts[0].VolumeOptions!.NoCopy, mounts[0].VolumeOptions!.Subpath));
        Assert.Equal((4096L, 511u), (mounts[1].TmpfsOptions!.SizeBytes, mounts[1].TmpfsOptions!.Mode));
    }
}
