using HomeIQ.Reconciler.Git;

namespace HomeIQ.Reconciler.Agent.Tests.Git;

/// <summary>Offering a branch to real sources: a folder, a server over HTTP, a server over ssh.</summary>
[Collection(nameof(GitRemoteSpecs))]
public sealed class GitProposalSpecs : IClassFixture<GitSshServer>, IDisposable
{
    private const string Branch = "homeiq/revert-1";
    private static readonly DateTimeOffset At = new(2026, 11, 27, 17, 30, 5, TimeSpan.FromHours(1));
    private readonly TestRepository repository = new();
    private readonly GitSshServer ssh;
    private readonly GitHttpServer http;
    private readonly string bad;

    public GitProposalSpecs(GitSshServer server)
    {
        ssh = server;
        http = new GitHttpServer(repository.Folder);
        repository.Run(repository.Bare, "config", "http.receivepack", "true");
        repository.Write("desired-state/compose.versions.yaml", "bad\n");
        repository.Write("run.sh", "#!/bin/sh\n");
        File.SetUnixFileMode(Path.Combine(repository.Work, "run.sh"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        File.CreateSymbolicLink(Path.Combine(repository.Work, "link"), "run.sh");
        bad = repository.CommitAll("Upgrade");
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private Proposal Revert => new(bad, Branch, "Put back\n\nBecause.\n", new([new("desired-state/compose.versions.yaml", "good\r\nlast"), new("run.sh", "#!/bin/sh\ntrue\n")]), At);

    public void Dispose()
    {
        http.Dispose();
        repository.Dispose();
    }

    [Theory]
    [InlineData("path")]
    [InlineData("file")]
    [InlineData("http")]
    [InlineData("ssh")]
    public async Task A_branch_with_the_changed_files_is_pushed_and_main_stays(string way)
    {
        using var source = await FetchedAsync(way);

        var pushed = Assert.IsType<ProposalOutcome.Pushed>(await source.ProposeAsync(Revert, Token));

        Assert.Equal((Branch, repository.Run(repository.Bare, "rev-parse", Branch)), (pushed.Branch, pushed.Commit));
        Assert.Equal(
            "HomeIQ Reconciler|2026-11-27T17:30:05+01:00|HomeIQ Reconciler|2026-11-27T17:30:05+01:00|" + bad + "|Put back",
            repository.Run(repository.Bare, "log", "-1", "--format=%an|%aI|%cn|%cI|%P|%s", Branch));
        Assert.Equal(
            "M\tdesired-state/compose.versions.yaml\nM\trun.sh", repository.Run(repository.Bare, "diff-tree", "-r", "--name-status", bad, Branch));
        Assert.Equal("good\r\nlast", repository.Run(repository.Bare, "cat-file", "blob", $"{Branch}:desired-state/compose.versions.yaml"));
        Assert.StartsWith("100755 ", repository.Run(repository.Bare, "ls-tree", Branch, "run.sh"), StringComparison.Ordinal);
        Assert.Equal(bad, repository.Run(repository.Bare, "rev-parse", "main"));
    }

    [Theory]
    [InlineData("path")]
    [InlineData("http")]
    [InlineData("ssh")]
    public async Task The_same_proposal_is_there_already_the_second_time_even_from_another_clone(string way)
    {
        using var source = await FetchedAsync(way);
        var pushed = Assert.IsType<ProposalOutcome.Pushed>(await source.ProposeAsync(Revert, Token));
        Directory.Delete(repository.Settings.Directory, recursive: true);
        using var again = await FetchedAsync(way);

        Assert.Equal(new ProposalOutcome.AlreadyThere(Branch, pushed.Commit), await again.ProposeAsync(Revert with { At = At.AddDays(1), Message = "Again" }, Token));
        Assert.Equal(pushed.Commit, repository.Run(repository.Bare, "rev-parse", Branch));
    }

    [Theory]
    [InlineData("path")]
    [InlineData("http")]
    [InlineData("ssh")]
    public async Task A_branch_of_that_name_with_other_content_is_left_alone(string way)
    {
        // It stands where ours begins, so that an ordinary push would move it.
        repository.Run(repository.Bare, "branch", Branch, bad);
        using var source = await FetchedAsync(way);

        var outcome = await source.ProposeAsync(Revert, Token);

        Assert.Equal(new ProposalOutcome.NotPushed(Branch, $"{source.Address} has a branch {Branch} with other content, which is left alone.", "merge or delete that branch"), outcome);
        Assert.Equal(bad, repository.Run(repository.Bare, "rev-parse", Branch));
    }

    [Fact]
    public async Task A_branch_that_was_deleted_at_the_source_may_be_proposed_again()
    {
        using var source = await FetchedAsync("path");
        await source.ProposeAsync(Revert, Token);
        repository.Run(repository.Bare, "branch", "-D", Branch);

        Assert.IsType<ProposalOutcome.Pushed>(await source.ProposeAsync(Revert with { At = At.AddDays(1) }, Token));
    }

    [Fact]
    public async Task A_proposal_does_not_hide_what_the_next_fetch_finds()
    {
        using var source = await FetchedAsync("path");
        var newer = repository.Commit("compose.yaml", "newer");

        await source.ProposeAsync(Revert, Token);

        var fetched = await source.FetchAsync(Token);
        Assert.Equal((newer, bad, true), (fetched.Head.Id, fetched.Previous, fetched.Moved));
    }

    [Fact]
    public async Task A_server_without_pushing_is_a_report()
    {
        repository.Run(repository.Bare, "config", "http.receivepack", "false");
        using var source = await FetchedAsync("http");

        Assert.Equal(new ProposalOutcome.NotPushed(Branch, $"{http.Url} asks for credentials, and none are set.", null), await source.ProposeAsync(Revert, Token));
    }

    [Theory]
    [InlineData("http")]
    [InlineData("ssh")]
    public async Task A_server_that_refuses_the_branch_is_a_report(string way)
    {
        var hook = Path.Combine(repository.Bare, "hooks", "update");
        File.WriteAllText(hook, "#!/bin/sh\nexit 1\n");
        File.SetUnixFileMode(hook, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        using var source = await FetchedAsync(way);

        Assert.Equal(
            new ProposalOutcome.NotPushed(Branch, $"{source.Address} does not take the branch {Branch}: hook declined", "let the credentials push branches that begin with homeiq/"),
            await source.ProposeAsync(Revert, Token));
    }

    [Fact]
    public async Task A_repository_that_is_gone_is_a_report()
    {
        using var source = await FetchedAsync("ssh");
        repository.Remove();

        var outcome = Assert.IsType<ProposalOutcome.NotPushed>(await source.ProposeAsync(Revert, Token));

        Assert.StartsWith($"There is no Git repository {repository.Bare} on 127.0.0.1, or the key may not see it", outcome.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_source_that_is_away_is_a_report()
    {
        using var source = await FetchedAsync("http");
        http.Dispose();

        Assert.StartsWith($"{http.Url} could not be fetched: ", Assert.IsType<ProposalOutcome.NotPushed>(await source.ProposeAsync(Revert, Token)).Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("link")]
    [InlineData("desired-state")]
    [InlineData("not-there")]
    [InlineData("../outside")]
    public async Task Only_texts_of_files_are_proposed(string path)
    {
        using var source = await FetchedAsync("path");

        Assert.Equal(
            new ProposalOutcome.NotPushed(Branch, $"{path} is no file in commit {bad[..8]}: only the text of files can be proposed.", null),
            await source.ProposeAsync(Revert with { Files = new([new(path, "x")]) }, Token));
    }

    [Theory]
    [InlineData("main")]
    [InlineData("homeiq/")]
    [InlineData("homeiq/a..b")]
    public async Task Only_branches_of_ours_are_pushed(string branch)
    {
        using var source = await FetchedAsync("path");

        Assert.Equal(new ProposalOutcome.NotPushed(branch, $"\"{branch}\" is no name for a branch of ours, homeiq/NAME.", null), await source.ProposeAsync(Revert with { Branch = branch }, Token));
    }

    [Fact]
    public async Task A_repository_with_a_work_tree_gets_the_branch_and_its_files_stay()
    {
        using var source = GitSource.Open(repository.Settings with { Url = repository.Work });
        await source.FetchAsync(Token);

        var pushed = Assert.IsType<ProposalOutcome.Pushed>(await source.ProposeAsync(Revert, Token));

        Assert.Equal(pushed.Commit, repository.Run(repository.Work, "rev-parse", Branch));
        Assert.Equal("", repository.Run(repository.Work, "status", "--porcelain"));
        Assert.Equal(bad, repository.Run(repository.Work, "rev-parse", "HEAD"));
        Assert.Equal(new ProposalOutcome.AlreadyThere(Branch, pushed.Commit), await source.ProposeAsync(Revert, Token));
    }

    [Fact]
    public async Task Nothing_new_is_nothing_to_propose()
    {
        using var source = await FetchedAsync("path");

        var outcome = await source.ProposeAsync(Revert with { Files = new([new("desired-state/compose.versions.yaml", "bad\n")]) }, Token);

        Assert.Equal(new ProposalOutcome.NotPushed(Branch, $"The files of commit {bad[..8]} read so already: there is nothing to propose.", null), outcome);
    }

    [Fact]
    public async Task Before_the_first_fetch_there_is_nothing_to_build_on()
    {
        using var source = GitSource.Open(repository.Settings);

        Assert.IsType<ProposalOutcome.NotPushed>(await source.ProposeAsync(Revert, Token));
    }

    private async Task<GitSource> FetchedAsync(string way)
    {
        var source = GitSource.Open(way switch
        {
            "ssh" => ssh.For(repository.Settings),
            "http" => repository.Settings with { Url = http.Url },
            "file" => repository.Settings with { Url = $"file://{repository.Bare}" },
            _ => repository.Settings,
        });
        await source.FetchAsync(Token);
        return source;
    }
}
