using HomeIQ.Reconciler.Git;
using HomeIQ.Reconciler.Yaml;

namespace HomeIQ.Reconciler.Compose;

/// <summary>The rule of <c>compose.versions.yaml</c>: it holds only <c>services.NAME.image</c>, for services that the other files describe.</summary>
internal static class VersionsFile
{
    public const string Name = "compose.versions.yaml";

    private const string Hint = "this file is the one that an upgrade edits, one line for each service; the rest belongs to compose.yaml";

    public static bool Is(string path) => path == Name || path.EndsWith($"/{Name}", StringComparison.Ordinal);

    /// <summary>Judges the file as it is written, before it is merged.</summary>
    public static void CheckForm(YamlNode file, Findings problems)
    {
        if (file is not YamlMapping top)
        {
            return;
        }

        foreach (var (key, value) in top.Entries.Select(entry => (entry.Key, entry.Value)))
        {
            if (key.Text != "services")
            {
                problems.Error(key.Position, null, $"`{key.Text}` does not belong into {Name}", Hint);
                continue;
            }

            foreach (var service in value is YamlMapping services ? services.Entries : [])
            {
                foreach (var setting in service.Value is YamlMapping settings ? settings.Entries : [])
                {
                    if (setting.Key.Text != "image")
                    {
                        problems.Error(setting.Key.Position, $"services.{service.Key.Text}", $"`{setting.Key.Text}` does not belong into {Name}", Hint);
                    }
                }
            }
        }
    }

    /// <summary>A service that stands nowhere else is a slip of the pen, not a service.</summary>
    /// <param name="file">The file as it is written.</param>
    /// <param name="elsewhere">The services that any other file describes.</param>
    public static void CheckNames(YamlNode file, IReadOnlySet<string> elsewhere, Findings problems)
    {
        foreach (var service in file is YamlMapping top && top.Find("services") is YamlMapping services ? services.Entries : [])
        {
            if (!elsewhere.Contains(service.Key.Text))
            {
                problems.Error(service.Key.Position, null, $"there is no service `{service.Key.Text}` to pin", Suggestions.For(service.Key.Text, elsewhere) ?? "describe it in compose.yaml first");
            }
        }
    }

    public static YamlNode? Read(ISourceTree tree, string path)
    {
        // What is wrong with it as YAML is told by whoever merges it.
        var ignored = new List<Desired.Problem>();

        return tree.Find(path) is { Kind: SourceKind.File } ? YamlReader.Read(tree.Read(path, 1 << 20), tree.Shown(path), ignored) : null;
    }
}
