using HomeIQ.Reconciler.Compose;
using HomeIQ.Reconciler.Desired;

namespace HomeIQ.Reconciler.Agent.Tests.Compose;

/// <summary>Loads Compose files of a test, and says what came out and what was wrong.</summary>
internal static class ComposeCase
{
    public static (MergedCompose? Merged, ValueList<Problem> Problems) Load(MemoryTree tree, IReadOnlyList<string> files, Variables? variables = null)
    {
        var problems = new List<Problem>();
        var request = new LoadRequest { Tree = tree, LeaveUnresolved = variables is { LeaveUnresolved: true } };
        var merged = ComposeFiles.Load(request, files, variables ?? Variables.None, problems);
        return (merged, [.. problems]);
    }

    /// <summary>The merged tree of files named 1.yaml, 2.yaml, …; there must be no problem.</summary>
    public static string Merge(params string[] files)
    {
        var (merged, problems) = Load(Tree(files), Names(files));
        Assert.Empty(problems);
        return TreeText.Of(merged?.Root);
    }

    public static string Problems(params string[] files) => string.Join('\n', Load(Tree(files), Names(files)).Problems);

    public static Variables Host(params (string Name, string Text)[] values) =>
        new(values.Select(value => new Variable(value.Name, value.Text, IsFromHost: true, new SourcePosition("/etc/homeiq/host.env", 1, 1))), ["/etc/homeiq/host.env"]);

    private static MemoryTree Tree(string[] files)
    {
        var tree = new MemoryTree();
        foreach (var (name, text) in Names(files).Zip(files))
        {
            tree[name] = text;
        }

        return tree;
    }

    private static List<string> Names(string[] files) => [.. files.Select((_, index) => $"{index + 1}.yaml")];
}
