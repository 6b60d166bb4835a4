using System.Diagnostics;
using System.Text;
using HomeIQ.Reconciler.Git;

namespace HomeIQ.Reconciler.Agent.Tests.Git;

public sealed class GitSourceSpecs : IDisposable
{
    private readonly TestRepository repository = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => repository.Dispose();

    [Fact]
    public async Task The_first_fetch_makes_a_clone_and_says_where_the_branch_is()
    {
        using var source = repository.Open();

        var fetched = await source.FetchAsync(Token);

        Assert.Equal(repository.First, fetched.Head.Id);
        Assert.Equal("Begin", fetched.Head.Subject);
        Assert.Equal("Ada <ada@example.org>", fetched.Head.Author);
        Assert.Equal(TimeSpan.FromHours(1), fetched.Head.Date.Offset);
        Assert.Null(fetched.Previous);
        Assert.False(fetched.HistoryRewritten);
    }

    [Fact]
    public async Task A_new_commit_is_a_move_forward()
    {
        using var source = repository.Open();
        await source.FetchAsync(Token);
        var second = repository.Commit("compose.yaml", "services: {a: {}}\n", "Add a");

        var fetched = await source.FetchAsync(Token);

        Assert.Equal(second, fetched.Head.Id);
        Assert.Equal(repository.First, fetched.Previous);
        Assert.True(fetched.Moved);
        Assert.False(fetched.HistoryRewritten);
        Assert.False((await source.FetchAsync(Token)).Moved);
    }

    [Fact]
    public async Task A_forced_push_is_followed_and_flagged()
    {
        using var source = repository.Open();
        var lost = repository.Commit("compose.yaml", "one", "One");
        await source.FetchAsync(Token);
        repository.Git("reset", "-q", "--hard", repository.First);
        var forced = repository.Commit("compose.yaml", "other", "Other");

        var fetched = await source.FetchAsync(Token);

        Assert.Equal(forced, fetched.Head.Id);
        Assert.Equal(lost, fetched.Previous);
        Assert.True(fetched.HistoryRewritten);
    }

    [Fact]
    public async Task A_kept_commit_outlives_a_forced_push_and_a_pruned_branch()
    {
        using var source = repository.Open();
        repository.Git("checkout", "-q", "-b", "release");
        var kept = repository.Commit("compose.yaml", "kept", "Kept");
        await source.FetchAsync(Token);
        source.Keep(GitSource.Effective, kept);
        repository.Git("push", "-q", "origin", ":release");
        await source.FetchAsync(Token);

        Assert.Equal(kept, source.Kept(GitSource.Effective));
        Assert.Equal("kept", Text(source.TreeAt(kept), "compose.yaml"));
        Assert.Equal(kept, source.Resolve("effective").Id);
        Assert.Equal(GitFailure.NotFound, Assert.Throws<GitException>(() => source.Resolve("release")).Kind);
    }

    [Fact]
    public async Task What_was_fetched_stays_readable_when_the_source_is_gone_also_for_the_next_process()
    {
        using (var source = repository.Open())
        {
            await source.FetchAsync(Token);
            source.Keep(GitSource.LastKnownGood, repository.First);
        }

        repository.Remove();

        using var later = repository.Open();
        var error = await Assert.ThrowsAsync<GitException>(() => later.FetchAsync(Token));
        Assert.Equal(GitFailure.NotFound, error.Kind);
        Assert.Equal($"There is no Git repository at {repository.Bare}.", error.Message);
        Assert.Equal(repository.First, later.Kept(GitSource.LastKnownGood));
        Assert.Equal("services: {}\n", Text(later.TreeAt(repository.First), "compose.yaml"));
    }

    [Fact]
    public async Task A_released_name_is_free_and_releasing_twice_does_no_harm()
    {
        using var source = repository.Open();
        await source.FetchAsync(Token);
        source.Keep("run-1", repository.First);

        source.Release("run-1");
        source.Release("run-1");

        Assert.Null(source.Kept("run-1"));
        Assert.Throws<ArgumentException>(() => source.Keep("../heads/main", repository.First));
        Assert.Equal(GitFailure.NotFound, Assert.Throws<GitException>(() => source.Keep("x", new string('1', 40))).Kind);
    }

    [Fact]
    public async Task A_commit_is_found_by_every_name_that_people_use()
    {
        repository.Git("tag", "-a", "v1", "-m", "One");
        repository.Git("tag", "light");
        repository.Git("push", "-q", "origin", "v1", "light");
        var second = repository.Commit("compose.yaml", "2");
        using var source = repository.Open();
        await source.FetchAsync(Token);

        foreach (var name in (string[])["v1", "light", "refs/tags/v1", repository.First, repository.First[..7], "main~1", "main^", "HEAD~1"])
        {
            Assert.Equal((name, repository.First), (name, source.Resolve(name).Id));
        }

        foreach (var name in (string[])["main", "HEAD", "origin/main", "refs/heads/main"])
        {
            Assert.Equal((name, second), (name, source.Resolve(name).Id));
        }
    }

    [Fact]
    public async Task A_branch_goes_before_a_tag_of_the_same_name_and_the_tag_can_still_be_named()
    {
        repository.Git("tag", "main");
        repository.Git("push", "-q", "origin", "refs/tags/main");
        repository.Write("x", "2");
        repository.Git("add", "-A");
        repository.Git("commit", "-q", "-m", "Two");
        repository.Git("push", "-q", "origin", "HEAD:refs/heads/main");
        var second = repository.Git("rev-parse", "HEAD");
        using var source = repository.Open();

        Assert.Equal(second, (await source.FetchAsync(Token)).Head.Id);
        Assert.Equal(repository.First, source.Resolve("refs/tags/main").Id);
    }

    [Fact]
    public async Task A_tag_can_be_tracked_and_a_moved_one_is_flagged()
    {
        repository.Git("tag", "stable");
        repository.Git("push", "-q", "origin", "stable");
        using var source = GitSource.Open(repository.Settings with { Branch = "stable" });
        Assert.Equal(repository.First, (await source.FetchAsync(Token)).Head.Id);

        repository.Git("commit", "-q", "--amend", "-m", "Begin anew");
        repository.Git("tag", "-f", "stable");
        repository.Git("push", "-q", "--force", "origin", "stable");
        var moved = await source.FetchAsync(Token);

        Assert.Equal(repository.Git("rev-parse", "HEAD"), moved.Head.Id);
        Assert.True(moved.HistoryRewritten);
    }

    [Theory]
    [InlineData("nowhere", "Its only branch is main.")]
    [InlineData("ffffffff", "Its only branch is main.")]
    [InlineData("main~99", "Its only branch is main.")]
    [InlineData("a..b", "Its only branch is main.")]
    [InlineData("", "Its only branch is main.")]
    [InlineData("-- weird \n name", "Its only branch is main.")]
    public async Task An_unknown_name_says_which_there_are(string name, string hint)
    {
        using var source = repository.Open();
        await source.FetchAsync(Token);

        var error = Assert.Throws<GitException>(() => source.Resolve(name));

        Assert.Equal(GitFailure.NotFound, error.Kind);
        Assert.Equal($"There is no branch, tag or commit \"{name}\" in {repository.Bare}. {hint}", error.Message);
    }

    [Fact]
    public async Task A_tracked_branch_that_vanished_is_an_error_and_never_an_empty_state()
    {
        repository.Git("checkout", "-q", "-b", "live");
        repository.Commit("x", "1");
        using var source = GitSource.Open(repository.Settings with { Branch = "live" });
        await source.FetchAsync(Token);
        repository.Git("push", "-q", "origin", ":live");

        var error = await Assert.ThrowsAsync<GitException>(() => source.FetchAsync(Token));

        Assert.Contains("There is no branch, tag or commit \"live\"", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_read_after_the_end_is_an_error_and_no_freed_memory()
    {
        repository.Commit("x", "1");
        var source = repository.Open();
        await source.FetchAsync(Token);
        source.Kept(GitSource.Effective);

        source.Dispose();

        Assert.Throws<ObjectDisposedException>(() => source.Kept(GitSource.Effective));
    }

    [Fact]
    public async Task An_empty_repository_is_an_error_that_says_so_and_is_fetched_once_it_has_a_commit()
    {
        using var empty = new TestRepository(empty: true);
        using var source = empty.Open();

        var error = await Assert.ThrowsAsync<GitException>(() => source.FetchAsync(Token));
        Assert.Equal(GitFailure.NotFound, error.Kind);
        Assert.EndsWith("It is empty: it has no branch yet.", error.Message, StringComparison.Ordinal);

        var first = empty.Commit("x", "1");
        Assert.Equal(first, (await source.FetchAsync(Token)).Head.Id);
    }

    [Fact]
    public async Task An_unborn_main_beside_other_branches_names_those()
    {
        using var unborn = new TestRepository(empty: true);
        unborn.Git("checkout", "-q", "-b", "trunk");
        unborn.Commit("x", "1");
        using var source = unborn.Open();

        var error = await Assert.ThrowsAsync<GitException>(() => source.FetchAsync(Token));

        Assert.EndsWith("Its only branch is trunk.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_branch_that_made_room_for_one_below_it_is_fetched()
    {
        repository.Git("push", "-q", "origin", "HEAD:refs/heads/topic");
        using var source = repository.Open();
        await source.FetchAsync(Token);
        source.Keep(GitSource.Effective, repository.First);
        repository.Git("push", "-q", "origin", ":topic");
        repository.Git("push", "-q", "origin", "HEAD:refs/heads/topic/one");

        await source.FetchAsync(Token);

        Assert.Equal(repository.First, source.Resolve("topic/one").Id);
        Assert.Equal(repository.First, source.Kept(GitSource.Effective));
    }

    [Fact]
    public async Task Ancestry_and_changed_files_are_told()
    {
        repository.Write("old name", "1");
        repository.Write("gone", "1");
        var second = repository.CommitAll();
        File.Move(Path.Combine(repository.Work, "old name"), Path.Combine(repository.Work, "new näme"));
        File.Delete(Path.Combine(repository.Work, "gone"));
        repository.Write("compose.yaml", "3");
        var third = repository.CommitAll();
        using var source = repository.Open();
        await source.FetchAsync(Token);

        Assert.True(source.IsAncestor(repository.First, third));
        Assert.True(source.IsAncestor(third, third));
        Assert.False(source.IsAncestor(third, second));
        Assert.False(source.IsAncestor(new string('1', 40), third));
        Assert.Equal(
            [new("compose.yaml", FileChange.Modified), new("gone", FileChange.Removed), new("new näme", FileChange.Added), new("old name", FileChange.Removed)],
            source.ChangedFiles(second, third));
    }

    [Fact]
    public async Task A_build_servers_detached_work_tree_has_its_head_and_its_remote_branches()
    {
        var clone = Path.Combine(repository.Folder, "checkout");
        repository.Run(repository.Folder, "clone", "-q", repository.Bare, clone);
        repository.Run(clone, "checkout", "-q", "--detach");
        repository.Run(clone, "commit", "-q", "--allow-empty", "-m", "Merge of a pull request");
        repository.Run(clone, "branch", "-D", "main");
        using var source = GitSource.Open(repository.Settings with { Url = clone, Branch = "HEAD" });

        Assert.Equal("Merge of a pull request", (await source.FetchAsync(Token)).Head.Subject);
        Assert.Equal(repository.First, source.Resolve("origin/main").Id);
    }

    [Fact]
    public async Task A_changed_address_is_taken_up_by_the_same_clone()
    {
        using (var source = repository.Open())
        {
            await source.FetchAsync(Token);
            source.Keep(GitSource.Effective, repository.First);
        }

        using var other = new TestRepository();
        var head = other.Commit("compose.yaml", "elsewhere");
        using var moved = GitSource.Open(repository.Settings with { Url = "file://" + other.Bare });

        Assert.Equal(head, (await moved.FetchAsync(Token)).Head.Id);
        Assert.Equal(repository.First, moved.Kept(GitSource.Effective));
    }

    [Fact]
    public async Task A_fetch_with_nothing_new_of_a_long_history_takes_under_a_tenth_of_a_second()
    {
        repository.AddHistory(300);
        using var source = repository.Open();
        await source.FetchAsync(Token);

        // The best of a few: other work on the machine is not what is measured.
        var best = TimeSpan.MaxValue;
        for (var round = 0; round < 5; round++)
        {
            var clock = Stopwatch.StartNew();
            await source.FetchAsync(Token);
            best = clock.Elapsed < best ? clock.Elapsed : best;
        }

        Assert.True(best < TimeSpan.FromMilliseconds(100), $"{best}");
    }

    [Fact]
    public async Task Reading_goes_on_while_fetching()
    {
        for (var number = 0; number < 20; number++)
        {
            repository.Write($"files/{number}", $"{number}");
        }

        var commit = repository.CommitAll();
        using var source = repository.Open();
        await source.FetchAsync(Token);

        var fetching = Task.Run(async () =>
        {
            for (var round = 0; round < 10; round++)
            {
                repository.Commit("moving", $"{round}");
                await source.FetchAsync(Token);
            }
        }, Token);
        var readers = Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            var reads = 0;
            do
            {
                var tree = source.TreeAt(commit);
                foreach (var entry in tree.List("files"))
                {
                    Assert.Equal(entry.Name, Encoding.UTF8.GetString(tree.Read(entry.Path, 10)));
                }

                source.Resolve("main");
                reads++;
            }
            while (!fetching.IsCompleted);
            return reads;
        }, Token)).ToArray();

        await fetching;
        Assert.All(await Task.WhenAll(readers), reads => Assert.True(reads > 0));
    }

    [Fact]
    public async Task Two_sources_on_one_clone_fetch_one_after_the_other()
    {
        using var first = repository.Open();
        using var second = repository.Open();

        var heads = await Task.WhenAll(Enumerable.Range(0, 8).Select(number => (number % 2 == 0 ? first : second).FetchAsync(Token)));

        Assert.All(heads, fetched => Assert.Equal(repository.First, fetched.Head.Id));
    }

    [Fact]
    public void Nothing_can_be_read_before_the_first_fetch()
    {
        using var source = repository.Open();

        Assert.Equal($"Nothing was fetched from {repository.Bare} yet.", Assert.Throws<GitException>(() => source.Resolve("main")).Message);
        Assert.Null(source.Kept(GitSource.Effective));
    }

    private static string Text(ISourceTree tree, string path) => Encoding.UTF8.GetString(tree.Read(path, 1000));
}
