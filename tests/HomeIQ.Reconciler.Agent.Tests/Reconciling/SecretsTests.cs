using System.Text;
using HomeIQ.Reconciler.Docker;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>A value from outside Git is nowhere but in the sealed store and in the engine.</summary>
public sealed class SecretsTests : IDisposable
{
    private const string First = "first-s3cret&\"quoted\"";
    private const string Second = "second-s3cret<\\back";

    private readonly Stage stage = new();

    public SecretsTests() => Stacks.Publish(stage.Engine);

    public void Dispose() => stage.Dispose();

    [Fact]
    public async Task No_secret_is_in_journal_evidence_events_or_reports()
    {
        using var process = await RunAsync("1.9.0-sick", _ => { });

        Assert.True(Directory.GetFiles(Path.Combine(stage.StateFolder, "runs"), "*", SearchOption.AllDirectories).Length >= 3);
        Assert.Contains("(secret)", string.Concat(Directory.GetFiles(Path.Combine(stage.StateFolder, "runs"), "*", SearchOption.AllDirectories).Select(File.ReadAllText)));
        NothingIsTold(process);
    }

    [Fact]
    public async Task No_secret_is_told_by_an_engines_error()
    {
        using var process = await RunAsync("1.1.0", faults => faults.FailAt("create", 1, Fault.Of(HostFailure.Invalid, $"invalid environment variable: TOKEN={Second}")));

        Assert.Contains("TOKEN=(secret)", process.Journal.Runs(1)[0].Summary);
        NothingIsTold(process);
    }

    [Fact]
    public async Task No_secret_is_told_by_a_bug_of_ours()
    {
        using var process = await RunAsync("1.1.0", faults => faults.Meanwhile("start", 1, () => throw new InvalidOperationException($"cannot parse {Second}")));

        Assert.Contains("cannot parse (secret)", process.Journal.Runs(1)[0].Summary);
        NothingIsTold(process);
    }

    private async Task<AgentProcess> RunAsync(string tag, Action<Faults> fault)
    {
        Host(First);
        stage.Commit(Compose("1.0.0"));
        var installed = await stage.ApplyAsync();
        Assert.True(installed.Result == ApplyResult.Applied, $"{installed.Summary} {installed.Problems}");

        Host(Second);
        stage.Commit(Compose(tag));
        fault(stage.Engine.Faults);
        var process = stage.Begin();
        try
        {
            var report = await process.ApplyAsync();
            Assert.True(report.Result == ApplyResult.RolledBack, report.Summary);
            Reported = report.ToString();
        }
        catch (InvalidOperationException)
        {
            // The bug is told in full to whoever called: it is theirs to print.
        }

        return process;
    }

    private string Reported { get; set; } = "";

    private void NothingIsTold(AgentProcess process)
    {
        var told = $"{Reported}\n{string.Join('\n', process.Events)}";
        var files = Directory.GetFiles(stage.StateFolder, "*", SearchOption.AllDirectories).Where(file => Path.GetFileName(file) != "lock").ToList();
        foreach (var secret in (string[])["s3cret", First, Second])
        {
            Assert.DoesNotContain(secret, told);
            Assert.DoesNotContain(files, file => !IsSealed(file) && Contains(file, secret));
        }

        // The search would have found it.
        Assert.Contains(files, file => IsSealed(file) && Contains(file, "s3cret"));
    }

    private bool IsSealed(string file) => file.StartsWith(Path.Combine(stage.StateFolder, "sealed"), StringComparison.Ordinal);

    private static bool Contains(string file, string text)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var memory = new MemoryStream();
        stream.CopyTo(memory);
        return Encoding.Latin1.GetString(memory.ToArray()).Contains(text, StringComparison.Ordinal);
    }

    private void Host(string token) => File.WriteAllText(stage.EnvFile, $"TOKEN='{token}'\n");

    private static string Compose(string tag) =>
        $$"""
        services:
          api:
            image: house/app:{{tag}}
            container_name: api
            environment: { TOKEN: "${TOKEN}", ADDRESS: "http://user:${TOKEN}@elsewhere" }
            healthcheck: { test: [CMD, curl, -f, http://localhost:8080/health], interval: 1s, timeout: 1s, retries: 3 }
        """;
}
