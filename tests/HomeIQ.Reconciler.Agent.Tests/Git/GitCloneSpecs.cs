using HomeIQ.Reconciler.Git;

namespace HomeIQ.Reconciler.Agent.Tests.Git;

/// <summary>What crashes and power cuts leave of a clone.</summary>
public sealed class GitCloneSpecs : IDisposable
{
    private readonly TestRepository repository = new();

    private string Clone => repository.Settings.Directory;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => repository.Dispose();

    [Theory]
    [InlineData("an empty folder")]
    [InlineData("a folder without a HEAD")]
    [InlineData("an empty ref")]
    [InlineData("a ref to nothing")]
    [InlineData("no objects")]
    [InlineData("an unreadable configuration")]
    public async Task A_damaged_clone_is_made_anew(string damage)
    {
        using (var source = repository.Open())
        {
            await source.FetchAsync(Token);
            source.Keep(GitSource.Effective, repository.First);
        }

        Break(damage);
        using var later = repository.Open();

        Assert.Equal(repository.First, (await later.FetchAsync(Token)).Head.Id);
        Assert.Equal("compose.yaml", Assert.Single(later.TreeAt(repository.First).List("")).Path);
        if (damage != "an empty folder")
        {
            Assert.Equal(repository.First, later.Kept(GitSource.Effective));
        }
    }

    [Fact]
    public async Task An_object_that_turns_out_to_be_missing_is_there_again_after_the_next_fetch()
    {
        using var source = repository.Open();
        await source.FetchAsync(Token);
        var blob = repository.Git("rev-parse", "HEAD:compose.yaml");
        Unpack();
        File.Delete(Path.Combine(Clone, "objects", blob[..2], blob[2..]));
        using var later = repository.Open();

        var error = Assert.ThrowsAny<IOException>(() => later.TreeAt(repository.First).Read("compose.yaml", 1000));
        Assert.EndsWith("the next fetch makes a new one.", error.Message, StringComparison.Ordinal);

        await later.FetchAsync(Token);
        Assert.NotEmpty(later.TreeAt(repository.First).Read("compose.yaml", 1000));
    }

    [Fact]
    public async Task Fetch_after_fetch_a_bounded_number_of_files_stays_open()
    {
        using var source = repository.Open();
        for (var commit = 0; commit < 2 * GitLimits.MostOpenPacks; commit++)
        {
            var id = repository.Commit("compose.yaml", $"services: {{}} # {commit}\n");
            Assert.Equal(id, (await source.FetchAsync(Token)).Head.Id);
            Assert.NotEmpty(source.TreeAt(id).Read("compose.yaml", 1000));
        }

        var packs = Directory.GetFiles(Path.Combine(Clone, "objects/pack"), "*.pack").Length;
        var open = Directory.GetFiles("/proc/self/fd").Select(descriptor => new FileInfo(descriptor).LinkTarget ?? "").Count(file => file.StartsWith(Clone, StringComparison.Ordinal) && file.EndsWith(".pack", StringComparison.Ordinal));
        Assert.True(packs > GitLimits.MostOpenPacks, $"{packs} packs are no reason to close any");
        Assert.InRange(open, 0, GitLimits.MostOpenPacks);
    }

    [Fact]
    public async Task A_kept_commit_that_only_the_damaged_clone_has_is_carried_over()
    {
        using var source = repository.Open();
        var lost = repository.Commit("compose.yaml", "only here");
        await source.FetchAsync(Token);
        source.Keep(GitSource.Effective, lost);
        repository.Git("reset", "-q", "--hard", repository.First);
        repository.Push();
        await source.FetchAsync(Token);
        File.WriteAllText(Path.Combine(Clone, "refs/remotes/origin/main"), "");

        await source.FetchAsync(Token);

        Assert.Equal(lost, source.Kept(GitSource.Effective));
        Assert.Equal("only here"u8.ToArray(), source.TreeAt(lost).Read("compose.yaml", 1000));
    }

    [Fact]
    public async Task A_damaged_clone_stays_when_the_source_cannot_be_reached()
    {
        using var source = repository.Open();
        await source.FetchAsync(Token);
        File.WriteAllText(Path.Combine(Clone, "refs/remotes/origin/main"), "");
        repository.Remove();

        await Assert.ThrowsAsync<GitException>(() => source.FetchAsync(Token));

        Assert.NotEmpty(source.TreeAt(repository.First).Read("compose.yaml", 1000));
    }

    [Fact]
    public async Task Lock_files_of_a_killed_process_do_not_stop_anything()
    {
        using var source = repository.Open();
        await source.FetchAsync(Token);
        foreach (var name in (string[])["refs/remotes/origin/main.lock", "refs/homeiq/effective.lock", "config.lock", "packed-refs.lock"])
        {
            var file = Path.Combine(Clone, name);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText(file, "");
        }

        var second = repository.Commit("compose.yaml", "2");
        var fetched = await source.FetchAsync(Token);
        source.Keep(GitSource.Effective, second);

        Assert.Equal(second, fetched.Head.Id);
        Assert.Equal(second, source.Kept(GitSource.Effective));
    }

    [Fact]
    public async Task What_a_killed_first_fetch_left_beside_is_swept_away()
    {
        Directory.CreateDirectory(Clone + ".new/objects");
        using var source = repository.Open();

        await source.FetchAsync(Token);

        Assert.False(Directory.Exists(Clone + ".new"));
    }

    private void Break(string damage)
    {
        switch (damage)
        {
            case "an empty folder":
                Directory.Delete(Clone, recursive: true);
                Directory.CreateDirectory(Clone);
                break;
            case "a folder without a HEAD":
                File.Delete(Path.Combine(Clone, "HEAD"));
                break;
            case "an empty ref":
                File.WriteAllText(Path.Combine(Clone, "refs/remotes/origin/main"), "");
                break;
            case "a ref to nothing":
                File.WriteAllText(Path.Combine(Clone, "refs/remotes/origin/main"), new string('1', 40) + "\n");
                break;
            case "no objects":
                Directory.Delete(Path.Combine(Clone, "objects"), recursive: true);
                Directory.CreateDirectory(Path.Combine(Clone, "objects"));
                break;
            default:
                File.WriteAllText(Path.Combine(Clone, "config"), "[remote \"origin\"\nurl");
                break;
        }
    }

    private void Unpack()
    {
        var packs = Path.Combine(Clone, "objects/pack");
        foreach (var pack in Directory.Exists(packs) ? Directory.GetFiles(packs, "*.pack") : [])
        {
            var aside = Path.Combine(repository.Folder, Path.GetFileName(pack));
            File.Move(pack, aside);
            File.Delete(Path.ChangeExtension(pack, ".idx"));
            using var process = System.Diagnostics.Process.Start("sh", ["-c", $"git -C '{Clone}' unpack-objects -q < '{aside}'"]);
            process.WaitForExit();
        }
    }
}
