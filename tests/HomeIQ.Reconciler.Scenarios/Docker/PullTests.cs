using System.Net;
using System.Security.Cryptography;
using System.Text;
using Docker.DotNet;
using Docker.DotNet.Models;
using HomeIQ.Reconciler.Docker;

namespace HomeIQ.Reconciler.Scenarios.Docker;

/// <summary>Pulling from registries, good and bad ones.</summary>
public sealed class PullTests : IAsyncLifetime
{
    private const string Image = "homeiq-test/app:1.0.0";

    private readonly string folder = Directory.CreateTempSubdirectory("hqp-").FullName;
    private readonly List<TransferProgress> progress = [];
    private readonly DockerEngine engine = TestEngine.Open();
    private readonly DockerClient client = new DockerClientBuilder().WithEndpoint(new(TestEngine.Endpoint)).Build();
    private readonly List<string> tags = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private Progress Noted => new(progress);

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var tag in tags)
        {
            await engine.UntagImageAsync(tag, CancellationToken.None);
        }

        foreach (var registry in Directory.GetDirectories(folder, "registry*"))
        {
            await Rig.RunAsync("registry.sh", "stop", registry);
        }

        await engine.DisposeAsync();
        client.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task An_image_is_pulled_with_progress_and_known_by_its_digest()
    {
        var reference = await PushedAsync(await RegistryAsync("registry"), null);

        var pulled = await engine.PullImageAsync(reference, null, Noted, Cancel);
        var digest = Assert.Single(pulled.RepoDigests, one => one.StartsWith(reference[..reference.LastIndexOf(':')], StringComparison.Ordinal));

        Assert.Equal(pulled, await engine.FindImageAsync(digest, Cancel));
        Assert.Equal(pulled, await engine.FindImageAsync($"{reference}@{digest.Split('@')[1]}", Cancel));
        Assert.Equal(pulled, await engine.PullImageAsync($"{reference}@{digest.Split('@')[1]}", null, Noted, Cancel));
        Assert.Contains(progress, one => one.Text.Contains("Digest: sha256:", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_tag_that_is_not_there_is_not_found()
    {
        var registry = await RegistryAsync("registry");
        await PushedAsync(registry, null);

        await FailsAsync(HostFailure.NotFound, $"{registry}/homeiq/app:9.9");
        await FailsAsync(HostFailure.NotFound, $"{registry}/homeiq/nothing:1");
    }

    [Fact]
    public async Task A_registry_that_wants_a_login_gets_it_from_dockers_own_file()
    {
        var registry = await RegistryAsync("registry", "ann", "pass:word");
        var reference = await PushedAsync(registry, new() { Username = "ann", Password = "pass:word", ServerAddress = registry });

        await FailsAsync(HostFailure.Unauthorized, reference);
        var refused = await FailsAsync(HostFailure.Unauthorized, reference, Login(registry, "ann:wrong-word"));
        Assert.DoesNotContain("wrong-word", refused.ToString(), StringComparison.Ordinal);

        await using var known = new DockerEngine(new() { Endpoint = TestEngine.Endpoint, ConfigurationFolder = Login(registry, "ann:pass:word") });
        Assert.NotNull(await known.PullImageAsync(reference, null, Noted, Cancel));
    }

    [Fact]
    public async Task A_registry_that_is_down_has_failed() => await FailsAsync(HostFailure.RegistryFailed, $"127.0.0.1:{StubRegistry.FreePort()}/homeiq/app:1");

    [Fact]
    public async Task A_registry_that_asks_to_wait_is_told_from_one_that_fails()
    {
        await using var registry = new StubRegistry((context, _) => Say(
            context, context.Request.Url!.AbsolutePath == "/v2/" ? 200 : 429, """{"errors":[{"code":"TOOMANYREQUESTS","message":"come back later"}]}"""));

        await FailsAsync(HostFailure.Throttled, $"{registry.Address}/homeiq/app:1");
    }

    [Fact]
    public async Task An_error_that_comes_in_the_middle_of_a_pull_is_an_error()
    {
        var manifest =
            $$"""
            {"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json",
             "config":{"mediaType":"application/vnd.docker.container.image.v1+json","size":10,"digest":"sha256:{{new string('a', 64)}}"},"layers":[]}
            """;
        await using var registry = new StubRegistry((context, _) =>
        {
            var path = context.Request.Url!.AbsolutePath;
            context.Response.ContentType = "application/vnd.docker.distribution.manifest.v2+json";
            context.Response.Headers["Docker-Content-Digest"] = $"sha256:{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(manifest)))}";
            return path == "/v2/" ? Say(context, 200, "{}") : path.Contains("/manifests/", StringComparison.Ordinal) ? Say(context, 200, manifest) : Say(context, 500, "broken");
        });

        await FailsAsync(HostFailure.RegistryFailed, $"{registry.Address}/homeiq/app:1");
        Assert.Contains(progress, one => one.Text.StartsWith("Pulling from", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_pull_without_a_sign_of_life_is_given_up()
    {
        await using var registry = new StubRegistry((context, end) =>
            context.Request.Url!.AbsolutePath == "/v2/" ? Say(context, 200, "{}") : Task.Delay(Timeout.Infinite, end));
        await using var impatient = new DockerEngine(new() { Endpoint = TestEngine.Endpoint, PullSilence = TimeSpan.FromSeconds(1) });

        var exception = await Assert.ThrowsAsync<ContainerHostException>(() => impatient.PullImageAsync($"{registry.Address}/homeiq/app:1", null, Noted, Cancel));

        Assert.Equal(HostFailure.TimedOut, exception.Failure);
    }

    internal static async Task Say(HttpListenerContext context, int status, string text)
    {
        context.Response.StatusCode = status;
        var bytes = Encoding.UTF8.GetBytes(text);
        context.Response.ContentLength64 = bytes.Length;
        if (context.Request.HttpMethod != "HEAD")
        {
            await context.Response.OutputStream.WriteAsync(bytes);
        }
    }

    private async Task<string> RegistryAsync(string name, params string[] login)
    {
        var home = Path.Combine(folder, name);
        await Rig.RunAsync("registry.sh", ["start", home, .. login]);
        return await File.ReadAllTextAsync(Path.Combine(home, "address"), Cancel) is var address ? address.Trim() : "";
    }

    private async Task<string> PushedAsync(string registry, AuthConfig? login)
    {
        var reference = $"{registry}/homeiq/app:1.0.0";
        tags.Add(reference);
        await engine.TagImageAsync((await engine.FindImageAsync(Image, Cancel))!.Id, reference, Cancel);
        var errors = new List<string>();
        await client.Images.PushImageAsync(
            reference[..reference.LastIndexOf(':')], new() { Tag = "1.0.0" }, login ?? new(), new Messages(message => errors.AddRange(message.Error is { } error ? [error.Message ?? "an error without words"] : [])), Cancel);
        Assert.Empty(errors);
        return reference;
    }

    private string Login(string registry, string pair)
    {
        var home = Directory.CreateDirectory(Path.Combine(folder, $"login-{Guid.NewGuid():N}")).FullName;
        File.WriteAllText(Path.Combine(home, "config.json"), $$"""{ "auths": { "{{registry}}": { "auth": "{{Convert.ToBase64String(Encoding.UTF8.GetBytes(pair))}}" } } }""");
        return home;
    }

    private async Task<ContainerHostException> FailsAsync(HostFailure failure, string reference, string? configuration = null)
    {
        await using var other = new DockerEngine(new() { Endpoint = TestEngine.Endpoint, ConfigurationFolder = configuration ?? folder });
        var exception = await Assert.ThrowsAsync<ContainerHostException>(
            () => (configuration is null ? engine : other).PullImageAsync(reference, null, Noted, Cancel));
        Assert.True(failure == exception.Failure, $"expected {failure}, got {exception.Failure}: {exception.Message}");
        return exception;
    }

    private sealed class Progress(List<TransferProgress> seen) : IProgress<TransferProgress>
    {
        public void Report(TransferProgress value) => seen.Add(value);
    }

    private sealed class Messages(Action<JSONMessage> take) : IProgress<JSONMessage>
    {
        public void Report(JSONMessage value) => take(value);
    }
}
