using System.Text;
using HomeIQ.Reconciler.Contents;
using HomeIQ.Reconciler.Git;

namespace HomeIQ.Reconciler.Agent.Tests.Git;

/// <summary>A commit and a folder read alike: each obligation holds for both.</summary>
public sealed class TreeSpecs : IDisposable
{
    private readonly TestRepository repository = new();
    private readonly List<GitSource> sources = [];

    public enum Kind
    {
        Commit,
        Folder,
    }

    public void Dispose()
    {
        sources.ForEach(source => source.Dispose());
        repository.Dispose();
    }

    [Theory]
    [InlineData(Kind.Commit)]
    [InlineData(Kind.Folder)]
    public async Task Names_kinds_sizes_and_modes_are_told(Kind kind)
    {
        repository.Write("b/run.sh", "#!/bin/sh\n");
        File.SetUnixFileMode(Path.Combine(repository.Work, "b/run.sh"), (UnixFileMode)0b111_101_101);
        repository.Write("a file with späces", "1");
        File.CreateSymbolicLink(Path.Combine(repository.Work, "link"), "/etc/passwd");
        var tree = await TreeAsync(kind);

        Assert.Equal(
            ["File a file with späces 1", "Folder b 0", "File compose.yaml 13", "Symlink link 11"],
            tree.List("").Select(entry => $"{entry.Kind} {entry.Path} {entry.Size}"));
        Assert.Equal("b/run.sh", Assert.Single(tree.List("b")).Path);
        Assert.True(tree.Find("b/run.sh")!.Executable);
        Assert.False(tree.Find("compose.yaml")!.Executable);
        Assert.Equal("1", Encoding.UTF8.GetString(tree.Read("a file with späces", 1)));
        Assert.Equal(SourceKind.Folder, tree.Find("")!.Kind);
    }

    [Theory]
    [InlineData(Kind.Commit)]
    [InlineData(Kind.Folder)]
    public async Task A_path_that_is_not_plain_leads_nowhere(Kind kind)
    {
        repository.Write("a/b/c", "1");
        Directory.CreateDirectory(Path.Combine(repository.Folder, "outside"));
        File.WriteAllText(Path.Combine(repository.Folder, "outside/secret"), "1");
        File.CreateSymbolicLink(Path.Combine(repository.Work, "way-out"), "../outside");
        var tree = await TreeAsync(kind);

        foreach (var path in (string[])["/a", "a/", "a//b", "./a", "a/../a", "..", "../outside/secret", "way-out/secret", "a/b/c/d", "a/b/c/", "nowhere", "/", ".", ".git/config"])
        {
            Assert.Null(tree.Find(path));
            Assert.Empty(tree.List(path));
            Assert.ThrowsAny<IOException>(() => tree.Read(path, 1000));
        }

        Assert.Equal(SourceKind.File, tree.Find("a/b/c")!.Kind);
        Assert.Empty(tree.List("a/b/c"));
        Assert.Throws<FileNotFoundException>(() => tree.Read("way-out", 1000));
        Assert.Throws<FileNotFoundException>(() => tree.Read("a", 1000));
    }

    [Theory]
    [InlineData(Kind.Commit)]
    [InlineData(Kind.Folder)]
    public async Task A_file_above_the_limit_is_refused(Kind kind)
    {
        File.WriteAllBytes(Path.Combine(repository.Work, "huge"), new byte[SourceLimits.TextFile + 1]);
        var tree = await TreeAsync(kind);

        var error = Assert.Throws<IOException>(() => tree.Read("huge", SourceLimits.TextFile));

        Assert.Equal("huge has 10,485,761 bytes; more than 10,485,760 are refused.", error.Message);
        using var stream = tree.Open("huge", SourceLimits.ContentFile);
        Assert.Equal(SourceLimits.TextFile + 1, stream.Length);
        Assert.Equal(1000, stream.ReadAtLeast(new byte[1000], 1000));
    }

    [Fact]
    public async Task A_clean_folder_and_its_commit_have_the_same_ids_and_digests()
    {
        repository.Write("a/b/c", "1");
        repository.Write("a.b", "2");
        repository.Write("a-b/x", "3");
        repository.Write("a0", "");
        Directory.CreateDirectory(Path.Combine(repository.Work, "empty/inner"));
        File.CreateSymbolicLink(Path.Combine(repository.Work, "link"), "a/b");
        var commit = await TreeAsync(Kind.Commit);
        var folder = await TreeAsync(Kind.Folder);

        Assert.Equal(repository.Git("rev-parse", "HEAD^{tree}"), folder.Find("")!.Id);
        Assert.Equal(commit.Find("")!.Id, folder.Find("")!.Id);
        Assert.Equal(commit.List("a"), folder.List("a"));
        Assert.Equal(commit.Find("link"), folder.Find("link"));
        Assert.Equal(ContentDigest.OfTree(commit, "a"), ContentDigest.OfTree(folder, "a"));
    }

    [Fact]
    public async Task A_submodule_is_told_as_such()
    {
        repository.Git("update-index", "--add", "--cacheinfo", $"160000,{repository.First},module");
        repository.Git("commit", "-q", "-m", "Add a module");
        repository.Push();
        using var source = repository.Open();
        await source.FetchAsync(TestContext.Current.CancellationToken);

        var entry = source.TreeAt(source.Resolve("main").Id).Find("module");

        Assert.Equal(new SourceEntry("module", SourceKind.Submodule, 0, false, repository.First), entry);
    }

    [Fact]
    public async Task A_tree_of_too_many_files_is_refused()
    {
        var blob = repository.Git("rev-parse", "HEAD:compose.yaml");
        var list = Path.Combine(repository.Folder, "list");
        await File.WriteAllLinesAsync(list, Enumerable.Range(0, SourceLimits.Entries + 1).Select(number => $"100644 blob {blob}\tf{number}"), TestContext.Current.CancellationToken);
        using (var process = System.Diagnostics.Process.Start("sh", ["-c",
            $"cd '{repository.Work}' && tree=$(git mktree < '{list}') && git update-ref refs/heads/many $(git -c user.name=a -c user.email=a@b commit-tree -m many $tree) && git push -q origin many"]))
        {
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        using var source = repository.Open();
        await source.FetchAsync(TestContext.Current.CancellationToken);

        var error = Assert.Throws<IOException>(() => source.TreeAt(source.Resolve("many").Id).List(""));

        Assert.Contains("more than 100,000 files", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_that_is_not_there_is_refused() =>
        Assert.Throws<DirectoryNotFoundException>(() => new FolderTree(Path.Combine(repository.Folder, "nowhere")));

    private async Task<ISourceTree> TreeAsync(Kind kind)
    {
        var commit = repository.CommitAll();
        if (kind == Kind.Folder)
        {
            return new FolderTree(repository.Work);
        }

        var source = repository.Open();
        sources.Add(source);
        await source.FetchAsync(TestContext.Current.CancellationToken);
        return source.TreeAt(commit);
    }
}
