using System.Diagnostics;
using HomeIQ.Reconciler.Git;

namespace HomeIQ.Reconciler.Agent.Tests.Git;

/// <summary>A temporary folder with a real repository (a bare one that is fetched, and a work tree that pushes to it) and room for clones.</summary>
internal sealed class TestRepository : IDisposable
{
    private int commits;

    public TestRepository(bool empty = false)
    {
        Directory.CreateDirectory(Work);
        Git("init", "-q", "-b", "main");
        Run(Folder, "init", "-q", "--bare", "-b", "main", Bare);
        Git("remote", "add", "origin", Bare);
        if (!empty)
        {
            First = Commit("compose.yaml", "services: {}\n", "Begin");
        }
    }

    public string Folder { get; } = Directory.CreateTempSubdirectory("homeiq-git-").FullName;

    public string Work => Path.Combine(Folder, "work");

    public string Bare => Path.Combine(Folder, "source.git");

    /// <summary>The first commit's id.</summary>
    public string First { get; } = "";

    public GitSettings Settings => new() { Url = Bare, Directory = Path.Combine(Folder, "state", "repository.git") };

    public GitSource Open() => GitSource.Open(Settings);

    /// <summary>Writes a file, commits it on the branch that is checked out, pushes, and returns the commit's id.</summary>
    public string Commit(string path, string text, string subject = "Change")
    {
        Write(path, text);
        return CommitAll(subject);
    }

    public void Write(string path, string text)
    {
        var file = Path.Combine(Work, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }

    public string CommitAll(string subject = "Change")
    {
        Git("add", "-A");
        Git("commit", "-q", "--allow-empty", "-m", subject);
        Push();
        return Git("rev-parse", "HEAD");
    }

    /// <summary>Many commits at once on main, each of which changes a file.</summary>
    public void AddHistory(int count)
    {
        var start = new ProcessStartInfo("git", ["fast-import", "--quiet", "--force"]) { WorkingDirectory = Bare, RedirectStandardInput = true, UseShellExecute = false };
        using var process = Process.Start(start)!;
        for (var number = 1; number <= count; number++)
        {
            var from = number == 1 ? $"from {First}\n" : "";
            process.StandardInput.Write(
                $"commit refs/heads/main\ncommitter Ada <ada@example.org> {1793530000 + number} +0100\ndata 2\nx\n{from}M 644 inline n\ndata 4\n{number:0000}\n");
        }

        process.StandardInput.Close();
        process.WaitForExit();
    }

    public void Push() => Git("push", "-q", "--force", "origin", "HEAD");

    public string Git(params string[] arguments) => Run(Work, arguments);

    public string Run(string folder, params string[] arguments)
    {
        var start = new ProcessStartInfo("git", arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        var date = $"2026-11-01T10:{commits / 60 % 60:00}:{commits++ % 60:00}+01:00";
        foreach (var (name, value) in (ReadOnlySpan<(string, string)>)[
            ("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_SYSTEM", "/dev/null"), ("GIT_TERMINAL_PROMPT", "0"),
            ("GIT_AUTHOR_NAME", "Ada"), ("GIT_AUTHOR_EMAIL", "ada@example.org"), ("GIT_AUTHOR_DATE", date),
            ("GIT_COMMITTER_NAME", "Ada"), ("GIT_COMMITTER_EMAIL", "ada@example.org"), ("GIT_COMMITTER_DATE", date)])
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output.Trim() : throw new InvalidOperationException($"git {string.Join(' ', arguments)}: {errors.Result}");
    }

    /// <summary>The source vanishes, as a server does that is down.</summary>
    public void Remove() => Directory.Delete(Bare, recursive: true);

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
