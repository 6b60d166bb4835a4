using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Yaml;

namespace HomeIQ.Reconciler.Compose;

/// <summary>Merges every service over the one that it <c>extends</c>, in the same file or another, through chains.</summary>
internal sealed class ComposeExtends(ComposeSource source, ComposeMerge merge, ICollection<Problem> problems)
{
    private const int MaximumChain = 32;

    private readonly Dictionary<(string Path, Variables Variables), ServiceFile?> extendedFiles = [];

    public YamlMapping Apply(YamlMapping file, string path, string folder, Variables variables)
    {
        if (file.Find("services") is not YamlMapping services || !services.Entries.Any(entry => ExtendsOf(entry.Value) is not null))
        {
            return file;
        }

        var here = new ServiceFile(path, folder, variables, services);
        var extended = services with { Entries = new ValueList<YamlEntry>(services.Entries.Select(entry => entry with { Value = Resolve(here, entry.Key.Text, []) })) };
        return file with { Entries = new ValueList<YamlEntry>(file.Entries.Select(entry => entry.Key.Text == "services" ? entry with { Value = extended } : entry)) };
    }

    private static YamlNode? ExtendsOf(YamlNode service) => service is YamlMapping mapping && mapping.Find("extends") is { Tag: not YamlTags.Reset } extends ? extends : null;

    private YamlNode Resolve(ServiceFile file, string name, ValueList<(string Path, string Name)> chain)
    {
        if (file.Resolved.TryGetValue(name, out var known))
        {
            return known;
        }

        var service = file.Services[name];
        if (ExtendsOf(service) is not { } extends)
        {
            return service;
        }

        var own = (YamlMapping)service;
        own = own with { Entries = new ValueList<YamlEntry>(own.Entries.Where(entry => entry.Key.Text != "extends")) };
        ValueList<(string Path, string Name)> longer = [.. chain, (file.Path, name)];
        if (chain.Contains((file.Path, name)))
        {
            problems.Add(new Problem(extends.Position, $"`{name}` extends itself: {string.Join(" -> ", longer.Select(link => link.Path == file.Path ? link.Name : $"{source.At(link.Path)}:{link.Name}"))}"));
            return own;
        }

        if (longer.Count > MaximumChain)
        {
            problems.Add(new Problem(extends.Position, $"`extends` leads over more than {MaximumChain} services"));
            return own;
        }

        var extended = Base(file, name, extends, longer) is { } found ? merge.Merge(found, own, ComposeShape.OneService) : own;
        file.Resolved[name] = extended;
        return extended;
    }

    private YamlNode? Base(ServiceFile file, string name, YamlNode extends, ValueList<(string Path, string Name)> chain)
    {
        if (Parse(extends) is not (var service, var path))
        {
            return null;
        }

        var other = path is null ? file : Open(file, path);
        if (other is null)
        {
            return null;
        }

        if (!other.Services.ContainsKey(service.Text))
        {
            problems.Add(new Problem(service.Position, $"`{name}` extends `{service.Text}`, which is no service of {source.At(other.Path)}"));
            return null;
        }

        var found = Resolve(other, service.Text, chain);
        WarnOfDependencies(found, name);
        return found;
    }

    private (YamlScalar Service, YamlScalar? File)? Parse(YamlNode extends)
    {
        switch (extends)
        {
            case YamlScalar { IsNull: false } service:
                return (service, null);
            case YamlMapping mapping:
                foreach (var entry in mapping.Entries.Where(entry => entry.Key.Text is not ("service" or "file")))
                {
                    problems.Add(new Problem(entry.Key.Position, $"`extends` has no key `{entry.Key.Text}`", "`service` and `file` are its keys"));
                }

                if (mapping.Find("service") is YamlScalar { IsNull: false } named && mapping.Find("file") is null or YamlScalar)
                {
                    return (named, mapping.Find("file") as YamlScalar is { IsNull: false } path ? path : null);
                }

                break;
        }

        problems.Add(new Problem(extends.Position, "`extends` takes a service's name, or a mapping of `service` and `file`"));
        return null;
    }

    private ServiceFile? Open(ServiceFile from, YamlScalar file)
    {
        if (TreePath.IsElsewhere(file.Text) || TreePath.Resolve(from.Folder, file.Text) is not { } path)
        {
            problems.Add(new Problem(file.Position, $"`{file.Text}` is no path inside the tree", "only files of the repository can be extended"));
            return null;
        }

        if (extendedFiles.TryGetValue((path, from.Variables), out var known))
        {
            return known;
        }

        var folder = TreePath.FolderOf(path);
        var services = source.Load(path, folder, from.Variables, file.Position) is { } mapping ? mapping.Find("services") as YamlMapping ?? new YamlMapping([], mapping.Position) : null;
        return extendedFiles[(path, from.Variables)] = services is null ? null : new ServiceFile(path, folder, from.Variables, services);
    }

    /// <summary>The specification forbids it, Docker Compose does it: what the base depends on must be there too.</summary>
    private void WarnOfDependencies(YamlNode found, string name)
    {
        foreach (var entry in found is YamlMapping mapping ? mapping.Entries : [])
        {
            var depends = entry.Key.Text is "depends_on" or "links" or "volumes_from"
                || (entry.Key.Text is "network_mode" or "ipc" or "pid" && entry.Value is YamlScalar { Text: var mode }
                    && (mode.StartsWith("service:", StringComparison.Ordinal) || mode.StartsWith("container:", StringComparison.Ordinal)));
            if (depends)
            {
                problems.Add(new Problem(
                    entry.Key.Position, $"`{name}` extends a service with `{entry.Key.Text}`, which it now has as well", "the specification keeps dependencies out of extended services", Severity.Warning));
            }
        }
    }

    /// <summary>The services of one file, and how far they have been resolved.</summary>
    private sealed class ServiceFile(string path, string folder, Variables variables, YamlMapping services)
    {
        public string Path { get; } = path;

        public string Folder { get; } = folder;

        public Variables Variables { get; } = variables;

        public Dictionary<string, YamlNode> Services { get; } = services.Entries.DistinctBy(entry => entry.Key.Text, StringComparer.Ordinal)
            .ToDictionary(entry => entry.Key.Text, entry => entry.Value, StringComparer.Ordinal);

        public Dictionary<string, YamlNode> Resolved { get; } = new(StringComparer.Ordinal);
    }
}
