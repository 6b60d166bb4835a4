using HomeIQ.Reconciler.Git;

namespace HomeIQ.Reconciler.Agent.Tests.Git;

/// <summary>How an address over ssh is taken apart, and how ssh is called for it.</summary>
public sealed class SshAddressSpecs
{
    [Theory]
    [InlineData("ssh://git@example.org/home.git", "git", "example.org", null, "/home.git")]
    [InlineData("SSH://git@example.org:2222/a/b%20c.git", "git", "example.org", 2222, "/a/b c.git")]
    [InlineData("ssh://example.org/~/home.git", null, "example.org", null, "~/home.git")]
    [InlineData("ssh://ada@[::1]:22/home.git", "ada", "::1", 22, "/home.git")]
    [InlineData("git@example.org:house/home.git", "git", "example.org", null, "house/home.git")]
    [InlineData("example.org:/srv/home.git", null, "example.org", null, "/srv/home.git")]
    [InlineData("git@[fe80::1]:home.git", "git", "fe80::1", null, "home.git")]
    public void An_address_says_who_where_and_what(string url, string? user, string host, int? port, string path) =>
        Assert.Equal(new SshAddress(user, host, port, path), SshAddress.Parse(url));

    [Theory]
    [InlineData("https://example.org/home.git")]
    [InlineData("/srv/a:b.git")]
    [InlineData("srv/a:b.git")]
    [InlineData("home.git")]
    public void Other_addresses_are_none(string url) => Assert.Null(SshAddress.Parse(url));

    [Theory]
    [InlineData("ssh://-oProxyCommand=touch@example.org/x")]
    [InlineData("ssh://git@-oProxyCommand=touch/x")]
    [InlineData("-oProxyCommand=touch:x")]
    [InlineData("git@-oProxyCommand=touch:x")]
    [InlineData("git@example.org:-x")]
    [InlineData("git@example.org:a\nb")]
    [InlineData("ssh://git@example.org:99999999/x")]
    [InlineData("ssh://exa mple.org/x")]
    public void Nothing_in_an_address_can_become_an_option_of_ssh(string url) =>
        Assert.Equal(GitFailure.Refused, Assert.Throws<GitException>(() => SshAddress.Parse(url)).Kind);

    [Fact]
    public void Ssh_asks_nobody_trusts_only_known_hosts_and_reads_nobodys_settings()
    {
        using var repository = new TestRepository(empty: true);
        var (key, hosts) = (Path.Combine(repository.Folder, "a key"), Path.Combine(repository.Folder, "known 100%"));
        File.WriteAllText(key, "");
        File.WriteAllText(hosts, "");

        var (program, arguments) = SshCommand.For(
            SshAddress.Parse("git@example.org:ada's/ho!me.git")!, repository.Settings with { SshKey = key, KnownHosts = hosts, ConnectLimit = TimeSpan.FromSeconds(1.5) }, "git-upload-pack");

        Assert.EndsWith("/ssh", program, StringComparison.Ordinal);
        Assert.Equal(
            [
                "-aTx", "-F", "none", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes", "-o", "UpdateHostKeys=no", "-o", "LogLevel=ERROR",
                "-o", "ConnectTimeout=2", "-o", "ServerAliveInterval=30", "-o", "ServerAliveCountMax=1",
                "-o", "IdentitiesOnly=yes", "-o", $"IdentityFile=\"{key}\"", "-o", $"UserKnownHostsFile=\"{hosts}%\"", "-o", "GlobalKnownHostsFile=/dev/null",
                "-l", "git", "--", "example.org", @"git-upload-pack 'ada'\''s/ho'\!'me.git'",
            ],
            arguments);
    }

    [Fact]
    public void Without_a_key_and_known_hosts_those_of_the_user_count_and_hosts_are_checked_all_the_same()
    {
        using var repository = new TestRepository(empty: true);

        var (_, arguments) = SshCommand.For(SshAddress.Parse("ssh://example.org:2222/home.git")!, repository.Settings, "git-receive-pack");

        Assert.Contains("StrictHostKeyChecking=yes", arguments);
        Assert.DoesNotContain(arguments, argument => argument.Contains("Identit", StringComparison.Ordinal) || argument.Contains("KnownHostsFile", StringComparison.Ordinal));
        Assert.Equal(["-p", "2222", "--", "example.org", "git-receive-pack '/home.git'"], arguments.TakeLast(5));
    }
}
