using System.Collections.Immutable;

namespace HomeIQ.Reconciler.Scenarios.Soaking;

/// <summary>One service as a commit asks for it.</summary>
internal sealed record Room(string Tag, string Greeting)
{
    public const string Bad = "bad-never-healthy";

    /// <summary>Nobody has this one.</summary>
    public const string Missing = "9.9.9-missing";

    public static readonly string[] Good = ["1.0.0", "1.1.0", "1.2.0"];

    public string Image => $"homeiq-test/app:{Tag}";
}

/// <summary>What a commit asks for: <c>store</c> ← <c>api</c> ← <c>web</c>, <c>radio</c>, and a <c>lamp</c> that comes and goes and mounts a file from Git.</summary>
internal sealed record Rooms(ImmutableSortedDictionary<string, Room> All)
{
    public const string Lamp = "lamp";

    /// <summary>Those with a limit of memory: an engine can set it back in place.</summary>
    public static readonly ImmutableHashSet<string> Limited = ["api", "web"];

    private static readonly Dictionary<string, string[]> Dependents = new(StringComparer.Ordinal) { ["store"] = ["api", "web"], ["api"] = ["web"] };

    public static Rooms First { get; } = new(((string[])["store", "api", "web", "radio", Lamp]).ToImmutableSortedDictionary(name => name, _ => new Room("1.0.0", "hello"), StringComparer.Ordinal));

    /// <summary>One of its images is bad, once somebody has tried it.</summary>
    public bool IsBad => All.Values.Any(room => room.Tag == Room.Bad);

    public bool LacksImage => All.Values.Any(room => room.Tag == Room.Missing);

    public bool IsGood => !IsBad && !LacksImage;

    public Rooms With(string name, Func<Room, Room> change) => new(All.SetItem(name, change(All[name])));

    /// <summary>Services that are in both and differ.</summary>
    public IEnumerable<string> ChangedTo(Rooms other) => All.Keys.Where(name => other.All.TryGetValue(name, out var room) && room != All[name]);

    /// <summary>These, and whoever stands on them.</summary>
    public static IEnumerable<string> WithDependents(IEnumerable<string> names) =>
        names.SelectMany(name => Dependents.GetValueOrDefault(name, []).Prepend(name)).Distinct(StringComparer.Ordinal);

    public void WriteTo(House house)
    {
        // Asked patiently: other tests make this machine slow, and a good version must not be taken for a bad one.
        const string Check = """healthcheck: {test: [CMD, curl, -fsS, "http://localhost:8080/health"], interval: 500ms, timeout: 8s, retries: 4, start_period: 1s}""";
        house.Write("lamp.conf", All.TryGetValue(Lamp, out var lamp) ? $"{lamp.Greeting}\n" : "off\n");
        house.Write("reconciler.yaml", "version: 1\ncompose: [compose.yaml]\npolicy: { soak: 500ms }\n");
        house.ComposeWith("volumes:\n  store-data:", [.. All.Select(room => (room.Key, string.Join('\n', [
            $"image: {room.Value.Image}",
            Check,
            $"environment: {{SERVICE: {room.Key}, GREETING: {room.Value.Greeting}}}",
            .. Limited.Contains(room.Key) ? ["mem_limit: 96m"] : Array.Empty<string>(),
            room.Key switch
            {
                "store" => "volumes: ['store-data:/data']",
                "api" => "depends_on: {store: {condition: service_healthy}}",
                "web" => "depends_on: {api: {condition: service_healthy}}",
                Lamp => "volumes: ['./lamp.conf:/etc/lamp.conf:ro']",
                _ => "restart: unless-stopped",
            }])))]);
    }
}
