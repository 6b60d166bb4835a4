using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using HomeIQ.Reconciler.Desired;

namespace HomeIQ.Reconciler.Journaling;

/// <summary>Resolved specifications and states at rest: the only place where secret values are kept, because a rollback needs them (files 0600).</summary>
/// <remarks>Steps and journal name these by digest or id. Nothing here is ever changed: it is added to, and let go of when it is old.</remarks>
public sealed class SealedStore
{
    private const string BackSuffix = "-back";

    private readonly string services;
    private readonly string recorded;
    private readonly string states;
    private readonly Lock gate = new();
    private Known? latest;

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

    /// <remarks>The one that was asked for last is kept in memory: a pass asks for the same one several times, and to read it is most of a pass with nothing to do. Whoever asks meanwhile waits for it.</remarks>
    public EffectiveState? FindState(string? id)
    {
        if (id is null)
        {
            return null;
        }

        lock (gate)
        {
            var writtenAt = File.GetLastWriteTimeUtc(PathOf(states, id));
            if (latest is { } known && known.Id == id && known.WrittenAt == writtenAt)
            {
                return known.State;
            }

            var state = Find(states, id, CoreJson.Default.EffectiveState);
            latest = state is null ? null : new(id, writtenAt, state);
            return state;
        }
    }

    /// <summary>The state that the host is held to, or goes back to: without it nothing can be decided.</summary>
    /// <exception cref="JournalException">It is there, and cannot be read.</exception>
    public EffectiveState? FindHeldState(string? id)
    {
        try
        {
            return FindState(id);
        }
        catch (JsonException damaged)
        {
            throw new JournalException($"{PathOf(states, id!)} is damaged: put it back from a copy, or move it away, and homeiq asks before it makes anew what is lost with it", damaged);
        }
    }

    /// <summary>The id of the state that a run's way back seals, where containers had to be made again.</summary>
    public static string BackOf(string run) => run + BackSuffix;

    /// <summary>The run that sealed a state.</summary>
    public static string RunOf(string state) => state.EndsWith(BackSuffix, StringComparison.Ordinal) ? state[..^BackSuffix.Length] : state;

    /// <summary>Ids of all states.</summary>
    public IReadOnlyList<string> States() => [.. Names(states).Order(StringComparer.Ordinal)];

    /// <summary>Digests of all services.</summary>
    public IReadOnlyList<string> Services() => [.. Names(services).Order(StringComparer.Ordinal)];

    /// <summary>Deletes everything but this; returns how many states went, and how many specifications and inspects.</summary>
    public (int States, int Specifications) Prune(IReadOnlySet<string> keptStates, IReadOnlySet<string> keptServices, IReadOnlySet<string> keptContainers) =>
        (Prune(states, keptStates), Prune(services, keptServices) + Prune(recorded, keptContainers));

    private static int Prune(string folder, IReadOnlySet<string> keep)
    {
        var old = Names(folder).Where(name => !keep.Contains(name)).ToList();
        foreach (var name in old)
        {
            File.Delete(PathOf(folder, name));
        }

        // Left behind by a process that was killed while it wrote.
        foreach (var unfinished in Directory.EnumerateFiles(folder, "*.tmp"))
        {
            File.Delete(unfinished);
        }

        DurableFile.FlushFolder(folder);
        return old.Count;
    }

    private static IEnumerable<string> Names(string folder) => Directory.EnumerateFiles(folder, "*.json").Select(file => Path.GetFileNameWithoutExtension(file));

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

    /// <param name="WrittenAt">Of its file: one that was put in its place is read again, and one that is gone is gone.</param>
    private sealed record Known(string Id, DateTime WrittenAt, EffectiveState State);
}
