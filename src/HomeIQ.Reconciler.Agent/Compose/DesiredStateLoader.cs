using System.Text.RegularExpressions;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Git;
using HomeIQ.Reconciler.Policies;
using HomeIQ.Reconciler.Yaml;

namespace HomeIQ.Reconciler.Compose;

/// <summary>The front door of the desired state: the files of a commit in, one value (or every problem at once) out.</summary>
public static partial class DesiredStateLoader
{
    private static readonly string[] UsualFiles = ["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"];

    public static LoadResult Load(LoadRequest request)
    {
        var problems = new Findings();
        var state = Load(request, problems);

        return new(problems.HasErrors ? null : state, problems.Sorted());
    }

    private static DesiredState? Load(LoadRequest request, Findings problems)
    {
        var found = new List<Problem>();
        var policy = request.ComposeFiles.Count > 0 ? new() : ReadPolicy(request, problems);
        var files = Files(request, policy, problems);
        if (files.Count == 0)
        {
            return null;
        }

        var variables = request.LeaveUnresolved ? Variables.Unresolved : EnvFile.ReadHostFiles(request, found);
        var merged = ComposeFiles.Load(request, files, variables, found);
        problems.AddRange(found);
        if (merged is null)
        {
            return null;
        }

        var project = Project(request, policy, merged, problems);
        var root = new KeyReader(problems, merged.Root, "", request.LeaveUnresolved);
        var services = root.Entries("services");
        var context = new LoadContext(request, variables, problems, project)
        {
            AllServices = services.Select(entry => entry.Key.Text).ToHashSet(StringComparer.Ordinal),
            Shared = new(root, project),
        };
        Versions(context, files, services);
        root.Done();
        var drafts = Services(context, services, root.Has("services"));
        var checkedServices = new CrossChecks(context, drafts).Run();
        policy.CheckNames(context.AllServices, problems);
        Floating(context, policy.Policy.FloatingTags, drafts);

        return State(context, policy, checkedServices);
    }

    private static PolicyFile ReadPolicy(LoadRequest request, Findings problems)
    {
        var path = Join(request.Path, PolicyFile.Name);
        if (request.Tree.Find(path) is not { Kind: SourceKind.File })
        {
            problems.Warning(new(request.Tree.Shown(path)), null, "there is no such file: its defaults hold", "begin one with version: 1");
            return new();
        }

        var found = new List<Problem>();
        var node = YamlReader.Read(request.Tree.Read(path, 1 << 20), request.Tree.Shown(path), found);
        problems.AddRange(found);

        return node is null ? new() : PolicyFile.Read(node, problems);
    }

    private static List<string> Files(LoadRequest request, PolicyFile policy, Findings problems)
    {
        if (request.ComposeFiles.Count > 0)
        {
            return Existing([.. request.ComposeFiles.Select(file => (Join("", file), new SourcePosition(request.Tree.Shown(file))))]);
        }

        if (policy.Compose.Count > 0)
        {
            return Existing([.. policy.Compose.Select((file, index) => (Join(request.Path, file), policy.ComposePositions[index]))]);
        }

        if (UsualFiles.Select(file => Join(request.Path, file)).FirstOrDefault(path => request.Tree.Find(path) is not null) is not { } usual)
        {
            problems.Error(new(request.Tree.Shown(request.Path) is { Length: > 0 } shown ? shown : "."), null, "there is no compose.yaml", "name the folder of the desired state with --path");
            return [];
        }

        var versions = Join(request.Path, VersionsFile.Name);

        return request.Tree.Find(versions) is null ? [usual] : [usual, versions];

        List<string> Existing(IReadOnlyList<(string Path, SourcePosition Position)> paths)
        {
            var existing = new List<string>();
            foreach (var (path, position) in paths)
            {
                if (request.Tree.Find(path) is { Kind: SourceKind.File })
                {
                    existing.Add(path);
                    continue;
                }

                var folder = path.Contains('/', StringComparison.Ordinal) ? path[..path.LastIndexOf('/')] : "";
                problems.Error(position, null, $"there is no file `{request.Tree.Shown(path)}`", Suggestions.For(request.Tree.Shown(path), request.Tree.List(folder).Select(entry => request.Tree.Shown(entry.Path))));
            }

            // With one of several files missing, the others would only be judged wrongly.
            return existing.Count == paths.Count ? existing : [];
        }
    }

    // A path that leaves the tree names nothing in it, and is told as missing.
    private static string Join(string folder, string file) => TreePath.Resolve(folder, file) ?? file;

    private static string Project(LoadRequest request, PolicyFile policy, MergedCompose merged, Findings problems)
    {
        // The form can be judged under any name, and without one.
        var outer = request.ComposeFiles.Count > 0 && merged.ProjectName is not null ? null : request.ProjectName;
        var named = new[] { (outer, "--project-name"), (policy.Project, PolicyFile.Name), (merged.ProjectName, "name: of the Compose files") }
            .Where(source => source.Item1 is { Length: > 0 }).ToList();
        if (request.LeaveUnresolved && merged.ProjectName is { } written && Unresolved.Has(written))
        {
            // Only the host knows what its variables make of it: any other name counts, else the defaults that it carries.
            named.RemoveAt(named.Count - 1);
            if (named.Count == 0 && Unresolved.Settle(written) is { Length: > 0 } settled)
            {
                named.Add((settled, "name: of the Compose files"));
            }
        }

        var position = policy.ProjectPosition ?? merged.Root.Position;
        if (named.Count == 0 && request.ComposeFiles.Count > 0)
        {
            return "project";
        }

        if (named.Count == 0)
        {
            problems.Error(new(request.Tree.Shown(Join(request.Path, PolicyFile.Name))), null, "the project has no name",
                "write project: NAME in reconciler.yaml, or set --project-name; it is never taken from a folder");
            return "unnamed";
        }

        if (named.Select(source => source.Item1).Distinct(StringComparer.Ordinal).Count() > 1)
        {
            problems.Error(position, null, $"the project has several names: {string.Join(", ", named.Select(source => $"`{source.Item1}` by {source.Item2}"))}",
                "it is part of the names of volumes: make them equal");
        }
        else if (!ProjectForm().IsMatch(named[0].Item1!))
        {
            problems.Error(position, null, $"`{named[0].Item1}` is no project name", "small letters, digits, `-` and `_`, beginning with a letter or digit");
        }

        return named[0].Item1!;
    }

    private static void Versions(LoadContext context, List<string> files, IReadOnlyList<YamlEntry> services)
    {
        foreach (var file in files.Where(VersionsFile.Is))
        {
            if (VersionsFile.Read(context.Request.Tree, file) is { } node)
            {
                VersionsFile.CheckForm(node, context.Problems);
                if (files.Count > 1)
                {
                    // The merged tree keeps each key's own place: a service known only from here has nothing of another file.
                    var elsewhere = services.Where(entry => entry.Value is not YamlMapping map || map.Entries.Any(setting => !VersionsFile.Is(setting.Key.Position.File)) || !VersionsFile.Is(entry.Key.Position.File));
                    VersionsFile.CheckNames(node, elsewhere.Select(entry => entry.Key.Text).ToHashSet(StringComparer.Ordinal), context.Problems);
                }
            }
        }
    }

    /// <param name="isWritten">The files say <c>services:</c>, be it that there is none.</param>
    private static List<ServiceDraft> Services(LoadContext context, IReadOnlyList<YamlEntry> services, bool isWritten)
    {
        var drafts = new List<ServiceDraft>();
        var profiles = new HashSet<string>(StringComparer.Ordinal);
        foreach (var entry in services.OrderBy(entry => entry.Key.Text, StringComparer.Ordinal))
        {
            if (entry.Value is not YamlMapping map)
            {
                context.Problems.Error(entry.Value.Position, $"services.{entry.Key.Text}", "must be a mapping");
                continue;
            }

            var own = context.Reader(map, $"services.{entry.Key.Text}").Texts("profiles");
            profiles.UnionWith(own);
            if (own.Count == 0 || context.Request.Profiles.Any(profile => profile == "*" || own.Contains(profile)))
            {
                drafts.Add(new ServiceReader(context, entry.Key, map).Read());
            }
        }

        if (services.Count == 0 && isWritten)
        {
            context.Problems.Warning(context.Whole, null, "there is no service: whatever runs would be removed, once that is approved");
        }
        else if (services.Count == 0)
        {
            context.Problems.Error(context.Whole, null, "there are no services", "write services: {} if nothing is to run");
        }

        foreach (var unknown in context.Request.Profiles.Where(profile => profile != "*" && !profiles.Contains(profile)))
        {
            context.Problems.Warning(context.Whole, null, $"no service has the profile `{unknown}`", Suggestions.For(unknown, profiles));
        }

        return drafts;
    }

    private static void Floating(LoadContext context, FloatingTags rule, IReadOnlyList<ServiceDraft> drafts)
    {
        foreach (var draft in drafts)
        {
            if (draft.FloatingImage is { } floating && (rule == FloatingTags.Refuse || context.FormOnly))
            {
                var tag = ImageReference.Parse(floating.Image)?.Tag;
                context.Problems.Add(floating.Position, $"services.{draft.Service.Name}.image",
                    tag is null ? $"`{floating.Image}` names no version" : $"`{floating.Image}` names a tag that moves",
                    "write a version, or a digest; policy.floating-tags: allow permits it", context.InCommit);
            }
        }
    }

    private static DesiredState State(LoadContext context, PolicyFile policy, IReadOnlyList<DesiredService> services)
    {
        var networks = context.Shared.UsedNetworks.ToValueList();
        var volumes = context.Shared.UsedVolumes.ToValueList();
        var active = services.Select(service => service.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var variable in context.Variables.All.Where(variable => variable.IsFromHost))
        {
            context.Secrets.Add(variable.Name, variable.Text);
        }

        return new DesiredState
        {
            Project = context.Project,
            Revision = context.Request.Tree.Revision,
            Services = [.. services.OrderBy(service => service.Name, StringComparer.Ordinal).Select(service => service with { Policy = policy.For(service.Name, active) })],
            Networks = networks,
            Volumes = volumes,
            Contents = [.. context.Contents.OrderBy(content => content.Digest, StringComparer.Ordinal)],
            Policy = policy.PolicyFor(active),
            Secrets = context.Secrets.Sorted(
            [
                context.Project, .. services.SelectMany(service => (string[])[service.Name, service.ContainerName, service.Spec.Image]),
                .. networks.Select(network => network.Name), .. volumes.Select(volume => volume.Name),
            ]),
        };
    }

    [GeneratedRegex("^[a-z0-9][a-z0-9_-]*$", RegexOptions.None, 60_000)]
    private static partial Regex ProjectForm();
}
