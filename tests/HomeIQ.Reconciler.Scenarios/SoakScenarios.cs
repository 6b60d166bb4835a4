using System.Diagnostics;
using System.Globalization;
using HomeIQ.Reconciler.Changes;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Observed;
using HomeIQ.Reconciler.Reporting;
using HomeIQ.Reconciler.Scenarios.Soaking;

namespace HomeIQ.Reconciler.Scenarios;

/// <summary>The daemon among commits and hands that nobody foresaw: for two minutes in CI, for a night with <c>HOMEIQ_SOAK_MINUTES=480</c> (tests/README.md).</summary>
[Collection(nameof(Alone))]
public sealed class SoakScenarios(ITestOutputHelper output) : IAsyncLifetime
{
    public const string MinutesVariable = "HOMEIQ_SOAK_MINUTES";
    public const string SeedVariable = "HOMEIQ_SOAK_SEED";

    /// <summary>What the program keeps by its policy where none is named.</summary>
    private const int Generations = 3;

    /// <summary>
    /// By so many MiB the smallest of the last third may lie above the largest of the first: a runtime that compiles as it goes and a heap that
    /// is not collected while there is room give and take that much in any run; a leak of 10 kB a pass passes it within an hour.
    /// </summary>
    private const double MemorySlack = 24;

    /// <summary>Connections to the engine are kept for a while; how many there are at a moment depends on what ran side by side just before.</summary>
    private const int FileSlack = 8;

    private readonly House house = new();
    private readonly List<Vitals> vitals = [];
    private readonly Stopwatch watch = Stopwatch.StartNew();
    private Moves moves = null!;
    private WatchedDaemon daemon = null!;
    private SortedDictionary<string, ObservedContainer> before = [];
    private (string Id, DateTimeOffset? StartedAt) neighbour;

    public async ValueTask InitializeAsync()
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable(SeedVariable), CultureInfo.InvariantCulture, out var given) ? given : Random.Shared.Next();
        Say($"seed {seed}: {SeedVariable}={seed} draws the same moves");
        moves = new(house, new(seed));
        moves.Furnish();
        house.Docker("run", "-d", "--pull=never", "--name", moves.Neighbour, "homeiq-test/app:1.0.0");
        neighbour = await NeighbourAsync();
        daemon = await WatchedDaemon.StartAsync(house, "--interval", "1");
    }

    public async ValueTask DisposeAsync()
    {
        await daemon.DisposeAsync();
        foreach (var tag in (await house.Engine.ListTagsAsync($"homeiq-keep/{house.Name}", default)).Keys)
        {
            await house.Engine.UntagImageAsync(tag, default);
        }

        await house.DisposeAsync();
    }

    [Fact]
    public async Task Whatever_is_committed_or_done_by_hand_the_host_is_on_its_commit_again_and_nothing_is_left_behind()
    {
        var minutes = double.TryParse(Environment.GetEnvironmentVariable(MinutesVariable), CultureInfo.InvariantCulture, out var given) ? given : 2;
        await SettleAsync(new("install", [], []));
        var done = new SortedDictionary<string, int>(StringComparer.Ordinal);
        for (var end = watch.Elapsed + TimeSpan.FromMinutes(minutes); watch.Elapsed < end;)
        {
            var move = moves.Next();
            await SettleAsync(move);
            var kind = move.What.Split(':')[0];
            done[kind] = done.GetValueOrDefault(kind) + 1;
        }

        // Back to something good, the lamp with its file among it, and on so far that all that went wrong is older than what is kept.
        await SettleAsync(moves.Revert());
        if (!moves.Good.All.ContainsKey(Rooms.Lamp))
        {
            await SettleAsync(moves.ComeOrGo());
        }

        for (var generation = 0; generation < Generations; generation++)
        {
            await SettleAsync(moves.Upgrade());
        }

        Say($"matrix: soak: {string.Join(", ", done.Select(kind => $"{kind.Value} × {kind.Key}"))}; {daemon.Passes} passes; runs: {string.Join(", ", daemon.Runs.Select(run => $"{run.Value} {run.Key}"))}");
        await ExpectNothingLeftOnTheEngineAsync();
        ExpectLittleInTheStateDirectory();
        ExpectNoLeak();

        var ids = await house.IdsAsync();
        Assert.Equal(0, await daemon.StopAsync());
        Assert.False(File.Exists(Web.Daemon.SocketOf(house.State)), "the socket is still there");
        Assert.Null(await house.LockAsync());
        Assert.Equal(ids, await house.IdsAsync());
        Assert.Empty(house.Journal(journal => journal.Unfinished()));
    }

    private async Task SettleAsync(Move move)
    {
        var began = watch.Elapsed;
        var at = DateTimeOffset.UtcNow;
        var status = await daemon.SettledAsync(at, status => OtherwiseAsync(move, status));
        before = await house.ContainersAsync();
        vitals.Add(daemon.Vitals);
        Say($"{watch.Elapsed:hh\\:mm\\:ss} {move.What}: {status.Sync} after {(watch.Elapsed - began).TotalSeconds:0.0} s");
    }

    /// <summary>What is not yet as it has to be; null when all is. What must never be is a failure at once.</summary>
    private async Task<string?> OtherwiseAsync(Move move, HostStatus status)
    {
        var sync = moves.Head switch { { LacksImage: true } => Sync.OutOfSync, { IsBad: true } => Sync.Held, _ => Sync.Synced };
        if (status.Revision != moves.HeadId || status.Sync != sync || status.Health is not Health.Healthy || status.WatchedRun is not null || status.UnfinishedRun is not null || status.Drift.Count > 0)
        {
            return $"{move.What}: {status.Sync} instead of {sync}, {status.Health}, on {status.Revision} instead of {moves.HeadId}, {(status.Refusals is [var refusal, ..] ? refusal.Message : status.Stalled)}";
        }

        Assert.Equal(neighbour, await NeighbourAsync());
        var containers = await house.ContainersAsync();
        var own = containers.Values.Where(container => !ContainerNames.IsFailed(container.Name)).ToList();
        Assert.All(containers.Values.Except(own), failed => Assert.False(failed.IsUp, $"{move.What}: {failed.Name} is kept for inspection, and runs"));
        var names = moves.Good.All.Keys.Select(house.Container);
        if (!names.Order(StringComparer.Ordinal).SequenceEqual(own.Select(container => container.Name).Order(StringComparer.Ordinal)))
        {
            return $"{move.What}: there are {string.Join(", ", own.Select(container => container.Name))}";
        }

        foreach (var (name, room) in moves.Good.All)
        {
            if (Otherwise(move, name, room, containers[house.Container(name)]) is { } what)
            {
                return $"{move.What}: {name} {what}";
            }
        }

        return null;
    }

    private string? Otherwise(Move move, string name, Room room, ObservedContainer now)
    {
        if (now is not { Status: ContainerStatus.Running, Health: ContainerHealth.Healthy } || now.Networks is not [{ } network] || network.Network != $"{house.Name}_default")
        {
            return $"is {now.Status}, {now.Health}, on {string.Join(", ", now.Networks.Select(attached => attached.Network))}";
        }

        var memory = Rooms.Limited.Contains(name) ? "100663296" : "0";
        var restart = name == "radio" ? "unless-stopped" : "no";
        if ((room.Image, room.Greeting, memory, restart) != (now.Image, now.Fields["Config.Env.GREETING"], now.Fields.TryGetValue("HostConfig.Memory", out var limit) ? limit : "0", now.Restart.Name))
        {
            return $"has {now.Image}, {now.Fields["Config.Env.GREETING"]}, {limit}, {now.Restart.Name}";
        }

        if (before.TryGetValue(now.Name, out var then))
        {
            // A restart without a cause is a bug, and so is a container that nobody asked to replace.
            Assert.Equal((move.What, name, move.Remade.Contains(name)), (move.What, name, then.Id != now.Id));
            Assert.True(then.StartedAt == now.StartedAt || move.Restarted.Contains(name), $"{move.What}: {name} was started anew");
        }

        return null;
    }

    private async Task ExpectNothingLeftOnTheEngineAsync()
    {
        string[] Names(string kind, string field) => house.Docker(kind, "ls", "--filter", $"name={house.Name}", "--format", $"{{{{.{field}}}}}").Split('\n', StringSplitOptions.RemoveEmptyEntries);

        var mark = (await house.LockAsync())!.Id;
        var containers = house.Docker("ps", "-a", "--no-trunc", "--filter", $"name={house.Name}", "--format", "{{.ID}} {{.Names}}").Split('\n').Where(line => !line.StartsWith(mark, StringComparison.Ordinal)).Select(line => line.Split(' ')[1]);
        Assert.Equal(moves.Good.All.Keys.Select(house.Container).Append(moves.Neighbour).Order(StringComparer.Ordinal), containers.Order(StringComparer.Ordinal));
        Assert.Equal([$"{house.Name}_default"], Names("network", "Name"));
        Assert.Equal([$"{house.Name}_store-data"], Names("volume", "Name"));

        // Of each service the images of what is kept, and of these none that was bad.
        var tags = await house.Engine.ListTagsAsync($"homeiq-keep/{house.Name}", default);
        var bad = (await house.Engine.FindImageAsync($"homeiq-test/app:{Room.Bad}", default))!.Id;
        Assert.DoesNotContain(bad, tags.Values);
        Assert.All(tags.Keys.CountBy(tag => tag[..tag.LastIndexOf(':')]), service => Assert.InRange(service.Value, 1, Generations));
    }

    private void ExpectLittleInTheStateDirectory()
    {
        int Count(params string[] path) => Directory.GetFileSystemEntries(Path.Combine([house.State, .. path])).Length;

        var services = Rooms.First.All.Count;
        var figures = new Dictionary<string, int>
        {
            ["states"] = Count("sealed", "states"),
            ["services"] = Count("sealed", "services"),
            ["inspects"] = Count("sealed", "recorded"),
            ["contents"] = Directory.GetFiles(Path.Combine(house.State, "content"), "*", SearchOption.TopDirectoryOnly).Count(file => !Path.GetFileName(file).StartsWith('.')),
            ["evidence"] = Count("runs"),
        };
        Say($"state directory: {string.Join(", ", figures.Select(figure => $"{figure.Value} {figure.Key}"))}; journal {new FileInfo(Path.Combine(house.State, "journal.db")).Length / 1024} KiB; clone {Directory.GetFiles(Path.Combine(house.State, "repository.git"), "*", SearchOption.AllDirectories).Length} files");
        Assert.InRange(figures["states"], 1, Generations + 1);
        Assert.InRange(figures["services"], 1, (Generations + 1) * services);
        Assert.InRange(figures["inspects"], 1, (Generations + 1) * services);
        Assert.InRange(figures["contents"], 1, Generations + 1);
        Assert.Equal(0, figures["evidence"]);
        Assert.Empty(Directory.EnumerateFiles(house.State, "*.tmp", SearchOption.AllDirectories));
    }

    /// <summary>What grows without end has a smallest value that rises; what only comes and goes has not.</summary>
    private void ExpectNoLeak()
    {
        var third = vitals.Count / 3;
        var (early, late) = (vitals.Take(third).ToList(), vitals.TakeLast(third).ToList());
        Say($"{vitals.Count} looks at the process; first {vitals[0]}; at the end {vitals[^1]}");
        Say($"open at the end and not in the beginning: {string.Join(", ", vitals[^1].Open.Except(vitals[0].Open).CountBy(target => target.Split(':', '[')[0]).Select(kind => $"{kind.Value} × {kind.Key}"))}");
        Expect("memory", early.Max(look => look.Memory), late.Min(look => look.Memory), MemorySlack);
        Expect("open files", early.Max(look => look.Files), late.Min(look => look.Files), FileSlack);
        Expect("sockets", early.Max(look => look.Sockets), late.Min(look => look.Sockets), FileSlack);
        Expect("threads", early.Max(look => look.Threads), late.Min(look => look.Threads), FileSlack);

        void Expect(string what, double most, double least, double slack)
        {
            Say($"{what}: at the most {most:0.#} in the first third, at the least {least:0.#} in the last");
            Assert.True(least <= most + slack, $"{what}: never below {least:0.#} in the last third, never above {most:0.#} in the first");
        }
    }

    private async Task<(string Id, DateTimeOffset? StartedAt)> NeighbourAsync() =>
        await house.Engine.FindContainerAsync(moves.Neighbour, default) is { Status: ContainerStatus.Running } there ? (there.Id, there.StartedAt) : ("gone", null);

    private void Say(string line) => output.WriteLine(line);
}
