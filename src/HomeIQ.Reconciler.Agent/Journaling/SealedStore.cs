using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using HomeIQ.Reconciler.Desired;

namespace HomeIQ.Reconciler.Journaling;

/// <summary>Resolved specifications and states at rest: the only place where secret values are kept, because a rollback needs them (files 0600).</summary>
/// <remarks>Steps and journal name these by digest or id. Nothing here is ever changed, only added to.</remarks>
public sealed class SealedStore
{
    private readonly string services;
    private readonly string recorded;
    private readonly string states;

    public SealedStore(StateDirectory directory)
    {
        services = Folder(directory, "services");
        recorded = Folder(directory, "recorded");
        states = Folder(directory, "states");
    }

    /// <param name="digest">Of the container specification, or of the content, which covers what the service is verified by, too.</param>
    public void PutService(string digest, DesiredService service)
    {
        if (!File.Exists(PathOf(services, digest)))
        {
            Put(services, digest, service, CoreJson.Default.DesiredService);
        }
    }

    /// <summary>The service whose specification or content has that digest; null when it was never sealed here. Under that of its specification, its policy is the one of its first run.</summary>
    public DesiredService? FindService(string digest) => Find(services, digest, CoreJson.Default.DesiredService);

    /// <summary>Keeps the inspect of a container just after its creation.</summary>
    public void PutRecorded(string containerId, ValueMap<string> fields) => Put(recorded, containerId, fields, CoreJson.Default.ValueMapString);

    public ValueMap<string>? FindRecorded(string containerId) => Find(recorded, containerId, CoreJson.Default.ValueMapString);

    public void PutState(string id, EffectiveState state) => Put(states, id, state, CoreJson.Default.EffectiveState);

    public EffectiveState? FindState(string? id) => id is null ? null : Find(states, id, CoreJson.Default.EffectiveState);

    private static string Folder(StateDirectory directory, string name)
    {
        var folder = Path.Combine(directory.SealedFolder, name);
        Directory.CreateDirectory(folder, DurableFile.PrivateFolder);
        return folder;
    }

    private static string PathOf(string folder, string id) => Path.Combine(folder, $"{id}.json");

    private static void Put<T>(string folder, string id, T value, JsonTypeInfo<T> type) =>
        DurableFile.Write(PathOf(folder, id), JsonSerializer.SerializeToUtf8Bytes(value, type), DurableFile.Private);

    private static T? Find<T>(string folder, string id, JsonTypeInfo<T> type)
        where T : class
    {
        var path = PathOf(folder, id);
        return File.Exists(path) ? JsonDefaults.Read(File.ReadAllBytes(path), type) : null;
    }
}
