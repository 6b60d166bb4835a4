using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using HomeIQ.Reconciler.Reporting;

namespace HomeIQ.Reconciler.Forges;

/// <summary>Tells a forge how a commit fared, and opens a pull request there (a merge request, where it is called so).</summary>
/// <remarks>Endpoints and words as GitHub (REST 2022-11-28), Gitea (v1) and GitLab (v4) document them. All that is told is safe to tell twice.</remarks>
public sealed class Forge : IDisposable
{
    private const int LongestAnswer = 1 << 20;

    private readonly ForgeSettings settings;
    private readonly HttpClient http;

    public Forge(ForgeSettings settings)
    {
        this.settings = settings;
        // A redirect would carry the token to somewhere else.
        http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, ConnectTimeout = settings.Limit }) { Timeout = settings.Limit, MaxResponseContentBufferSize = LongestAnswer };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(settings.Kind is ForgeKind.Gitea ? "token" : "Bearer", settings.Token);
        http.DefaultRequestHeaders.UserAgent.Add(new("homeiq", "1"));
        if (settings.Kind is ForgeKind.GitHub)
        {
            http.DefaultRequestHeaders.Accept.Add(new("application/vnd.github+json"));
            http.DefaultRequestHeaders.Add("X-GitHub-Api-Version", "2022-11-28");
        }
    }

    /// <exception cref="ForgeException">It did not take it.</exception>
    public async Task PutAsync(CommitStatus status, CancellationToken cancellationToken)
    {
        var name = $"homeiq/{settings.Instance}";
        var (path, body) = settings.Kind is ForgeKind.GitLab
            ? ($"{Project}/statuses/{status.Revision}", new JsonObject { ["state"] = GitLabWord(status.State), ["name"] = name, ["description"] = status.Description })
            : ($"{Project}/statuses/{status.Revision}", new JsonObject { ["state"] = Word(status.State), ["context"] = name, ["description"] = status.Description });
        var (code, answer) = await PostAsync(path, body, cancellationToken);

        // GitLab refuses to be told again what it knows.
        if (code is not (HttpStatusCode.Created or HttpStatusCode.OK) && !(settings.Kind is ForgeKind.GitLab && code is HttpStatusCode.BadRequest && answer.Contains("Cannot transition status", StringComparison.Ordinal)))
        {
            throw Refused("the commit status", code, answer);
        }
    }

    /// <summary>Opens a pull request for a branch.</summary>
    /// <returns>Where people find it; null when there was one already.</returns>
    /// <exception cref="ForgeException">It did not take it.</exception>
    public async Task<string?> OpenAsync(string branch, string onto, string title, string text, CancellationToken cancellationToken)
    {
        var (path, body) = settings.Kind is ForgeKind.GitLab
            ? ($"{Project}/merge_requests", new JsonObject { ["source_branch"] = branch, ["target_branch"] = onto, ["title"] = title, ["description"] = text, ["remove_source_branch"] = true })
            : ($"{Project}/pulls", new JsonObject { ["head"] = branch, ["base"] = onto, ["title"] = title, ["body"] = text });
        var (code, answer) = await PostAsync(path, body, cancellationToken);
        return code switch
        {
            HttpStatusCode.Created => Address(answer),
            HttpStatusCode.Conflict when settings.Kind is not ForgeKind.GitHub => null,
            HttpStatusCode.UnprocessableEntity when settings.Kind is ForgeKind.GitHub && answer.Contains("already exists", StringComparison.Ordinal) => null,
            _ => throw Refused("the pull request", code, answer),
        };
    }

    public void Dispose() => http.Dispose();

    private string Project => settings.Kind is ForgeKind.GitLab
        ? $"{settings.Api}/projects/{Uri.EscapeDataString(settings.Project)}"
        : $"{settings.Api}/repos/{string.Join('/', settings.Project.Split('/').Select(Uri.EscapeDataString))}";

    private static string Word(CommitState state) => state switch
    {
        CommitState.Pending => "pending",
        CommitState.Success => "success",
        CommitState.Failure => "failure",
        CommitState.Error => "error",
        _ => throw new NotSupportedException($"State {state}."),
    };

    private static string GitLabWord(CommitState state) => state switch
    {
        CommitState.Pending => "running",
        CommitState.Success => "success",
        CommitState.Failure or CommitState.Error => "failed",
        _ => throw new NotSupportedException($"State {state}."),
    };

    private async Task<(HttpStatusCode Code, string Answer)> PostAsync(string address, JsonObject body, CancellationToken cancellationToken)
    {
        try
        {
            using var content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
            using var response = await http.PostAsync(new Uri(address), content, cancellationToken);
            return (response.StatusCode, await response.Content.ReadAsStringAsync(cancellationToken));
        }
        catch (Exception failed) when (failed is HttpRequestException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            throw new ForgeException($"{settings.Api} could not be reached: {failed.Message}", failed);
        }
    }

    private ForgeException Refused(string what, HttpStatusCode code, string answer)
    {
        var why = code switch
        {
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => "the token is not allowed to: it needs to write commit statuses and pull requests",
            HttpStatusCode.NotFound => $"there is no {settings.Project}, or the token may not see it",
            >= HttpStatusCode.Ambiguous and < HttpStatusCode.BadRequest => "it redirects, and a token is sent only to the address that is set: set the new one (--forge-api)",
            _ => Words(answer),
        };
        return new($"{settings.Api} did not take {what} ({(int)code}): {why.Replace(settings.Token, "***", StringComparison.Ordinal)}");
    }

    private static string? Address(string answer)
    {
        var made = Parse(answer);
        return (made?["html_url"] ?? made?["web_url"])?.ToString();
    }

    private static string Words(string answer)
    {
        var said = (Parse(answer)?["message"] ?? answer).ToString().ReplaceLineEndings(" ").Trim();
        return said.Length <= 200 ? said : said[..200] + "…";
    }

    /// <summary>Null for what is no JSON object: proxies answer in HTML.</summary>
    private static JsonObject? Parse(string answer)
    {
        try
        {
            return JsonNode.Parse(answer) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
