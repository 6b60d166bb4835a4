using HomeIQ.Reconciler.Backups;
using HomeIQ.Reconciler.Files;

namespace HomeIQ.Reconciler.Databases;

/// <summary>A folder is copied so that nobody can tell the copy from it, and is put back in one stroke.</summary>
public sealed class ColdCopySpecs : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("homeiq-cold").FullName;

    public ColdCopySpecs() => NastyTree.Make(Live);

    private string Live => Path.Combine(root, "live");

    private string Copy => Path.Combine(root, "copy");

    private string Aside => Path.Combine(root, "aside");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    // The platform's own classes cannot name some of it.
    public void Dispose() => NastyTree.Shell("/", $"rm -rf '{root}'");

    [Fact]
    public void A_manifest_knows_every_entry_with_all_that_makes_it()
    {
        var entries = FileTree.Read(Live, Token).Entries.ToDictionary(entry => entry.Path, StringComparer.Ordinal);

        Assert.Equal(
            [
                "", "-rf", ".dotfile", "absolute", "dangling", "empty", "folder", "folder/first", "folder/relative", "folder/second", "folder/sticky", "new%0Aline",
                new string('n', 200), "no-utf8-%FF%FE", "null", "of-others", "percent%2541", "pipe", "plain", "setuid", "sparse", "ümläut-東京",
            ],
            entries.Keys.Order(StringComparer.Ordinal));
        Assert.Equal((0x5f9, 1000u, 4242u, 1_600_000_000_987_654_321L), (entries[""].Mode, entries[""].Uid, entries[""].Gid, entries[""].Modified));
        Assert.Equal((0x9ed, "0100000200040000000000000000000000000000"), (entries["setuid"].Mode, entries["setuid"].Attributes["security.capability"]));
        Assert.Equal("6b65707420002074 6f6f".Replace(" ", "", StringComparison.Ordinal), entries["plain"].Attributes["user.note"]);
        Assert.True(entries["of-others"].Attributes.ContainsKey("system.posix_acl_access"));
        Assert.Equal(("folder/first", 22L, null), (entries["folder/second"].SameAs, entries["folder/second"].Size, entries["folder/second"].Sha256));
        Assert.Equal((EntryKind.Symlink, "nowhere%FF", 1000u), (entries["dangling"].Kind, entries["dangling"].Target, entries["dangling"].Uid));
        Assert.Equal((EntryKind.Device, "1:3"), (entries["null"].Kind, entries["null"].Device));
        Assert.Equal((EntryKind.Pipe, 0x192), (entries["pipe"].Kind, entries["pipe"].Mode));
        Assert.Equal("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", entries["empty"].Sha256);
        Assert.Equal((64L << 20) + 3, entries["sparse"].Size);
    }

    [Fact]
    public async Task Nobody_can_tell_a_copy_from_what_it_is_a_copy_of()
    {
        var copy = await ColdCopy.MakeAsync(Live, Copy, Token);

        Assert.Empty(FileTree.Read(Live, Token).Differences(FileTree.Read(Copy, Token)));
        Assert.Equal(copy.Manifest, FileTree.Read(Copy, Token));
        NastyTree.Shell(root, "test $(du -k copy/sparse | cut -f1) -lt 100; test copy/folder/first -ef copy/folder/second");
    }

    [Theory]
    [InlineData("printf x | dd of=plain bs=1 seek=5 conv=notrunc 2>/dev/null; touch -d @1700000000.123456789 plain", "plain: content is ")]
    [InlineData("truncate -s -1 plain; touch -d @1700000000.123456789 plain", "plain: size is 5999 and has to be 6000")]
    [InlineData("touch -d @1 empty", "empty: time of change is 1000000000 and has to be 1700000000123456789")]
    [InlineData("chmod 755 setuid", "setuid: mode is 755 and has to be 4755")]
    [InlineData("chown 0 of-others", "of-others: owner is 0 and has to be 1000")]
    [InlineData("chgrp 0 of-others", "of-others: group is 0 and has to be 4242")]
    [InlineData("rm .dotfile; touch -d @1600000000.987654321 .", ".dotfile is missing")]
    [InlineData("touch folder/more; touch -d @1700000000.123456789 folder", "folder/more does not belong there")]
    [InlineData("ln -sfn second folder/relative; touch -h -d @1700000000.123456789 folder/relative folder", "folder/relative: target is second and has to be first")]
    [InlineData("cp -p folder/first third; mv third folder/second; touch -d @1700000000.123456789 folder; touch -d @1600000000.987654321 .", "folder/second: other name of is nothing and has to be folder/first")]
    [InlineData("rm null; mknod -m 666 null c 1 5; touch -d @1700000000.123456789 null; touch -d @1600000000.987654321 .", "null: device is 1:5 and has to be 1:3")]
    [InlineData("rm pipe; touch pipe; chmod 622 pipe; touch -d @1700000000.123456789 pipe; touch -d @1600000000.987654321 .", "pipe: kind is File and has to be Pipe")]
    [InlineData("python3 -c 'import os; os.removexattr(\"setuid\", \"security.capability\")'", "setuid: attributes are  and have to be ")]
    [InlineData("chmod 00700 .", "the folder itself: mode is 700 and has to be 2771")]
    public void Whatever_differs_is_named(string damage, string told)
    {
        var before = FileTree.Read(Live, Token);
        NastyTree.Shell(Live, damage);

        Assert.Contains(before.Differences(FileTree.Read(Live, Token)), difference => difference.StartsWith(told, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Put_back_the_folder_is_what_it_was_and_what_it_replaced_is_kept()
    {
        var before = FileTree.Read(Live, Token);
        var copy = await ColdCopy.MakeAsync(Live, Copy, Token);
        NastyTree.Shell(Live, "rm -rf folder; echo migrated > plain; touch new");
        var migrated = FileTree.Read(Live, Token);

        copy.PutBack(Live, Aside, Token);
        copy.PutBack(Live, Aside, Token);

        Assert.Equal(before, FileTree.Read(Live, Token));
        Assert.Equal(migrated, FileTree.Read(Aside, Token));
        Assert.False(Directory.Exists(Copy));
    }

    [Fact]
    public async Task Cut_off_between_the_two_moves_it_is_finished_by_doing_it_again()
    {
        var before = FileTree.Read(Live, Token);
        var copy = await ColdCopy.MakeAsync(Live, Copy, Token);
        NastyTree.Shell(Live, "echo migrated > plain");
        var migrated = FileTree.Read(Live, Token);
        Posix.Swap(Live, Copy);

        copy.PutBack(Live, Aside, Token);

        Assert.Equal((before, migrated), (FileTree.Read(Live, Token), FileTree.Read(Aside, Token)));
    }

    [Theory]
    [InlineData("rm -rf ../copy", "is not there any more")]
    [InlineData("rm -rf ../copy; cp -a . ../copy", "the copy")]
    [InlineData("rm -rf ../copy ../live; mkdir ../live; touch ../live/plain; cd ../live; cp -a . ../copy", "the copy")]
    [InlineData("printf x >> ../copy/plain", "plain: size is 6001 and has to be 6000")]
    [InlineData("truncate -s 0 ../copy/sparse", "sparse: size is 0")]
    public async Task A_copy_that_is_not_what_was_proven_is_refused_before_anything_moves(string damage, string told)
    {
        var copy = await ColdCopy.MakeAsync(Live, Copy, Token);
        NastyTree.Shell(Live, "echo migrated > plain");
        var migrated = FileTree.Read(Live, Token);
        NastyTree.Shell(Live, damage);
        migrated = Directory.Exists(Path.Combine(Live, "folder")) ? migrated : FileTree.Read(Live, Token);

        var refused = Assert.Throws<IOException>(() => copy.PutBack(Live, Aside, Token));

        Assert.Contains(told, refused.Message, StringComparison.Ordinal);
        Assert.Equal(migrated, FileTree.Read(Live, Token));
        Assert.False(Directory.Exists(Aside));
    }

    [Fact]
    public async Task What_an_earlier_try_left_is_no_part_of_the_copy()
    {
        Directory.CreateDirectory(Path.Combine(Copy, "half"));

        var copy = await ColdCopy.MakeAsync(Live, Copy, Token);

        Assert.Equal(copy.Manifest, FileTree.Read(Copy, Token));
    }

    [Fact]
    public async Task A_source_that_is_not_there_is_no_empty_copy()
    {
        var failed = await Assert.ThrowsAsync<IOException>(() => ColdCopy.MakeAsync(Path.Combine(root, "wrong-name"), Copy, Token));

        Assert.Contains("wrong-name", failed.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Copy));
    }
}
