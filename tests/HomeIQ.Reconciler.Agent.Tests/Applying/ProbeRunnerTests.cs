using System.Net;
using System.Net.Sockets;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Observed;
using HomeIQ.Reconciler.Reconciling;

namespace HomeIQ.Reconciler.Applying;

/// <summary>One question, put to a real server on loopback that stands for a container's.</summary>
public sealed class ProbeRunnerTests : IDisposable
{
    private static readonly DesiredService Service = new() { Name = "api", ContainerName = "api", Spec = new() { Image = "house/api:1.0.0", Ports = [new(80)] } };

    private readonly Stage stage = new();
    private readonly WebServer server = new();
    private readonly AgentProcess process;

    public ProbeRunnerTests() => process = stage.Begin();

    public void Dispose()
    {
        server.Dispose();
        stage.Dispose();
    }

    [Theory]
    [InlineData("/status/200", ProbeResult.Pass, "status 200")]
    [InlineData("/status/204", ProbeResult.Pass, "status 204")]
    [InlineData("/status/201", ProbeResult.Fail, "status 201")]
    [InlineData("/status/503", ProbeResult.Fail, "status 503")]
    public async Task Only_the_expected_statuses_pass(string path, ProbeResult result, string way) =>
        Assert.Equal((result, way), Short(await AskAsync(Http(path) with { Status = [200, 204] })));

    [Fact]
    public async Task A_redirect_is_an_answer_and_is_not_followed()
    {
        Assert.Equal((ProbeResult.Fail, "status 302"), Short(await AskAsync(Http("/status/302"))));
        Assert.Equal((ProbeResult.Pass, "status 302"), Short(await AskAsync(Http("/status/302") with { Status = [302] })));
        Assert.Equal(["/status/302", "/status/302"], server.Asked);
    }

    [Theory]
    [InlineData("status", "healthy", null)]
    [InlineData("dependencies.sqlite.status", "up", null)]
    [InlineData("checks.1.name", "disk", null)]
    [InlineData("count", "3", null)]
    [InlineData("ratio", "1.50", null)]
    [InlineData("ready", "true", null)]
    [InlineData("nothing", "null", null)]
    [InlineData("status", "degraded", "status is healthy")]
    [InlineData("ready", "false", "ready is true")]
    [InlineData("ratio", "1.5", "ratio is 1.50")]
    [InlineData("dependencies.influx.status", "up", "dependencies.influx.status is (nothing)")]
    [InlineData("checks.2.name", "disk", "checks.2.name is (nothing)")]
    [InlineData("checks.-1.name", "disk", "checks.-1.name is (nothing)")]
    [InlineData("status.more", "x", "status.more is (nothing)")]
    public async Task A_path_into_the_body_has_to_have_its_value(string path, string expected, string? way)
    {
        server.Body = """{"status": "healthy", "dependencies": {"sqlite": {"status": "up"}}, "checks": [{"name": "net"}, {"name": "disk"}], "count": 3, "ratio": 1.50, "ready": true, "nothing": null}""";

        var answer = await AskAsync(Http("/body") with { Json = new([new(path, expected)]) });

        Assert.Equal(way is null ? (ProbeResult.Pass, "as expected") : (ProbeResult.Fail, way), Short(answer));
    }

    [Theory]
    [InlineData("healthy")]
    [InlineData("")]
    [InlineData("{\"status\": ")]
    [InlineData("<html/>")]
    public async Task A_body_that_is_no_JSON_fails_where_a_value_is_expected_and_only_there(string body)
    {
        server.Body = body;

        Assert.Equal((ProbeResult.Fail, "no JSON"), Short(await AskAsync(Http("/body") with { Json = new([new("status", "healthy")]) })));
        Assert.Equal(ProbeResult.Pass, (await AskAsync(Http("/body"))).Result);
    }

    [Fact]
    public async Task A_body_is_read_up_to_a_mebibyte_and_no_further()
    {
        server.Body = $$"""{"status": "healthy", "padding": "{{new string('x', (1 << 20) - 100)}}"}""";
        Assert.Equal(ProbeResult.Pass, (await AskAsync(Http("/body") with { Json = new([new("status", "healthy")]) })).Result);

        server.Body = $$"""{"status": "healthy", "padding": "{{new string('x', 1 << 20)}}"}""";
        Assert.Equal(ProbeResult.Fail, (await AskAsync(Http("/body") with { Json = new([new("status", "healthy")]) })).Result);
        Assert.Equal(ProbeResult.Fail, (await AskAsync(Http("/endless"))).Result);
    }

    [Fact]
    public async Task Who_does_not_answer_in_time_fails()
    {
        var answer = await AskAsync(Http("/never") with { Timeout = TimeSpan.FromMilliseconds(200) });

        Assert.Equal((ProbeResult.Fail, ProbeRunner.NoAnswer), Short(answer));
        Assert.EndsWith("did not answer within 0.2 s", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_nobody_listens_it_fails()
    {
        Assert.Equal((ProbeResult.Fail, nameof(HttpRequestError.ConnectionError)), Short(await AskAsync(Http("/") with { Url = $"http://127.0.0.1:{Closed()}/" })));
        Assert.Equal((ProbeResult.Fail, nameof(SocketError.ConnectionRefused)), Short(await AskAsync(new TcpProbe(Closed()))));
    }

    [Fact]
    public async Task A_name_that_cannot_be_resolved_says_nothing_about_the_version() =>
        Assert.Equal((ProbeResult.Inconclusive, "no such name"), Short(await AskAsync(Http("/") with { Url = "http://nowhere.invalid/health" })));

    [Fact]
    public async Task A_whole_address_is_asked_as_it_is()
    {
        Assert.Equal(ProbeResult.Pass, (await AskAsync(Http("/elsewhere") with { Url = $"http://127.0.0.1:{server.Port}/status/200?full=yes" })).Result);
        Assert.Equal(["/status/200?full=yes"], server.Asked);
    }

    [Fact]
    public async Task A_port_of_the_container_is_asked_where_it_is_published()
    {
        // Inside it is 80, which is also what the service opens first.
        var container = Container(address: "192.0.2.1") with { PublishedPorts = [new(80, HostPort: server.Port)] };

        Assert.Equal(ProbeResult.Pass, (await AskAsync(Http("/status/200") with { Port = 80 }, container)).Result);
        Assert.Equal(ProbeResult.Pass, (await AskAsync(Http("/status/200") with { Port = null }, container)).Result);
    }

    [Fact]
    public async Task A_connection_that_is_accepted_passes()
    {
        Assert.Equal(ProbeResult.Pass, (await AskAsync(new TcpProbe(server.Port))).Result);
        Assert.Equal(ProbeResult.Pass, (await AskAsync(new TcpProbe(server.Port), Container(address: null))).Result);
    }

    [Fact]
    public async Task Behind_a_published_port_the_container_itself_has_to_accept()
    {
        // The published port is open, as an engine's proxy holds it; inside nobody listens.
        var container = Container("127.0.0.1") with { PublishedPorts = [new(Closed(), HostPort: server.Port)] };

        Assert.Equal((ProbeResult.Fail, nameof(SocketError.ConnectionRefused)), Short(await AskAsync(new TcpProbe(container.PublishedPorts[0].ContainerPort), container)));
    }

    [Fact]
    public async Task On_another_machines_engine_a_connection_that_is_closed_at_once_has_nobody_behind_it()
    {
        using var proxy = new ClosingServer();
        Assert.Equal((ProbeResult.Fail, "closed at once"), Short(await AskAsync(new TcpProbe(80), Container("127.0.0.1") with { PublishedPorts = [new(80, HostPort: proxy.Port)] }, isEngineLocal: false)));
        Assert.Equal(ProbeResult.Pass, (await AskAsync(new TcpProbe(80), Container("127.0.0.1") with { PublishedPorts = [new(80, HostPort: server.Port)] }, isEngineLocal: false)).Result);
    }

    private static HttpProbe Http(string path) => new(Url: null, Port: 80, path, "http", [200], ValueMap<string>.Empty);

    private static (ProbeResult Result, string Way) Short(ProbeAnswer answer) => (answer.Result, answer.Way);

    private static ObservedContainer Container(string? address) => new()
    {
        Id = "api-1",
        Name = "api",
        Image = "house/api:1.0.0",
        ImageId = "sha256:1",
        Status = ContainerStatus.Running,
        Networks = address is null ? [] : [new("house", "net-1", [], address, null, null)],
    };

    /// <summary>A port that nothing listens on.</summary>
    private static int Closed()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private Task<ProbeAnswer> AskAsync(Probe probe, ObservedContainer? container = null, bool isEngineLocal = true)
    {
        container ??= Container("127.0.0.1") with { PublishedPorts = [new(80, HostPort: server.Port)] };
        return new ProbeRunner(process.Context(isEngineLocal: isEngineLocal)).AskAsync(probe, Service, container, TestContext.Current.CancellationToken);
    }

    /// <summary>Answers by path: <c>/status/N</c>, <c>/body</c>, <c>/endless</c>, and not at all.</summary>
    private sealed class WebServer : IDisposable
    {
        private readonly HttpListener listener = new();

        public WebServer()
        {
            Port = Closed();
            listener.Prefixes.Add($"http://127.0.0.1:{Port}/");
            listener.Start();
            _ = ServeAsync();
        }

        public int Port { get; }

        public string Body { get; set; } = "";

        public List<string> Asked { get; } = [];

        public void Dispose() => listener.Abort();

        private async Task ServeAsync()
        {
            while (listener.IsListening)
            {
                HttpListenerContext context;
                try
                {
                    context = await listener.GetContextAsync();
                }
                catch (Exception ended) when (ended is HttpListenerException or ObjectDisposedException)
                {
                    return;
                }

                Asked.Add(context.Request.RawUrl!);
                _ = AnswerAsync(context);
            }
        }

        private async Task AnswerAsync(HttpListenerContext context)
        {
            var path = context.Request.Url!.AbsolutePath;
            if (path == "/never")
            {
                return;
            }

            try
            {
                using var response = context.Response;
                response.RedirectLocation = path == "/status/302" ? "/elsewhere" : null;
                response.StatusCode = path.StartsWith("/status/", StringComparison.Ordinal) ? int.Parse(path[8..], System.Globalization.CultureInfo.InvariantCulture) : 200;
                await using var body = new StreamWriter(response.OutputStream);
                await body.WriteAsync(path == "/body" ? Body : "");
                while (path == "/endless")
                {
                    await body.WriteAsync(new string('x', 64 * 1024));
                }
            }
            catch (Exception leftAlone) when (leftAlone is HttpListenerException or IOException or ObjectDisposedException or InvalidOperationException)
            {
                // Whoever asked went away.
            }
        }
    }

    /// <summary>Accepts like an engine's proxy and closes, since nobody is behind it.</summary>
    private sealed class ClosingServer : IDisposable
    {
        private readonly TcpListener listener = new(IPAddress.Loopback, 0);

        public ClosingServer()
        {
            listener.Start();
            _ = ServeAsync();
        }

        public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

        public void Dispose() => listener.Dispose();

        private async Task ServeAsync()
        {
            try
            {
                while (true)
                {
                    (await listener.AcceptTcpClientAsync()).Dispose();
                }
            }
            catch (Exception ended) when (ended is SocketException or ObjectDisposedException)
            {
                // The test is over.
            }
        }
    }
}
