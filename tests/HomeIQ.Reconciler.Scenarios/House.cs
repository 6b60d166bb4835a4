using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using HomeIQ.Reconciler.Docker;
using HomeIQ.Reconciler.Locking;
using HomeIQ.Reconciler.Observed;
using HomeIQ.Reconciler.Scenarios.Docker;

namespace HomeIQ.Reconciler.Scenarios;

/// <summary>A house of its own for one test: a Git repository, a state directory, an instance name, and the real program. Nothing of it is left at the end.</summary>
internal sealed class House : IAsyncDisposable
{
    private static int houses;

    private readonly string folder = Directory.CreateTempSubdirectory("homeiq-house-").FullName;

    /// <param name="endpoint">An engine that the test started for itself; null for the one of all tests.</param>
    public House(string? endpoint = null)
    {
        Endpoint = endpoint ?? TestEngine.Endpoint;
        Engine = new(new() { Endpoint = Endpoint });
        Name = $"t{Environment.ProcessId}x{Interlocked.Increment(ref houses)}";
        Repository = Path.Combine(folder, "repository");
        Directory.CreateDirectory(Repository);
        Git("init", "-q", "-b", "main");
        Git("config", "user.name", "Tester");
        Git("config", "user.email", "tester@example.invalid");
    }

    /// <summary>Project and instance name, and the beginning of every container's name.</summary>
    public string Name { get; }

    /// <summary>How long the program may take.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(4);

    public string Repository { get; }

    public string State => Path.Combine(folder, "state");

    public string ProjectDirectory => Path.Combine(folder, "project");

    public string Endpoint { get; }

    public DockerEngine Engine { get; }

    /// <summary>More settings for the program, as <c>HOMEIQ_*</c> variables.</summary>
    public Dictionary<string, string> Settings { get; } = new(StringComparer.Ordinal);

    /// <summary>A port that nothing listens on now.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public string Container(string service) => $"{Name}-{service}-1";

    /// <summary>Writes a file of the repository; the path is below <c>desired-state</c>.</summary>
    public House Write(string path, string text)
    {
        var file = Path.Combine(Repository, "desired-state", path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
        return this;
    }

    public House Edit(string path, string from, string to)
    {
        var file = Path.Combine(Repository, "desired-state", path);
        var text = File.ReadAllText(file);
        Assert.Contains(from, text, StringComparison.Ordinal);
        File.WriteAllText(file, text.Replace(from, to, StringComparison.Ordinal));
        return this;
    }

    /// <summary>Commits everything and returns the commit's id.</summary>
    public string Commit(string message)
    {
        Git("add", "-A");
        Git("commit", "-q", "--allow-empty", "-m", message);
        return Git("rev-parse", "HEAD").Trim();
    }

    /// <summary>Runs Git in the repository and returns what it prints.</summary>
    public string Git(params string[] arguments)
    {
        var (code, text) = Run("git", ["-C", Repository, .. arguments], new Dictionary<string, string>());
        Assert.True(code == 0, $"git {string.Join(' ', arguments)}: {text}");
        return text;
    }

    /// <summary>Runs the program to its end.</summary>
    public Task<Said> HomeiqAsync(params string[] arguments) => EndAsync(Start(arguments), arguments);

    /// <summary>Runs the program to its end on a pseudo terminal of its own, where both streams are one.</summary>
    public Task<Said> OnTerminalAsync(params string[] arguments) =>
        EndAsync(Launch("script", ["-qec", $"stty columns 100 rows 30; exec {Program} {string.Join(' ', arguments)}", "/dev/null"]), arguments);

    private async Task<Said> EndAsync(Process started, string[] arguments)
    {
        using var process = started;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        using var limit = new CancellationTokenSource(Patience);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"homeiq {string.Join(' ', arguments)} did not end within {Patience}:\n{await output}\n{await error}");
        }

        return new Said(process.ExitCode, await output, await error);
    }

    private static string Program => Environment.GetEnvironmentVariable("HOMEIQ_TEST_BINARY") is { Length: > 0 } published ? published : Path.Combine(AppContext.BaseDirectory, "homeiq");

    /// <summary>Starts the program; the caller ends it.</summary>
    public Process Start(params string[] arguments) => Launch(Program, arguments);

    private Process Launch(string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, UseShellExecute = false, WorkingDirectory = folder };
        start.Environment["TERM"] = "xterm-256color";
        start.Environment.Remove("NO_COLOR");
        start.Environment["HOMEIQ_REPO"] = Repository;
        start.Environment["HOMEIQ_STATE"] = State;
        start.Environment["HOMEIQ_DOCKER"] = Endpoint;
        start.Environment["HOMEIQ_INSTANCE"] = Name;
        start.Environment["HOMEIQ_PROJECT_NAME"] = Name;
        start.Environment["HOMEIQ_PROJECT_DIR"] = ProjectDirectory;
        foreach (var (key, value) in Settings)
        {
            start.Environment[key] = value;
        }

        var process = Process.Start(start)!;
        process.StandardInput.Close();
        return process;
    }

    /// <summary>Applies the branch head and expects that to go well.</summary>
    public async Task<Said> ApplyAsync(params string[] arguments)
    {
        var said = await HomeiqAsync(["apply", .. arguments]);
        Assert.True(said.Code == 0, $"apply ended with {said.Code}:\n{said}");
        return said;
    }

    /// <summary>The containers of this house, by name.</summary>
    public async Task<SortedDictionary<string, ObservedContainer>> ContainersAsync() => new(
        (await Engine.ListContainersAsync(default)).Where(container => container.Owner?.Instance == Name).ToDictionary(container => container.Name),
        StringComparer.Ordinal);

    public async Task<ObservedContainer> ContainerAsync(string service) =>
        await Engine.FindContainerAsync(Container(service), default) ?? throw new InvalidOperationException($"there is no container {Container(service)}");

    /// <summary>Service to id of its container: what must not change for untouched services.</summary>
    public async Task<Dictionary<string, string>> IdsAsync() => (await ContainersAsync()).Values
        .Where(container => container.Name.EndsWith("-1", StringComparison.Ordinal))
        .ToDictionary(container => container.Owner!.Service, container => container.Id, StringComparer.Ordinal);

    /// <summary>The lock of this house on its engine; null when nobody has it.</summary>
    public Task<Mark?> LockAsync() => Engine.FindMarkAsync(EngineLock.NameOf(Name), default);

    /// <summary><c>status -o json</c>.</summary>
    public async Task<JsonElement> StatusAsync() => JsonDocument.Parse((await HomeiqAsync("status", "-o", "json")).Out).RootElement;

    public async ValueTask DisposeAsync()
    {
        foreach (var container in (await Engine.ListContainersAsync(default)).Where(container => container.Owner?.Instance == Name || container.Name.StartsWith(Name, StringComparison.Ordinal)))
        {
            await Engine.SetRestartPolicyAsync(container.Id, Desired.RestartPolicy.No, default);
            if (container.Status is ContainerStatus.Paused)
            {
                await Engine.UnpauseContainerAsync(container.Id, default);
            }

            await Engine.StopContainerAsync(container.Id, TimeSpan.Zero, default);
            await Engine.RemoveContainerAsync(container.Id, default);
        }

        if (await LockAsync() is { } left)
        {
            await Engine.RemoveMarkAsync(left.Id, default);
        }

        foreach (var network in (await Engine.ListNetworksAsync(default)).Where(network => network.Owner?.Instance == Name || network.Name.StartsWith(Name, StringComparison.Ordinal)))
        {
            await Engine.RemoveNetworkAsync(network.Id, default);
        }

        foreach (var volume in (await Engine.ListVolumesAsync(default)).Where(volume => volume.Owner?.Instance == Name || volume.Name.StartsWith(Name, StringComparison.Ordinal)))
        {
            Run("docker", ["volume", "rm", volume.Name], new Dictionary<string, string> { ["DOCKER_HOST"] = Endpoint });
        }

        await Engine.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>Runs a program to its end; both streams together.</summary>
    public static (int Code, string Text) Run(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach (var (key, value) in environment)
        {
            start.Environment[key] = value;
        }

        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var text = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, text + error.Result);
    }
}

/// <summary>What the program said, and its exit code.</summary>
internal sealed record Said(int Code, string Out, string Error)
{
    public override string ToString() => new StringBuilder(Out).Append(Error).ToString();
}
