using HomeIQ.Reconciler.Contents;
using HomeIQ.Reconciler.Git;

namespace HomeIQ.Reconciler.Agent.Tests.Contents;

public sealed class ContentDigestSpecs
{
    [Fact]
    public void The_same_names_and_bytes_elsewhere_are_the_same_content()
    {
        var tree = new MemoryTree { ["a/conf/x.yaml"] = "1", ["a/conf/sub/y"] = "2", ["b/etc/x.yaml"] = "1", ["b/etc/sub/y"] = "2" };

        Assert.Equal(ContentDigest.OfTree(tree, "a/conf"), ContentDigest.OfTree(tree, "b/etc"));
    }

    [Fact]
    public void A_file_that_only_moved_is_the_same_content()
    {
        var tree = new MemoryTree { ["a.conf"] = "1", ["sub/b.conf"] = "1" };

        Assert.Equal(ContentDigest.OfTree(tree, "a.conf"), ContentDigest.OfTree(tree, "sub/b.conf"));
    }

    public static TheoryData<string, string[]> Differences => new()
    {
        { "bytes", ["d/x=2"] },
        { "name", ["d/y=1"] },
        { "executable bit", ["d/x*=1"] },
        { "one more file", ["d/x=1", "d/y="] },
        { "one more folder", ["d/x=1", "d/s/y="] },
        { "nesting", ["d/s/x=1"] },
        { "bytes moved into the name", ["d/x1="] },
    };

    [Theory]
    [MemberData(nameof(Differences))]
    public void Another_folder_has_another_digest(string difference, string[] files)
    {
        var changed = new MemoryTree();
        foreach (var file in files)
        {
            var parts = file.Split('=');
            changed.Add(parts[0].TrimEnd('*'), parts[1], executable: parts[0].EndsWith('*'));
        }

        Assert.False(ContentDigest.OfTree(new MemoryTree { ["d/x"] = "1" }, "d") == ContentDigest.OfTree(changed, "d"), difference);
    }

    [Fact]
    public void The_border_between_two_folders_counts()
    {
        var first = new MemoryTree { ["d/a/x"] = "", ["d/a/y"] = "", ["d/b/z"] = "" };
        var second = new MemoryTree { ["d/a/x"] = "", ["d/b/y"] = "", ["d/b/z"] = "" };

        Assert.NotEqual(ContentDigest.OfTree(first, "d"), ContentDigest.OfTree(second, "d"));
    }

    [Fact]
    public void A_text_is_the_same_content_as_a_file_with_these_bytes_until_it_names_a_mode()
    {
        var file = ContentDigest.OfTree(new MemoryTree { ["x"] = "1" }, "x");

        Assert.Equal(file, ContentDigest.OfText("1"));
        Assert.NotEqual(file, ContentDigest.OfText("1", 0x100));
        Assert.NotEqual(ContentDigest.OfText("1", 0x124), ContentDigest.OfText("1", 0x100));
        Assert.NotEqual(ContentDigest.OfText("1"), ContentDigest.OfText("2"));
        Assert.Matches("^[0-9a-f]{64}$", ContentDigest.OfText(""));
    }

    [Theory]
    [InlineData(SourceKind.Symlink, "d/bad is a symlink, which is refused.")]
    [InlineData(SourceKind.Submodule, "d/bad is a submodule, which is refused.")]
    public void What_cannot_be_exported_is_refused_by_name(SourceKind kind, string message)
    {
        var tree = new MemoryTree { ["d/x"] = "1" };
        tree.Add(new SourceEntry("d/bad", kind, 3, false, "0"));

        Assert.Equal(message, Assert.Throws<IOException>(() => ContentDigest.OfTree(tree, "d")).Message);
    }

    [Fact]
    public void A_missing_path_is_an_IOException_that_names_it()
    {
        var error = Assert.Throws<FileNotFoundException>(() => ContentDigest.OfTree(new MemoryTree { ["x"] = "1" }, "nowhere"));

        Assert.Equal("There is no nowhere in memory.", error.Message);
    }

    [Fact]
    public void An_absurdly_large_file_is_refused_before_it_is_read()
    {
        var tree = new MemoryTree();
        tree.Add(new SourceEntry("d/huge", SourceKind.File, SourceLimits.ContentFile + 1, false, "0"));

        Assert.Contains("d/huge has", Assert.Throws<IOException>(() => ContentDigest.OfTree(tree, "d")).Message, StringComparison.Ordinal);
    }
}
