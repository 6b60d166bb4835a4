using System.Text.RegularExpressions;
using HomeIQ.Reconciler.Compose;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Yaml;

namespace HomeIQ.Reconciler.Policies;

/// <summary>Reads <c>reconciler.yaml</c> strictly: every key known, every value of the one type that <see cref="PolicySchema"/> names.</summary>
internal sealed partial class PolicyReader(Findings problems)
{
    private static readonly string[] Risks = ["low", "medium", "high"];
    private static readonly string[] Kinds = ["volume", "sqlite"];
    private static readonly string[] LogWords = ["fail", "warn", "ignore"];
    private static readonly string[] Drifts = ["correct", "warn", "ignore"];

    private readonly List<(string, SourcePosition, string)> named = [];

    public PolicyFile Read(YamlNode node)
    {
        if (node is not YamlMapping map)
        {
            problems.Error(node.Position, null, node is YamlScalar { IsNull: true } ? "the file is empty" : "the file must be a mapping", "begin it with version: 1");
            return new();
        }

        var top = Map(map, "");
        Version(top);
        var compose = Texts(top, "compose", least: 1);
        var project = Text(top, "project");
        var phases = Phases(top);
        var defaults = Defaults(top);
        var services = new Dictionary<string, ServicePolicy>(StringComparer.Ordinal);
        foreach (var (key, reader) in Maps(top, "services"))
        {
            named.Add((key.Text, key.Position, "services"));
            services[key.Text] = Service(reader, defaults);
        }

        var databases = Databases(top);
        var policy = Whole(top) with { Phases = phases, Databases = databases };
        top.Done();

        return new()
        {
            Compose = [.. compose.Select(file => file.Text)],
            ComposePositions = [.. compose.Select(file => file.Position)],
            Project = project?.Text,
            ProjectPosition = project?.Position,
            Policy = policy,
            Defaults = defaults,
            Services = new(services),
            Named = [.. named],
        };
    }

    private void Version(KeyReader top)
    {
        if (!top.Has("version"))
        {
            problems.Error(top.Position, null, "`version` is missing", "write version: 1");
        }
        else if (Integer(top, "version", 0, int.MaxValue) is { } version and not 1)
        {
            top.Error("version", $"{version} is not known to this program", "write version: 1");
        }
    }

    private ValueList<Phase> Phases(KeyReader top)
    {
        var phases = new List<Phase>();
        foreach (var item in Items(top, "phases"))
        {
            if (item is not YamlMapping map)
            {
                top.Wrong(item, "phases", "a list of mappings with name and services");
                continue;
            }

            var reader = Map(map, "phases");
            var name = Required(Text(reader, "name"), reader, "name");
            var services = Texts(reader, "services", least: 0);
            Required(reader.Mapping.Find("services"), reader, "services");
            reader.Done();
            named.AddRange(services.Select(service => (service.Text, service.Position, $"phases.{name?.Text}")));
            phases.Add(new(name?.Text ?? "", [.. services.Select(service => service.Text)]));
        }

        return [.. phases];
    }

    private ValueList<DesiredDatabase> Databases(KeyReader top)
    {
        var databases = new List<DesiredDatabase>();
        foreach (var (key, reader) in Maps(top, "databases"))
        {
            if (!Regex.IsMatch(key.Text, PolicySchema.FileName, RegexOptions.None, TimeSpan.FromMinutes(1)) || key.Text.EndsWith('\n'))
            {
                problems.Error(key.Position, "databases", $"`{key.Text}` is no name for a database", "write letters, digits, dots and dashes: metrics");
            }

            var kind = Required(Word(reader, "kind", Kinds), reader, "kind");
            var service = Required(Text(reader, "service"), reader, "service");
            var path = kind == "sqlite"
                ? Required(Pattern(reader, "path", PolicySchema.FilePath, "the path of a file in the container", "write /data/app.db"), reader, "path")
                : Required(Pattern(reader, "mount", PolicySchema.Path, "a path in the container", "write /data"), reader, "mount");
            var migration = kind == "sqlite" ? Migration(reader) : null;
            reader.Done();
            if (service is not null)
            {
                named.Add((service.Text, service.Position, $"databases.{key.Text}"));
            }

            if (kind is not null && service is not null && path is not null)
            {
                databases.Add(new(key.Text, (DatabaseKind)Array.IndexOf(Kinds, kind), service.Text, path) { Migration = migration });
            }
        }

        return [.. databases.OrderBy(database => database.Name, StringComparer.Ordinal)];
    }

    private DesiredMigration? Migration(KeyReader reader)
    {
        var command = Texts(reader, "migrate", least: 1, unique: false);
        var within = Duration(reader, "migrate-within") ?? DesiredMigration.DefaultWithin;
        return command.Count > 0 ? new([.. command.Select(word => word.Text)], within) : null;
    }

    private ServicePolicy Defaults(KeyReader top)
    {
        if (Child(top, "defaults") is not { } reader)
        {
            return new();
        }

        var policy = Care(reader, new());
        reader.Done();

        return policy;
    }

    private ServicePolicy Service(KeyReader reader, ServicePolicy defaults)
    {
        var restartWith = Texts(reader, "restart-with", least: 0);
        named.AddRange(restartWith.Select(service => (service.Text, service.Position, $"{reader.Where}.restart-with")));
        var policy = Care(reader, defaults) with
        {
            RestartWith = [.. restartWith.Select(service => service.Text).Order(StringComparer.Ordinal)],
            AllowDowngrade = Flag(reader, "allow-downgrade") ?? false,
        };
        reader.Done();

        return policy;
    }

    // What a service and the defaults may both say.
    private ServicePolicy Care(KeyReader reader, ServicePolicy defaults)
    {
        var policy = defaults with
        {
            Risk = Word(reader, "risk", Risks) is { } risk ? (Risk)Array.IndexOf(Risks, risk) : defaults.Risk,
            Drift = Word(reader, "drift", Drifts) is { } drift ? (DriftPolicy)Array.IndexOf(Drifts, drift) : defaults.Drift,
        };
        if (Child(reader, "verify") is not { } verify)
        {
            return policy;
        }

        policy = policy with
        {
            VerifyTimeout = Duration(verify, "timeout") ?? defaults.VerifyTimeout,
            Probes = verify.Mapping.Find("probes") is null ? defaults.Probes : Probes(verify),
        };
        verify.Find("probes");
        verify.Done();

        return policy;
    }

    private Policy Whole(KeyReader top)
    {
        if (Child(top, "policy") is not { } reader)
        {
            return new();
        }

        var policy = new Policy();
        policy = policy with
        {
            FloatingTags = Word(reader, "floating-tags", ["refuse", "allow"]) is "allow" ? FloatingTags.Allow : FloatingTags.Refuse,
            Parallel = (int)(Integer(reader, "parallel", 1, 100) ?? policy.Parallel),
            Generations = (int)(Integer(reader, "generations", 1, 100) ?? policy.Generations),
        };
        if (Child(reader, "removals") is { } removals)
        {
            policy = policy with
            {
                RemovalsMax = (int)(Integer(removals, "max", 0, 10_000) ?? policy.RemovalsMax),
                RemovalsShare = Pattern(removals, "share", PolicySchema.Share, "a share", "write 20%") is { } share ? int.Parse(share.AsSpan()[..^1]) : policy.RemovalsShare,
            };
            removals.Done();
        }

        policy = policy with { Soak = Soak(reader) };
        reader.Done();

        return policy;
    }

    private SoakPolicy Soak(KeyReader reader)
    {
        var usual = new SoakPolicy();
        if (reader.Mapping.Find("soak") is YamlScalar)
        {
            return Text(reader, "soak") switch
            {
                null => usual,
                { Text: "none" } => SoakPolicy.None,
                _ => usual with { For = Duration(reader, "soak") ?? usual.For },
            };
        }

        if (Child(reader, "soak") is not { } soak)
        {
            return usual;
        }

        var policy = new SoakPolicy(
            Duration(soak, "for") ?? usual.For,
            Word(soak, "log-errors", LogWords) is { } word ? (LogErrors)Array.IndexOf(LogWords, word) : usual.Errors);
        soak.Done();

        return policy;
    }
}
