using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Yaml;

namespace HomeIQ.Reconciler.Compose;

/// <summary>Two trees in their one form become one, attribute by attribute, as the specification's merge rules say.</summary>
internal sealed class ComposeMerge(LoadBudget budget, ICollection<Problem> problems)
{
    private static readonly Shape Replaced = new() { Joining = Joining.Replace };

    /// <summary>What the later file says about what the earlier one said. A <c>!reset</c> stays as a mark, so that it also counts for files before both.</summary>
    public YamlNode Merge(YamlNode earlier, YamlNode later, Shape shape)
    {
        if (later.Tag is not null || earlier.Tag is YamlTags.Reset || earlier is YamlScalar || shape.Joining is Joining.Replace)
        {
            return KeepsEarlier(earlier, later, shape) ? earlier : later;
        }

        return (earlier, later) switch
        {
            (_, YamlScalar { IsNull: true }) => earlier,
            (YamlMapping before, YamlMapping after) => shape.Joining is Joining.ByDriver && !IsSameDriver(before, after) ? after : Merge(before, after, shape),
            (YamlSequence before, YamlSequence after) => Merge(before, after, shape),
            _ when shape.Joining is Joining.Limit => later,
            _ => Mismatch(earlier, later),
        };
    }

    public YamlMapping Merge(YamlMapping earlier, YamlMapping later, Shape shape)
    {
        budget.SpendValues(earlier.Entries.Count + later.Entries.Count, later.Position);
        var entries = new List<YamlEntry>(earlier.Entries);
        var indexes = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var index = 0; index < entries.Count; index++)
        {
            indexes.TryAdd(entries[index].Key.Text, index);
        }

        foreach (var entry in later.Entries)
        {
            if (!indexes.TryGetValue(entry.Key.Text, out var index))
            {
                indexes.Add(entry.Key.Text, entries.Count);
                entries.Add(entry);
                continue;
            }

            // A bare NAME in a later environment takes the earlier file's value away.
            var child = shape.Form is Form.Pairs ? Replaced : shape.At(entry.Key.Text);
            var before = entries[index];
            var merged = Merge(before.Value, entry.Value, child);

            // A key stands where its value does: what is only added to is still described at its first place.
            entries[index] = new YamlEntry(merged.Position == before.Value.Position ? before.Key : entry.Key, merged);
        }

        return earlier with { Entries = new ValueList<YamlEntry>(entries) };
    }

    private YamlSequence Merge(YamlSequence earlier, YamlSequence later, Shape shape)
    {
        budget.SpendValues(earlier.Items.Count + later.Items.Count, later.Position);
        var items = new List<YamlNode>(earlier.Items);
        var indexes = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var index = 0; shape.Identity is { } identity && index < items.Count; index++)
        {
            if (identity(items[index]) is { } name)
            {
                indexes.TryAdd(name, index);
            }
        }

        foreach (var item in later.Items)
        {
            if (shape.Identity?.Invoke(item) is not { } name || indexes.TryAdd(name, items.Count))
            {
                items.Add(item);
                continue;
            }

            var index = indexes[name];
            items[index] = shape.Joining is Joining.Items ? Merge(items[index], item, Shape.Unknown) : item;
        }

        return earlier with { Items = new ValueList<YamlNode>(items) };
    }

    /// <summary>A key without a value says nothing, except where it is the value that counts.</summary>
    private static bool KeepsEarlier(YamlNode earlier, YamlNode later, Shape shape) =>
        later is YamlScalar { IsNull: true, Tag: null } && shape.Joining is not Joining.Replace && earlier.Tag is not YamlTags.Reset;

    private static bool IsSameDriver(YamlMapping earlier, YamlMapping later) =>
        earlier.Find("driver") is not YamlScalar before || later.Find("driver") is not YamlScalar after || before.Text == after.Text;

    /// <summary>The earlier value stays: should it be the wrong one of the two, whoever reads it says so at its own place.</summary>
    private YamlNode Mismatch(YamlNode earlier, YamlNode later)
    {
        problems.Add(new Problem(later.Position, $"{Kind(later)} cannot be merged with {Kind(earlier)} at {earlier.Position}", "write both alike, or `!override` to replace"));
        return earlier;
    }

    private static string Kind(YamlNode node) => node switch
    {
        YamlMapping => "a mapping",
        YamlSequence => "a list",
        _ => "a single value",
    };
}
