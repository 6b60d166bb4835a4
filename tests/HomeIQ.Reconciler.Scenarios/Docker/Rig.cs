using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace HomeIQ.Reconciler.Scenarios.Docker;

/// <summary>The scripts under <c>tests/rig</c>.</summary>
internal static class Rig
{
    public static string Folder { get; } = Environment.GetEnvironmentVariable("HOMEIQ_TEST_RIG") is { Length: > 0 } named ? named : Beside();

    /// <summary>Runs a script to its end and returns its last line of output.</summary>
    public static async Task<string> RunAsync(string script, params string[] arguments)
    {
        // Through files: what a script leaves running keeps its pipes open.
        var log = Path.GetTempFileName();
        try
        {
            var start = new ProcessStartInfo("bash") { UseShellExecute = false };
            foreach (var argument in (string[])["-c", "log=$1; shift; exec bash \"$@\" >\"$log\" 2>\"$log.err\" </dev/null", "rig", log, Path.Combine(Folder, script), .. arguments])
            {
                start.ArgumentList.Add(argument);
            }

            using var process = Process.Start(start)!;
            await process.WaitForExitAsync(CancellationToken.None);
            var errors = await File.ReadAllTextAsync($"{log}.err", CancellationToken.None);
            return process.ExitCode == 0
                ? (await File.ReadAllLinesAsync(log, CancellationToken.None)).LastOrDefault() ?? ""
                : throw new InvalidOperationException($"{script} {string.Join(' ', arguments)} ended with {process.ExitCode}: {errors}");
        }
        finally
        {
            File.Delete(log);
            File.Delete($"{log}.err");
        }
    }

    private static string Beside([CallerFilePath] string file = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "..", "..", "rig"));
}
