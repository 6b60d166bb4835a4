using HomeIQ.Reconciler.Reporting;

namespace HomeIQ.Reconciler.Forges;

/// <summary>What a forge is told, in its own words.</summary>
public sealed class ForgeSpecs
{
    private static readonly string Commit = new('a', 40);

    [Theory]
    [InlineData(ForgeKind.GitHub, "pending", "success", "failure", "error")]
    [InlineData(ForgeKind.Gitea, "pending", "success", "failure", "error")]
    [InlineData(ForgeKind.GitLab, "running", "success", "failed", "failed")]
    public async Task Each_state_is_told_in_the_forges_word(ForgeKind kind, params string[] words)
    {
        using var server = new StandInForge(kind);
        using var forge = new Forge(server.Settings());

        foreach (var state in Enum.GetValues<CommitState>())
        {
            await forge.PutAsync(new(Commit, state, "so it is"), TestContext.Current.CancellationToken);
        }

        // GitLab knows one word for the last two, and is not told it twice.
        Assert.Equal((kind is ForgeKind.GitLab ? words[..3] : words).Select(word => $"{Commit} homeiq/home {word}: so it is"), server.Statuses);
    }

    [Theory]
    [InlineData(ForgeKind.GitHub)]
    [InlineData(ForgeKind.Gitea)]
    [InlineData(ForgeKind.GitLab)]
    public async Task A_pull_request_is_opened_once(ForgeKind kind)
    {
        using var server = new StandInForge(kind);
        using var forge = new Forge(server.Settings());

        var first = await forge.OpenAsync("homeiq/revert-1", "main", "Put api back", "It failed.", TestContext.Current.CancellationToken);
        var second = await forge.OpenAsync("homeiq/revert-1", "main", "Put api back", "It failed.", TestContext.Current.CancellationToken);

        Assert.Equal(($"{server.Root}/house/stack/1", null), (first, second));
        Assert.Equal(["homeiq/revert-1 onto main: Put api back"], server.Requests);
    }

    [Theory]
    [InlineData(ForgeKind.GitHub)]
    [InlineData(ForgeKind.Gitea)]
    [InlineData(ForgeKind.GitLab)]
    public async Task A_wrong_token_is_told_with_what_it_needs_and_without_itself(ForgeKind kind)
    {
        using var server = new StandInForge(kind);
        using var forge = new Forge(server.Settings("a-wrong-token"));

        var refused = await Assert.ThrowsAsync<ForgeException>(() => forge.PutAsync(new(Commit, CommitState.Success, "so it is"), TestContext.Current.CancellationToken));

        Assert.Equal($"{server.Root}/api did not take the commit status (401): the token is not allowed to: it needs to write commit statuses and pull requests", refused.Message);
        Assert.Empty(server.Statuses);
    }

    [Theory]
    [InlineData(302, "", "it redirects, and a token is sent only to the address that is set: set the new one (--forge-api)")]
    [InlineData(404, "", "there is no house/stack, or the token may not see it")]
    [InlineData(502, "<html>Bad Gateway</html>", "<html>Bad Gateway</html>")]
    [InlineData(500, """{"message":"token-of-the-forge is odd"}""", "*** is odd")]
    public async Task Another_answer_is_told_in_one_line(int code, string body, string told)
    {
        using var server = new StandInForge(ForgeKind.Gitea) { Instead = (code, body) };
        using var forge = new Forge(server.Settings());

        var refused = await Assert.ThrowsAsync<ForgeException>(() => forge.OpenAsync("branch", "main", "title", "text", TestContext.Current.CancellationToken));

        Assert.Equal($"{server.Root}/api did not take the pull request ({code}): {told}", refused.Message);
    }

    [Fact]
    public async Task One_that_is_not_there_is_told()
    {
        ForgeSettings settings;
        using (var server = new StandInForge(ForgeKind.Gitea))
        {
            settings = server.Settings();
        }

        using var forge = new Forge(settings);
        var refused = await Assert.ThrowsAsync<ForgeException>(() => forge.PutAsync(new(Commit, CommitState.Success, "so it is"), TestContext.Current.CancellationToken));
        Assert.StartsWith($"{settings.Api} could not be reached: ", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ForgeKind.GitHub, "https://github.com/house/stack.git", "https://api.github.com", "house/stack")]
    [InlineData(ForgeKind.GitHub, "https://git.example/house/stack", "https://git.example/api/v3", "house/stack")]
    [InlineData(ForgeKind.Gitea, "http://ada:secret@git.example:3000/house/stack.git", "http://git.example:3000/api/v1", "house/stack")]
    [InlineData(ForgeKind.GitLab, "https://git.example/family/house/stack.git", "https://git.example/api/v4", "family/house/stack")]
    public void Where_it_is_follows_from_the_repositorys_address(ForgeKind kind, string repository, string api, string project) =>
        Assert.Equal((api, project), ForgeSettings.Guess(kind, repository));

    [Theory]
    [InlineData("git@git.example:house/stack.git")]
    [InlineData("ssh://git@git.example/house/stack.git")]
    [InlineData("/srv/git/stack")]
    [InlineData("file:///srv/git/stack")]
    public void Other_addresses_tell_nothing(string repository) => Assert.Null(ForgeSettings.Guess(ForgeKind.Gitea, repository));
}
