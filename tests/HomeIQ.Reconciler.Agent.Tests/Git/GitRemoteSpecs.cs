using System.Diagnostics;
using HomeIQ.Reconciler.Git;

namespace HomeIQ.Reconciler.Agent.Tests.Git;

/// <summary>Fetching over HTTP from real and from broken servers.</summary>
/// <remarks>By themselves: the Git library's time limits are the whole process'.</remarks>
[Collection(nameof(GitRemoteSpecs))]
[CollectionDefinition(nameof(GitRemoteSpecs), DisableParallelization = true)]
public sealed class GitRemoteSpecs : IDisposable
{
    private readonly TestRepository repository = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => repository.Dispose();

    [Fact]
    public async Task A_repository_is_fetched_over_http()
    {
        using var server = new GitHttpServer(repository.Folder);
        using var source = Open(server.Url);

        Assert.Equal(repository.First, (await source.FetchAsync(Token)).Head.Id);
        var second = repository.Commit("compose.yaml", "2");
        Assert.Equal(second, (await source.FetchAsync(Token)).Head.Id);
    }

    [Fact]
    public async Task A_user_and_password_are_sent_when_they_are_asked_for()
    {
        using var server = new GitHttpServer(repository.Folder, GitHttpServer.Basic("ada", "pa:ss w@rd"));
        using var source = GitSource.Open(repository.Settings with { Url = server.Url, User = "ada", Password = "pa:ss w@rd" });

        Assert.Equal(repository.First, (await source.FetchAsync(Token)).Head.Id);
    }

    [Fact]
    public async Task Credentials_inside_the_address_are_used_and_never_shown_or_stored()
    {
        using var server = new GitHttpServer(repository.Folder, GitHttpServer.Basic("ada", "s3cret!"));
        var settings = repository.Settings with { Url = server.Url.Replace("://", "://ada:s3cret%21@", StringComparison.Ordinal) };
        using var source = GitSource.Open(settings);

        await source.FetchAsync(Token);

        Assert.Equal(server.Url, source.Address);
        Assert.DoesNotContain("s3cret", settings.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", File.ReadAllText(Path.Combine(settings.Directory, "config")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_is_sent_as_a_header()
    {
        using var server = new GitHttpServer(repository.Folder, "Bearer t0ken");
        using var source = GitSource.Open(repository.Settings with { Url = server.Url, Token = "t0ken" });

        Assert.Equal(repository.First, (await source.FetchAsync(Token)).Head.Id);
        Assert.Equal(["-", "Bearer t0ken", "Bearer t0ken"], server.Seen);
    }

    [Fact]
    public async Task A_token_is_the_password_where_a_forge_takes_no_header()
    {
        using var server = new GitHttpServer(repository.Folder, GitHttpServer.Basic("x-access-token", "t0ken"));
        using var source = GitSource.Open(repository.Settings with { Url = server.Url, Token = "t0ken" });

        Assert.Equal(repository.First, (await source.FetchAsync(Token)).Head.Id);
    }

    [Theory]
    [InlineData("ada", "wrong", null)]
    [InlineData(null, null, "wrong")]
    public async Task Refused_credentials_end_at_once_and_are_not_repeated_in_the_message(string? user, string? password, string? token)
    {
        using var server = new GitHttpServer(repository.Folder, GitHttpServer.Basic("ada", "right"));
        using var source = GitSource.Open(repository.Settings with { Url = server.Url, User = user, Password = password, Token = token });

        var error = await Assert.ThrowsAsync<GitException>(() => source.FetchAsync(Token));

        Assert.Equal(GitFailure.Unauthorized, error.Kind);
        Assert.Equal($"{server.Url} refused the credentials for the repository.", error.Message);
        Assert.DoesNotContain("wrong", error.ToString(), StringComparison.Ordinal);
        Assert.InRange(server.Seen.Count, 1, 6);
    }

    [Fact]
    public async Task Missing_credentials_are_said_to_be_missing()
    {
        using var server = new GitHttpServer(repository.Folder, GitHttpServer.Basic("ada", "right"));
        using var source = Open(server.Url);

        var error = await Assert.ThrowsAsync<GitException>(() => source.FetchAsync(Token));

        Assert.Equal((GitFailure.Unauthorized, $"{server.Url} asks for credentials, and none are set."), (error.Kind, error.Message));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("t0ken")]
    public async Task No_credentials_follow_a_redirect_to_another_host(string? token)
    {
        using var other = new GitHttpServer(repository.Folder, GitHttpServer.Basic("ada", "right"));
        using var server = new GitHttpServer(repository.Folder, redirectTo: other.Url);
        using var source = GitSource.Open(repository.Settings with { Url = server.Url, User = "ada", Password = token is null ? "right" : null, Token = token });

        var error = await Assert.ThrowsAsync<GitException>(() => source.FetchAsync(Token));

        Assert.All(other.Seen, header => Assert.Equal("-", header));
        Assert.True(token is null || error.Message == $"{server.Url} redirects to {other.Url}: a token is sent only to the address that is set, so set the new one.");
    }

    [Fact]
    public async Task A_repository_that_is_not_there_is_not_found()
    {
        using var server = new GitHttpServer(repository.Folder);
        var url = server.Url.Replace("source.git", "other.git", StringComparison.Ordinal);
        using var source = Open(url);

        var error = await Assert.ThrowsAsync<GitException>(() => source.FetchAsync(Token));

        Assert.Equal((GitFailure.NotFound, $"There is no Git repository at {url}."), (error.Kind, error.Message));
    }

    [Fact]
    public async Task A_server_that_is_down_is_unreachable_and_what_was_fetched_stays()
    {
        var server = new GitHttpServer(repository.Folder);
        using var source = Open(server.Url);
        await source.FetchAsync(Token);
        server.Dispose();

        var error = await Assert.ThrowsAsync<GitException>(() => source.FetchAsync(Token));

        Assert.Equal(GitFailure.Unreachable, error.Kind);
        Assert.Equal(repository.First, source.Resolve("main").Id);
    }

    [Fact]
    public async Task A_silent_server_is_given_up_after_the_time_limit()
    {
        using var silent = new SilentServer();
        using var source = GitSource.Open(repository.Settings with { Url = $"http://127.0.0.1:{silent.Port}/source.git", ReadLimit = TimeSpan.FromSeconds(1) });
        var clock = Stopwatch.StartNew();

        var error = await Assert.ThrowsAsync<GitException>(() => source.FetchAsync(Token));

        Assert.Equal(GitFailure.Unreachable, error.Kind);
        Assert.InRange(clock.Elapsed.TotalSeconds, 0.9, 10);
    }

    [Fact]
    public async Task Cancelling_does_not_wait_for_a_silent_server()
    {
        using var silent = new SilentServer();
        using var source = GitSource.Open(repository.Settings with { Url = $"http://127.0.0.1:{silent.Port}/source.git", ReadLimit = TimeSpan.FromSeconds(3) });
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var fetch = source.FetchAsync(stop.Token);
        await silent.Connected;
        var clock = Stopwatch.StartNew();

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => fetch);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(1), $"{clock.Elapsed}");
    }

    [Theory]
    [InlineData("ssh://git:s3cret@example.org/home.git", "password")]
    [InlineData("ssh://-oProxyCommand=x/home.git", "form")]
    [InlineData("ssh://git@example.org", "form")]
    [InlineData("git@example.org:-x", "dash")]
    [InlineData("git://example.org/home.git", "neither")]
    [InlineData("ftp://ada:s3cret@example.org/home.git", "neither")]
    [InlineData("not/there", "neither")]
    public void Other_addresses_are_refused_by_name(string url, string says)
    {
        var error = Assert.Throws<GitException>(() => Open(url));

        Assert.Equal(GitFailure.Refused, error.Kind);
        Assert.Contains(says, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", error.Message, StringComparison.Ordinal);
    }

    private GitSource Open(string url) => GitSource.Open(repository.Settings with { Url = url });
}
