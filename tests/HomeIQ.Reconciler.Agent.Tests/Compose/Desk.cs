using HomeIQ.Reconciler.Compose;
using HomeIQ.Reconciler.Desired;

namespace HomeIQ.Reconciler.Agent.Tests.Compose;

/// <summary>The usual way of these tests to a desired state: one Compose file, a project's name, and what else a test puts beside them.</summary>
internal static class Desk
{
    public static LoadRequest Request(string compose, params (string Path, string Text)[] others) => new()
    {
        Tree = new CommitTree(
        [
            KeyValuePair.Create("desired-state/compose.yaml", compose),
            KeyValuePair.Create("desired-state/reconciler.yaml", "version: 1\nproject: p\n"),
            .. others.Select(other => KeyValuePair.Create(other.Path, other.Text)),
        ]),
        ProjectDirectory = "/srv/p",
    };

    public static DesiredState Load(string compose, params (string Path, string Text)[] others) => Load(Request(compose, others));

    public static DesiredState Load(LoadRequest request)
    {
        var result = DesiredStateLoader.Load(request);
        Assert.Equal("", Text(result.Problems.Where(problem => problem.Severity == Severity.Error)));

        return result.State!;
    }

    public static string Problems(string compose, params (string Path, string Text)[] others) => Problems(Request(compose, others));

    public static string Problems(LoadRequest request)
    {
        var result = DesiredStateLoader.Load(request);
        Assert.Equal(result.Problems.Any(problem => problem.Severity == Severity.Error), result.State is null);

        return Text(result.Problems);
    }

    /// <summary>A service <c>web</c> with these keys (each line indented by none) in a whole Compose file.</summary>
    public static string Web(string keys, string top = "") => $"services:\n  web:\n    image: nginx:1.27\n{Indent(keys)}{top}";

    /// <summary>The specification that these keys of a service make.</summary>
    public static ContainerSpec Spec(string keys, string top = "") => Load(Web(keys, top)).Find("web")!.Spec;

    /// <summary>What these keys of a service make wrong, without the file's name; the first of them stands at 4:5.</summary>
    public static string Wrong(string keys, string top = "") => Problems(Web(keys, top)).Replace("desired-state/compose.yaml:", "", StringComparison.Ordinal);

    public static string Text(IEnumerable<Problem> problems) => string.Join('\n', problems);

    private static string Indent(string keys) => string.Concat(keys.TrimEnd('\n').Split('\n').Select(line => $"    {line}\n"));
}
