using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Yaml;

namespace HomeIQ.Reconciler.Compose;

/// <summary>Brings the attributes of one file into the one form that each is kept in, and its paths to the root of the tree.</summary>
/// <param name="folder">What the file's relative paths are relative to.</param>
internal sealed class ComposeForms(string folder, bool leaveUnresolved, ICollection<Problem> problems)
{
    /// <summary>The tree without the keys that Compose gives to everyone's own use.</summary>
    public static YamlNode WithoutExtensions(YamlNode node, Shape shape) => node switch
    {
        YamlMapping mapping => mapping with
        {
            Entries = new ValueList<YamlEntry>(mapping.Entries
                .Where(entry => shape.IsFree || !entry.Key.Text.StartsWith("x-", StringComparison.Ordinal))
                .Select(entry => entry with { Value = WithoutExtensions(entry.Value, shape.At(entry.Key.Text)) })),
        },
        YamlSequence sequence => sequence with { Items = new ValueList<YamlNode>(sequence.Items.Select(item => WithoutExtensions(item, shape.Each ?? Shape.Unknown))) },
        _ => node,
    };

    public YamlNode Apply(YamlNode node, Shape shape)
    {
        if (node.Tag is YamlTags.Reset)
        {
            return node;
        }

        var formed = ToForm(node, shape.Form) with { Tag = node.Tag };
        return ToTreePath(formed, shape.Paths) switch
        {
            YamlMapping mapping => mapping with
            {
                Entries = new ValueList<YamlEntry>(mapping.Entries.Select(entry => entry with { Value = Apply(entry.Value, shape.At(entry.Key.Text)) })),
            },
            YamlSequence sequence => Unique(sequence, shape),
            var scalar => scalar,
        };
    }

    private YamlNode ToForm(YamlNode node, Form form) => (form, node) switch
    {
        (Form.Pairs, YamlSequence list) when list.Items.All(item => item is YamlScalar) => Pairs(list),
        (Form.Texts, YamlScalar { IsNull: false } text) => new YamlSequence([text], text.Position),
        (Form.Hosts, YamlMapping mapping) when mapping.Entries.All(entry => IsTextOrTexts(entry.Value)) => Hosts(mapping),
        (Form.Hosts, YamlSequence list) => list with { Items = new ValueList<YamlNode>(list.Items.Select(Host)) },
        (Form.Names, YamlSequence list) when list.Items.All(item => item is YamlScalar) =>
            Mapping(list, item => new YamlScalar("", IsPlain: true, item.Position)),
        (Form.Dependencies, YamlSequence list) when list.Items.All(item => item is YamlScalar) =>
            Mapping(list, item => One("condition", new YamlScalar("service_started", IsPlain: true, item.Position))),
        (Form.Build, YamlScalar { IsNull: false } context) => One("context", context),
        (Form.EnvFiles, YamlScalar { IsNull: false } path) => new YamlSequence([One("path", path)], path.Position),
        (Form.EnvFiles, YamlMapping mapping) => new YamlSequence([mapping], mapping.Position),
        (Form.EnvFiles, YamlSequence list) => list with { Items = new ValueList<YamlNode>(list.Items.Select(item => item is YamlScalar path ? One("path", path) : item)) },
        (Form.Grants, YamlSequence list) => list with { Items = new ValueList<YamlNode>(list.Items.Select(item => item is YamlScalar source ? One("source", source) : item)) },
        _ => node,
    };

    private YamlMapping Pairs(YamlSequence list)
    {
        var entries = new List<YamlEntry>();
        var indexes = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var item in list.Items.Cast<YamlScalar>())
        {
            var equals = item.Text.IndexOf('=');
            var name = equals < 0 ? item.Text : item.Text[..equals];
            var value = equals < 0
                ? new YamlScalar("", IsPlain: true, item.Position)
                : item with { Text = item.Text[(equals + 1)..], IsPlain = false, Tag = null };
            ReportTag(item);
            var entry = new YamlEntry(new YamlScalar(name, IsPlain: false, item.Position), value);
            if (indexes.TryAdd(name, entries.Count))
            {
                entries.Add(entry);
            }
            else
            {
                problems.Add(new Problem(item.Position, $"`{name}` is set twice in one list; the later counts", Severity: Severity.Warning));
                entries[indexes[name]] = entry;
            }
        }

        return new YamlMapping(new ValueList<YamlEntry>(entries), list.Position);
    }

    private YamlMapping Mapping(YamlSequence list, Func<YamlScalar, YamlNode> value)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var entries = new List<YamlEntry>();
        foreach (var item in list.Items.Cast<YamlScalar>())
        {
            ReportTag(item);
            if (seen.Add(item.Text))
            {
                entries.Add(new YamlEntry(item, value(item)));
            }
        }

        return new YamlMapping(new ValueList<YamlEntry>(entries), list.Position);
    }

    private static YamlMapping One(string key, YamlScalar value) =>
        new([new YamlEntry(new YamlScalar(key, IsPlain: true, value.Position), value)], value.Position);

    private static bool IsTextOrTexts(YamlNode node) => node is YamlScalar || node is YamlSequence sequence && sequence.Items.All(item => item is YamlScalar);

    private static YamlSequence Hosts(YamlMapping mapping)
    {
        var items = new List<YamlNode>();
        foreach (var entry in mapping.Entries)
        {
            foreach (var address in entry.Value is YamlSequence list ? list.Items.Cast<YamlScalar>() : [(YamlScalar)entry.Value])
            {
                items.Add(Host(address with { Text = $"{entry.Key.Text}={address.Text}", IsPlain = false }));
            }
        }

        return new YamlSequence(new ValueList<YamlNode>(items), mapping.Position);
    }

    private static YamlNode Host(YamlNode node)
    {
        if (node is not YamlScalar scalar)
        {
            return node;
        }

        var separator = scalar.Text.IndexOf('=') is >= 0 and var equals ? equals : scalar.Text.IndexOf(':');
        if (separator < 0)
        {
            return scalar;
        }

        var address = scalar.Text[(separator + 1)..].Trim();
        if (address is ['[', .., ']'])
        {
            address = address[1..^1];
        }

        return scalar with { Text = $"{scalar.Text[..separator].Trim()}={address}" };
    }

    private YamlNode ToTreePath(YamlNode node, Paths paths) => (paths, node) switch
    {
        (Paths.Relative, YamlScalar { IsNull: false } path) => Marked(path),
        (Paths.Context, YamlScalar { IsNull: false } context) when !IsOtherContext(context.Text) => Marked(context),
        (Paths.Mount, YamlScalar mount) when ShortMount.SourceOf(mount.Text) is ['.', ..] and var source => mount with { Text = Marked(source, mount.Position) + mount.Text[source.Length..] },
        (Paths.Mount, YamlMapping mount) when mount.Find("type") is YamlScalar { Text: "bind" } => mount with
        {
            Entries = new ValueList<YamlEntry>(mount.Entries.Select(entry => entry is { Key.Text: "source", Value: YamlScalar source } ? entry with { Value = Marked(source) } : entry)),
        },
        _ => node,
    };

    /// <summary>Another service's image, another build stage: no folder.</summary>
    private static bool IsOtherContext(string context) =>
        context.StartsWith("service:", StringComparison.Ordinal) || context.StartsWith("target:", StringComparison.Ordinal);

    private YamlScalar Marked(YamlScalar path) => path with { Text = Marked(path.Text, path.Position) };

    private string Marked(string path, SourcePosition position) =>
        TreePath.IsElsewhere(path) || (leaveUnresolved && path.Contains('$')) ? path : TreePath.Mark(folder, path, position, problems);

    private YamlSequence Unique(YamlSequence sequence, Shape shape)
    {
        var items = new List<YamlNode>();
        var indexes = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var written in sequence.Items)
        {
            ReportTag(written);
            var item = Apply(written with { Tag = null }, shape.Each ?? Shape.Unknown);
            if (shape.Identity?.Invoke(item) is not { } identity || indexes.TryAdd(identity, items.Count))
            {
                items.Add(item);
                continue;
            }

            if (shape.MeansOneTarget)
            {
                problems.Add(new Problem(item.Position, $"`{identity}` is already taken by the item at {items[indexes[identity]].Position}; the later counts", Severity: Severity.Warning));
            }

            items[indexes[identity]] = item;
        }

        return sequence with { Items = new ValueList<YamlNode>(items) };
    }

    private void ReportTag(YamlNode item)
    {
        if (item.Tag is { } tag)
        {
            problems.Add(new Problem(item.Position, $"`{tag}` cannot stand at an item of a list", "put it at the list's key"));
        }
    }
}
