using HomeIQ.Reconciler.Desired;

namespace HomeIQ.Reconciler.Histories;

/// <summary>A service as a commit asks for it: its version, and a setting that means nothing to it.</summary>
internal sealed record Content(string Tag, int Level)
{
    /// <summary>Never becomes healthy, wherever and whenever it is tried.</summary>
    public const string BadTag = "1.9.0-sick";

    public bool IsBad => Tag == BadTag;

    public override string ToString() => $"{Tag}/{Level}";
}

/// <summary>What a commit asks for: the part of a desired state that histories change.</summary>
/// <param name="Remarks">Words without meaning for the host.</param>
internal sealed record Asked(ValueMap<Content> Services, int Remarks)
{
    /// <summary>The one that commits add and remove, and on which nothing depends.</summary>
    public const string Extra = "extra";

    public static readonly string[] Names = ["db", "api", "web", Extra];

    private static readonly Dictionary<string, string> Needs = new(StringComparer.Ordinal) { ["api"] = "db", ["web"] = "api" };

    public static readonly Asked First = new(new(Names.Take(3).Select(name => KeyValuePair.Create(name, new Content("1.0.0", 0)))), 0);

    public bool IsBad => Services.Values.Any(content => content.IsBad);

    /// <summary>The service and those that it needs, directly or not.</summary>
    public static IEnumerable<string> Closure(string service) => Needs.TryGetValue(service, out var need) ? [service, .. Closure(need)] : [service];

    public bool Contains(ValueMap<Content> contents) => contents.All(pair => Services.TryGetValue(pair.Key, out var here) && here == pair.Value);

    /// <summary>What the host has to look like when this is what runs, a line a container.</summary>
    public string Picture => string.Join('\n', Services.Select(service => $"{service.Key} running healthy house/app:{service.Value.Tag} LEVEL={service.Value.Level} restart=unless-stopped"));

    /// <remarks>Checked often while it starts and hardly ever afterwards, so that days are few events.</remarks>
    public string Text =>
        $$"""
        # Remark {{Remarks}}.
        x-checked: &checked
          restart: unless-stopped
          healthcheck: { test: [CMD, curl, -f, http://localhost:8080/health], interval: 24h, timeout: 1s, retries: 1, start_period: 6s, start_interval: 3s }
        services:
        {{string.Join('\n', Services.Select(service => Block(service.Key, service.Value)))}}
        """;

    public override string ToString() => $"{string.Join(' ', Services.Select(service => $"{service.Key}:{service.Value}"))} #{Remarks}";

    private static string Block(string name, Content content) =>
        $$"""
          {{name}}:
            <<: *checked
            image: house/app:{{content.Tag}}
            container_name: {{name}}
            environment: { LEVEL: "{{content.Level}}" }
        """ + (Needs.TryGetValue(name, out var need) ? $"\n    depends_on: {{ {need}: {{ condition: service_healthy }} }}" : "");
}
