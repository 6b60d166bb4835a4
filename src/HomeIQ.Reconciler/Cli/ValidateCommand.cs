using System.CommandLine;
using System.Text.Json;
using HomeIQ.Reconciler.Compose;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Git;
using HomeIQ.Reconciler.Reconciling;

namespace HomeIQ.Reconciler.Cli;

/// <summary><c>homeiq validate</c>: every problem of a desired state at once. Asks no engine.</summary>
internal static class ValidateCommand
{
    public static Command Create(AgentOptions agent)
    {
        var compose = new Option<string[]>("--compose") { Description = "judge these Compose files by themselves, later ones override earlier ones", HelpName = "FILE", AllowMultipleArgumentsPerToken = true };
        var revision = new Option<string?>("--revision") { Description = "the commit, branch or tag to validate, with --repo (default: the branch's newest commit)", HelpName = "REF" };
        var output = Verb.Output(OutputFormat.Table, OutputFormat.Json);
        var command = new Command("validate", """
            Check a desired state and print every problem at once, with file, line and column.
            Reads a plain folder (--path), a commit (--repo) or single Compose files (--compose);
            asks no engine. Ends with 0 when there is no error, 1 when there is one.

              homeiq validate --path desired-state --env-file .env
              homeiq validate --compose compose.yaml compose.override.yaml
            """) { compose, revision, output };
        command.Does(async (parsed, terminal, cancellationToken) =>
        {
            var settings = agent.Read(parsed);
            var result = parsed.GetValue(compose) is { Length: > 0 } files ? DesiredStateLoader.Load(OfFiles(settings, files))
                : agent.NamesRepository(parsed) && (parsed.GetValue(revision) is not null || !agent.NamesFolder(parsed)) ? await OfCommitAsync(settings, parsed.GetValue(revision) ?? settings.Branch, cancellationToken)
                : parsed.GetValue(revision) is null ? DesiredStateLoader.Load(OfFolder(settings, agent.Folder(parsed)))
                : throw new UsageException("--revision names a commit, but no repository is named", "give --repo URL, or leave --revision out to validate a folder");
            if (parsed.GetValue(output) is OutputFormat.Json)
            {
                terminal.Line(JsonSerializer.Serialize([.. result.Problems], ProblemJson.Readable.ProblemArray));
            }
            else
            {
                terminal.Problems(result.Problems);
                if (result.State is { } state)
                {
                    terminal.Line($"{terminal.Green("ok")}: project {state.Project}, {Counted(state.Services.Count, "service")}, {Counted(state.Networks.Count, "network")}, {Counted(state.Volumes.Count, "volume")}");
                }
            }

            return result.State is null ? ExitCode.Different : ExitCode.Success;
        });
        return command;
    }

    private static string Counted(int count, string what) => $"{count} {what}{(count == 1 ? "" : "s")}";

    private static LoadRequest OfFolder(AgentSettings settings, string path)
    {
        var folder = Path.GetFullPath(path.Length == 0 ? "." : path);
        if (!Directory.Exists(folder))
        {
            throw new UsageException($"there is no folder {folder}", "give --path FOLDER, or --repo URL to validate a commit");
        }

        // Contexts and binds may point above the folder, as far as its repository goes.
        var root = RepositoryOf(folder) ?? folder;
        return Request(settings, new FolderTree(root, Shown(path))) with
        {
            Path = Relative(root, folder),
            ProjectDirectory = settings.ProjectDirectory ?? root,
        };
    }

    private static LoadRequest OfFiles(AgentSettings settings, string[] files)
    {
        foreach (var file in files.Where(file => !File.Exists(file)))
        {
            throw new UsageException($"there is no file {file}");
        }

        // Outside of a repository an include may lead anywhere.
        var paths = files.Select(file => Path.Combine(Real(Path.GetDirectoryName(Path.GetFullPath(file))!), Path.GetFileName(file))).ToList();
        var root = RepositoryOf(Common(paths)) ?? "/";
        return Request(settings, new FolderTree(root, Shown(files[0]))) with
        {
            Path = Relative(root, Path.GetDirectoryName(paths[0])!),
            ComposeFiles = [.. paths.Select(path => Relative(root, path))],
            ProjectName = settings.ProjectName ?? "compose",
            ProjectDirectory = settings.ProjectDirectory ?? root,
        };
    }

    private static async Task<LoadResult> OfCommitAsync(AgentSettings settings, string revision, CancellationToken cancellationToken)
    {
        using var commits = await CommitReader.OpenAsync(settings, revision, cancellationToken);
        return DesiredStateLoader.Load(Request(settings, commits.TreeOf(revision)) with { Path = settings.Path });
    }

    /// <summary>As <c>plan</c> asks for it: without a project directory what needs one is refused.</summary>
    private static LoadRequest Request(AgentSettings settings, ISourceTree tree) => new()
    {
        Tree = tree,
        ProjectName = settings.ProjectName,
        ProjectDirectory = settings.ProjectDirectory,
        EnvFiles = settings.EnvFiles,
        Profiles = settings.Profiles,
    };

    /// <summary>Paths of the tree as the user would write them: from the working folder, unless an absolute path was given for another place.</summary>
    private static Func<string, string> Shown(string given)
    {
        var here = Directory.GetCurrentDirectory();
        return path => Path.GetRelativePath(here, path) is var relative && (relative is ".." || relative.StartsWith("../", StringComparison.Ordinal)) && Path.IsPathRooted(given)
            ? path
            : relative;
    }

    /// <summary>The repository that the folder lies in; null when it lies in none.</summary>
    private static string? RepositoryOf(string folder)
    {
        for (var candidate = new DirectoryInfo(folder); candidate is not null; candidate = candidate.Parent)
        {
            if (Path.Exists(Path.Combine(candidate.FullName, ".git")))
            {
                return candidate.FullName;
            }
        }

        return null;
    }

    /// <summary>The innermost folder in which all of them lie.</summary>
    private static string Common(List<string> paths)
    {
        var folder = Path.GetDirectoryName(paths[0])!;
        while (folder != "/" && !paths.All(path => path.StartsWith($"{folder}/", StringComparison.Ordinal)))
        {
            folder = Path.GetDirectoryName(folder)!;
        }

        return folder;
    }

    /// <summary>The folder without symlinks on the way to it, which a tree does not follow.</summary>
    private static string Real(string folder)
    {
        if (Path.GetDirectoryName(folder) is not { } parent)
        {
            return folder;
        }

        var real = new DirectoryInfo(Path.Combine(Real(parent), Path.GetFileName(folder)));
        return real.ResolveLinkTarget(returnFinalTarget: true) is { } target ? Real(target.FullName) : real.FullName;
    }

    private static string Relative(string root, string path) => Path.GetRelativePath(root, path) is "." ? "" : Path.GetRelativePath(root, path);
}
