using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Docker.DotNet;
using HomeIQ.Reconciler.Changes;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Observed;
using Models = Docker.DotNet.Models;

namespace HomeIQ.Reconciler.Docker;

/// <content>Making, moving and asking containers.</content>
public sealed partial class DockerEngine
{
    public Task<string> CreateContainerAsync(string name, ContainerSpec spec, string imageId, ValueMap<string> labels, CancellationToken cancellationToken) =>
        CallAsync(async token =>
        {
            var (api, client) = await ConnectedAsync(token);
            Task<string> MakeAsync(string image) => CreateAsync(client, ContainerTranslation.ToCreate(name, spec, image, labels, api, settings.ContentRoot), token);

            // A reference reads better than an id in every other tool, as long as it means this very image.
            var isNamed = await IdOfImageAsync(api, spec.Image, token) == imageId;
            var id = await MakeAsync(isNamed ? spec.Image : imageId);
            if (isNamed && (await InspectAsync(api, id, token))?.ImageId != imageId)
            {
                // The tag moved in between.
                await client.Containers.RemoveContainerAsync(id, new() { RemoveVolumes = false, Force = false }, token);
                id = await MakeAsync(imageId);
            }

            foreach (var attachment in ContainerTranslation.LaterNetworks(spec, api))
            {
                await AttachAsync(client, attachment.Network, id, attachment, token);
            }

            return id;
        }, cancellationToken);

    public Task<bool> StartContainerAsync(string containerId, CancellationToken cancellationToken) =>
        CallAsync(async token => await (await ClientAsync(token)).Containers.StartContainerAsync(containerId, null, token), cancellationToken);

    public async Task<bool> StopContainerAsync(string containerId, TimeSpan? grace, CancellationToken cancellationToken)
    {
        var allowed = grace ?? await CallAsync(token => GraceOfAsync(containerId, token), cancellationToken);
        var parameters = new Models.ContainerStopParameters { WaitBeforeKillSeconds = grace is { } given ? (uint)Math.Ceiling(given.TotalSeconds) : null };
        return await Deadline.RunAsync(allowed + (settings.CallDeadline / 2),
            async deadline => await (await ClientAsync(deadline.Token)).Containers.StopContainerAsync(containerId, parameters, deadline.Token), cancellationToken);
    }

    public Task UnpauseContainerAsync(string containerId, CancellationToken cancellationToken) => CallAsync<bool>(async token =>
    {
        var (api, client) = await ConnectedAsync(token);
        var found = await InspectAsync(api, containerId, token) ?? throw NoSuchContainer(containerId);
        if (found.Status == ContainerStatus.Paused)
        {
            await client.Containers.UnpauseContainerAsync(containerId, token);
        }

        return true;
    }, cancellationToken);

    public Task RenameContainerAsync(string containerId, string name, CancellationToken cancellationToken) => CallAsync<bool>(async token =>
    {
        var (api, client) = await ConnectedAsync(token);
        var found = await InspectAsync(api, containerId, token) ?? throw NoSuchContainer(containerId);
        if (found.Name != name)
        {
            await client.Containers.RenameContainerAsync(containerId, new() { NewName = name }, token);
        }

        return true;
    }, cancellationToken);

    public Task SetRestartPolicyAsync(string containerId, RestartPolicy policy, CancellationToken cancellationToken) =>
        UpdateContainerAsync(containerId, new() { Restart = policy }, cancellationToken);

    // Raw: the library's request would carry every limit along as zero.
    public Task UpdateContainerAsync(string containerId, ContainerUpdate update, CancellationToken cancellationToken) => CallAsync<bool>(async token =>
    {
        await raw.PostAsync(await ApiAsync(token), $"containers/{Query.Part(containerId)}/update", ContainerTranslation.ToUpdate(update), token);
        return true;
    }, cancellationToken);

    public Task<bool> RemoveContainerAsync(string containerId, CancellationToken cancellationToken) => CallAsync(async token =>
    {
        var (api, client) = await ConnectedAsync(token);
        return await UnlessGoneAsync(async () =>
        {
            try
            {
                await client.Containers.RemoveContainerAsync(containerId, new() { RemoveVolumes = false, Force = false }, token);
            }
            catch (DockerApiException exception) when (exception.ResponseBody?.Contains("already in progress", StringComparison.Ordinal) == true)
            {
                using var gone = await raw.SendAsync(api, HttpMethod.Post, $"containers/{Query.Part(containerId)}/wait?condition=removed", null, null, token);
                await gone.Content.CopyToAsync(Stream.Null, token);
            }
        });
    }, cancellationToken);

    public Task<IReadOnlyList<string>> ReadLogsAsync(string containerId, int lines, CancellationToken cancellationToken) => CallAsync<IReadOnlyList<string>>(async token =>
    {
        var api = await ApiAsync(token);
        using var inspect = await raw.GetAsync(api, $"containers/{Query.Part(containerId)}/json", token) ?? throw NoSuchContainer(containerId);
        var framed = !inspect.RootElement.At("Config").At("Tty").IsTrue();
        using var answer = await raw.SendAsync(api, HttpMethod.Get, $"containers/{Query.Part(containerId)}/logs?stdout=1&stderr=1&tail={lines}", null, null, token);
        await RawEngine.ThrowIfRefusedAsync(answer, token);
        await using var stream = await answer.Content.ReadAsStreamAsync(token);
        return await ContainerLogs.ReadAsync(stream, framed, token);
    }, cancellationToken);

    public async IAsyncEnumerable<string> StreamLogsAsync(
        string containerId, int? tail, DateTimeOffset? since, bool follow, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (answer, framed) = await CallAsync(async token =>
        {
            var api = await ApiAsync(token);
            using var inspect = await raw.GetAsync(api, $"containers/{Query.Part(containerId)}/json", token) ?? throw NoSuchContainer(containerId);
            var from = since is { } moment ? $"&since={moment.ToUnixTimeMilliseconds() / 1000}.{moment.ToUnixTimeMilliseconds() % 1000:000}000000" : "";
            var opened = await raw.SendAsync(
                api, HttpMethod.Get, $"containers/{Query.Part(containerId)}/logs?stdout=1&stderr=1&follow={(follow ? 1 : 0)}&tail={tail?.ToString() ?? "all"}{from}", null, null, token);
            return (opened, !inspect.RootElement.At("Config").At("Tty").IsTrue());
        }, cancellationToken);
        using (answer)
        {
            await RawEngine.ThrowIfRefusedAsync(answer, cancellationToken);
            await using var stream = await answer.Content.ReadAsStreamAsync(cancellationToken);
            await using var lines = ContainerLogs.LinesAsync(stream, framed, cancellationToken).GetAsyncEnumerator(cancellationToken);

            // Without a deadline: what is silent for hours is followed all the same.
            while (await NextAsync(lines))
            {
                yield return lines.Current;
            }
        }
    }

    private static async Task<bool> NextAsync(IAsyncEnumerator<string> lines)
    {
        try
        {
            return await lines.MoveNextAsync();
        }
        catch (Exception broken) when (DockerErrors.IsTransport(broken))
        {
            throw DockerErrors.FromTransport(broken);
        }
    }

    public Task<ExecResult> ExecuteAsync(string containerId, IReadOnlyList<string> command, CancellationToken cancellationToken) =>
        Deadline.RunAsync(settings.ExecDeadline, async deadline =>
        {
            var token = deadline.Token;
            var (api, client) = await ConnectedAsync(token);
            var parameters = new Models.ContainerExecCreateParameters { Cmd = [.. command], AttachStdout = true, AttachStderr = true };
            var exec = await client.Exec.CreateContainerExecAsync(containerId, parameters, token);
            using var stream = await client.Exec.StartContainerExecAsync(exec.ID, new(), token);
            var output = await ReadOutputAsync(stream, token);
            return new ExecResult(await ExitCodeOfAsync(api, exec.ID, token), output);
        }, cancellationToken);

    private static async Task<string> CreateAsync(DockerClient client, Models.CreateContainerParameters parameters, CancellationToken cancellationToken) =>
        (await client.Containers.CreateContainerAsync(parameters, cancellationToken)).ID;

    private async Task<TimeSpan> GraceOfAsync(string containerId, CancellationToken cancellationToken)
    {
        using var inspect = await raw.GetAsync(await ApiAsync(cancellationToken), $"containers/{Query.Part(containerId)}/json", cancellationToken);
        var seconds = inspect?.RootElement.At("Config").At("StopTimeout") is { } own ? ((JsonElement?)own).Number() : 10;
        return TimeSpan.FromSeconds(seconds);
    }

    private static async Task<string> ReadOutputAsync(MultiplexedStream stream, CancellationToken cancellationToken)
    {
        var buffer = new byte[16 * 1024];
        using var output = new MemoryStream();
        while (await stream.ReadOutputAsync(buffer, 0, buffer.Length, cancellationToken) is { EOF: false } read)
        {
            output.Write(buffer, 0, (int)Math.Min(read.Count, OutputKept - output.Length));
        }

        return Encoding.UTF8.GetString(output.GetBuffer(), 0, (int)output.Length);
    }

    // The stream may end a moment before the engine knows the exit code.
    private async Task<long> ExitCodeOfAsync(EngineApi api, string execId, CancellationToken cancellationToken)
    {
        while (true)
        {
            using var exec = await raw.GetAsync(api, $"exec/{execId}/json", cancellationToken);
            if (exec?.RootElement is { } root && !root.At("Running").IsTrue() && root.At("ExitCode") is { } code)
            {
                return ((JsonElement?)code).Number();
            }

            await Task.Delay(10, cancellationToken);
        }
    }
}
