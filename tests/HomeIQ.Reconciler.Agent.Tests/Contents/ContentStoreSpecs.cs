using System.Text;
using HomeIQ.Reconciler.Contents;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Git;

namespace HomeIQ.Reconciler.Agent.Tests.Contents;

public sealed class ContentStoreSpecs : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("homeiq-content-").FullName;
    private readonly MemoryTree tree = new() { ["conf/app.yaml"] = "a: 1\n", ["conf/sub dir/größe"] = "2", ["top.conf"] = "3" };
    private readonly ContentStore store;

    public ContentStoreSpecs()
    {
        tree.Add("conf/run.sh", "#!/bin/sh\n", executable: true);
        store = new ContentStore(Path.Combine(folder, "content"));
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void A_folder_is_exported_with_its_names_bytes_and_modes()
    {
        var path = Export("conf");

        Assert.Equal(["755 ", "644 app.yaml", "755 run.sh", "755 sub dir", "644 sub dir/größe"], Listing(path));
        Assert.Equal("a: 1\n", File.ReadAllText(Path.Combine(path, "app.yaml")));
        Assert.Equal("711 ", Listing(store.Root)[0]);
        Assert.Single(Directory.GetFileSystemEntries(store.Root));
    }

    [Fact]
    public void A_single_file_is_exported_as_one()
    {
        var path = Export("top.conf");

        Assert.Equal("3", File.ReadAllText(path));
        Assert.Equal(["644 "], Listing(path));
    }

    [Theory]
    [InlineData(null, "644 ")]
    [InlineData(0x124, "444 ")]
    [InlineData(0x100, "400 ")]
    [InlineData(0x1a4, "644 ")]
    public void A_text_is_exported_with_the_mode_that_it_names_and_needs_no_tree(int? mode, string listing)
    {
        var content = new BoundContent(ContentDigest.OfText("s3cret", mode), null, "s3cret", Secret: true, mode);

        store.Export(null, content);

        Assert.Equal([listing], Listing(store.PathOf(content.Digest)));
        Assert.True(store.IsIntact(content.Digest));
    }

    [Fact]
    public void A_file_of_the_commit_can_be_given_another_mode()
    {
        var digest = ContentDigest.OfBytes("3"u8.ToArray(), 0x100);

        store.Export(tree, new BoundContent(digest, "top.conf", Mode: 0x100));

        Assert.Equal(["400 "], Listing(store.PathOf(digest)));
        Assert.True(store.IsIntact(digest));
    }

    public static TheoryData<string, Action<string>> Edits => new()
    {
        { "bytes", path => File.WriteAllText(Path.Combine(path, "app.yaml"), "a: 2\n") },
        { "bytes of the same length with the old time", path =>
            {
                var file = Path.Combine(path, "app.yaml");
                var time = File.GetLastWriteTimeUtc(file);
                File.WriteAllText(file, "a: 9\n");
                File.SetLastWriteTimeUtc(file, time);
            }
        },
        { "a new file", path => File.WriteAllText(Path.Combine(path, "new"), "") },
        { "a new folder", path => Directory.CreateDirectory(Path.Combine(path, "new")) },
        { "a lost file", path => File.Delete(Path.Combine(path, "run.sh")) },
        { "a renamed file", path => File.Move(Path.Combine(path, "run.sh"), Path.Combine(path, "run")) },
        { "an executable bit", path => File.SetUnixFileMode(Path.Combine(path, "run.sh"), (UnixFileMode)0b110_100_100) },
        { "a file that others cannot read", path => File.SetUnixFileMode(Path.Combine(path, "app.yaml"), (UnixFileMode)0b110_000_000) },
        { "a folder that others cannot pass", path => File.SetUnixFileMode(Path.Combine(path, "sub dir"), (UnixFileMode)0b111_000_000) },
        { "a symlink to the same bytes", path =>
            {
                File.Move(Path.Combine(path, "app.yaml"), path + ".aside");
                File.CreateSymbolicLink(Path.Combine(path, "app.yaml"), path + ".aside");
            }
        },
        { "everything gone", path => Directory.Delete(path, recursive: true) },
        { "a file in place of the folder", path =>
            {
                Directory.Delete(path, recursive: true);
                File.WriteAllText(path, "a: 1\n");
            }
        },
    };

    [Theory]
    [MemberData(nameof(Edits))]
    public void An_edited_export_is_seen_and_put_right(string edit, Action<string> perform)
    {
        var path = Export("conf");
        Assert.True(store.IsIntact(Path.GetFileName(path)), edit);

        perform(path);

        Assert.False(store.IsIntact(Path.GetFileName(path)), edit);
        Export("conf");
        Assert.True(store.IsIntact(Path.GetFileName(path)), edit);
        Assert.True(new ContentStore(store.Root).IsIntact(Path.GetFileName(path)), edit);
        Assert.Equal("a: 1\n", File.ReadAllText(Path.Combine(path, "app.yaml")));
    }

    [Fact]
    public void An_edited_single_file_is_seen_and_put_right()
    {
        var path = Export("top.conf");
        File.WriteAllText(path, "4");
        Assert.False(store.IsIntact(Path.GetFileName(path)));

        Export("top.conf");

        Assert.Equal("3", File.ReadAllText(path));
    }

    [Fact]
    public void An_intact_export_is_not_written_again()
    {
        var path = Export("conf");
        var before = DiskStamp.Of(Path.Combine(path, "app.yaml"));

        Export("conf");

        Assert.Equal(before, DiskStamp.Of(Path.Combine(path, "app.yaml")));
    }

    [Fact]
    public void Content_that_is_not_what_its_digest_says_is_not_exported()
    {
        var digest = ContentDigest.OfText("something else");

        var error = Assert.Throws<IOException>(() => store.Export(tree, new BoundContent(digest, "top.conf")));

        Assert.Equal($"top.conf is not the content {digest[..12]} that was asked for.", error.Message);
        Assert.Empty(Directory.GetFileSystemEntries(store.Root));
    }

    [Fact]
    public void A_commit_that_is_not_at_hand_is_an_error()
    {
        var error = Assert.Throws<IOException>(() => store.Export(null, new BoundContent(ContentDigest.OfTree(tree, "conf"), "conf")));

        Assert.Equal("The commit that holds conf cannot be read.", error.Message);
    }

    [Theory]
    [InlineData("../x")]
    [InlineData("")]
    [InlineData("ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789")]
    public void Only_a_digest_names_an_export(string digest)
    {
        Assert.False(store.IsIntact(digest));
        Assert.Throws<ArgumentException>(() => store.Export(tree, new BoundContent(digest, "conf")));
    }

    [Theory]
    [InlineData("..")]
    [InlineData("\uFFFD")]
    public void A_name_that_leads_elsewhere_is_refused(string name)
    {
        tree.Add(new SourceEntry($"evil/{name}", SourceKind.File, 1, false, "0"));

        Assert.Throws<IOException>(() => store.Export(tree, new BoundContent(new string('0', 64), "evil")));
        Assert.Empty(Directory.GetFileSystemEntries(store.Root));
    }

    [Fact]
    public void Pruning_keeps_what_is_named_and_what_is_not_ours()
    {
        var kept = Path.GetFileName(Export("conf"));
        var gone = Path.GetFileName(Export("top.conf"));
        Directory.CreateDirectory(Path.Combine(store.Root, ".new-crashed"));
        File.WriteAllText(Path.Combine(store.Root, "operators-note"), "");

        Assert.Equal([gone], store.Prune(new HashSet<string>([kept])));

        Assert.Equal([kept, "operators-note"], Directory.GetFileSystemEntries(store.Root).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.False(store.IsIntact(gone));
        Assert.True(store.IsIntact(kept));
    }

    [Fact]
    public async Task Exporting_the_same_content_at_once_is_safe()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => Export("conf"), TestContext.Current.CancellationToken)));

        Assert.True(store.IsIntact(ContentDigest.OfTree(tree, "conf")));
        Assert.Single(Directory.GetFileSystemEntries(store.Root));
    }

    [Fact]
    public void A_seed_is_copied_once_and_then_belongs_to_the_operator()
    {
        var target = Path.Combine(folder, "project/data/conf");

        store.Seed(tree, "conf", target);
        File.WriteAllText(Path.Combine(target, "app.yaml"), "mine");
        store.Seed(tree, "conf", target);

        Assert.Equal("mine", File.ReadAllText(Path.Combine(target, "app.yaml")));
        Assert.Equal("2", File.ReadAllText(Path.Combine(target, "sub dir/größe")));
        Assert.Equal(["conf"], Directory.GetFileSystemEntries(Path.GetDirectoryName(target)!).Select(Path.GetFileName));
    }

    [Fact]
    public void A_seed_never_replaces_even_a_dangling_symlink()
    {
        var target = Path.Combine(folder, "link");
        File.CreateSymbolicLink(target, "/nowhere");

        store.Seed(tree, "top.conf", target);

        Assert.Equal("/nowhere", new FileInfo(target).LinkTarget);
    }

    private string Export(string path)
    {
        var digest = ContentDigest.OfTree(tree, path);
        store.Export(tree, new BoundContent(digest, path));
        return store.PathOf(digest);
    }

    private static string[] Listing(string path) =>
    [
        $"{Convert.ToString((int)File.GetUnixFileMode(path), 8)} ",
        .. (Directory.Exists(path) ? Directory.GetFileSystemEntries(path, "*", SearchOption.AllDirectories) : []).Order(StringComparer.Ordinal)
            .Select(child => $"{Convert.ToString((int)File.GetUnixFileMode(child), 8)} {Path.GetRelativePath(path, child)}"),
    ];
}
