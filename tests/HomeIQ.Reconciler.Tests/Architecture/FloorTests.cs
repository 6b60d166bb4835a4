using System.Text.RegularExpressions;

namespace HomeIQ.Reconciler.Architecture;

/// <summary>The walls of the house (src/README.md), read from the assemblies and the source.</summary>
public sealed partial class FloorTests
{
    /// <summary>From top to bottom: a folder may use those below it.</summary>
    private static readonly string[][] CoreFolders = [["Reporting", "Journaling", "Proposing"], ["Planning"], ["Changes"], ["Desired", "Observed", "Backups"]];

    public static TheoryData<string, string> ForeignLibraries => new()
    {
        { "YamlDotNet", "HomeIQ.Reconciler.Agent/Yaml/" },
        { "Docker.DotNet", "HomeIQ.Reconciler.Agent/Docker/" },
        { "LibGit2Sharp", "HomeIQ.Reconciler.Agent/Git/" },
        { "Microsoft.Data.Sqlite", "HomeIQ.Reconciler.Agent/Files/SqliteFile.cs" },
        { "System.CommandLine", "HomeIQ.Reconciler/" },
        { "Serilog", "HomeIQ.Reconciler/Cli/Log.cs" },
        { "Microsoft.Extensions.Configuration", "HomeIQ.Reconciler/Cli/AgentOptions.cs" },
    };

    [Fact]
    public void Core_references_the_base_library_only()
    {
        var foreign = typeof(Planning.Plan).Assembly.GetReferencedAssemblies().Select(name => name.Name!)
            .Where(name => !name.StartsWith("System.", StringComparison.Ordinal));

        Assert.Empty(foreign);
    }

    [Fact]
    public void The_agent_does_not_know_the_program() =>
        Assert.DoesNotContain("homeiq", typeof(Reconciling.Reconciliation).Assembly.GetReferencedAssemblies().Select(name => name.Name));

    [Theory]
    [MemberData(nameof(ForeignLibraries))]
    public void A_foreign_library_is_named_where_it_belongs_and_nowhere_else(string library, string place)
    {
        var name = new Regex($@"(?<![\w.]){Regex.Escape(library)}\b(?!\.Enhanced)", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(5));
        var users = SourceFiles().Where(file => Code(file).Any(line => name.IsMatch(line))).Select(Relative).ToList();

        Assert.Contains(users, user => user.StartsWith(place, StringComparison.Ordinal));
        Assert.DoesNotContain(users, user => !user.StartsWith(place, StringComparison.Ordinal));
    }

    [Fact]
    public void The_folders_of_Core_form_a_line()
    {
        var wrong = new List<string>();
        foreach (var (folders, level) in CoreFolders.Select((folders, level) => (folders, level)))
        {
            var above = CoreFolders[..level].SelectMany(names => names).ToList();
            foreach (var file in folders.SelectMany(folder => SourceFiles(Path.Combine("HomeIQ.Reconciler.Core", folder))))
            {
                wrong.AddRange(Usings(file).Where(used => above.Contains(used["HomeIQ.Reconciler.".Length..])).Select(used => $"{Relative(file)} uses {used}"));
            }
        }

        Assert.Empty(wrong);
    }

    [Fact]
    public void Every_folder_of_Core_has_its_place_in_the_line()
    {
        var folders = Directory.GetDirectories(Repository.PathOf("src", "HomeIQ.Reconciler.Core")).Select(folder => Path.GetFileName(folder)).Where(name => name is not ("bin" or "obj"));

        Assert.Equal(CoreFolders.SelectMany(names => names).Order(), folders.Order());
    }

    [Fact]
    public void No_file_is_a_junk_drawer()
    {
        var drawers = SourceFiles().Where(file => JunkDrawer().IsMatch(Path.GetFileNameWithoutExtension(file))).Select(Relative);

        Assert.Empty(drawers);
    }

    [Fact]
    public void No_failure_is_swallowed_without_a_word()
    {
        var silent = SourceFiles().Where(file => EmptyCatch().IsMatch(File.ReadAllText(file))).Select(Relative);

        Assert.Empty(silent);
    }

    private static List<string> SourceFiles(string below = "")
    {
        var root = Repository.PathOf("src", below);
        var files = Directory.GetFiles(root, "*.cs", SearchOption.AllDirectories)
            .Where(file => !Relative(file).Split('/').Any(part => part is "bin" or "obj")).Order(StringComparer.Ordinal).ToList();
        Assert.NotEmpty(files);
        return files;
    }

    private static string Relative(string file) => Path.GetRelativePath(Repository.PathOf("src"), file);

    private static IEnumerable<string> Code(string file) => File.ReadLines(file).Where(line => !line.TrimStart().StartsWith("//", StringComparison.Ordinal));

    private static IEnumerable<string> Usings(string file) =>
        File.ReadLines(file).Select(line => UsingOfOurs().Match(line)).Where(match => match.Success).Select(match => match.Groups["name"].Value);

    [GeneratedRegex(@"^using (?:static |\w+ = )?(?<name>HomeIQ\.Reconciler\.\w+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex UsingOfOurs();

    [GeneratedRegex("(Manager|Helpers?|Utils?|Utilities|Common|Shared|Impl)$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex JunkDrawer();

    // A comment in the braces is a word.
    [GeneratedRegex(@"catch\s*(\([^)]*\)\s*)?(when\s*\([^{]*\)\s*)?\{\s*\}", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex EmptyCatch();
}
