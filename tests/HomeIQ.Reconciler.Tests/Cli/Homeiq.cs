using System.Diagnostics;
using System.Globalization;

namespace HomeIQ.Reconciler.Cli;

/// <summary>The built program as a process of its own, with a folder to work in and no settings but those that a test gives.</summary>
internal sealed class Homeiq : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);

    public Scratch Files { get; } = new();

    public Dictionary<string, string> Variables { get; } = [];

    /// <summary>Look again and again at the most memory that the program has held; the answer comes with its end.</summary>
    public bool WatchesMemory { get; init; }

    public static string Program { get; } = Environment.GetEnvironmentVariable("HOMEIQ_TEST_BINARY") is { Length: > 0 } native ? native : Path.Combine(AppContext.BaseDirectory, "homeiq");

    public Task<Ended> RunAsync(params string[] arguments) => RunAsync(Program, arguments);

    public async Task<Ended> RunAsync(string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
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
        var ended = process.WaitForExitAsync(limit.Token);
        var most = WatchesMemory ? await MostMemoryAsync(process, ended) : 0;
        await ended;
        return new(process.ExitCode, Shown(await output), Shown(await error)) { MostMemory = most };
    }

    /// <summary>The kernel's own high-water mark (<c>VmHWM</c>), as it stood at the last look before the end: a growth of the last milliseconds is not in it.</summary>
    private static async Task<long> MostMemoryAsync(Process process, Task ended)
    {
        var most = 0L;
        while (!ended.IsCompleted)
        {
            try
            {
                var line = (await File.ReadAllLinesAsync($"/proc/{process.Id}/status")).FirstOrDefault(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
                most = line is null ? most : long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
            }
            catch (IOException)
            {
                // It ended in between.
            }

            await Task.WhenAny(ended, Task.Delay(5));
        }

        return most;
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
