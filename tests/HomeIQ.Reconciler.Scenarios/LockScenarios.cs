using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using HomeIQ.Reconciler.Docker;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Scenarios.Docker;

namespace HomeIQ.Reconciler.Scenarios;

/// <summary>Two programs with a state directory each act on one engine for one instance: never both, and the lock of a killed one heals.</summary>
public sealed class LockScenarios : IAsyncDisposable
{
    private readonly House house = new House().Furnish();
    private readonly string elsewhere = Directory.CreateTempSubdirectory("homeiq-elsewhere-").FullName;
    private Process? holder;
    private Process? daemon;

    public async ValueTask DisposeAsync()
    {
        foreach (var process in new[] { holder, daemon }.OfType<Process>())
        {
            process.Kill();
            await process.WaitForExitAsync(CancellationToken.None);
            process.Dispose();
        }

        await house.DisposeAsync();
        Directory.Delete(elsewhere, recursive: true);
    }

    [Fact]
    public async Task While_one_acts_the_other_is_refused_and_told_who_and_follows_at_once_when_that_was_killed()
    {
        await HoldAsync();
        var before = await house.LockAsync();

        var refused = await FromElsewhereAsync("apply");
        Assert.True(refused.Code == 2, refused.ToString());
        Assert.Contains($"process {holder!.Id} on {Environment.MachineName}, from {house.State}", refused.Out, StringComparison.Ordinal);
        Assert.Contains("nothing was touched", refused.Out, StringComparison.Ordinal);
        Assert.Equal(2, (await FromElsewhereAsync("rollback")).Code);
        Assert.Empty(await house.ContainersAsync());

        // Who only looks is let in, and told.
        Assert.Equal(0, (await FromElsewhereAsync("plan")).Code);
        Assert.Contains("locked", (await FromElsewhereAsync("status")).Out, StringComparison.Ordinal);
        using (var status = JsonDocument.Parse((await FromElsewhereAsync("status", "-o", "json")).Out))
        {
            Assert.Contains($"process {holder.Id}", status.RootElement.GetProperty("lockedBy").GetString(), StringComparison.Ordinal);
        }

        Assert.False((await house.StatusAsync()).TryGetProperty("lockedBy", out _));
        Assert.Equal(before!.Id, (await house.LockAsync())!.Id);

        await KillAsync();
        Assert.NotNull(await house.LockAsync());
        var watch = Stopwatch.StartNew();
        var applied = await FromElsewhereAsync("apply");
        Assert.True(applied.Code == 0, applied.ToString());
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(40), $"it took {watch.Elapsed}: the lease was waited for");
        Assert.Equal(3, (await house.ContainersAsync()).Count);
        Assert.Null(await house.LockAsync());
    }

    [Fact]
    public async Task A_daemon_looks_on_while_another_one_acts_and_takes_over_when_that_is_killed()
    {
        await HoldAsync();
        daemon = Start(["run", "--interval", "3600"]);
        var told = new StringBuilder();
        while (!told.ToString().Contains("Only looking", StringComparison.Ordinal))
        {
            var line = await daemon.StandardError.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
            told.AppendLine(line ?? throw new InvalidOperationException($"the daemon ended:\n{told}"));
        }

        var rest = daemon.StandardError.ReadToEndAsync(CancellationToken.None);
        Assert.Contains($"process {holder!.Id} on", told.ToString(), StringComparison.Ordinal);
        Assert.Empty(await house.ContainersAsync());

        await KillAsync();
        var watch = Stopwatch.StartNew();
        while (!JsonDocument.Parse((await FromElsewhereAsync("status", "-o", "json")).Out).RootElement.TryGetProperty("lastKnownGood", out _))
        {
            if (daemon.HasExited || watch.Elapsed > TimeSpan.FromMinutes(2))
            {
                daemon.Kill();
                Assert.Fail($"the daemon did not take over:\n{told}{await rest}");
            }
        }

        // It has the lock for as long as it runs, and lets go of it in the end.
        Assert.Contains($"process {daemon.Id} on", (await house.HomeiqAsync("apply")).ToString(), StringComparison.Ordinal);
        Assert.NotNull(await house.LockAsync());
        House.Run("kill", ["-TERM", $"{daemon.Id}"], new Dictionary<string, string>());
        await daemon.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
        Assert.Equal(0, daemon.ExitCode);
        Assert.Null(await house.LockAsync());
    }

    [Fact]
    public async Task A_run_whose_lock_is_removed_ends_between_two_steps_and_the_next_apply_finishes_it()
    {
        await house.ApplyAsync();
        house.Edit("compose.yaml", "GREETING: hello", "GREETING: hello, START_DELAY: \"4\"").Commit("An api that takes its time");
        using (var process = house.Start("apply"))
        {
            var said = new StringBuilder();
            while (!said.ToString().Contains("start api", StringComparison.Ordinal))
            {
                said.AppendLine(await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) ?? throw new InvalidOperationException($"it ended:\n{said}"));
            }

            // As a prune of stopped containers would.
            await house.Engine.RemoveMarkAsync((await house.LockAsync())!.Id, TestContext.Current.CancellationToken);
            said.Append(await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken));
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);

            Assert.True(process.ExitCode == 1, said.ToString());
            Assert.Contains("cut off: ended between two steps", said.ToString(), StringComparison.Ordinal);
            Assert.DoesNotContain("going back", said.ToString(), StringComparison.Ordinal);
        }

        var cut = Assert.Single(house.Journal(journal => journal.Unfinished()));
        await house.ApplyAsync();
        Assert.Equal(RunPhase.RolledBack, house.Journal(journal => journal.Find(cut.Id)!.Phase));
        await house.ExpectTidyAsync("after the next apply");
        Assert.Empty(house.Journal(journal => journal.Quarantine()));
    }

    /// <summary>A program that stands still while it has the lock and a run, of which nothing is done yet.</summary>
    private async Task HoldAsync()
    {
        house.Settings[HaltingJournal.Variable] = 1.ToString(CultureInfo.InvariantCulture);
        holder = house.Start("apply");
        house.Settings.Remove(HaltingJournal.Variable);
        var said = new StringBuilder();
        while (!said.ToString().Contains("homeiq: halted after", StringComparison.Ordinal))
        {
            var line = await holder.StandardError.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
            said.AppendLine(line ?? throw new InvalidOperationException($"it ended:\n{said}{await holder.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)}"));
        }
    }

    private async Task KillAsync()
    {
        // SIGKILL: nothing is let go of.
        holder!.Kill();
        await holder.WaitForExitAsync(TestContext.Current.CancellationToken);
        holder.Dispose();
        holder = null;
    }

    private Process Start(params string[] arguments)
    {
        house.Settings["HOMEIQ_STATE"] = elsewhere;
        try
        {
            return house.Start(arguments);
        }
        finally
        {
            house.Settings.Remove("HOMEIQ_STATE");
        }
    }

    private Task<Said> FromElsewhereAsync(params string[] arguments)
    {
        house.Settings["HOMEIQ_STATE"] = elsewhere;
        try
        {
            // The environment is read before the first wait.
            return house.HomeiqAsync(arguments);
        }
        finally
        {
            house.Settings.Remove("HOMEIQ_STATE");
        }
    }
}

/// <summary>An engine on which nothing of ours ever was.</summary>
public sealed class FreshEngineLockTests
{
    [Fact]
    public async Task The_first_lock_on_an_engine_needs_no_image_from_anywhere_and_of_many_one_gets_it()
    {
        var folder = Directory.CreateTempSubdirectory("homeiq-fresh-").FullName;
        var endpoint = await Rig.RunAsync("engine.sh", "start", folder);
        try
        {
            await using var engine = new DockerEngine(new DockerEngineSettings { Endpoint = endpoint });

            var ids = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => engine.PlaceMarkAsync("homeiq-lock-fresh", ValueMap<string>.Empty, TestContext.Current.CancellationToken)));

            Assert.Single(ids, id => id is not null);
            Assert.NotNull(await engine.FindImageAsync("homeiq/lock:1", TestContext.Current.CancellationToken));
        }
        finally
        {
            await Rig.RunAsync("engine.sh", "stop", folder);
        }
    }
}
