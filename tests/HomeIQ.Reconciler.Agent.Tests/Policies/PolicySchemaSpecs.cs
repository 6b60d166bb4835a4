using System.Text;
using System.Text.Json.Nodes;
using HomeIQ.Reconciler.Compose;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Policies;
using HomeIQ.Reconciler.Yaml;

namespace HomeIQ.Reconciler.Agent.Tests.Policies;

/// <summary>The schema and the reader are two judges of one law. Every place of a full document gets every kind of value, and both must say the same.</summary>
public class PolicySchemaSpecs
{
    private const string Full = """
        {
          "version": 1,
          "compose": ["compose.yaml", "compose.versions.yaml"],
          "project": "homeiq",
          "phases": [{ "name": "a", "services": ["x", "y"] }, { "name": "b", "services": [] }],
          "defaults": { "risk": "low", "drift": "warn", "verify": { "timeout": "2m" } },
          "services": {
            "x": {
              "risk": "high", "drift": "correct", "restart-with": ["y"], "allow-downgrade": false,
              "verify": {
                "timeout": "1m30s",
                "probes": [
                  { "http": "http://h:80/p", "status": 200, "json": { "a.b": "c", "d": true, "e": 1.5 }, "interval": "1s", "timeout": "500ms" },
                  { "http": { "url": "https://h/" }, "status": [200, 204] },
                  { "http": { "port": 80, "path": "/health", "scheme": "http" } },
                  { "tcp": 80, "interval": "1s", "timeout": "1.5s" },
                  { "exec": ["a", "b"], "interval": "1s", "timeout": "1s" }
                ]
              }
            },
            "y": {}
          },
          "databases": { "x": { "kind": "volume", "service": "x", "mount": "/data" }, "y": { "kind": "sqlite", "service": "x", "path": "/data/a.db", "migrate": ["a", "b"], "migrate-within": "5m" } },
          "policy": { "floating-tags": "refuse", "removals": { "max": 2, "share": "20%" }, "soak": { "for": "5m", "log-errors": "fail" }, "parallel": 4, "generations": 3 }
        }
        """;

    private static readonly string[] Values =
    [
        "null", "true", "false", "0", "1", "2", "-1", "80", "99", "100", "101", "200", "599", "600", "65535", "65536", "10000", "10001", "1.0", "1.5", "1e2", "1e400", "\"\"", "\" \"", "\"x\"",
        "\"1\"", "\"true\"", "\"null\"", "\"low\"", "\"high\"", "\"LOW\"", "\"correct\"", "\"allow\"", "\"http\"", "\"https\"", "\"/\"", "\"/a b\"", "\"health\"", "\"20%\"", "\"100%\"", "\"101%\"",
        "\"20 %\"", "\"2m\"", "\"0s\"", "\"0.0s\"", "\"0.001s\"", "\"0.0001s\"", "\"99999h\"", "\"100000h\"", "\"1h1m1s1ms1s1s\"", "\"1h1m1s1ms1s1s1s\"", "\"1d\"", "\"-1s\"", "\"1s\\n\"", "\"20%\\n\"",
        "\"http://x\"", "\"http://x\\n\"", "\"ftp://x\"", "\"http://\"", "\"http://x:0\"", "\"http://x:65535/\"", "\"http://x:65536/\"", "\"http://[::1]:8/?a#b\"", "\"http://a b\"", "\"HTTP://x\"",
        "[]", "[1]", "[\"x\"]", "[\"x\", \"x\"]", "[\"x\", \"y\"]", "[200]", "[200, 200]", "[200, 204.0]", "[200, 200.0]", "[99]", "[null]", "[[]]", "[{}]",
        "{}", "{ \"name\": \"a\", \"services\": [] }", "{ \"tcp\": 1 }", "{ \"http\": \"http://x\" }", "{ \"http\": \"http://x\", \"tcp\": 1 }", "{ \"exec\": [\"a\"] }", "{ \"exec\": [] }", "{ \"tcp\": 1, \"status\": 200 }",
        "{ \"port\": 80 }", "{ \"url\": \"http://x\" }", "{ \"url\": \"http://x\", \"port\": 80 }", "{ \"path\": \"/\" }", "{ \"unknown\": 1 }", "{ \"\": \"x\" }", "{ \"\": {} }", "{ \"x-y\": {} }", "{ \"x-y\": null }",
        "{ \"a\": null }", "{ \"a\": [] }", "{ \"risk\": \"low\" }", "{ \"probes\": [] }", "{ \"timeout\": \"1s\" }", "{ \"max\": 1 }", "{ \"share\": \"5%\" }", "{ \"status\": 200 }",
        "\"none\"", "\"5m\"", "\"fail\"", "\"warn\"", "\"ignore\"", "{ \"for\": \"1s\" }", "{ \"for\": \"none\" }", "{ \"log-errors\": \"ignore\" }", "{ \"for\": \"1s\", \"log-errors\": \"warn\" }",
    ];

    private static readonly string[] Keys =
    [
        "version", "compose", "project", "phases", "defaults", "services", "databases", "kind", "service", "mount", "path", "migrate", "migrate-within", "policy", "risk", "drift", "verify", "restart-with", "allow-downgrade", "timeout", "probes", "http", "tcp", "exec",
        "status", "json", "interval", "port", "path", "scheme", "url", "floating-tags", "removals", "max", "share", "soak", "for", "log-errors", "parallel", "generations", "name", "x-note", "unknown",
    ];

    private static readonly SchemaJudge Schema = new(PolicySchema.Text);

    [Fact]
    public void Both_accept_the_full_document_and_the_shortest()
    {
        Assert.True(Schema.Accepts(Full));
        Assert.True(Schema.Accepts("{ \"version\": 1 }"));
        Assert.Equal("", Reader(Full));
        Assert.Equal("", Reader("{ \"version\": 1 }"));
    }

    [Fact]
    public void Both_say_the_same_of_every_value_at_every_place()
    {
        var differences = new List<string>();
        var accepted = 0;
        var refused = 0;
        foreach (var (change, document) in Variants())
        {
            var schema = Schema.Accepts(document);
            var reader = Reader(document);
            _ = schema ? accepted++ : refused++;
            if (schema != (reader.Length == 0))
            {
                differences.Add($"{change}: {(schema ? "only the schema accepts it" : "only the reader accepts it")} {reader}");
            }
        }

        Assert.Empty(differences);
        Assert.True(accepted > 300 && refused > 3000, $"{accepted} accepted, {refused} refused: too few to mean anything");
    }

    [Fact]
    public void Our_own_policy_file_is_accepted_by_both()
    {
        var text = File.ReadAllBytes(Path.Combine(HomeIqSpecs.Root, "desired-state", PolicyFile.Name));
        var node = YamlReader.Read(text, PolicyFile.Name, [])!;

        Assert.Equal("", Reader(Encoding.UTF8.GetString(text)));
        Assert.True(Schema.Accepts(Json(node)!.ToJsonString()));
    }

    [Fact]
    public void The_schema_reads_like_a_manual()
    {
        var schema = JsonNode.Parse(PolicySchema.Text)!;

        Assert.Equal("https://json-schema.org/draft/2020-12/schema", (string?)schema["$schema"]);
        Assert.All(((JsonObject)schema["properties"]!).Where(property => property.Key != "policy"), property => Assert.NotNull(property.Value!["description"]));
    }

    // Every place of the full document with every value in it, without it, and with every key beside it.
    private static IEnumerable<(string Change, string Document)> Variants()
    {
        foreach (var path in Places(JsonNode.Parse(Full)!, []))
        {
            foreach (var value in Values)
            {
                yield return ($"{string.Join('.', path)} = {value}", Changed(path, (parent, key) => Set(parent, key, JsonNode.Parse(value))));
            }

            yield return ($"{string.Join('.', path)} removed", Changed(path, (parent, key) =>
            {
                if (parent is JsonObject map)
                {
                    map.Remove((string)key);
                }
                else
                {
                    ((JsonArray)parent).RemoveAt((int)key);
                }
            }));
            if (path[^1] is string)
            {
                foreach (var key in Keys)
                {
                    yield return ($"{key} beside {string.Join('.', path)}", Changed(path, (parent, _) => ((JsonObject)parent).TryAdd(key, JsonNode.Parse("\"1s\""))));
                }
            }
        }

        foreach (var value in Values)
        {
            yield return (value, value);
        }
    }

    private static string Changed(IReadOnlyList<object> path, Action<JsonNode, object> change)
    {
        var root = JsonNode.Parse(Full)!;
        change(path.SkipLast(1).Aggregate(root, (node, key) => key is string name ? node[name]! : node[(int)key]!), path[^1]);

        return root.ToJsonString();
    }

    private static void Set(JsonNode parent, object key, JsonNode? value)
    {
        if (key is string name)
        {
            parent[name] = value;
        }
        else
        {
            parent[(int)key] = value;
        }
    }

    private static IEnumerable<IReadOnlyList<object>> Places(JsonNode? node, IReadOnlyList<object> path)
    {
        IEnumerable<(object Key, JsonNode? Value)> children = node switch
        {
            JsonObject map => map.Select(pair => ((object)pair.Key, pair.Value)),
            JsonArray list => list.Select((item, index) => ((object)index, item)),
            _ => [],
        };
        foreach (var (key, value) in children)
        {
            IReadOnlyList<object> place = [.. path, key];
            yield return place;
            foreach (var below in Places(value, place))
            {
                yield return below;
            }
        }
    }

    // JSON is YAML: the same text for both judges.
    private static string Reader(string document)
    {
        var findings = new Findings();
        var problems = new List<Problem>();
        var node = YamlReader.Read(Encoding.UTF8.GetBytes(document), PolicyFile.Name, problems);
        if (node is not null)
        {
            PolicyFile.Read(node, findings);
        }

        return string.Join('\n', problems.Concat(findings.All));
    }

    private static JsonNode? Json(YamlNode node) => node switch
    {
        YamlMapping map => new JsonObject(map.Entries.Select(entry => KeyValuePair.Create(entry.Key.Text, Json(entry.Value)))),
        YamlSequence list => new JsonArray([.. list.Items.Select(Json)]),
        YamlScalar scalar => Scalars.KindOf(scalar) switch
        {
            ScalarKind.Null => null,
            ScalarKind.Boolean => JsonValue.Create(scalar.Text is "true"),
            ScalarKind.Number => JsonValue.Create(Scalars.Number(scalar)),
            _ => JsonValue.Create(scalar.Text),
        },
        _ => throw new NotSupportedException(),
    };
}
