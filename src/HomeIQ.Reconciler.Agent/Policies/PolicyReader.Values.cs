using System.Text.RegularExpressions;
using HomeIQ.Reconciler.Compose;
using HomeIQ.Reconciler.Yaml;

namespace HomeIQ.Reconciler.Policies;

// One value each, of one type each. Unlike in Compose, a key without a value is no absent key.
internal sealed partial class PolicyReader
{
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
            && Regex.IsMatch(scalar.Text, pattern, RegexOptions.None, TimeSpan.FromMinutes(1)))
        {
            return scalar.Text;
        }

        problems.Error(scalar.Position, reader.Path(key), $"`{scalar.Text}` is not {expected}", hint);
        return null;
    }
}
