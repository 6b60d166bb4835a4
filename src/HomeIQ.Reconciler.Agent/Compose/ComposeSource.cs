using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Git;
using HomeIQ.Reconciler.Yaml;

namespace HomeIQ.Reconciler.Compose;

/// <summary>Reads Compose files of a tree, each once.</summary>
internal sealed class ComposeSource(ISourceTree tree, LoadBudget budget, ICollection<Problem> problems)
{
    private static readonly string[] Sections = ["services", "networks", "volumes", "secrets", "configs"];

    private readonly Dictionary<string, YamlMapping?> files = new(StringComparer.Ordinal);

    /// <summary>The file's mapping, in its forms and interpolated. Null when there is none; then it has been reported.</summary>
    /// <param name="folder">What its relative paths are relative to.</param>
    /// <param name="namedAt">Where the file was asked for; null = by the user.</param>
    public YamlMapping? Load(string path, string folder, Variables variables, SourcePosition? namedAt)
    {
        if (Read(path, namedAt) is not { } raw)
        {
            return null;
        }

        budget.SpendValues(Weight(raw), namedAt ?? At(path));
        var resolved = Interpolation.Apply(raw, variables, problems);
        var mapping = (YamlMapping)new ComposeForms(folder, variables.LeaveUnresolved, problems).Apply(resolved, ComposeShape.Root);
        return mapping with { Entries = new ValueList<YamlEntry>(mapping.Entries.Where(IsUsable)) };
    }

    /// <summary>The bytes of any file of the tree. Null when there are none; then it has been reported.</summary>
    public byte[]? ReadBytes(string path, string what, SourcePosition? namedAt)
    {
        var position = namedAt ?? At(path);
        switch (tree.Find(path))
        {
            case null:
                problems.Add(new Problem(position, namedAt is null ? $"the {what} does not exist" : $"the {what} `{tree.Shown(path)}` does not exist"));
                return null;
            case { Kind: not SourceKind.File } entry:
                problems.Add(new Problem(position, $"the {what} `{tree.Shown(path)}` is a {entry.Kind.ToString().ToLowerInvariant()}, not a file"));
                return null;
            case var entry:
                try
                {
                    var bytes = tree.Read(path, YamlReader.MaximumBytes);
                    budget.SpendFile(bytes.Length, position);
                    return bytes;
                }
                catch (IOException)
                {
                    problems.Add(new Problem(position, $"the {what} `{tree.Shown(path)}` cannot be read: it has {entry.Size} bytes, at most {YamlReader.MaximumBytes} are read"));
                    return null;
                }
        }
    }

    /// <summary>The file as a whole.</summary>
    public SourcePosition At(string path) => new(tree.Shown(path));

    private YamlMapping? Read(string path, SourcePosition? namedAt)
    {
        if (files.TryGetValue(path, out var known))
        {
            budget.SpendFile(0, namedAt ?? At(path));
            return known;
        }

        if (ReadBytes(path, "Compose file", namedAt) is not { } bytes)
        {
            return null;
        }

        return files[path] = YamlReader.Read(bytes, tree.Shown(path), problems) switch
        {
            null => null,
            YamlMapping mapping => (YamlMapping)ComposeForms.WithoutExtensions(mapping, ComposeShape.Root),
            YamlScalar { IsNull: true } => Refuse(new Problem(At(path), "the Compose file is empty")),
            var other => Refuse(new Problem(other.Position, "a Compose file is a mapping")),
        };
    }

    private static int Weight(YamlNode node) => 1 + node switch
    {
        YamlMapping mapping => mapping.Entries.Sum(entry => Weight(entry.Value)),
        YamlSequence sequence => sequence.Items.Sum(Weight),
        _ => 0,
    };

    private bool IsUsable(YamlEntry entry)
    {
        if (!Sections.Contains(entry.Key.Text, StringComparer.Ordinal) || entry.Value is YamlMapping || entry.Value.Tag is YamlTags.Reset)
        {
            return true;
        }

        if (entry.Value is not YamlScalar { IsNull: true })
        {
            Refuse(new Problem(entry.Value.Position, $"`{entry.Key.Text}` must be a mapping"));
        }

        return false;
    }

    private YamlMapping? Refuse(Problem problem)
    {
        problems.Add(problem);
        return null;
    }
}
