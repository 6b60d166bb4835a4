using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using HomeIQ.Reconciler.Reconciling;
using HomeIQ.Reconciler.Web;

namespace HomeIQ.Reconciler.Cli;

/// <summary>The daemon's doors, with no engine behind it: it stays up, says so, and answers.</summary>
public sealed class DaemonTests : IAsyncDisposable
{
    private readonly Scratch files = new();
    private readonly CancellationTokenSource stop = new();
    private readonly Socket notify = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
    private Task? daemon;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string State => Path.Combine(files.Root, "state");

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        if (daemon is not null)
        {
            await daemon;
        }

        Environment.SetEnvironmentVariable("NOTIFY_SOCKET", null);
        notify.Dispose();
        stop.Dispose();
        files.Dispose();
    }

    [Fact]
    public async Task It_says_when_it_is_ready_feeds_the_watchdog_answers_and_says_when_it_stops()
    {
        Start();
        Assert.Equal("READY=1", await HeardAsync());

        using var client = await DaemonClient.FindAsync(State, Cancel);
        Assert.NotNull(client);
        await client.ReconcileAsync(Cancel);
        Assert.Equal("WATCHDOG=1", await HeardAsync());
        var refused = await Assert.ThrowsAsync<IOException>(() => client.AskAsync("apply", new Ask(), new Applying.Listener<Applying.RunEvent>(_ => { }), Cancel));
        Assert.Contains("there is no engine", refused.Message, StringComparison.Ordinal);

        await stop.CancelAsync();
        while (await HeardAsync() is var word && word != "STOPPING=1")
        {
            Assert.Equal("WATCHDOG=1", word);
        }

        await daemon!;
        Assert.False(File.Exists(Daemon.SocketOf(State)));
    }

    [Fact]
    public async Task It_takes_decisions_tells_them_to_whoever_follows_and_is_held_up_by_nobody()
    {
        Start();
        await HeardAsync();
        using var client = (await DaemonClient.FindAsync(State, Cancel))!;
        var news = client.FollowAsync(Cancel).GetAsyncEnumerator(Cancel);
        Assert.True(await news.MoveNextAsync());
        Assert.Null(news.Current.Decision);

        var until = DateTimeOffset.UtcNow.AddHours(1);
        Assert.False((await client.DecideAsync(new Planning.Suspension(null, DateTimeOffset.UnixEpoch, "over already"), Cancel)).IsTaken);
        Assert.True((await client.DecideAsync(new Planning.Suspension(null, until, "the roof is open"), Cancel)).IsTaken);

        Assert.True(await news.MoveNextAsync());
        Assert.Equal(until, Assert.IsType<Planning.Suspension>(news.Current.Decision).Until);
        await stop.CancelAsync();
        await daemon!.WaitAsync(TimeSpan.FromSeconds(20), Cancel);
        await Assert.ThrowsAsync<IOException>(async () => await news.MoveNextAsync());
        await news.DisposeAsync();
    }

    [Fact]
    public async Task It_tells_its_health_over_its_socket_only_to_its_owner()
    {
        Start();
        await HeardAsync();

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Daemon.SocketOf(State)));
        using var http = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (_, token) =>
            {
                var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await connection.ConnectAsync(new UnixDomainSocketEndPoint(Daemon.SocketOf(State)), token);
                return new NetworkStream(connection, ownsSocket: true);
            },
        });
        using var health = JsonDocument.Parse(await http.GetStringAsync(new Uri("http://daemon/health"), Cancel));
        Assert.Equal("pass", health.RootElement.GetProperty("status").GetString());
        Assert.Contains("engine", health.RootElement.GetProperty("problem").GetString(), StringComparison.OrdinalIgnoreCase);
        Assert.Contains("homeiq_failed_passes_total", await http.GetStringAsync(new Uri("http://daemon/metrics"), Cancel), StringComparison.Ordinal);
        using var ready = await http.GetAsync(new Uri("http://daemon/ready"), Cancel);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
    }

    [Fact]
    public async Task While_it_runs_nothing_is_taken_over_beside_it()
    {
        Start();
        await HeardAsync();
        using var homeiq = new Homeiq();

        var ended = await homeiq.RunAsync("adopt", "--yes", "--repo", "nowhere", "--state", State);

        Assert.Equal(new Ended(2, "", $"homeiq: error: a daemon acts from {State}; nothing was touched\n        stop homeiq run first, adopt, and start it again\n"), ended);
    }

    [Theory]
    [InlineData("apply")]
    [InlineData("rollback")]
    [InlineData("retry")]
    [InlineData("decide")]
    [InlineData("reconcile")]
    public async Task Over_a_port_it_is_looked_at_and_nothing_can_be_asked_for(string what)
    {
        using var free = new TcpListener(IPAddress.Loopback, 0);
        free.Start();
        var listen = (IPEndPoint)free.LocalEndpoint;
        free.Stop();
        Start(listen);
        await HeardAsync();
        using var http = new HttpClient { BaseAddress = new Uri($"http://{listen}/") };

        using var health = await http.GetAsync(new Uri("health", UriKind.Relative), Cancel);
        using var asked = await http.PostAsync(new Uri($"api/v1/ask/{what}", UriKind.Relative), new StringContent("{}", Encoding.UTF8, "application/json"), Cancel);

        Assert.Equal(HttpStatusCode.OK, health.StatusCode);
        Assert.Equal((HttpStatusCode.Forbidden, "ask on the daemon's own socket\n"), (asked.StatusCode, await asked.Content.ReadAsStringAsync(Cancel)));
    }

    [Theory]
    [InlineData("0.0.0.0:8787")]
    [InlineData("192.168.1.5:8787")]
    [InlineData("[::]:8787")]
    [InlineData("127.0.0.1")]
    [InlineData("8787")]
    [InlineData("localhost:8787")]
    public async Task An_address_beyond_loopback_is_refused(string address)
    {
        using var homeiq = new Homeiq();

        var ended = await homeiq.RunAsync("run", "--listen", address, "--repo", "nowhere", "--state", State);

        Assert.Equal(new Ended(2, "", $"homeiq: error: --listen {address} is no loopback address with a port\n        write 127.0.0.1:8787; put a web server with a login in front of it for others\n"), ended);
    }

    /// <remarks>Only what stands in the unit is judged: the program lies elsewhere here. A key that systemd does not know is a warning to it.</remarks>
    [Fact]
    public async Task The_unit_is_what_systemd_accepts()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/systemd-analyze"), "there is no systemd-analyze here: tests/rig/install.sh");
        const string program = "/usr/local/bin/homeiq ";
        var unit = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "src", "HomeIQ.Reconciler", "homeiq.service"), Cancel);
        Assert.Contains($"ExecStart={program}", unit, StringComparison.Ordinal);
        var copy = files.PathOf("homeiq.service");
        await File.WriteAllTextAsync(copy, unit.Replace(program, $"{Homeiq.Program} ", StringComparison.Ordinal), Cancel);
        using var homeiq = new Homeiq();

        var judged = await homeiq.RunAsync("/usr/bin/systemd-analyze", ["verify", "--man=no", copy]);

        Assert.Equal(new Ended(0, "", ""), judged);
    }

    private void Start(IPEndPoint? listen = null)
    {
        var socket = Path.Combine(files.Root, "notify");
        notify.Bind(new UnixDomainSocketEndPoint(socket));
        Environment.SetEnvironmentVariable("NOTIFY_SOCKET", socket);
        var settings = new AgentSettings { Repository = Path.Combine(files.Root, "nowhere"), StateDirectory = State, Docker = $"unix://{files.Root}/no-engine.sock", ProjectName = "house" };
        daemon = Daemon.RunAsync(settings, new LoopSettings(), listen, log: null, stop.Token);
    }

    private async Task<string> HeardAsync()
    {
        var buffer = new byte[256];
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        var length = await notify.ReceiveAsync(buffer, SocketFlags.None, limit.Token);
        return Encoding.UTF8.GetString(buffer, 0, length);
    }
}
