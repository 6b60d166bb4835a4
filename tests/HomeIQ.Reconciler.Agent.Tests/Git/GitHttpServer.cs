using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace HomeIQ.Reconciler.Agent.Tests.Git;

/// <summary>A real Git server over HTTP on loopback: <c>git http-backend</c> behind a listener that can ask for credentials.</summary>
internal sealed class GitHttpServer : IDisposable
{
    private static readonly string Backend = Path.Combine(Capture("--exec-path"), "git-http-backend");
    private readonly HttpListener listener = new();
    private readonly string root;

    /// <param name="root">Folder of bare repositories.</param>
    /// <param name="authorization">The only <c>Authorization</c> header that is let in; null = anybody.</param>
    /// <param name="redirectTo">Where everybody is sent instead.</param>
    public GitHttpServer(string root, string? authorization = null, string? redirectTo = null)
    {
        this.root = root;
        Port = FreePort();
        listener.Prefixes.Add($"http://127.0.0.1:{Port}/");
        listener.Start();
        _ = ServeAsync(authorization, redirectTo);
    }

    public int Port { get; }

    public string Url => $"http://127.0.0.1:{Port}/source.git";

    /// <summary>Every <c>Authorization</c> header that was sent here, <c>-</c> for none.</summary>
    public List<string> Seen { get; } = [];

    public static string Basic(string user, string password) => $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}"))}";

    public static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    public void Dispose() => listener.Close();

    private static string Capture(string argument)
    {
        using var process = Process.Start(new ProcessStartInfo("git", argument) { RedirectStandardOutput = true, UseShellExecute = false })!;
        return process.StandardOutput.ReadToEnd().Trim();
    }

    private async Task ServeAsync(string? authorization, string? redirectTo)
    {
        while (listener.IsListening)
        {
            HttpListenerContext context;
            try
            {
                context = await listener.GetContextAsync();
            }
            catch (Exception error) when (error is HttpListenerException or ObjectDisposedException)
            {
                return;
            }

            _ = Task.Run(() => AnswerAsync(context, authorization, redirectTo));
        }
    }

    private async Task AnswerAsync(HttpListenerContext context, string? authorization, string? redirectTo)
    {
        var (request, response) = (context.Request, context.Response);
        lock (Seen)
        {
            Seen.Add(request.Headers["Authorization"] ?? "-");
        }

        if (redirectTo is not null)
        {
            response.Redirect(redirectTo + request.RawUrl!["/source.git".Length..]);
        }
        else if (authorization is not null && request.Headers["Authorization"] != authorization)
        {
            response.StatusCode = 401;
            response.AddHeader("WWW-Authenticate", "Basic realm=\"git\"");
        }
        else
        {
            await RunBackendAsync(request, response);
        }

        response.Close();
    }

    private async Task RunBackendAsync(HttpListenerRequest request, HttpListenerResponse response)
    {
        var start = new ProcessStartInfo(Backend) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        start.Environment["GIT_PROJECT_ROOT"] = root;
        start.Environment["GIT_HTTP_EXPORT_ALL"] = "1";
        start.Environment["GIT_CONFIG_COUNT"] = "1";
        start.Environment["GIT_CONFIG_KEY_0"] = "safe.directory";
        start.Environment["GIT_CONFIG_VALUE_0"] = "*";
        start.Environment["PATH_INFO"] = request.Url!.AbsolutePath;
        start.Environment["QUERY_STRING"] = request.Url.Query.TrimStart('?');
        start.Environment["REQUEST_METHOD"] = request.HttpMethod;
        start.Environment["CONTENT_TYPE"] = request.ContentType ?? "";
        start.Environment["REMOTE_ADDR"] = "127.0.0.1";
        start.Environment["HTTP_CONTENT_ENCODING"] = request.Headers["Content-Encoding"] ?? "";
        using var process = Process.Start(start)!;
        await request.InputStream.CopyToAsync(process.StandardInput.BaseStream);
        process.StandardInput.Close();

        using var output = new MemoryStream();
        await process.StandardOutput.BaseStream.CopyToAsync(output);
        var bytes = output.ToArray();
        var end = bytes.AsSpan().IndexOf("\r\n\r\n"u8);
        foreach (var line in Encoding.ASCII.GetString(bytes, 0, end).Split("\r\n"))
        {
            var (name, value) = line.Split(": ", 2) is [var left, var right] ? (left, right) : ("", "");
            if (name == "Status")
            {
                response.StatusCode = int.Parse(value[..3]);
            }
            else if (name == "Content-Type")
            {
                response.ContentType = value;
            }
        }

        await response.OutputStream.WriteAsync(bytes.AsMemory(end + 4));
    }
}
