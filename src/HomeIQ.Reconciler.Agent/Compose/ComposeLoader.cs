using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Git;
using HomeIQ.Reconciler.Yaml;

namespace HomeIQ.Reconciler.Compose;

/// <summary>One load of several Compose files: read each, extend, include, merge.</summary>
internal sealed class ComposeLoader
{
    private readonly ProblemList problems;
    private readonly ComposeSource source;
    private readonly ComposeMerge merge;
    private readonly ComposeExtends extends;
    private readonly ComposeInclude include;

    public ComposeLoader(ISourceTree tree, ProblemList problems)
    {
        this.problems = problems;
        var budget = new LoadBudget();
        source = new ComposeSource(tree, budget, problems);
        merge = new ComposeMerge(budget, problems);
        extends = new ComposeExtends(source, merge, problems);
        include = new ComposeInclude(source, path => tree.Find(path) is { Kind: SourceKind.File }, problems);
    }

    public MergedCompose? Load(IReadOnlyList<string> files, Variables variables)
    {
        var folder = TreePath.FolderOf(files[0]);
        return LoadTogether(files, folder, variables, [], namedAt: null) is var (root, name) ? new MergedCompose(root, name, folder) : null;
    }

    private (YamlMapping Root, string? Name)? LoadTogether(IReadOnlyList<string> files, string folder, Variables variables, ValueList<string> including, SourcePosition? namedAt)
    {
        YamlMapping? merged = null;
        string? name = null;
        foreach (var path in files)
        {
            if (including.Contains(path))
            {
                problems.Add(new Problem(namedAt ?? source.At(path), $"`include` goes in a circle: {string.Join(" -> ", including.SkipWhile(step => step != path).Append(path).Select(source.At))}"));
                continue;
            }

            if (source.Load(path, folder, variables, namedAt) is not { } file)
            {
                continue;
            }

            (file, var ownName) = WithoutHead(file, isIncluded: namedAt is not null);
            name = ownName ?? name;
            file = extends.Apply(file, path, folder, variables);
            file = WithIncluded(file, folder, variables, [.. including, path]);
            merged = merged is null ? file : merge.Merge(merged, file, ComposeShape.Root);
        }

        return merged is null ? null : (YamlTags.Settle(merged), name);
    }

    private YamlMapping WithIncluded(YamlMapping file, string folder, Variables variables, ValueList<string> including)
    {
        if (file.Find("include") is not { } written)
        {
            return file;
        }

        file = file with { Entries = new ValueList<YamlEntry>(file.Entries.Where(entry => entry.Key.Text != "include")) };
        if (written is YamlScalar { IsNull: true } or { Tag: YamlTags.Reset })
        {
            return file;
        }

        foreach (var entry in include.Parse(written, folder, variables).ToList())
        {
            if (LoadTogether(entry.Paths, entry.Folder, entry.Variables, including, entry.Position) is var (included, _))
            {
                file = include.Import(file, included);
            }
        }

        return file;
    }

    /// <summary>Takes <c>name</c> and <c>version</c> off a file.</summary>
    private (YamlMapping File, string? Name) WithoutHead(YamlMapping file, bool isIncluded)
    {
        string? name = null;
        foreach (var entry in file.Entries)
        {
            switch (entry.Key.Text)
            {
                case "version":
                    problems.Add(new Problem(entry.Key.Position, "`version` is obsolete and says nothing", "leave it out", Severity.Note));
                    break;
                case "name" when isIncluded:
                    problems.Add(new Problem(entry.Key.Position, "the `name` of an included file is not used: it joins the project that includes it", Severity: Severity.Note));
                    break;
                case "name" when entry.Value is YamlScalar { IsNull: false, Text.Length: > 0 } text:
                    name = text.Text;
                    break;
                case "name" when entry.Value.Tag is not YamlTags.Reset:
                    problems.Add(new Problem(entry.Value.Position, "`name` must be the project's name"));
                    break;
            }
        }

        return (file with { Entries = new ValueList<YamlEntry>(file.Entries.Where(entry => entry.Key.Text is not ("name" or "version"))) }, name);
    }
}
