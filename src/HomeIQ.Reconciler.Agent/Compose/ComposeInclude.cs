using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Yaml;

namespace HomeIQ.Reconciler.Compose;

/// <summary>One entry of <c>include</c>: files that are merged among themselves before they are brought in.</summary>
/// <param name="Folder">What their relative paths are relative to.</param>
internal sealed record IncludedFiles(ValueList<string> Paths, string Folder, Variables Variables, SourcePosition Position);

/// <summary>Reads <c>include</c>, and brings what was included into the including file without touching what is there.</summary>
internal sealed class ComposeInclude(ComposeSource source, Func<string, bool> exists, ICollection<Problem> problems)
{
    public IEnumerable<IncludedFiles> Parse(YamlNode include, string folder, Variables variables)
    {
        if (include is not YamlSequence list)
        {
            problems.Add(new Problem(include.Position, "`include` must be a list"));
            yield break;
        }

        foreach (var item in list.Items)
        {
            var entry = item is YamlScalar path ? Short(path, folder, variables) : item is YamlMapping mapping ? Long(mapping, folder, variables) : null;
            if (entry is not null)
            {
                yield return entry;
            }
            else if (item is YamlSequence)
            {
                problems.Add(new Problem(item.Position, "an entry of `include` is a path or a mapping"));
            }
        }
    }

    public YamlMapping Import(YamlMapping file, YamlMapping included)
    {
        var entries = new List<YamlEntry>(file.Entries);
        foreach (var section in included.Entries)
        {
            var index = entries.FindIndex(entry => entry.Key.Text == section.Key.Text);
            if (index < 0)
            {
                entries.Add(section);
            }
            else if (entries[index].Value is YamlMapping mine && section.Value is YamlMapping theirs)
            {
                entries[index] = entries[index] with { Value = Import(mine, theirs, section.Key.Text) };
            }
        }

        return file with { Entries = new ValueList<YamlEntry>(entries) };
    }

    private YamlMapping Import(YamlMapping mine, YamlMapping theirs, string section)
    {
        var known = mine.Entries.ToLookup(entry => entry.Key.Text, StringComparer.Ordinal);
        var added = new List<YamlEntry>();
        foreach (var entry in theirs.Entries)
        {
            if (known[entry.Key.Text].FirstOrDefault() is not { } there)
            {
                added.Add(entry);
            }
            else if (!IsSame(there.Value, entry.Value))
            {
                problems.Add(new Problem(
                    entry.Key.Position, $"`{section}.{entry.Key.Text}` of an included file is already defined at {there.Key.Position}",
                    "override it in a further Compose file, or in a list of paths under `include`"));
            }
        }

        return added.Count == 0 ? mine : mine with { Entries = [.. mine.Entries, .. added] };
    }

    private static bool IsSame(YamlNode one, YamlNode other) => (one, other) switch
    {
        (YamlScalar mine, YamlScalar theirs) => mine.Text == theirs.Text && mine.IsNull == theirs.IsNull,
        (YamlSequence mine, YamlSequence theirs) => mine.Items.Count == theirs.Items.Count && mine.Items.Zip(theirs.Items).All(pair => IsSame(pair.First, pair.Second)),
        (YamlMapping mine, YamlMapping theirs) => mine.Entries.Count == theirs.Entries.Count && mine.Entries.OrderBy(entry => entry.Key.Text, StringComparer.Ordinal)
            .Zip(theirs.Entries.OrderBy(entry => entry.Key.Text, StringComparer.Ordinal))
            .All(pair => pair.First.Key.Text == pair.Second.Key.Text && IsSame(pair.First.Value, pair.Second.Value)),
        _ => false,
    };

    private IncludedFiles? Short(YamlScalar path, string folder, Variables variables)
    {
        if (Resolve(path, folder) is not { } resolved)
        {
            return null;
        }

        var own = TreePath.FolderOf(resolved);
        NoteUnreadEnvFile(own, folder, path.Position);
        return new IncludedFiles([resolved], own, variables, path.Position);
    }

    private IncludedFiles? Long(YamlMapping mapping, string folder, Variables variables)
    {
        foreach (var entry in mapping.Entries.Where(entry => entry.Key.Text is not ("path" or "project_directory" or "env_file")))
        {
            problems.Add(new Problem(entry.Key.Position, $"`include` has no key `{entry.Key.Text}`", "`path`, `project_directory` and `env_file` are its keys"));
        }

        if (Texts(mapping, "path") is not { Count: > 0 } paths)
        {
            problems.Add(new Problem(mapping.Position, "an entry of `include` needs a `path`"));
            return null;
        }

        var resolved = paths.Select(path => Resolve(path, folder)).ToList();
        if (resolved.Contains(null))
        {
            return null;
        }

        var own = mapping.Find("project_directory") is YamlScalar { IsNull: false } directory ? Resolve(directory, folder) : TreePath.FolderOf(resolved[0]!);
        if (own is null)
        {
            return null;
        }

        var envFiles = Texts(mapping, "env_file");
        if (envFiles is null)
        {
            NoteUnreadEnvFile(own, folder, mapping.Position);
        }

        return new IncludedFiles([.. resolved.Select(path => path!)], own, WithEnvFiles(envFiles ?? [], folder, variables), mapping.Position);
    }

    /// <summary>What these files set counts only where the host is silent.</summary>
    private Variables WithEnvFiles(List<YamlScalar> envFiles, string folder, Variables variables)
    {
        var known = new Dictionary<string, Variable>(StringComparer.Ordinal);
        var read = new List<string>();
        foreach (var file in envFiles.Where(file => file.Text != "/dev/null"))
        {
            if (Resolve(file, folder) is { } path && source.ReadBytes(path, "env file", file.Position) is { } bytes)
            {
                EnvFile.Parse(bytes, source.At(path).File, variables, isFromHost: false, known, problems);
                read.Add(source.At(path).File);
            }
        }

        return read.Count == 0 ? variables : variables.WithDefaults(known.Values, read);
    }

    private void NoteUnreadEnvFile(string folder, string including, SourcePosition position)
    {
        var path = folder.Length == 0 ? ".env" : $"{folder}/.env";
        if (folder != including && exists(path))
        {
            problems.Add(new Problem(position, $"`{source.At(path)}` is not read by itself", "name it under `env_file` of the include, or among the agent's env files", Severity.Note));
        }
    }

    private List<YamlScalar>? Texts(YamlMapping mapping, string key)
    {
        switch (mapping.Find(key))
        {
            case null or YamlScalar { IsNull: true }:
                return null;
            case YamlScalar text:
                return [text];
            case YamlSequence list when list.Items.All(item => item is YamlScalar { IsNull: false }):
                return [.. list.Items.Cast<YamlScalar>()];
            case var other:
                problems.Add(new Problem(other.Position, $"`{key}` must be a path or a list of paths"));
                return [];
        }
    }

    private string? Resolve(YamlScalar path, string folder)
    {
        if (!TreePath.IsElsewhere(path.Text) && TreePath.Resolve(folder, path.Text) is { } resolved)
        {
            return resolved;
        }

        problems.Add(new Problem(path.Position, $"`{path.Text}` is no path inside the tree", "only files of the repository can be included"));
        return null;
    }
}
