using System.Net;
using HomeIQ.Reconciler.Scenarios.Docker;

namespace HomeIQ.Reconciler.Scenarios;

/// <summary>A real registry behind a front that makes it fail in the way of the day: nothing is touched, nothing is held against the version, and it goes well once the registry does.</summary>
public sealed class RegistryScenarios : IAsyncLifetime
{
    /// <summary>Of noise, so that no compression makes it small.</summary>
    private const int LayerSize = 8 << 20;

    private readonly string folder = Directory.CreateTempSubdirectory("hqf-").FullName;
    private readonly House house = new();
    private readonly HttpClient http = new(new SocketsHttpHandler { AutomaticDecompression = DecompressionMethods.None, AllowAutoRedirect = false });
    private StubRegistry front = null!;
    private string registry = "";
    private volatile string fault = "";

    private string Home => Path.Combine(folder, "registry");

    public async ValueTask InitializeAsync()
    {
        registry = await Rig.RunAsync("registry.sh", "start", Home);
        front = new(AnswerAsync);
        house.Compose(("app", ""), ("bystander", "")).Commit("Good");
        await house.ApplyAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await front.DisposeAsync();
        http.Dispose();
        foreach (var tag in (await house.Engine.ListTagsAsync($"homeiq-keep/{house.Name}", default)).Keys)
        {
            await house.Engine.UntagImageAsync(tag, default);
        }

        await house.DisposeAsync();
        await Rig.RunAsync("registry.sh", "stop", Home);
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData("it dies in the middle of a large layer")]
    [InlineData("it asks to come back later")]
    [InlineData("it does not know the digest any more")]
    [InlineData("it fails in the middle of the pull")]
    public async Task A_registry_that_fails_is_no_verdict_on_a_version(string how)
    {
        var (reference, _) = Push("1.1.0");
        var before = await house.IdsAsync();
        var started = (await house.ContainersAsync()).Values.Select(container => container.StartedAt).ToList();
        fault = how;
        house.Compose(("app", $"image: {reference}"), ("bystander", "environment: {COLOUR: blue}")).Commit("One image comes from a registry");

        var said = await house.HomeiqAsync("apply");
        Assert.True(said.Code == 1, said.ToString());
        Assert.Contains("pull", said.ToString(), StringComparison.Ordinal);
        Assert.Equal(before, await house.IdsAsync());
        Assert.Equal(started, (await house.ContainersAsync()).Values.Select(container => container.StartedAt));
        Assert.Empty(house.Journal(journal => journal.Quarantine()));
        Assert.Equal("OutOfSync", (await house.StatusAsync()).GetProperty("sync").GetString());

        fault = "";
        await Rig.RunAsync("registry.sh", "start", Home);
        await house.ApplyAsync();
        await house.ExpectReplacedAsync(before, "app", "bystander");
        Assert.Equal(reference.Split('@')[0], house.Inspect("app", "{{.Config.Image}}").Split('@')[0]);
        await house.ExpectSettledAsync();
    }

    [Fact]
    public async Task A_tag_that_moved_changes_nothing_until_somebody_asks_for_it()
    {
        var (reference, first) = Push("1.1.0");
        var tag = reference.Split('@')[0];
        house.Compose(("app", $"image: {tag}"), ("bystander", $"image: {tag}")).Commit("From a registry");
        await house.ApplyAsync();
        Assert.Equal(first, house.Inspect("app", "{{.Image}}"));

        var (_, second) = Push("1.2.0", tag);
        Assert.NotEqual(first, second);
        house.Compose(("app", $"image: {tag}\nenvironment: {{COLOUR: blue}}"), ("bystander", $"image: {tag}")).Commit("Only a setting");
        await house.ApplyAsync();
        Assert.Equal(first, house.Inspect("app", "{{.Image}}"));

        await house.ApplyAsync("--refresh");
        Assert.Equal(second, house.Inspect("app", "{{.Image}}"));
    }

    /// <summary>Makes an image of its own with a large layer, pushes it, and forgets it here.</summary>
    /// <returns>Its reference by tag and digest at the front, and its id.</returns>
    private (string Reference, string Id) Push(string version, string? asTag = null)
    {
        var recipe = Directory.CreateDirectory(Path.Combine(folder, Guid.NewGuid().ToString("N"))).FullName;
        var noise = new byte[LayerSize];
        Random.Shared.NextBytes(noise);
        File.WriteAllBytes(Path.Combine(recipe, "noise"), noise);
        File.WriteAllText(Path.Combine(recipe, "Dockerfile"), $"FROM homeiq-test/app:{version}\nCOPY noise /noise\n");
        var path = asTag is null ? $"homeiq/{house.Name}-{version.Replace('.', '-')}:1.0.0" : asTag[(asTag.IndexOf('/', StringComparison.Ordinal) + 1)..];
        var local = $"{registry}/{path}";
        house.Docker("build", "-q", "-t", local, recipe);
        var id = house.Docker("inspect", "--format", "{{.Id}}", local);
        house.Docker("push", local);
        var digest = house.Docker("inspect", "--format", "{{index .RepoDigests 0}}", local).Split('@')[1];
        house.Docker("rmi", local);
        var reference = $"{front.Address}/{path}@{digest}";
        return (reference, id);
    }

    private async Task AnswerAsync(HttpListenerContext context, CancellationToken end)
    {
        var path = context.Request.Url!.AbsolutePath;
        var (isManifest, isBlob) = (path.Contains("/manifests/", StringComparison.Ordinal), path.Contains("/blobs/", StringComparison.Ordinal));
        switch (fault)
        {
            case "it asks to come back later" when isManifest:
                await SayAsync(context, 429, "TOOMANYREQUESTS");
                return;
            case "it does not know the digest any more" when isManifest:
                await SayAsync(context, 404, "MANIFEST_UNKNOWN");
                return;
            case "it fails in the middle of the pull" when isBlob:
                await SayAsync(context, 500, "UNKNOWN");
                return;
        }

        using var request = new HttpRequestMessage(new HttpMethod(context.Request.HttpMethod), new Uri($"http://{registry}{context.Request.RawUrl}"));
        foreach (var accept in context.Request.Headers.GetValues("Accept") ?? [])
        {
            request.Headers.TryAddWithoutValidation("Accept", accept);
        }

        HttpResponseMessage answer;
        try
        {
            answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, end);
        }
        catch (HttpRequestException)
        {
            await SayAsync(context, 503, "UNAVAILABLE");
            return;
        }

        using (answer)
        {
            context.Response.StatusCode = (int)answer.StatusCode;
            foreach (var (name, values) in answer.Headers.Concat(answer.Content.Headers).Where(header => header.Key is "Content-Type" or "Docker-Content-Digest" or "Docker-Distribution-Api-Version"))
            {
                context.Response.Headers[name] = values.First();
            }

            var length = answer.Content.Headers.ContentLength ?? 0;
            context.Response.ContentLength64 = length;
            if (context.Request.HttpMethod == "HEAD")
            {
                return;
            }

            await using var content = await answer.Content.ReadAsStreamAsync(end);
            if (fault == "it dies in the middle of a large layer" && isBlob && length > LayerSize / 2)
            {
                var part = new byte[LayerSize / 4];
                await content.ReadExactlyAsync(part, end);
                await context.Response.OutputStream.WriteAsync(part, end);
                await Rig.RunAsync("registry.sh", "kill", Home);
                context.Response.Abort();
                return;
            }

            await content.CopyToAsync(context.Response.OutputStream, end);
        }
    }

    private static async Task SayAsync(HttpListenerContext context, int status, string code)
    {
        var bytes = System.Text.Encoding.UTF8.GetBytes($$"""{"errors":[{"code":"{{code}}","message":"as the test says"}]}""");
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        context.Response.ContentLength64 = bytes.Length;
        if (context.Request.HttpMethod != "HEAD")
        {
            await context.Response.OutputStream.WriteAsync(bytes);
        }
    }
}
