using HomeIQ.Reconciler.Desired;

namespace HomeIQ.Reconciler.Yaml;

/// <summary>One node of a YAML document as it was written: text kept as text, with its place.</summary>
public abstract record YamlNode(SourcePosition Position)
{
    /// <summary>An explicit tag (<c>!reset</c>, <c>!override</c>), or null.</summary>
    public string? Tag { get; init; }
}

/// <summary>A scalar; its text is never converted here (<c>1.10</c> stays <c>1.10</c>).</summary>
/// <param name="IsPlain">Written without quotes: <c>true</c>, <c>null</c> and numbers mean what they say only then.</param>
public sealed record YamlScalar(string Text, bool IsPlain, SourcePosition Position) : YamlNode(Position)
{
    /// <summary>Some part of the text was interpolated from outside Git.</summary>
    public bool IsFromHost { get; init; }

    public bool IsNull => IsPlain && (Text is "" or "~" or "null" or "Null" or "NULL");
}

public sealed record YamlSequence(ValueList<YamlNode> Items, SourcePosition Position) : YamlNode(Position);

/// <summary>A mapping; keys are unique and keep the order of the file.</summary>
public sealed record YamlMapping(ValueList<YamlEntry> Entries, SourcePosition Position) : YamlNode(Position)
{
    /// <summary>Null when the key is not there.</summary>
    public YamlNode? Find(string key) => Entries.FirstOrDefault(entry => entry.Key.Text == key)?.Value;
}

public sealed record YamlEntry(YamlScalar Key, YamlNode Value);
