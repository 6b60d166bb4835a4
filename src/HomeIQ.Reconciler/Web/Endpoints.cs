using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using HomeIQ.Reconciler.Cli;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Reconciling;
using HomeIQ.Reconciler.Reporting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace HomeIQ.Reconciler.Web;

/// <summary>What a daemon answers: looking everywhere, asking for changes on its own socket only.</summary>
internal static class Endpoints
{
    public static void MapDaemon(this WebApplication app, ReconcileLoop loop, Decisions decisions, EventBroadcast events, TimeProvider time, TimeSpan stale)
    {
        app.MapGet("/health", () => Health(loop, time, stale) is var health && health.Status == "fail"
            ? Results.Json(health, DaemonJson.Default.DaemonHealth, statusCode: 503)
            : Results.Json(health, DaemonJson.Default.DaemonHealth));
        app.MapGet("/ready", () => loop.Latest?.Status is { } status
            ? Results.Json(status, StatusJson.Default.HostStatus, statusCode: status.Conditions is [{ Type: "Ready", Status: "True" }, ..] ? 200 : 503)
            : Results.StatusCode(503));
        app.MapGet("/api/v1/status", () => loop.Latest?.Status is { } status ? Results.Json(status, StatusJson.Default.HostStatus) : Results.StatusCode(503));

        app.MapGet("/api/v1/events", (RequestDelegate)(http => FollowAsync(http, loop, events, time, app.Lifetime.ApplicationStopping)));

        var asking = app.MapGroup("/api/v1/ask").AddEndpointFilter(async (context, next) =>
            context.HttpContext.Connection.LocalIpAddress is null ? await next(context) : Results.Text("ask on the daemon's own socket\n", statusCode: 403));
        asking.MapPost("/apply", Answering(loop, events, "apply", (ask, reconciliation, token) => reconciliation.ApplyAsync(ask.Revision, ask.Approve, ask.Refresh, watches: false, token, ask.Force)));
        asking.MapPost("/rollback", Answering(loop, events, "roll back", (ask, reconciliation, token) => reconciliation.RollbackAsync(token, ask.Force, ask.Revision?.ToLowerInvariant())));
        asking.MapPost("/retry", Answering(loop, events, "retry", (ask, reconciliation, token) => reconciliation.RetryAsync(watches: false, token, ask.Force)));
        asking.MapPost("/decide", (RequestDelegate)(http => DecideAsync(http, loop, decisions, events)));
        asking.MapPost("/reconcile", () =>
        {
            loop.Reconcile();
            return Results.Accepted();
        });
    }

    private static DaemonHealth Health(ReconcileLoop loop, TimeProvider time, TimeSpan stale)
    {
        var last = loop.Latest;
        return last is null ? new("warn", null, "no pass has ended yet")
            : time.GetUtcNow() - last.At > stale ? new("fail", last.At, "the last pass is long ago")
            : new("pass", last.At, last.Problem);
    }

    /// <summary>Taken beside the worker: who suspends need not wait until a run has ended.</summary>
    private static async Task DecideAsync(HttpContext http, ReconcileLoop loop, Decisions decisions, EventBroadcast events)
    {
        var decision = await http.Request.ReadFromJsonAsync(DaemonJson.Default.Decision, http.RequestAborted) ?? throw new BadHttpRequestException("no decision");
        var report = decisions.Take(decision);
        if (report.IsTaken)
        {
            events.Report(decision);
            loop.Wake($"a person decided about {decision.Subject}");
        }

        await http.Response.WriteAsJsonAsync(report, DaemonJson.Default.DecisionReport, cancellationToken: http.RequestAborted);
    }

    private static RequestDelegate Answering(ReconcileLoop loop, EventBroadcast events, string what, Func<Ask, Reconciliation, CancellationToken, Task<ApplyReport>> deed) =>
        http => AnswerAsync(http, loop, events, what, deed);

    /// <summary>Streams what happens, a JSON object a line, and at last the report.</summary>
    private static async Task AnswerAsync(
        HttpContext http, ReconcileLoop loop, EventBroadcast events, string what, Func<Ask, Reconciliation, CancellationToken, Task<ApplyReport>> deed)
    {
        var ask = await http.Request.ReadFromJsonAsync(DaemonJson.Default.Ask, http.RequestAborted) ?? new Ask();
        http.Response.ContentType = "application/x-ndjson";
        using var subscription = events.Listen();
        var answer = loop.AskAsync(what, (reconciliation, cancellationToken) => deed(ask, reconciliation, cancellationToken));
        while (!answer.IsCompleted || subscription.News.Count > 0)
        {
            var more = subscription.News.WaitToReadAsync(http.RequestAborted).AsTask();
            await Task.WhenAny(more, answer);
            while (subscription.News.TryRead(out var news))
            {
                if (news.Event is { } happened)
                {
                    await WriteAsync(http, new AnswerLine(Event: happened), DaemonJson.Default.AnswerLine);
                }
            }
        }

        try
        {
            await WriteAsync(http, new AnswerLine(Report: await answer), DaemonJson.Default.AnswerLine);
        }
        catch (Exception failed) when (failed is IOException or JournalException or Docker.ContainerHostException)
        {
            await WriteAsync(http, new AnswerLine(Error: failed.Message), DaemonJson.Default.AnswerLine);
        }
    }

    /// <summary>How the host stands now, then whatever is told, until one of both sides ends it.</summary>
    private static async Task FollowAsync(HttpContext http, ReconcileLoop loop, EventBroadcast events, TimeProvider time, CancellationToken stopping)
    {
        http.Response.ContentType = "application/x-ndjson";
        using var subscription = events.Listen();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, stopping);
        await WriteAsync(http, new News(time.GetUtcNow(), Status: loop.Latest?.Status), DaemonJson.Default.News);
        try
        {
            await foreach (var news in subscription.News.ReadAllAsync(either.Token))
            {
                await WriteAsync(http, news, DaemonJson.Default.News);
            }
        }
        catch (OperationCanceledException)
        {
            // That is how it ends.
        }
    }

    private static async Task WriteAsync<T>(HttpContext http, T line, JsonTypeInfo<T> type)
    {
        await JsonSerializer.SerializeAsync(http.Response.Body, line, type, http.RequestAborted);
        await http.Response.Body.WriteAsync("\n"u8.ToArray(), http.RequestAborted);
        await http.Response.Body.FlushAsync(http.RequestAborted);
    }
}
