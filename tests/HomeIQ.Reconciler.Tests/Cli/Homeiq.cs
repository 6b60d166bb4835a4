using System.Diagnostics;
using System.Globalization;

namespace HomeIQ.Reconciler.Cli;

/// <summary>The built program as a process of its own, with a folder to work in and no settings but those that a test gives.</summary>
internal sealed class Homeiq : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);

    /// <summary>Runs a program and writes down its peak in KiB (getrusage(2), <c>ru_maxrss</c>): exact also for one that is gone at once.</summary>
    private const string Counted = """
        import resource, subprocess, sys
        code = subprocess.call(sys.argv[2:])
        with open(sys.argv[1], "w") as peak:
            peak.write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
        sys.exit(code if code >= 0 else 128 - code)
        """;

    public Scratch Files { get; } = new();

    public Dictionary<string, string> Variables { get; } = [];

    /// <summary>Let the kernel count the most memory that the program held at one time; the answer comes with its end.</summary>
    public bool WatchesMemory { get; init; }

    public static string Program { get; } = Environment.GetEnvironmentVariable("HOMEIQ_TEST_BINARY") is { Length: > 0 } native ? native : Path.Combine(AppContext.BaseDirectory, "homeiq");

    public Task<Ended> RunAsync(params string[] arguments) => RunAsync(Program, arguments);

    public async Task<Ended> RunAsync(string program, string[] arguments)
    {
        var peak = Files.PathOf("peak");
        var start = new ProcessStartInfo(WatchesMemory ? "python3" : program, WatchesMemory ? ["-c", Counted, peak, program, .. arguments] : arguments)
        {
            WorkingDirectory = Files.Root,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            UseShellExecute = false,
        };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("HOMEIQ_", StringComparison.Ordinal) || name is "DOCKER_HOST" or "DOCKER_CONFIG" or "NO_COLOR").ToList())
        {
            start.Environment.Remove(name);
        }

        start.Environment["HOME"] = Files.Root;
        start.Environment["TMPDIR"] = Directory.CreateDirectory(Files.PathOf("tmp")).FullName;
        start.Environment["TERM"] = "xterm-256color";
        foreach (var (name, value) in Variables)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        using var limit = new CancellationTokenSource(Limit);
        await process.WaitForExitAsync(limit.Token);
        return new(process.ExitCode, Shown(await output), Shown(await error))
        {
            MostMemory = WatchesMemory ? long.Parse(await File.ReadAllTextAsync(peak, limit.Token), CultureInfo.InvariantCulture) * 1024 : 0,
        };
    }

    /// <summary>A Git repository with one commit of the files written so far below <c>repository/</c>, on branch main.</summary>
    public async Task<string> CommitAsync(string message)
    {
        var folder = Files.PathOf("repository");
        foreach (var arguments in (string[][])[["init", "-q", "-b", "main"], ["add", "-A"], ["-c", "user.name=T", "-c", "user.email=t@example.invalid", "commit", "-q", "-m", message]])
        {
            var git = await RunAsync("git", ["-C", folder, .. arguments]);
            Assert.True(git.Code == 0, git.Error);
        }

        return folder;
    }

    public void Dispose() => Files.Dispose();

    private string Shown(string text) => text.Replace(Files.Root, "/TEST", StringComparison.Ordinal);
}

/// <summary>How a process ended and what it said; the test's folder reads <c>/TEST</c>.</summary>
internal sealed record Ended(int Code, string Out, string Error)
{
    public long MostMemory { get; init; }

    public override string ToString() => $"exit code {Code}\n--- output\n{Out}--- error\n{Error}";
}
