using HomeIQ.Reconciler.Compose;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Yaml;

namespace HomeIQ.Reconciler.Policies;

// What is asked of a running service.
internal sealed partial class PolicyReader
{
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
}
