namespace HomeIQ.Reconciler.Cli;

/// <summary>A repository behind a real ssh server, read by the program as it is built, the native one too.</summary>
public sealed class SshTests
{
    private static readonly string Server = Repository.PathOf("tests", "rig", "sshd.sh");

    [Fact]
    public async Task A_repository_behind_ssh_is_read_with_a_key_and_a_known_host_and_refused_without()
    {
        using var homeiq = new Homeiq();
        House.WriteGood(homeiq, "repository/desired-state");
        var repository = await homeiq.CommitAsync("first");
        var folder = homeiq.Files.PathOf("ssh");
        var started = await homeiq.RunAsync(Server, ["start", folder]);
        Assert.True(started.Code == 0, started.ToString());
        try
        {
            string[] validate = ["validate", "--repo", $"ssh://{started.Out.Trim()}{repository}", "--git-ssh-key", "ssh/key", "--git-known-hosts"];

            Assert.Equal(new Ended(0, "ok: project house, 2 services, 1 network, 0 volumes\n", ""), await homeiq.RunAsync([.. validate, "ssh/known_hosts"]));

            homeiq.Files.Write("nobody", "");
            var refused = await homeiq.RunAsync([.. validate, "nobody"]);
            Assert.Equal(2, refused.Code);
            Assert.Contains("is not in /TEST/nobody.\n        get it by ssh-keyscan -p ", refused.Error, StringComparison.Ordinal);
        }
        finally
        {
            await homeiq.RunAsync(Server, ["stop", folder]);
        }
    }
}
