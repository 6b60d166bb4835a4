using HomeIQ.Reconciler.Yaml;

namespace HomeIQ.Reconciler.Compose;

/// <summary>The two tags by which a Compose file takes back what an earlier one said.</summary>
internal static class YamlTags
{
    public const string Reset = "!reset";
    public const string Override = "!override";

    /// <summary>The tree when nothing more is to be merged into it: what was reset is gone, and no tag is left.</summary>
    public static YamlMapping Settle(YamlMapping mapping) => mapping with
    {
        Tag = null,
        Entries = new ValueList<YamlEntry>(mapping.Entries
            .Where(entry => entry.Value.Tag is not Reset)
            .Select(entry => entry with { Value = Settle(entry.Value) })),
    };

    private static YamlNode Settle(YamlNode node) => node switch
    {
        YamlMapping mapping => Settle(mapping),
        YamlSequence sequence => sequence with { Tag = null, Items = new ValueList<YamlNode>(sequence.Items.Select(Settle)) },
        _ => node with { Tag = null },
    };
}
