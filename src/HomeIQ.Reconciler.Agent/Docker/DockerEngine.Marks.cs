using System.Net;
using System.Text;
using System.Text.Json;
using HomeIQ.Reconciler.Changes;
using HomeIQ.Reconciler.Desired;

namespace HomeIQ.Reconciler.Docker;

/// <content>Marks: containers that are only a name, some labels and a number.</content>
/// <remarks>The number is the retry limit of their restart policy, which an engine changes in place, and which means nothing for what never starts.</remarks>
public sealed partial class DockerEngine
{
    private const string MarkRepository = "homeiq/lock";
    private const string MarkTag = "1";

    public Task<string?> PlaceMarkAsync(string name, ValueMap<string> labels, CancellationToken cancellationToken) => CallAsync(async token =>
    {
        var api = await ApiAsync(token);
        var json = MarkOf(labels);
        if (await TryPlaceAsync(api, name, json, token) is { HasImage: true } placed)
        {
            return placed.Id;
        }

        await transfers.MakeEmptyAsync(api, MarkRepository, MarkTag, token);
        return await TryPlaceAsync(api, name, json, token) is { HasImage: true } again
            ? again.Id
            : throw new ContainerHostException(HostFailure.Engine, $"the engine made the image {MarkRepository}:{MarkTag} but does not have it");
    }, cancellationToken);

    public Task<Mark?> FindMarkAsync(string name, CancellationToken cancellationToken) => CallAsync(async token =>
    {
        using var inspect = await raw.GetAsync(await ApiAsync(token), $"containers/{Query.Part(name)}/json", token);
        // The engine would also take the beginning of an id.
        return inspect is not null && (JsonElement?)inspect.RootElement is var mark && mark.At("Name").Text() == $"/{name}"
            ? new Mark(mark.At("Id").Text(), mark.At("Config").At("Labels").Map(), (int)mark.At("HostConfig").At("RestartPolicy").At("MaximumRetryCount").Number())
            : null;
    }, cancellationToken);

    public async Task<bool> TurnMarkAsync(string markId, int count, CancellationToken cancellationToken)
    {
        try
        {
            await UpdateContainerAsync(markId, new ContainerUpdate { Restart = new RestartPolicy("on-failure", count) }, cancellationToken);
            return true;
        }
        catch (ContainerHostException gone) when (gone.Failure is HostFailure.NotFound)
        {
            return false;
        }
    }

    public Task<bool> RemoveMarkAsync(string markId, CancellationToken cancellationToken) => RemoveContainerAsync(markId, cancellationToken);

    private static string MarkOf(ValueMap<string> labels) => Query.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("Image", $"{MarkRepository}:{MarkTag}");
        writer.WriteStartArray("Cmd");
        writer.WriteStringValue("never-started");
        writer.WriteEndArray();
        writer.WriteStartObject("Labels");
        writer.WriteString(Mark.Label, "");
        foreach (var (key, value) in labels)
        {
            writer.WriteString(key, value);
        }

        writer.WriteEndObject();
        writer.WriteStartObject("HostConfig");
        writer.WriteString("NetworkMode", "none");
        writer.WriteStartObject("RestartPolicy");
        writer.WriteString("Name", "on-failure");
        writer.WriteNumber("MaximumRetryCount", 0);
        writer.WriteEndObject();
        writer.WriteEndObject();
        writer.WriteEndObject();
    });

    /// <returns>Without an id when the name is taken.</returns>
    private async Task<(bool HasImage, string? Id)> TryPlaceAsync(EngineApi api, string name, string json, CancellationToken cancellationToken)
    {
        using var content = new StringContent(json, Encoding.UTF8, "application/json");
        using var answer = await raw.SendAsync(api, HttpMethod.Post, Query.Of("containers/create", ("name", name)), content, null, cancellationToken);
        var body = await answer.Content.ReadAsStringAsync(cancellationToken);
        switch (answer.StatusCode)
        {
            case HttpStatusCode.NotFound:
                return (false, null);
            case HttpStatusCode.Conflict when body.Contains("is already in use", StringComparison.Ordinal):
                return (true, null);
            case HttpStatusCode.Created:
                using (var created = JsonDocument.Parse(body))
                {
                    return (true, created.RootElement.At("Id").Text());
                }

            default:
                throw DockerErrors.FromAnswer(answer.StatusCode, body);
        }
    }
}
