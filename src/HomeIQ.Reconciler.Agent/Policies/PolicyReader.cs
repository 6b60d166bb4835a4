using System.Text.RegularExpressions;
using HomeIQ.Reconciler.Compose;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Yaml;

namespace HomeIQ.Reconciler.Policies;

/// <summary>Reads <c>reconciler.yaml</c> strictly: every key known, every value of the one type that <see cref="PolicySchema"/> names.</summary>
internal sealed class PolicyReader(Findings problems)
{
    private static readonly string[] Risks = ["low", "medium", "high"];
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

        var policy = Whole(top) with { Phases = phases };
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

    private ValueList<Probe> Probes(KeyReader verify)
    {
        var probes = new List<Probe>();
        foreach (var item in Items(verify, "probes"))
        {
            if (item is not YamlMapping map)
            {
                verify.Wrong(item, "probes", "a list of mappings with http, tcp or exec");
            }
            else if (Probe(Map(map, $"{verify.Where}.probes")) is { } probe)
            {
                probes.Add(probe);
            }
        }

        return [.. probes];
    }

    private Probe? Probe(KeyReader reader)
    {
        var kinds = new[] { "http", "tcp", "exec" }.Where(kind => reader.Mapping.Find(kind) is not null).ToList();
        if (kinds is not [var kind])
        {
            problems.Error(reader.Position, reader.Where, kinds.Count == 0 ? "a probe is one of http, tcp, exec: none is written" : $"a probe is one of http, tcp, exec: {string.Join(" and ", kinds)} are written",
                kinds.Count > 1 ? "write them as two probes" : null);
            reader.Find("http");
            reader.Find("tcp");
            reader.Find("exec");
            foreach (var sibling in (ReadOnlySpan<string>)["status", "json", "interval", "timeout"])
            {
                reader.Find(sibling);
            }

            reader.Done();
            return null;
        }

        Probe? probe = kind switch
        {
            "http" => Http(reader),
            "tcp" => Integer(reader, "tcp", 1, 65535) is { } port ? new TcpProbe((int)port) : null,
            _ => Texts(reader, "exec", least: 1, unique: false) is { Count: > 0 } words ? new ExecProbe([.. words.Select(word => word.Text)]) : null,
        };
        var interval = Duration(reader, "interval");
        var timeout = Duration(reader, "timeout");
        if (kind != "http")
        {
            foreach (var only in (ReadOnlySpan<string>)["status", "json"])
            {
                if (reader.Mapping.Find(only) is not null)
                {
                    reader.Find(only);
                    reader.Error(only, "belongs to a probe of http");
                }
            }
        }

        reader.Done();

        return probe is null ? null : probe with { Interval = interval ?? probe.Interval, Timeout = timeout ?? probe.Timeout };
    }

    private HttpProbe? Http(KeyReader reader)
    {
        var status = Status(reader);
        var json = Body(reader);
        if (reader.Find("http") is YamlScalar)
        {
            return Pattern(reader, "http", PolicySchema.Url, "a whole address", "write http://host:port/path, or { port: 8080, path: /health }") is { } whole
                ? new HttpProbe(whole, null, "/", "http", status, json)
                : null;
        }

        if (Child(reader, "http") is not { } http)
        {
            return null;
        }

        var url = Pattern(http, "url", PolicySchema.Url, "a whole address", "write http://host:port/path");
        var port = Integer(http, "port", 1, 65535);
        var path = Pattern(http, "path", PolicySchema.Path, "a path", "write /health");
        var scheme = Word(http, "scheme", ["http", "https"]);
        http.Done();
        var hasUrl = http.Mapping.Find("url") is not null;
        if (hasUrl && http.Mapping.Entries.Any(entry => entry.Key.Text is "port" or "path" or "scheme"))
        {
            problems.Error(http.Position, http.Where, "either url, or port and path", "a url says all three");
        }
        else if (!hasUrl && http.Mapping.Find("port") is null)
        {
            problems.Error(http.Position, http.Where, "`port` is missing", "write the container's port, or a whole url");
        }

        return new HttpProbe(url, (int?)port, path ?? "/", scheme ?? "http", status, json);
    }

    private ValueList<int> Status(KeyReader reader)
    {
        switch (reader.Mapping.Find("status"))
        {
            case null:
                return [200];
            case YamlSequence { Items.Count: > 0 } list:
                reader.Find("status");
                var all = list.Items.Select(item => Whole(item) is >= 100 and <= 599 and var code ? (int)code : (int?)null).ToList();
                if (all.Contains(null) || all.Distinct().Count() < all.Count)
                {
                    reader.Error("status", "must be a list of different numbers from 100 to 599");
                }

                return [.. all.OfType<int>().Order()];
            case YamlSequence empty:
                reader.Find("status");
                problems.Error(empty.Position, $"{reader.Where}.status", "is an empty list");
                return [];
            default:
                return Integer(reader, "status", 100, 599) is { } single ? [(int)single] : [];
        }
    }

    private ValueMap<string> Body(KeyReader reader)
    {
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        if (Child(reader, "json") is not { } json)
        {
            return ValueMap<string>.Empty;
        }

        if (json.Mapping.Entries.Count == 0)
        {
            problems.Error(json.Position, json.Where, "is an empty mapping");
        }

        foreach (var entry in json.Mapping.Entries)
        {
            if (entry.Key.Text.Length == 0)
            {
                problems.Error(entry.Key.Position, json.Where, "a path into the body is missing", "write dependencies.sqlite.status: healthy");
            }
            else if (entry.Value is YamlScalar { IsNull: false } value)
            {
                fields[entry.Key.Text] = value.Text;
            }
            else
            {
                json.Wrong(entry.Value, entry.Key.Text, "a text, a number, true or false");
            }
        }

        return new(fields);
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

        reader.Done();

        return policy;
    }

    // ---- one value each, of one type each. Unlike in Compose, a key without a value is no absent key.

    private KeyReader Map(YamlMapping map, string where)
    {
        foreach (var entry in map.Entries)
        {
            if (entry.Value is YamlScalar { IsNull: true })
            {
                problems.Error(entry.Key.Position, where.Length == 0 ? entry.Key.Text : $"{where}.{entry.Key.Text}", "has no value", "write one, or remove the key");
            }
        }

        return new(problems, map, where, strict: true);
    }

    private KeyReader? Child(KeyReader reader, string key) => reader.Child(key) is { } child ? Map(child.Mapping, child.Where) : null;

    private IEnumerable<(YamlScalar Key, KeyReader Reader)> Maps(KeyReader reader, string key)
    {
        foreach (var entry in Child(reader, key)?.Mapping.Entries ?? [])
        {
            var where = $"{key}.{entry.Key.Text}";
            if (entry.Key.Text.Length == 0)
            {
                problems.Error(entry.Key.Position, key, "a name is missing");
            }
            else if (entry.Value is YamlMapping map)
            {
                yield return (entry.Key, Map(map, where));
            }
            else if (entry.Value is not YamlScalar { IsNull: true })
            {
                reader.Wrong(entry.Value, where, "a mapping");
            }
        }
    }

    private static IReadOnlyList<YamlNode> Items(KeyReader reader, string key) => reader.Items(key);

    private T? Required<T>(T? value, KeyReader reader, string key)
        where T : class
    {
        if (value is null && reader.Mapping.Find(key) is null)
        {
            problems.Error(reader.Position, reader.Where, $"`{key}` is missing");
        }

        return value;
    }

    private YamlScalar? Text(KeyReader reader, string key) => reader.Scalar(key) is { } scalar && IsText(scalar, reader.Path(key)) ? scalar : null;

    private bool IsText(YamlScalar scalar, string where)
    {
        if (Scalars.KindOf(scalar) != ScalarKind.Text)
        {
            problems.Error(scalar.Position, where, $"must be a text, but is {Scalars.Words(Scalars.KindOf(scalar))}", $"write \"{scalar.Text}\"");
            return false;
        }

        if (scalar.Text.Length == 0)
        {
            problems.Error(scalar.Position, where, "is empty");
        }

        return scalar.Text.Length > 0;
    }

    private List<YamlScalar> Texts(KeyReader reader, string key, int least, bool unique = true)
    {
        var texts = new List<YamlScalar>();
        foreach (var item in Items(reader, key))
        {
            if (item is not YamlScalar scalar)
            {
                reader.Wrong(item, key, "a list of texts");
            }
            else if (IsText(scalar, reader.Path(key)))
            {
                if (unique && texts.Exists(other => other.Text == scalar.Text))
                {
                    problems.Error(scalar.Position, reader.Path(key), $"`{scalar.Text}` stands here twice");
                    continue;
                }

                texts.Add(scalar);
            }
        }

        if (reader.Mapping.Find(key) is YamlSequence list && list.Items.Count < least)
        {
            reader.Error(key, "is an empty list");
        }

        return texts;
    }

    private string? Word(KeyReader reader, string key, string[] words)
    {
        if (Text(reader, key) is not { } scalar)
        {
            return null;
        }

        if (words.Contains(scalar.Text))
        {
            return scalar.Text;
        }

        problems.Error(scalar.Position, reader.Path(key), $"`{scalar.Text}` is none of {string.Join(", ", words)}", Suggestions.For(scalar.Text, words));
        return null;
    }

    private bool? Flag(KeyReader reader, string key)
    {
        if (reader.Scalar(key) is not { } scalar)
        {
            return null;
        }

        if (Scalars.KindOf(scalar) == ScalarKind.Boolean)
        {
            return Units.Flag(scalar.Text);
        }

        problems.Error(scalar.Position, reader.Path(key), $"`{scalar.Text}` is not true or false", "write true or false, without quotes");
        return null;
    }

    private long? Integer(KeyReader reader, string key, long least, long most)
    {
        if (reader.Scalar(key, "a whole number") is not { } scalar)
        {
            return null;
        }

        if (Whole(scalar) is { } number && number >= least && number <= most)
        {
            return number;
        }

        problems.Error(scalar.Position, reader.Path(key), $"`{scalar.Text}` is no whole number from {least} to {most}",
            scalar.IsPlain ? null : "write it without quotes");
        return null;
    }

    private static long? Whole(YamlNode node) => node is YamlScalar scalar && Scalars.Number(scalar) is { } number && number == decimal.Truncate(number) && Math.Abs(number) < 1e15m ? (long)number : null;

    private TimeSpan? Duration(KeyReader reader, string key) =>
        Pattern(reader, key, PolicySchema.Duration, "a duration", Units.DurationHint) is { } text ? Units.Duration(text) : null;

    private string? Pattern(KeyReader reader, string key, string pattern, string expected, string hint)
    {
        if (reader.Scalar(key) is not { } scalar)
        {
            return null;
        }

        // The dollar of a pattern would also stand before a last line break.
        if (Scalars.KindOf(scalar) == ScalarKind.Text && !scalar.Text.Contains('\n', StringComparison.Ordinal) && scalar.Text.Length <= PolicySchema.Longest
            && Regex.IsMatch(scalar.Text, pattern, RegexOptions.None, TimeSpan.FromSeconds(1)))
        {
            return scalar.Text;
        }

        problems.Error(scalar.Position, reader.Path(key), $"`{scalar.Text}` is not {expected}", hint);
        return null;
    }
}
