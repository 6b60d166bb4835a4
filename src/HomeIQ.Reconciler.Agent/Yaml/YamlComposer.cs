using HomeIQ.Reconciler.Desired;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace HomeIQ.Reconciler.Yaml;

/// <summary>Makes nodes of one document's events; aliases and merge keys are expanded, and what they expand to is counted.</summary>
/// <remarks>
/// The library's own composer recurses without bound, accepts a list that contains itself and converts what looks like a number; so only its events
/// are used. No other folder names the library.
/// </remarks>
internal sealed class YamlComposer(string text, string file, ICollection<Problem> problems)
{
    private const int MaximumDepth = 64;
    private const int MaximumNodes = 100_000;
    private const int MaximumText = 4 << 20;
    private const int MaximumProblems = 100;

    private readonly Parser parser = new(new StringReader(text));
    private readonly Dictionary<string, Composed?> anchors = new(StringComparer.Ordinal);
    private readonly HashSet<int> linesInsideScalars = [];
    private int nodes;
    private int textLength;
    private int problemCount;

    /// <summary>Null when the document cannot be read to its end; then that has been reported.</summary>
    public YamlNode? Compose()
    {
        try
        {
            return ComposeDocument();
        }
        catch (RefusedException refused)
        {
            problems.Add(refused.Problem);
        }
        catch (YamlException exception)
        {
            problems.Add(YamlSyntax.Explain(exception.Message, At(exception.Start), text));
        }
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentException or IndexOutOfRangeException or FormatException or OverflowException)
        {
            // What the library throws at malformed text is not always its own kind: unbalanced brackets end here.
            var last = parser.Current is { } current ? At(current.End) : new SourcePosition(file, 1, 1);
            problems.Add(YamlSyntax.Explain("found a bracket or brace that is not closed", last, text));
        }

        return null;
    }

    private YamlNode ComposeDocument()
    {
        Next();
        if (Next() is StreamEnd)
        {
            return new YamlScalar("", IsPlain: true, new SourcePosition(file, 1, 1));
        }

        Next();
        var root = ComposeNode(depth: 1);
        Next();
        if (Next() is DocumentStart second)
        {
            Report(second.Start, "a second YAML document begins here; a file holds one", "split the file");
        }

        // YAML forbids tabs in indentation; the library lets some of them pass.
        foreach (var tab in YamlSyntax.Tabs(text, file, linesInsideScalars))
        {
            Report(tab, "a tab in the indentation", "indent with spaces");
        }

        return root.Node;
    }

    private ParsingEvent Next() => parser.MoveNext() ? parser.Current! : throw new InvalidOperationException("The text ends too early.");

    /// <summary>Reads the node that begins at the current event and leaves the parser at the node's last event.</summary>
    private Composed ComposeNode(int depth)
    {
        var begin = parser.Current!;
        if (depth > MaximumDepth)
        {
            throw Refused(begin.Start, $"nested more than {MaximumDepth} levels deep");
        }

        if (begin is AnchorAlias alias)
        {
            return Expand(alias, depth);
        }

        var anchor = begin is NodeEvent { Anchor.IsEmpty: false } anchored ? anchored.Anchor.Value : null;
        if (anchor is not null)
        {
            anchors[anchor] = null;
        }

        Count(begin.Start, 1, 0);
        var composed = begin switch
        {
            Scalar scalar => ComposeScalar(scalar),
            SequenceStart sequence => ComposeSequence(sequence, depth),
            MappingStart mapping => ComposeMapping(mapping, depth),
            _ => throw new InvalidOperationException("A value was expected."),
        };

        if (anchor is not null)
        {
            anchors[anchor] = composed;
        }

        return composed;
    }

    private Composed ComposeScalar(Scalar scalar)
    {
        Count(scalar.Start, 0, scalar.Value.Length);
        for (var line = (int)scalar.Start.Line + 1; line <= scalar.End.Line; line++)
        {
            linesInsideScalars.Add(line);
        }

        var tag = TagOf(scalar);
        var isPlain = scalar.Style is ScalarStyle.Plain && tag is not "tag:yaml.org,2002:str";
        return new Composed(new YamlScalar(scalar.Value, isPlain, At(scalar.Start)) { Tag = OwnTag(tag) }, 1, scalar.Value.Length, 1);
    }

    private Composed ComposeSequence(SequenceStart sequence, int depth)
    {
        var tag = TagOf(sequence);
        var items = new List<YamlNode>();
        var size = Size.Leaf;
        while (Next() is not SequenceEnd)
        {
            var item = ComposeNode(depth + 1);
            items.Add(item.Node);
            size = size.With(item);
        }

        return size.Of(new YamlSequence(new ValueList<YamlNode>(items), At(sequence.Start)) { Tag = OwnTag(tag) });
    }

    private Composed ComposeMapping(MappingStart mapping, int depth)
    {
        var tag = TagOf(mapping);
        var own = new List<YamlEntry>();
        var merged = new List<YamlEntry>();
        var seen = new Dictionary<string, SourcePosition>(StringComparer.Ordinal);
        var size = Size.Leaf;
        while (Next() is not MappingEnd)
        {
            var key = ComposeKey(depth + 1);
            Next();
            var value = ComposeNode(depth + 1);
            size = size.With(value);
            if (key is null)
            {
                continue;
            }

            var isMerge = key is { Text: "<<", IsPlain: true };
            var name = isMerge ? "<< (merge)" : key.Text;
            if (!seen.TryAdd(name, key.Position))
            {
                var first = seen[name];
                Report(key.Position, $"the key `{key.Text}` is already there at {first.Line}:{first.Column}", "a key may stand only once");
            }
            else if (isMerge)
            {
                MergeInto(merged, value.Node);
            }
            else
            {
                own.Add(new YamlEntry(key, value.Node));
            }
        }

        if (merged.Count > 0)
        {
            var names = own.Select(entry => entry.Key.Text).ToHashSet(StringComparer.Ordinal);
            own = [.. merged.Where(entry => names.Add(entry.Key.Text)), .. own];
        }

        return size.Of(new YamlMapping(new ValueList<YamlEntry>(own), At(mapping.Start)) { Tag = OwnTag(tag) });
    }

    /// <summary>Null when there is something else than a string; then it has been reported and read over.</summary>
    private YamlScalar? ComposeKey(int depth)
    {
        var start = parser.Current!.Start;
        var isAlias = parser.Current is AnchorAlias;
        var key = ComposeNode(depth).Node;
        if (isAlias || key is not YamlScalar scalar)
        {
            Report(start, isAlias ? "an alias cannot be a key" : "a key must be a string, not a list or a mapping");
            return null;
        }

        if (scalar.IsPlain && YamlSyntax.KindOf(scalar) is { } kind)
        {
            Report(start, scalar.Text.Length == 0 ? "a key is missing before the colon" : $"the key `{scalar.Text}` is {kind}, not a string", scalar.Text.Length == 0 ? null : $"write \"{scalar.Text}\"");
        }

        return scalar;
    }

    private void MergeInto(List<YamlEntry> merged, YamlNode source)
    {
        switch (source)
        {
            case YamlMapping mapping:
                merged.AddRange(mapping.Entries);
                break;
            case YamlSequence sequence when sequence.Items.All(item => item is YamlMapping):
                merged.AddRange(sequence.Items.Cast<YamlMapping>().SelectMany(mapping => mapping.Entries));
                break;
            default:
                Report(source.Position, "`<<` takes a mapping or a list of mappings");
                break;
        }
    }

    private Composed Expand(AnchorAlias alias, int depth)
    {
        var name = alias.Value.Value;
        if (!anchors.TryGetValue(name, out var target))
        {
            throw Refused(alias.Start, $"the anchor `&{name}` is not defined before this alias");
        }

        if (target is not { } composed)
        {
            throw Refused(alias.Start, $"the alias `*{name}` stands inside the very node that it names");
        }

        Count(alias.Start, composed.Nodes, composed.Text);
        if (depth + composed.Height - 1 > MaximumDepth)
        {
            throw Refused(alias.Start, $"nested more than {MaximumDepth} levels deep, aliases included");
        }

        return composed;
    }

    private void Count(Mark at, int more, int moreText)
    {
        nodes += more;
        textLength += moreText;
        if (nodes > MaximumNodes || textLength > MaximumText)
        {
            throw Refused(at, $"the document is too large once its aliases are expanded: at most {MaximumNodes} values and {MaximumText} characters");
        }
    }

    private string? TagOf(NodeEvent node)
    {
        if (node.Tag.IsEmpty || node.Tag.IsNonSpecific)
        {
            return node.Tag.IsNonSpecific && node is Scalar ? "tag:yaml.org,2002:str" : null;
        }

        var tag = node.Tag.Value;
        if (tag is not ("!reset" or "!override" or "tag:yaml.org,2002:str" or "tag:yaml.org,2002:int" or "tag:yaml.org,2002:float" or "tag:yaml.org,2002:bool"
            or "tag:yaml.org,2002:null" or "tag:yaml.org,2002:map" or "tag:yaml.org,2002:seq"))
        {
            Report(node.Start, $"the tag `{tag}` is not known", "`!reset` and `!override` are");
        }

        return tag;
    }

    private static string? OwnTag(string? tag) => tag is "!reset" or "!override" ? tag : null;

    private SourcePosition At(Mark mark) => new(file, (int)mark.Line, (int)mark.Column);

    private RefusedException Refused(Mark at, string message) => new(new Problem(At(at), message));

    private void Report(Mark at, string message, string? hint = null) => Report(At(at), message, hint);

    private void Report(SourcePosition at, string message, string? hint = null)
    {
        var problem = new Problem(at, message, hint);
        if (++problemCount >= MaximumProblems)
        {
            throw new RefusedException(problem with { Message = $"{problem.Message}; more problems of this file are not shown" });
        }

        problems.Add(problem);
    }

    /// <summary>A node with what it weighs when an alias repeats it.</summary>
    private readonly record struct Composed(YamlNode Node, int Nodes, int Text, int Height);

    private readonly record struct Size(int Nodes, int Text, int Height)
    {
        public static Size Leaf { get; } = new(1, 0, 1);

        public Size With(Composed child) => new(Nodes + child.Nodes, Text + child.Text, Math.Max(Height, child.Height + 1));

        public Composed Of(YamlNode node) => new(node, Nodes, Text, Height);
    }

    /// <summary>The document cannot be read any further.</summary>
    private sealed class RefusedException(Problem problem) : Exception(problem.Message)
    {
        public Problem Problem { get; } = problem;
    }
}
