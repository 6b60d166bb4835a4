using HomeIQ.Reconciler.Compose;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Git;
using HomeIQ.Reconciler.Observed;
using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Examples;

/// <summary>Every story folder of <c>examples/</c>, through the real loader and planner, compared with its <c>plan.txt</c>.</summary>
public sealed class ExampleSpecs
{
    private const string Instance = "homeiq";

    private static readonly ValueList<byte> Key = new(new byte[32]);

    public static TheoryData<string> Stories => [.. StoryNames];

    private static IEnumerable<string> StoryNames =>
        Directory.GetDirectories(Repository.PathOf("examples")).Select(folder => Path.GetFileName(folder)).Where(name => name is not "quickstart").Order(StringComparer.Ordinal);

    [Theory]
    [MemberData(nameof(Stories))]
    public void The_story_ends_in_the_plan_that_it_tells(string story)
    {
        var folder = Repository.PathOf("examples", story);
        var before = Directory.Exists(Path.Combine(folder, "before")) ? Before(folder) : null;
        var host = before is null ? null : ImpliedHost.Of(before, Instance, Key);
        var observed = StoryHost.Read(Path.Combine(folder, "observed.json")).On(host?.Observed ?? EmptyHost);
        var plan = Planner.PlanFor(new Situation
        {
            Desired = Load(folder, "after"),
            Effective = host?.Effective,
            Observed = observed,
            Instance = Instance,
            Key = Key,
        });

        Compare(Path.Combine(folder, "plan.txt"), PlanText.Of(plan) + "\n");
    }

    [Fact]
    public void Every_story_is_told_in_the_table_of_the_readme()
    {
        var readme = File.ReadAllText(Repository.PathOf("examples", "README.md"));

        Assert.DoesNotContain(StoryNames, story => !readme.Contains($"]({story}/plan.txt)", StringComparison.Ordinal));
        Assert.True(StoryNames.Count() >= 4);
    }

    private static ObservedState EmptyHost { get; } = new() { At = DateTimeOffset.UnixEpoch, Engine = new("", "", "", "", "") };

    /// <summary>The files of the new commit, those of <c>before/</c> laid over them.</summary>
    private static DesiredState Before(string folder)
    {
        using var scratch = new Scratch();
        foreach (var file in Directory.GetFiles(folder).Concat(Directory.GetFiles(Path.Combine(folder, "before"))))
        {
            File.Copy(file, scratch.PathOf(Path.GetFileName(file)), overwrite: true);
        }

        return Load(scratch.Root, "before");
    }

    private static DesiredState Load(string folder, string revision)
    {
        var env = Path.Combine(folder, "host.env");
        var result = DesiredStateLoader.Load(new LoadRequest
        {
            Tree = new FolderTree(folder),
            Path = "",
            ProjectDirectory = "/srv/house",
            EnvFiles = File.Exists(env) ? [env] : [],
        });

        Assert.True(result.State is not null, string.Join('\n', result.Problems));
        return result.State with { Revision = revision };
    }

    private static void Compare(string file, string found)
    {
        if (Environment.GetEnvironmentVariable("HQ_SNAPSHOTS") == "update")
        {
            File.WriteAllText(file, found);
        }

        Assert.True(File.Exists(file), $"There is no {file}; found:\n{found}");
        Assert.Equal(File.ReadAllText(file), found, ignoreLineEndingDifferences: true);
    }
}
