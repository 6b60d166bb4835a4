using System.Globalization;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Observed;
using HomeIQ.Reconciler.Scenarios.Docker;

namespace HomeIQ.Reconciler.Scenarios;

/// <summary>Kills the program with SIGKILL at a chosen entry of its journal, and looks at what is left.</summary>
internal static class Cutting
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan HealthPatience = TimeSpan.FromSeconds(20);

    /// <summary>Kills <c>homeiq apply</c> just after its n-th journal entry; null when it ended before it wrote so many.</summary>
    public static async Task<string?> CutAsync(this House house, int entry)
    {
        house.Settings[HaltingJournal.Variable] = entry.ToString(CultureInfo.InvariantCulture);
        try
        {
            using var process = house.Start("apply");
            var output = process.StandardOutput.ReadToEndAsync();
            string? halted = null;
            using var limit = new CancellationTokenSource(Patience);
            while (halted is null && await process.StandardError.ReadLineAsync(limit.Token) is { } line)
            {
                halted = line.StartsWith("homeiq: halted after", StringComparison.Ordinal) ? line["homeiq: halted ".Length..] : null;
            }

            // SIGKILL: no handler, no finally, nothing is flushed.
            process.Kill();
            await process.WaitForExitAsync(limit.Token);
            await output;
            return halted;
        }
        finally
        {
            house.Settings.Remove(HaltingJournal.Variable);
        }
    }

    /// <summary>Kills <c>homeiq apply</c> when the engine has done its n-th change and before the program hears of it; null when it ended before it asked for so many.</summary>
    public static async Task<string?> CutUnheardAsync(this House house, FaultProxy proxy, int change)
    {
        proxy.Arm(new(change, Spoil.Unheard));
        house.Settings["HOMEIQ_DOCKER"] = proxy.Endpoint;
        try
        {
            using var process = house.Start("apply");
            var output = Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            using var limit = new CancellationTokenSource(Patience);
            var ended = process.WaitForExitAsync(limit.Token);
            var halted = await Task.WhenAny(proxy.Halted, ended) == proxy.Halted;
            process.Kill();
            await ended;
            await output;
            return halted ? $"after the effect and before the receipt of {await proxy.Halted}" : null;
        }
        finally
        {
            house.Settings.Remove("HOMEIQ_DOCKER");
        }
    }

    /// <summary>Reads the journal that the last process left.</summary>
    public static T Journal<T>(this House house, Func<IJournal, T> read)
    {
        using var journal = new SqliteJournal(Path.Combine(house.State, "journal.db"), TimeProvider.System);
        return read(journal);
    }

    /// <summary>How a run must have ended once it was recovered, given what its journal said when the process died (DESIGN §11).</summary>
    public static RunPhase Due(RunRecord cut) => cut switch
    {
        { IsFinished: true } => cut.Phase,
        _ when cut.Begun.Any(step => step is { Planned.Step: Planning.Promote, Receipt: not null }) => RunPhase.Succeeded,
        { Phase: RunPhase.Planned or RunPhase.Preparing } => RunPhase.Cancelled,
        { Before: null } => RunPhase.Cancelled,
        _ => RunPhase.RolledBack,
    };

    /// <summary>Each service runs and is healthy in one container of its own name, and nothing that a run leaves in between is there.</summary>
    /// <remarks>A health check that is late on a busy machine may be made good by the next one; everything else has to be so at once.</remarks>
    public static async Task ExpectTidyAsync(this House house, string at)
    {
        var containers = (await house.ContainersAsync()).Values;
        var own = containers.Where(container => container.Name.EndsWith("-1", StringComparison.Ordinal)).ToList();
        var networks = (await house.Engine.ListNetworksAsync(default)).Where(network => network.Owner?.Instance == house.Name).Select(network => network.Name).ToList();
        List<string> wrong =
        [
            .. containers.Where(container => Changes.ContainerNames.IsTemporary(container.Name)).Select(container => $"{container.Name} was left behind"),
            .. own.Where(container => container.Status is not ContainerStatus.Running).Select(container => $"{container.Name} is {container.Status}"),
            .. containers.Except(own).Where(failed => failed.Status is ContainerStatus.Running).Select(failed => $"{failed.Name} is kept for inspection, and runs"),
            .. own.Count == 3 ? [] : (string[])[$"there are {string.Join(", ", containers.Select(container => container.Name))}"],
            .. networks.Count <= 1 ? [] : (string[])[$"there are the networks {string.Join(", ", networks)}"],
        ];
        Assert.True(wrong.Count == 0, $"{string.Join("; ", wrong)}, at {at}");

        var ids = own.Select(container => container.Id).ToHashSet(StringComparer.Ordinal);
        using var limit = new CancellationTokenSource(HealthPatience);
        while (await HealthAsync() is var health && health.Any(one => one is not ContainerHealth.Healthy))
        {
            Assert.False(limit.IsCancellationRequested, $"health is {string.Join(", ", health)}, at {at}");
            await Task.WhenAny(Task.Delay(TimeSpan.FromMilliseconds(200), limit.Token));
        }

        async Task<List<ContainerHealth>> HealthAsync() => [.. (await house.ContainersAsync()).Values.Where(container => ids.Contains(container.Id)).Select(container => container.Health)];
    }
}
