using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Reporting;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>What comes from the host and not from Git: env files. A change of them is a change.</summary>
public sealed class HostInputTests : IAsyncDisposable
{
    private const string Lamp =
        """
        services:
          lamp:
            image: house/app:1.0.0
            container_name: lamp
            environment: { LEVEL: "${LEVEL}", NEVER_HEALTHY: "${BROKEN-}" }
            healthcheck: { test: [CMD, curl, -f, http://localhost:8080/health], interval: 1s, timeout: 1s, retries: 3 }
          bystander:
            image: house/app:1.0.0
            container_name: bystander
            healthcheck: { test: [CMD, curl, -f, http://localhost:8080/health], interval: 1s, timeout: 1s, retries: 3 }
        """;

    private readonly DaemonStage house = new();

    public ValueTask DisposeAsync() => house.DisposeAsync();

    [Fact]
    public async Task A_changed_env_file_alone_is_a_run_of_its_own()
    {
        Inputs("LEVEL=1");
        var commit = await house.InstallAsync(Lamp);
        var ids = await house.Stage.IdsAsync();

        Inputs("LEVEL=2");
        var pass = await house.Loop.PassAsync(pass => pass.Run is not null);
        var settled = await house.Loop.PassAsync(pass => pass.Status is { Sync: Sync.Synced });

        Assert.True(pass.Run!.Result == ApplyResult.Applied, pass.Run.Summary);
        var run = house.Runs[0];
        Assert.Equal((2, RunCause.Commit, commit), (house.Runs.Count, run.Cause, run.Plan.Revision));
        Assert.Equal(["lamp"], run.Plan.Changes.Select(change => change.Subject).Distinct());
        Assert.Equal("2", (await house.Stage.FindAsync("lamp"))!.Fields["Config.Env.LEVEL"]);
        Assert.Equal((commit, commit), (settled.Status!.Effective, settled.Status.LastKnownGood));
        Assert.Equal(ids["bystander"], (await house.Stage.IdsAsync())["bystander"]);
    }

    [Fact]
    public async Task A_bad_env_file_is_taken_back_and_held_and_healed_with_the_old_values_until_it_is_mended()
    {
        Inputs("LEVEL=1");
        await house.InstallAsync(Lamp);
        var (picture, ids) = (house.Stage.Picture, await house.Stage.IdsAsync());

        Inputs("LEVEL=1\nBROKEN=1");
        var back = await house.Loop.PassAsync(pass => pass.Run is not null);
        Assert.True(back.Run!.Result == ApplyResult.RolledBack, back.Run.Summary);
        Assert.Equal(ids["lamp"], (await house.Stage.IdsAsync())["lamp"]);
        house.Stage.Engine.RemoveByHand("lamp");
        await house.Loop.PassAsync(pass => pass.Run is { Result: ApplyResult.Applied });
        Assert.Equal(Sync.Held, (await house.Loop.PassAfterAsync(TimeSpan.FromMinutes(5))).Status!.Sync);
        Assert.Equal(picture, house.Stage.Picture);

        Inputs("LEVEL=1");
        await house.Loop.PassAsync(pass => pass.Status is { Sync: Sync.Synced });

        Assert.Equal([RunCause.Drift, RunCause.Commit, RunCause.Commit], house.Runs.Select(run => run.Cause));
        Assert.Equal(picture, house.Stage.Picture);
    }

    [Fact]
    public async Task An_env_file_that_is_gone_is_a_problem_that_is_told_and_changes_nothing()
    {
        Inputs("LEVEL=1");
        await house.InstallAsync(Lamp);
        var ids = await house.Stage.IdsAsync();

        File.Delete(house.Stage.EnvFile);
        var told = await house.Loop.PassAsync(pass => pass.Status is { SourceProblem: not null });
        house.Stage.Engine.Crash("bystander");
        var healed = await house.Loop.PassAsync(pass => pass.Run is not null);

        Assert.Contains(house.Stage.EnvFile, told.Status!.SourceProblem, StringComparison.Ordinal);
        Assert.True(healed.Run!.Result == ApplyResult.Applied, healed.Run.Summary);
        Assert.Equal(ids, await house.Stage.IdsAsync());
    }

    private void Inputs(string text) => File.WriteAllText(house.Stage.EnvFile, text + "\n");
}
