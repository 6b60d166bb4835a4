using HomeIQ.Reconciler.Agent.Tests.Git;

namespace HomeIQ.Reconciler.Cli;

/// <summary>A repository behind TLS, read by the program as it is built: whom it trusts is settled once in a process.</summary>
public sealed class HttpsTests
{
    [Theory]
    [InlineData(null)]
    [InlineData("t0ken")]
    public async Task A_repository_behind_TLS_is_read_when_its_authority_is_known_and_refused_when_not(string? token)
    {
        using var homeiq = new Homeiq();
        House.WriteGood(homeiq, "repository/desired-state");
        await homeiq.CommitAsync("first");
        using var server = new GitHttpServer(homeiq.Files.Root, token is null ? null : $"Bearer {token}");
        using var front = new TlsFront(server.Port);
        var url = $"https://127.0.0.1:{front.Port}/repository/.git";
        if (token is not null)
        {
            homeiq.Variables["HOMEIQ_GIT_TOKEN"] = token;
        }

        var refused = await homeiq.RunAsync("validate", "--repo", url);
        Assert.Equal(2, refused.Code);
        Assert.Contains($"The certificate of {url} is not trusted: ", refused.Error, StringComparison.Ordinal);
        Assert.Contains("SSL_CERT_FILE", refused.Error, StringComparison.Ordinal);
        Assert.Empty(server.Seen);

        homeiq.Variables["SSL_CERT_FILE"] = homeiq.Files.Write("authority.pem", front.Authority);
        Assert.Equal(new Ended(0, "ok: project house, 2 services, 1 network, 0 volumes\n", ""), await homeiq.RunAsync("validate", "--repo", url));
        Assert.NotEmpty(server.Seen);
    }
}
