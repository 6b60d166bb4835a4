using System.Diagnostics;
using System.Text.Json;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Scenarios;

/// <summary>A person's day with the daemon: hold, get, quarantine, suspend, wait, logs, doctor, all by the real program on the real engine.</summary>
public sealed class VerbScenarios : IAsyncDisposable
{
    private readonly House house = new();
    private Process? daemon;
    private Task<string>? told;

    public async ValueTask DisposeAsync()
    {
        if (daemon is not null)
        {
            daemon.Kill();
            await daemon.WaitForExitAsync();
            daemon.Dispose();
        }

        await house.DisposeAsync();
    }

    [Fact]
    public async Task What_is_held_explains_itself_and_is_tried_again_when_a_person_releases_it()
    {
        house.Furnish();
        Start();
        await DoneAsync("wait", "--for=ready", "--timeout", "2m");

        house.Upgrade("api", "bad-never-healthy");
        var bad = house.Commit("api that never gets healthy");
        var waited = await house.HomeiqAsync("wait", "--for=synced", "--commit", bad, "--timeout", "2m");
        Assert.True(waited.Code == 2, waited.ToString());
        Assert.StartsWith("out of reach: api failed as it is", waited.Out, StringComparison.Ordinal);

        var got = await JsonAsync("get", "api", "-o", "json");
        Assert.Equal("Held", got.GetProperty("status").GetProperty("sync").GetString());
        Assert.Equal(("homeiq-test/app:bad-never-healthy", "homeiq-test/app:1.0.0"), (got.GetProperty("wantedImage").GetString(), got.GetProperty("heldImage").GetString()));
        var held = got.GetProperty("held");
        Assert.Equal(["web"], held.GetProperty("dependents").EnumerateArray().Select(name => name.GetString()));
        Assert.True(Directory.Exists(Path.Combine(house.State, held.GetProperty("evidence").GetString()!)));
        var id = held.GetProperty("quarantine").GetString()!;
        Assert.Contains("ways out", (await DoneAsync("get", "api")).Out, StringComparison.Ordinal);
        Assert.Contains(id, (await DoneAsync("status")).Out, StringComparison.Ordinal);

        var shown = await DoneAsync("quarantine", "show", id);
        Assert.Contains("homeiq-test/app:bad-never-healthy", shown.Out, StringComparison.Ordinal);
        Assert.Contains(id, (await DoneAsync("quarantine", "list")).Out, StringComparison.Ordinal);
        Assert.Equal(2, (await house.HomeiqAsync("quarantine", "release", "q-nothing")).Code);

        await DoneAsync("quarantine", "release", id);
        await UntilAsync(async () => (await house.HomeiqAsync("history", "-o", "json")).Out.Split("\"RolledBack\"").Length == 3, "it is tried once more");
        Assert.Contains(" release ", (await DoneAsync("events")).Out, StringComparison.Ordinal);

        house.Upgrade("api", "1.1.0");
        await DoneAsync("wait", "--for=ready", "--commit", house.Commit("api 1.1.0 mends it"), "--timeout", "2m");
    }

    [Fact]
    public async Task While_a_person_works_on_it_nothing_is_put_right_and_afterwards_it_is()
    {
        house.Furnish();
        Start();
        await DoneAsync("wait", "--for=ready", "--timeout", "2m");
        var following = house.Start("events", "--follow", "-o", "json");
        var stream = following.StandardOutput;
        while (await stream.ReadLineAsync() is { } before && !before.Contains("run-ended", StringComparison.Ordinal))
        {
            // What happened before the host was ready.
        }

        await DoneAsync("suspend", "--for", "2h", "--reason", "the roof is open");
        Assert.Contains("suspension", await stream.ReadLineAsync(), StringComparison.Ordinal);
        house.Docker("rm", "-f", house.Container("web"));
        await DoneAsync("reconcile");
        var suspended = await JsonAsync("status", "-o", "json");
        Assert.Contains("the roof is open", suspended.GetProperty("suspended").GetString(), StringComparison.Ordinal);
        Assert.Equal(1, (await house.HomeiqAsync("wait", "--for=healthy", "--timeout", "5s")).Code);
        Assert.Null(await house.Engine.FindContainerAsync(house.Container("web"), default));
        var apply = await house.HomeiqAsync("apply");
        Assert.True(apply.Code == 4, apply.ToString());

        await DoneAsync("resume");
        await DoneAsync("wait", "--for=ready", "--timeout", "1m");
        Assert.Equal(ContainerStatus.Running, (await house.ContainerAsync("web")).Status);
        Assert.Contains("resumption", await stream.ReadLineAsync(), StringComparison.Ordinal);
        Assert.Contains("run-began", await stream.ReadLineAsync(), StringComparison.Ordinal);

        // The daemon's stop ends whoever follows it, and is not held up by them.
        House.Run("kill", ["-TERM", $"{daemon!.Id}"], new Dictionary<string, string>());
        var watch = Stopwatch.StartNew();
        await daemon.WaitForExitAsync();
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10), $"{watch.Elapsed}");
        await following.WaitForExitAsync();
        Assert.Equal(2, following.ExitCode);
        following.Dispose();
    }

    [Fact]
    public async Task Plans_that_need_a_person_are_begun_once_they_are_approved()
    {
        house.Furnish();
        Start();
        await DoneAsync("wait", "--for=ready", "--timeout", "2m");
        house.Write("compose.yaml", "services: {}\n").Write("compose.versions.yaml", "services: {}\n").Commit("Move out");
        await DoneAsync("reconcile");

        var plan = await JsonAsync("plan", "-o", "json");
        await DoneAsync("approve", plan.GetProperty("digest").GetString()!);

        await UntilAsync(async () => (await house.ContainersAsync()).Count == 0, "the approved plan has run");
        Assert.Equal(0, (await JsonAsync("status", "-o", "json")).GetProperty("approved").GetArrayLength());
    }

    [Fact]
    public async Task Logs_are_shown_without_secrets_and_the_doctor_finds_what_is_wrong()
    {
        var secrets = Path.Combine(house.ProjectDirectory, "host.env");
        Directory.CreateDirectory(house.ProjectDirectory);
        await File.WriteAllTextAsync(secrets, "TOKEN=s3cr3t-t0ken\n");
        house.Settings["HOMEIQ_ENV_FILE"] = secrets;
        house.Write("compose.yaml", """
            services:
              talker: {image: "homeiq-test/app:1.0.0", command: [sh, -c, "echo one; echo login $$TOKEN; exec sleep 1000"], environment: {TOKEN: "${TOKEN}"}, stop_grace_period: 0s}
            """).Write("reconciler.yaml", "version: 1\npolicy: { soak: none }\n").Commit("Talk");
        await house.ApplyAsync();

        Assert.Equal("one\nlogin (secret)\n", (await DoneAsync("logs", "talker")).Out);
        Assert.Equal("login (secret)\n", (await DoneAsync("logs", "talker", "--tail", "1")).Out);
        Assert.Equal(2, (await house.HomeiqAsync("logs", "nobody")).Code);
        using (var following = house.Start("logs", "talker", "--follow", "--tail", "1"))
        {
            Assert.Equal("login (secret)", await following.StandardOutput.ReadLineAsync());
            house.Docker("rm", "-f", house.Container("talker"));
            await following.WaitForExitAsync();
            Assert.Equal(0, following.ExitCode);
        }

        var sound = await house.HomeiqAsync("doctor");
        Assert.True(sound.Code == 0, sound.ToString());
        Assert.Contains("warn  daemon", sound.Out, StringComparison.Ordinal);
        File.Move(Path.Combine(house.State, "key"), Path.Combine(house.State, "key.away"));
        house.Settings["HOMEIQ_BRANCH"] = "nowhere";
        var ill = await house.HomeiqAsync("doctor", "-o", "json");
        Assert.Equal(1, ill.Code);
        Assert.Equal(
            ["key", "repository"],
            JsonDocument.Parse(ill.Out).RootElement.EnumerateArray().Where(finding => finding.GetProperty("result").GetString() == "Fail").Select(finding => finding.GetProperty("check").GetString()));
    }

    private void Start()
    {
        daemon = house.Start("run", "--interval", "2");
        told = daemon.StandardError.ReadToEndAsync();
    }

    private async Task<Said> DoneAsync(params string[] arguments)
    {
        var said = await house.HomeiqAsync(arguments);
        Assert.True(said.Code == 0, $"{string.Join(' ', arguments)} ended with {said.Code}:\n{said}");
        return said;
    }

    private async Task<JsonElement> JsonAsync(params string[] arguments) => JsonDocument.Parse((await DoneAsync(arguments)).Out).RootElement;

    /// <summary>Looks again and again; each look takes long enough not to be a busy wait.</summary>
    private async Task UntilAsync(Func<Task<bool>> wanted, string what)
    {
        var watch = Stopwatch.StartNew();
        while (!await wanted())
        {
            if (watch.Elapsed > TimeSpan.FromMinutes(2))
            {
                daemon!.Kill();
                Assert.Fail($"not so: {what}\n{await told!}");
            }
        }
    }
}
