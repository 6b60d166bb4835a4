using HomeIQ.Reconciler.Yaml;

namespace HomeIQ.Reconciler.Compose;

/// <summary>In which of its written forms an attribute is kept.</summary>
internal enum Form
{
    AsWritten,

    /// <summary>A mapping; also written as a list of <c>NAME=value</c>.</summary>
    Pairs,

    /// <summary>A list; also written as one text.</summary>
    Texts,

    /// <summary>A list of <c>host=address</c>; also written as a mapping, or with a colon.</summary>
    Hosts,

    /// <summary>A mapping of name to null or settings; also written as a list of names.</summary>
    Names,

    /// <summary>A mapping of service to condition; also written as a list of services.</summary>
    Dependencies,

    /// <summary>A mapping; also written as its <c>context</c> alone.</summary>
    Build,

    /// <summary>A list of mappings with a <c>path</c>; also written as texts.</summary>
    EnvFiles,

    /// <summary>A list of mappings with a <c>source</c>; also written as texts.</summary>
    Grants,
}

/// <summary>How two files' values of one attribute become one.</summary>
internal enum Joining
{
    /// <summary>Mappings key by key, lists one after the other, texts replaced.</summary>
    Deep,

    /// <summary>The later value stands alone.</summary>
    Replace,

    /// <summary>Deep when both name the same driver, or one names none; else replaced.</summary>
    ByDriver,

    /// <summary>Deep between mappings; else replaced.</summary>
    Limit,

    /// <summary>List items of one identity are merged, not replaced.</summary>
    Items,
}

/// <summary>Which paths an attribute holds.</summary>
internal enum Paths
{
    None,
    Relative,
    Context,
    Mount,
}

/// <summary>What the specification says about one attribute: its form, how it merges, and what lies below it.</summary>
internal sealed record Shape
{
    public static readonly Shape Unknown = new();

    public Form Form { get; init; }

    public Joining Joining { get; init; }

    public Paths Paths { get; init; }

    /// <summary>The keys are the user's own, so that <c>x-</c> ones are no extensions.</summary>
    public bool IsFree { get; init; }

    /// <summary>What makes an item of a list the same item in another file; null = items are only appended.</summary>
    public Func<YamlNode, string?>? Identity { get; init; }

    /// <summary>Two items of one identity in one file deserve a word.</summary>
    public bool MeansOneTarget { get; init; }

    public ShapeKeys Keys { get; init; } = [];

    /// <summary>Any other key, or the items of a list.</summary>
    public Shape? Each { get; init; }

    public Shape At(string key) => Keys.GetValueOrDefault(key) ?? Each ?? Unknown;
}

/// <summary>The keys of a mapping that have a shape of their own.</summary>
internal sealed class ShapeKeys() : Dictionary<string, Shape>(StringComparer.Ordinal);
