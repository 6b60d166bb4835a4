using System.Formats.Tar;
using System.Text.Json;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Docker;

/// <summary>Pulls and builds: long answers whose failures stand inside the stream.</summary>
internal sealed class ImageTransfers(RawEngine raw, DockerEngineSettings settings)
{
    private const int OutputKept = 20;

    private readonly RegistryCredentials credentials = new(settings.ConfigurationFolder);

    public Task PullAsync(EngineApi api, string reference, string? platform, IProgress<TransferProgress> progress, CancellationToken cancellationToken) =>
        Deadline.RunAsync<bool>(settings.PullSilence, async deadline =>
        {
            var image = ImageReference.Parse(reference);
            var login = await credentials.FindAsync(image.Registry, deadline.Token);
            var path = Query.Of("images/create", ("fromImage", image.Repository), ("tag", image.TagOrDigest), ("platform", platform));
            var header = KeyValuePair.Create("X-Registry-Auth", RegistryCredentials.ToHeader(login));
            using var response = await raw.SendAsync(api, HttpMethod.Post, path, null, header, deadline.Token);
            if (!response.IsSuccessStatusCode)
            {
                var body = await response.Content.ReadAsStringAsync(deadline.Token);
                throw DockerErrors.FromPull(response.StatusCode, DockerErrors.MessageOf(body));
            }

            await foreach (var message in MessagesAsync(response, deadline))
            {
                if (ErrorOf(message) is { } error)
                {
                    throw DockerErrors.FromPull(null, error);
                }

                var detail = message.At("progressDetail");
                progress.Report(new(
                    ((JsonElement?)message).At("id").Text(), ((JsonElement?)message).At("status").Text(), detail.At("current").Number(), detail.At("total").Number()));
            }

            return true;
        }, cancellationToken);

    /// <summary>Makes an image without any content, under this name.</summary>
    public Task MakeEmptyAsync(EngineApi api, string repository, string tag, CancellationToken cancellationToken) =>
        Deadline.RunAsync<bool>(settings.CallDeadline, async deadline =>
        {
            // An archive ends with two blocks of zeros; here that is all there is.
            using var archive = new ByteArrayContent(new byte[1024]) { Headers = { ContentType = new("application/x-tar") } };
            var path = Query.Of("images/create", ("fromSrc", "-"), ("repo", repository), ("tag", tag));
            using var response = await raw.SendAsync(api, HttpMethod.Post, path, archive, null, deadline.Token);
            await RawEngine.ThrowIfRefusedAsync(response, deadline.Token);
            await foreach (var message in MessagesAsync(response, deadline))
            {
                if (ErrorOf(message) is { } error)
                {
                    throw new ContainerHostException(HostFailure.Engine, error);
                }
            }

            return true;
        }, cancellationToken);

    /// <summary>Builds by the engine's own builder, and by BuildKit when the Dockerfile cannot do without; returns the image's id.</summary>
    public async Task<string> BuildAsync(
        EngineApi api, BuildRequest request, Stream context, IProgress<TransferProgress> progress, CancellationToken cancellationToken)
    {
        var start = context.CanSeek ? context.Position : 0;
        try
        {
            return await BuildAsync(api, request, context, buildKit: false, progress, cancellationToken);
        }
        catch (ContainerHostException exception) when (NeedsBuildKit(exception))
        {
            if (!context.CanSeek)
            {
                throw new ContainerHostException(
                    HostFailure.Invalid, $"{request.Dockerfile} needs BuildKit, for which the context has to be sent a second time: {exception.Message}", exception);
            }

            context.Position = start;
            return await BuildAsync(api, request, context, buildKit: true, progress, cancellationToken);
        }
    }

    private Task<string> BuildAsync(
        EngineApi api, BuildRequest request, Stream context, bool buildKit, IProgress<TransferProgress> progress, CancellationToken cancellationToken) =>
        Deadline.RunAsync(settings.BuildSilence, async deadline =>
        {
            var header = KeyValuePair.Create("X-Registry-Config", RegistryCredentials.ToHeader(await credentials.AllAsync(deadline.Token)));
            using var content = new StreamContent(new LentStream(buildKit ? PlainEntry() : default, context));
            content.Headers.ContentType = new("application/x-tar");
            using var response = await raw.SendAsync(api, HttpMethod.Post, PathOf(request, buildKit), content, header, deadline.Token);
            if (!response.IsSuccessStatusCode)
            {
                throw DockerErrors.FromRefusedBuild(response.StatusCode, await response.Content.ReadAsStringAsync(deadline.Token));
            }

            var output = new BuildOutput(OutputKept, progress);
            string? id = null;
            await foreach (var message in MessagesAsync(response, deadline))
            {
                output.Take(message);
                if (ErrorOf(message) is { } error)
                {
                    throw DockerErrors.FromBuild(error, output.EndWith(error));
                }

                id = message.At("aux").At("ID").Text() is { Length: > 0 } named ? named : id;
            }

            return id ?? throw new ContainerHostException(HostFailure.Engine, output.EndWith("the build ended without an image"));
        }, cancellationToken);

    private static string PathOf(BuildRequest request, bool buildKit)
    {
        var spec = request.Spec;
        ValueMap<string> labels = new([.. spec.Labels, KeyValuePair.Create(ObservedImage.BuildLabel, spec.Digest), .. request.Labels]);
        List<(string, string?)> query =
        [
            ("t", request.Tag), ("dockerfile", request.Dockerfile), ("target", spec.Target), ("networkmode", spec.Network),
            ("buildargs", spec.Arguments.Count > 0 ? Query.Json(spec.Arguments) : null), ("labels", Query.Json(labels)),
            ("shmsize", spec.ShmSize > 0 ? $"{spec.ShmSize}" : null), ("nocache", spec.NoCache ? "1" : null), ("pull", spec.Pull ? "1" : null),
            ("rm", "1"), ("forcerm", "1"), ("version", buildKit ? "2" : null),
            .. spec.ExtraHosts.Select(host => ("extrahosts", (string?)host)),
        ];
        return Query.Of("build", [.. query]);
    }

    /// <summary>The root folder as an entry in the plainest format.</summary>
    /// <remarks>BuildKit knows an archive by its first kilobyte, and takes one that begins with an extended header for a Dockerfile.</remarks>
    private static byte[] PlainEntry()
    {
        using var buffer = new MemoryStream();
        using (var writer = new TarWriter(buffer, TarEntryFormat.Ustar, leaveOpen: true))
        {
            writer.WriteEntry(new UstarTarEntry(TarEntryType.Directory, "./") { Mode = (UnixFileMode)0b111_101_101 });
        }

        return buffer.ToArray()[..512];
    }

    private static bool NeedsBuildKit(ContainerHostException exception) => exception.Message.Contains("requires BuildKit", StringComparison.OrdinalIgnoreCase);

    private static string? ErrorOf(JsonElement message) =>
        ((JsonElement?)message).At("error").Text() is { Length: > 0 } error ? error
        : message.At("errorDetail").At("message").Text() is { Length: > 0 } detail ? detail
        : null;

    private static async IAsyncEnumerable<JsonElement> MessagesAsync(HttpResponseMessage response, Deadline deadline)
    {
        await using var stream = await response.Content.ReadAsStreamAsync(deadline.Token);
        using var reader = new StreamReader(stream);
        while (await reader.ReadLineAsync(deadline.Token) is { } line)
        {
            deadline.Renew();
            if (line.Length > 0)
            {
                using var json = JsonDocument.Parse(line);
                yield return json.RootElement;
            }
        }
    }
}
