using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace HomeIQ.Reconciler.Forges;

/// <summary>Stands in for a forge, as its documentation describes it: keeps what it is told, refuses a wrong token and a second pull request for one branch.</summary>
internal sealed class StandInForge : IDisposable
{
    public const string Token = "token-of-the-forge";

    private readonly HttpListener listener;
    private readonly ForgeKind kind;
    private readonly ConcurrentDictionary<string, string> requests = new(StringComparer.Ordinal);

    public StandInForge(ForgeKind kind)
    {
        this.kind = kind;
        (listener, Root) = Listen();
        _ = ServeAsync();
    }

    public string Root { get; }

    /// <summary>Every commit status, in the order in which they came: <c>COMMIT NAME STATE: DESCRIPTION</c>.</summary>
    public ConcurrentQueue<string> Statuses { get; } = [];

    /// <summary>Every pull request: <c>BRANCH onto BRANCH: TITLE</c>.</summary>
    public ConcurrentQueue<string> Requests { get; } = [];

    /// <summary>Answered to everything instead, while it is not null.</summary>
    public (int Code, string Body)? Instead { get; set; }

    public ForgeSettings Settings(string token = Token, string instance = "home") => new(kind, $"{Root}/api", "house/stack", token, instance);

    public void Dispose() => listener.Close();

    private static (HttpListener Listener, string Root) Listen()
    {
        for (var port = Random.Shared.Next(20_000, 30_000); ; port++)
        {
            var made = new HttpListener();
            made.Prefixes.Add($"http://127.0.0.1:{port}/");
            try
            {
                made.Start();
                return (made, $"http://127.0.0.1:{port}");
            }
            catch (HttpListenerException)
            {
                // Somebody else's port.
            }
        }
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                var context = await listener.GetContextAsync();
                using var reader = new StreamReader(context.Request.InputStream);
                var (code, answer) = Instead ?? Answer(context.Request, JsonNode.Parse(await reader.ReadToEndAsync())!);
                context.Response.StatusCode = code;
                if (code is >= 300 and < 400)
                {
                    context.Response.RedirectLocation = $"{Root}/elsewhere";
                }

                context.Response.Close(Encoding.UTF8.GetBytes(answer), willBlock: false);
            }
        }
        catch (Exception error) when (error is HttpListenerException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private (int Code, string Answer) Answer(HttpListenerRequest request, JsonNode body)
    {
        var wanted = kind is ForgeKind.Gitea ? $"token {Token}" : $"Bearer {Token}";
        if (request.Headers["Authorization"] != wanted)
        {
            return (401, """{"message":"Bad credentials"}""");
        }

        if (kind is ForgeKind.GitHub && string.IsNullOrEmpty(request.UserAgent))
        {
            return (403, """{"message":"Request forbidden by administrative rules."}""");
        }

        var project = kind is ForgeKind.GitLab ? "/api/projects/house%2Fstack/" : "/api/repos/house/stack/";
        var path = request.RawUrl!;
        return request.HttpMethod == "POST" && path.StartsWith(project, StringComparison.Ordinal)
            ? path[project.Length..].Split('/') switch
            {
                ["statuses", { Length: 40 } commit] => Status(commit, body),
                ["pulls"] when kind is not ForgeKind.GitLab => Request(body["head"]!, body["base"]!, body["title"]!, "html_url"),
                ["merge_requests"] when kind is ForgeKind.GitLab => Request(body["source_branch"]!, body["target_branch"]!, body["title"]!, "web_url"),
                _ => (404, """{"message":"Not Found"}"""),
            }
            : (404, """{"message":"Not Found"}""");
    }

    private (int Code, string Answer) Status(string commit, JsonNode body)
    {
        string[] states = kind is ForgeKind.GitLab ? ["pending", "running", "success", "failed", "canceled"] : ["pending", "success", "failure", "error"];
        var (state, name, description) = ($"{body["state"]}", $"{body[kind is ForgeKind.GitLab ? "name" : "context"]}", $"{body["description"]}");
        var text = $"{commit} {name} {state}: {description}";
        if (!states.Contains(state) || name.Length == 0 || description.Length is 0 or > 140)
        {
            return (kind is ForgeKind.GitHub ? 422 : 400, """{"message":"Validation Failed"}""");
        }

        if (kind is ForgeKind.GitLab && Statuses.LastOrDefault(known => known.StartsWith($"{commit} {name} ", StringComparison.Ordinal)) is { } last && last.StartsWith($"{commit} {name} {state}:", StringComparison.Ordinal))
        {
            return (400, $$"""{"message":"Cannot transition status via :run from :{{state}} (Reason(s): Status cannot transition via \"run\")"}""");
        }

        Statuses.Enqueue(text);
        return (201, """{"id":1}""");
    }

    private (int Code, string Answer) Request(JsonNode branch, JsonNode onto, JsonNode title, string address)
    {
        if (!requests.TryAdd($"{branch}", ""))
        {
            return kind is ForgeKind.GitHub
                ? (422, $$"""{"message":"Validation Failed","errors":[{"message":"A pull request already exists for house:{{branch}}."}]}""")
                : (409, """{"message":"pull request already exists for these targets"}""");
        }

        Requests.Enqueue($"{branch} onto {onto}: {title}");
        return (201, new JsonObject { [address] = $"{Root}/house/stack/{Requests.Count}" }.ToJsonString());
    }
}
