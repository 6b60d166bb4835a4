using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Yaml;

namespace HomeIQ.Reconciler.Compose;

/// <summary>Takes the keys of one mapping, each in the form that it must have; what nobody took is a problem in the end.</summary>
/// <remarks>A key without a value counts as absent, and <c>x-</c> keys (unless <paramref name="strict"/>) as known, as in Compose.</remarks>
internal sealed class KeyReader(Findings problems, YamlMapping mapping, string where, bool leaveUnresolved = false, bool strict = false)
{
    private readonly HashSet<string> known = new(StringComparer.Ordinal);

    public Findings Problems => problems;

    public YamlMapping Mapping => mapping;

    /// <summary>A key of this mapping as messages name it.</summary>
    public string Path(string key) => where.Length == 0 ? key : $"{where}.{key}";

    public string Where => where;

    public SourcePosition Position => mapping.Position;

    /// <summary>Where a key is written; the mapping itself when it is not there.</summary>
    public SourcePosition At(string key) => mapping.Entries.FirstOrDefault(entry => entry.Key.Text == key)?.Key.Position ?? mapping.Position;

    public bool Has(string key) => Find(key) is not null;

    /// <summary>The value of a key, null when absent or empty.</summary>
    public YamlNode? Find(string key)
    {
        known.Add(key);

        return mapping.Find(key) is { } node and not YamlScalar { IsNull: true } ? node : null;
    }

    public YamlScalar? Scalar(string key, string expected = "a text")
    {
        switch (Find(key))
        {
            case YamlScalar scalar:
                return scalar;
            case { } other:
                Wrong(other, key, expected);
                break;
        }

        return null;
    }

    public string? Text(string key) => Scalar(key)?.Text;

    /// <summary>A text that says something: the empty one counts as absent.</summary>
    public string? Word(string key) => Text(key) is { Length: > 0 } text ? text : null;

    public bool? Flag(string key) => Typed<bool>(key, "true or false", Units.Flag, "write true or false");

    public TimeSpan? Duration(string key) => Typed<TimeSpan>(key, "a duration", Units.Duration, Units.DurationHint);

    public long? Bytes(string key) => Typed<long>(key, "a size", Units.Bytes, Units.BytesHint);

    public decimal? Number(string key) => Typed<decimal>(key, "a number", Units.Number, "write a number, such as 0.5");

    public long? Integer(string key, long least, long most) =>
        Typed<long>(key, "a whole number", text => Units.Integer(text) is { } number && number >= least && number <= most ? number : null, Range(least, most));

    /// <summary>A scalar that a parser understands; one that it does not is a problem.</summary>
    public T? Typed<T>(string key, string expected, Func<string, T?> parse, string hint)
        where T : struct
    {
        if (Scalar(key, expected) is not { } scalar || Settled(scalar) is not { } text)
        {
            return null;
        }

        if (parse(text) is { } value)
        {
            return value;
        }

        problems.Error(scalar.Position, Path(key), $"`{text}` is not {expected}", hint);
        return null;
    }

    /// <summary>A text with some meaning of its own; in a tree that is read without its host, a variable stands for its default, or for nothing.</summary>
    public string? Settled(YamlScalar scalar) =>
        leaveUnresolved && scalar.Text.Contains('$', StringComparison.Ordinal) ? Unresolved.Settle(scalar.Text) is { Length: > 0 } text ? text : null : scalar.Text;

    /// <summary>One of a few words.</summary>
    public string? OneOf(string key, params ReadOnlySpan<string> words)
    {
        if (Scalar(key) is not { } scalar || Settled(scalar) is not { } text)
        {
            return null;
        }

        if (words.Contains(text))
        {
            return text;
        }

        var list = string.Join(", ", words);
        problems.Error(scalar.Position, Path(key), $"`{text}` is none of {list}", Suggestions.For(text, words.ToArray()));
        return null;
    }

    /// <summary>A list of scalars, or (where <paramref name="single"/>) one scalar alone.</summary>
    public IReadOnlyList<YamlScalar> Scalars(string key, bool single = false)
    {
        switch (Find(key))
        {
            case null:
                return [];
            case YamlScalar scalar when single:
                return [scalar];
            case YamlSequence sequence:
                return Scalars(sequence, key);
            case { } other:
                Wrong(other, key, single ? "a text or a list" : "a list");
                return [];
        }
    }

    public ValueList<string> Texts(string key, bool single = false) => [.. Scalars(key, single).Select(scalar => scalar.Text)];

    /// <summary>The entries of a map, or of a list of <c>KEY=VALUE</c>, in the order written; a null value is a key without one.</summary>
    public IReadOnlyList<(YamlScalar Key, YamlScalar? Value)> Pairs(string key)
    {
        var pairs = new List<(YamlScalar, YamlScalar?)>();
        switch (Find(key))
        {
            case null:
                break;
            case YamlMapping map:
                foreach (var entry in map.Entries)
                {
                    if (entry.Value is YamlScalar value)
                    {
                        pairs.Add((entry.Key, value.IsNull ? null : value));
                    }
                    else
                    {
                        Wrong(entry.Value, $"{key}.{entry.Key.Text}", "a text");
                    }
                }

                break;
            case YamlSequence sequence:
                foreach (var item in Scalars(sequence, key))
                {
                    var cut = item.Text.IndexOf('=', StringComparison.Ordinal);
                    pairs.Add(cut < 0
                        ? (item, null)
                        : (item with { Text = item.Text[..cut] }, item with { Text = item.Text[(cut + 1)..], IsPlain = false }));
                }

                break;
            case { } other:
                Wrong(other, key, "a mapping or a list of KEY=VALUE");
                break;
        }

        foreach (var (name, _) in pairs.Where(pair => pair.Item1.Text.Length == 0))
        {
            problems.Error(name.Position, Path(key), "a name is missing before `=`");
        }

        return [.. pairs.Where(pair => pair.Item1.Text.Length > 0)];
    }

    /// <summary>Map or list as texts; a key without a value has the empty text.</summary>
    public ValueMap<string> TextMap(string key) => new(Pairs(key).Select(pair => KeyValuePair.Create(pair.Key.Text, pair.Value?.Text ?? "")));

    /// <summary>A reader of the mapping below a key.</summary>
    public KeyReader? Child(string key)
    {
        switch (Find(key))
        {
            case YamlMapping map:
                return Below(map, key);
            case { } other:
                Wrong(other, key, "a mapping");
                break;
        }

        return null;
    }

    public KeyReader Below(YamlMapping map, string key) => new(problems, map, Path(key), leaveUnresolved, strict);

    public IReadOnlyList<YamlNode> Items(string key)
    {
        switch (Find(key))
        {
            case YamlSequence sequence:
                return sequence.Items;
            case { } other:
                Wrong(other, key, "a list");
                break;
        }

        return [];
    }

    public IReadOnlyList<YamlEntry> Entries(string key)
    {
        switch (Find(key))
        {
            case YamlMapping map:
                return map.Entries;
            case { } other:
                Wrong(other, key, "a mapping");
                break;
        }

        return [];
    }

    /// <summary>A key that has a meaning elsewhere and none here: a problem by its name.</summary>
    public void Refuse(string key, string why, string? hint = null)
    {
        if (Has(key))
        {
            problems.Error(At(key), where, $"`{key}` is not supported: {why}", hint);
        }
    }

    /// <summary>A key that changes nothing about the container: said, not judged.</summary>
    public void Ignore(string key, string why)
    {
        if (Has(key))
        {
            problems.Note(At(key), where, $"`{key}` has no effect here: {why}");
        }
    }

    public void Error(string key, string text, string? hint = null) => problems.Error(At(key), Path(key), text, hint);

    public void Wrong(YamlNode node, string key, string expected) =>
        problems.Error(node.Position, Path(key), $"must be {expected}, but is {Kind(node)}");

    /// <summary>Whatever was not asked for is unknown.</summary>
    public void Done()
    {
        foreach (var entry in mapping.Entries)
        {
            if (!known.Contains(entry.Key.Text) && (strict || !entry.Key.Text.StartsWith("x-", StringComparison.Ordinal)))
            {
                problems.Error(entry.Key.Position, where.Length == 0 ? null : where, $"unknown key `{entry.Key.Text}`", Suggestions.For(entry.Key.Text, known));
            }
        }
    }

    private static string Kind(YamlNode node) => node switch
    {
        YamlMapping => "a mapping",
        YamlSequence => "a list",
        YamlScalar { IsNull: true } => "empty",
        _ => "a single value",
    };

    private static string Range(long least, long most) => (least, most) switch
    {
        (_, long.MaxValue) => $"write a whole number, {least} or more",
        _ => $"write a whole number from {least} to {most}",
    };

    private List<YamlScalar> Scalars(YamlSequence sequence, string key)
    {
        var scalars = new List<YamlScalar>();
        foreach (var item in sequence.Items)
        {
            if (item is YamlScalar scalar)
            {
                scalars.Add(scalar);
            }
            else
            {
                Wrong(item, key, "a list of texts");
            }
        }

        return scalars;
    }
}
