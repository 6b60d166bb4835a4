using System.Text.Json.Serialization;

namespace HomeIQ.Reconciler.Desired;

/// <summary>What lies in a database's files, and so how it is proven.</summary>
public enum DatabaseKind
{
    /// <summary>Any files: all of them, as they are.</summary>
    Volume,

    /// <summary>One SQLite file; the volume that it lies in is copied as a whole.</summary>
    Sqlite,
}

/// <summary>Data that moves with the commit: copied before anything that writes it is replaced, and put back with what goes back.</summary>
/// <param name="Service">Whose data it is: the copy is taken when this service, or another one on the same volume, is replaced.</param>
/// <param name="Path">Inside that service's container: the mount point of a volume, or of SQLite the file.</param>
public sealed record DesiredDatabase(string Name, DatabaseKind Kind, string Service, string Path)
{
    /// <summary>How a newer version brings the data up to itself; null where the service does so when it starts.</summary>
    public DesiredMigration? Migration { get; init; }

    /// <summary>The volume of a service that it lies in, and where in there; null when no volume is there.</summary>
    public (MountSpec Mount, string File)? PlaceIn(DesiredService service)
    {
        var mount = Kind == DatabaseKind.Volume
            ? service.Spec.Mounts.FirstOrDefault(mount => mount.Target == Path)
            : service.Spec.Mounts.Where(mount => Path.StartsWith(mount.Target.TrimEnd('/') + "/", StringComparison.Ordinal)).MaxBy(mount => mount.Target.Length);
        return mount is { Kind: MountKind.Volume, Source.Length: > 0, SubPath: null } ? (mount, Kind == DatabaseKind.Volume ? "" : Path[(mount.Target.TrimEnd('/').Length + 1)..]) : null;
    }
}

/// <summary>A command of the new version's image that migrates the data, while nobody else uses it.</summary>
/// <param name="Command">Program and arguments; Alembic is known by its name, and asked for its heads.</param>
/// <param name="Within">It is ended when it takes longer, and has failed then.</param>
public sealed record DesiredMigration(ValueList<string> Command, TimeSpan Within)
{
    public static readonly TimeSpan DefaultWithin = TimeSpan.FromMinutes(10);

    /// <summary>Its revisions are checked: <c>alembic … upgrade</c> or <c>python -m alembic … upgrade</c>.</summary>
    public bool IsAlembic => Upgrade > 0 && Command.Take(Upgrade).Any(word => word == "alembic" || word.EndsWith("/alembic", StringComparison.Ordinal));

    /// <summary>The same program with the same options, asked for its heads.</summary>
    [JsonIgnore]
    public ValueList<string> HeadsCommand => [.. Command.Take(Upgrade), "heads"];

    /// <summary>The one revision that it names to go to; null where it goes to what the image has, or some steps on.</summary>
    public string? Target => Command[^1] is var last and not ("head" or "heads" or "upgrade") && !last.StartsWith('+') && !last.StartsWith('-') ? last : null;

    private int Upgrade => Command.ToList().IndexOf("upgrade");
}
