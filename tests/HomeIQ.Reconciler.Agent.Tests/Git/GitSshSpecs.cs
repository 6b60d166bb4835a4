using System.Diagnostics;
using System.Globalization;
using HomeIQ.Reconciler.Git;

namespace HomeIQ.Reconciler.Agent.Tests.Git;

/// <summary>Fetching over ssh from a real server, and every way in which that can fail.</summary>
[Collection(nameof(GitRemoteSpecs))]
public sealed class GitSshSpecs(GitSshServer server) : IClassFixture<GitSshServer>, IDisposable
{
    private readonly TestRepository repository = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private GitSettings Settings => server.For(repository.Settings);

    public void Dispose() => repository.Dispose();

    [Fact]
    public async Task A_repository_is_cloned_followed_and_left_alone_when_nothing_is_new()
    {
        repository.AddHistory(50);
        using var source = GitSource.Open(Settings);

        var first = await source.FetchAsync(Token);
        Assert.Equal("x", first.Head.Subject);
        Assert.True(source.IsAncestor(repository.First, first.Head.Id));

        repository.Git("pull", "-q", "origin", "main");
        var second = repository.Commit("compose.yaml", "2");
        var next = await source.FetchAsync(Token);
        Assert.Equal((second, first.Head.Id, false), (next.Head.Id, next.Previous, next.HistoryRewritten));
        Assert.Equal("2", System.Text.Encoding.UTF8.GetString(source.TreeAt(second).Read("compose.yaml", 10)));

        Assert.False((await source.FetchAsync(Token)).Moved);
    }

    [Fact]
    public async Task The_clone_is_whole_as_over_http()
    {
        repository.AddHistory(20);
        using var source = GitSource.Open(Settings);

        await source.FetchAsync(Token);

        Assert.Equal("21", repository.Run(Settings.Directory, "rev-list", "--count", "refs/remotes/origin/main"));
        Assert.False(File.Exists(Path.Combine(Settings.Directory, "shallow")));
    }

    [Fact]
    public async Task Key_and_known_hosts_may_stand_in_folders_with_blanks_and_percent_signs()
    {
        var folder = Directory.CreateDirectory(Path.Combine(repository.Folder, "my keys 100%d")).FullName;
        var (key, hosts) = (Path.Combine(folder, "the key"), Path.Combine(folder, "the hosts"));
        File.Copy(server.Key, key);
        File.Copy(server.KnownHosts, hosts);
        using var source = GitSource.Open(Settings with { SshKey = key, KnownHosts = hosts });

        Assert.Equal(repository.First, (await source.FetchAsync(Token)).Head.Id);
    }

    [Fact]
    public async Task Many_transfers_leave_no_process_and_no_handle_behind()
    {
        using var source = GitSource.Open(Settings);
        using var missing = GitSource.Open(Settings with { Url = Settings.Url + "-not" });
        await source.FetchAsync(Token);
        await Assert.ThrowsAsync<GitException>(() => missing.FetchAsync(Token));
        var before = Handles();

        for (var turn = 0; turn < 10; turn++)
        {
            await source.FetchAsync(Token);
            await Assert.ThrowsAsync<GitException>(() => missing.FetchAsync(Token));
        }

        Assert.Empty(Children());
        Assert.InRange(Handles(), 0, before + 5);
    }

    [Fact]
    public async Task A_key_that_is_not_there_is_said_so()
    {
        var key = server.Key + "-not";

        await FailsAsync(
            Settings with { SshKey = key },
            new(GitFailure.Unauthorized, $"The ssh key {key} is not there.", "name the private key: --git-ssh-key FILE"));
    }

    [Fact]
    public async Task A_key_that_others_may_read_is_said_so()
    {
        var key = server.Write("open", File.ReadAllText(server.Key), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);

        await FailsAsync(
            Settings with { SshKey = key },
            new(GitFailure.Unauthorized, $"The ssh key {key} may be read by others, so ssh does not use it.", $"chmod 600 {key}"));
    }

    [Fact]
    public async Task A_file_that_is_no_key_is_said_so()
    {
        var key = server.Write("junk", "no key\n");

        await FailsAsync(
            Settings with { SshKey = key },
            new(GitFailure.Unauthorized, $"The ssh key {key} cannot be used: Load key \"{key}\": error in libcrypto", "name a private key in OpenSSH's form"));
    }

    [Theory]
    [InlineData("stranger", "")]
    [InlineData("locked", "a passphrase")]
    public async Task A_key_that_the_server_does_not_take_is_said_so(string name, string passphrase)
    {
        var key = server.NewKey(name, passphrase);

        await FailsAsync(
            Settings with { SshKey = key },
            new(
                GitFailure.Unauthorized,
                $"127.0.0.1 refused the ssh key {key} for {Environment.UserName}.",
                "register its public half with the server as a deploy key; the key must have no passphrase, since nobody is there to type it"));
    }

    [Fact]
    public async Task A_host_that_is_not_known_is_not_trusted()
    {
        var hosts = server.Write("nobody", "");

        await FailsAsync(
            Settings with { KnownHosts = hosts },
            new(
                GitFailure.Untrusted,
                $"The host key of [127.0.0.1]:{server.Port} is not in {hosts}.",
                $"get it by ssh-keyscan -p {server.Port} 127.0.0.1, compare its fingerprint with what the server's owner says, and put it there"));
        Assert.Equal("", File.ReadAllText(hosts));
    }

    [Fact]
    public async Task A_host_with_another_key_than_the_known_one_is_not_trusted()
    {
        var other = server.NewKey("other-host");
        var hosts = server.Write("changed", $"[127.0.0.1]:{server.Port} {File.ReadAllText(other + ".pub")}");

        await FailsAsync(
            Settings with { KnownHosts = hosts },
            new(
                GitFailure.Untrusted,
                $"The host key of [127.0.0.1]:{server.Port} is another one than in {hosts}: somebody may be in between.",
                "only when you know that the server has a new key: put it there in place of the old one"));
    }

    [Fact]
    public async Task A_file_of_known_hosts_that_is_not_there_is_said_so()
    {
        var hosts = server.KnownHosts + "-not";

        await FailsAsync(
            Settings with { KnownHosts = hosts },
            new(GitFailure.Untrusted, $"The file of known hosts {hosts} is not there.", "name the file that holds the server's key: --git-known-hosts FILE"));
    }

    [Fact]
    public async Task A_host_where_nobody_listens_is_unreachable()
    {
        var port = GitHttpServer.FreePort();

        await FailsAsync(
            Settings with { Url = $"ssh://git@127.0.0.1:{port}/home.git" },
            new(GitFailure.Unreachable, $"127.0.0.1 could not be reached over ssh: ssh: connect to host 127.0.0.1 port {port}: Connection refused", null));
    }

    [Fact]
    public async Task A_repository_that_is_not_there_is_not_found()
    {
        await FailsAsync(
            Settings with { Url = $"ssh://{server.Address}/not/there.git" },
            new(GitFailure.NotFound, "There is no Git repository /not/there.git on 127.0.0.1, or the key may not see it: fatal: '/not/there.git' does not appear to be a git repository", "check --repo"));
    }

    [Fact]
    public async Task Without_the_ssh_program_it_is_asked_for()
    {
        var path = Environment.GetEnvironmentVariable("PATH");
        Environment.SetEnvironmentVariable("PATH", repository.Folder);
        try
        {
            await FailsAsync(Settings, new(GitFailure.Refused, "Repositories over ssh need the program ssh, and there is none on the PATH.", "install openssh-client"));
        }
        finally
        {
            Environment.SetEnvironmentVariable("PATH", path);
        }
    }

    [Fact]
    public async Task A_host_that_accepts_and_says_nothing_is_given_up_after_the_time_limit()
    {
        using var silent = new SilentServer();
        var clock = Stopwatch.StartNew();

        await FailsAsync(
            Settings with { Url = $"ssh://git@127.0.0.1:{silent.Port}/home.git", ConnectLimit = TimeSpan.FromSeconds(1) },
            new(GitFailure.Unreachable, "127.0.0.1 could not be reached over ssh: Connection timed out during banner exchange", null));

        Assert.InRange(clock.Elapsed.TotalSeconds, 0.9, 10);
    }

    [Fact]
    public async Task A_server_that_lets_one_in_and_says_nothing_is_given_up_after_the_time_limit()
    {
        var settings = Settings with { ConnectLimit = TimeSpan.FromSeconds(1), ReadLimit = TimeSpan.FromSeconds(1) };
        server.BeSilent(true);
        try
        {
            var clock = Stopwatch.StartNew();
            await FailsAsync(settings, new(GitFailure.Unreachable, "127.0.0.1 was silent for 2 s over ssh: given up.", null));
            Assert.InRange(clock.Elapsed.TotalSeconds, 1.9, 10);
        }
        finally
        {
            server.BeSilent(false);
        }

        using var source = GitSource.Open(Settings);
        Assert.Equal(repository.First, (await source.FetchAsync(Token)).Head.Id);
    }

    [Fact]
    public async Task Cancelling_ends_ssh_at_once()
    {
        using var silent = new SilentServer();
        using var source = GitSource.Open(Settings with { Url = $"ssh://git@127.0.0.1:{silent.Port}/home.git" });
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var fetch = source.FetchAsync(stop.Token);
        await silent.Connected;
        var clock = Stopwatch.StartNew();

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => fetch);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(1), $"{clock.Elapsed}");
        Assert.True(SpinWait.SpinUntil(() => Children().Count == 0, TimeSpan.FromSeconds(5)), "ssh lives on");
    }

    [Fact]
    public async Task What_was_fetched_stays_readable_when_the_server_is_away()
    {
        using (var source = GitSource.Open(Settings))
        {
            await source.FetchAsync(Token);
        }

        using var later = GitSource.Open(Settings with { Url = $"ssh://git@127.0.0.1:{GitHttpServer.FreePort()}/home.git" });
        await Assert.ThrowsAsync<GitException>(() => later.FetchAsync(Token));
        Assert.Equal(repository.First, later.Resolve("main").Id);
    }

    /// <summary>And the key is never shown, and no process stays.</summary>
    private async Task FailsAsync(GitSettings settings, Failure expected)
    {
        using var source = GitSource.Open(settings);

        var error = await Assert.ThrowsAsync<GitException>(() => source.FetchAsync(Token));

        Assert.Equal(expected, new Failure(error.Kind, error.Message, error.Hint));
        Assert.DoesNotContain(File.ReadAllLines(server.Key)[1], error.ToString(), StringComparison.Ordinal);
        Assert.Empty(Children());
    }

    private static int Handles() => Directory.GetFiles("/proc/self/fd").Length;

    /// <summary>This process's children that are called ssh, dead ones that nobody looked at included.</summary>
    private static List<string> Children() =>
    [
        .. Directory.GetDirectories("/proc").Where(folder => int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out _)).Select(StatOf)
            .Where(stat => stat.Contains("(ssh)", StringComparison.Ordinal) && stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1] == Environment.ProcessId.ToString(CultureInfo.InvariantCulture)),
    ];

    private static string StatOf(string process)
    {
        try
        {
            return File.ReadAllText(Path.Combine(process, "stat"));
        }
        catch (IOException)
        {
            // It has ended meanwhile.
            return "";
        }
    }

    private sealed record Failure(GitFailure Kind, string Message, string? Hint);
}
