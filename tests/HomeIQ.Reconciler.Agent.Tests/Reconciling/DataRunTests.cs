using HomeIQ.Reconciler.Applying;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>A database goes forward and back with its service; what cannot be put back is started on by nobody.</summary>
public sealed class DataRunTests : IDisposable
{
    private const string Volume = "house_data";

    private readonly Stage stage = new();

    public DataRunTests() => Stacks.Publish(stage.Engine);

    private string Live => Path.Combine(stage.Engine.VolumeFolder!, Volume, "_data");

    private string[] Beside => [.. Directory.GetDirectories(Path.GetDirectoryName(Live)!).Select(folder => Path.GetFileName(folder)!).Where(name => name != "_data").Order(StringComparer.Ordinal)];

    public void Dispose() => stage.Dispose();

    [Fact]
    public async Task The_newest_copy_is_kept_and_what_a_way_back_replaced_is_nobodys_to_remove()
    {
        await ApplyAsync("1.0.0", ApplyResult.Applied);
        Assert.Empty(Beside);
        await ApplyAsync("1.1.0", ApplyResult.Applied);
        var good = Assert.Single(Beside);

        var bad = (await ApplyAsync("1.9.0-sick", ApplyResult.RolledBack)).Run!;
        Assert.Equal(["house_data house/app:1.0.0 house/app:1.1.0"], stage.Data);
        Assert.Equal(new[] { good, $"homeiq-{bad}.replaced" }.Order(StringComparer.Ordinal), Beside);

        var next = (await ApplyAsync("1.2.0", ApplyResult.Applied)).Run!;
        Assert.Equal(new[] { $"homeiq-{bad}.replaced", $"homeiq-{next}" }.Order(StringComparer.Ordinal), Beside);
        Assert.Equal([next], Directory.GetDirectories(Path.Combine(stage.StateFolder, "backups")).Select(Path.GetFileName));
    }

    [Fact]
    public async Task Data_that_a_way_back_could_not_put_back_is_started_on_by_nobody_until_a_person_did()
    {
        await ApplyAsync("1.0.0", ApplyResult.Applied);
        stage.Commit(Stacks.Database("1.9.0-sick"));
        using (var process = stage.Begin())
        {
            process.Heard = news =>
            {
                if (news is StepBegan { Step.Step: VerifyService { Service: "db" } })
                {
                    stage.Engine.RunForeign("stranger", "house/app:1.0.0", mounts: [new(MountKind.Volume, Volume, "/data")]);
                }
            };
            Assert.Equal(ApplyResult.RollbackFailed, (await process.ApplyAsync()).Result);
        }

        stage.Engine.RemoveByHand("stranger");
        stage.Engine.Transcript.Take();
        var refused = await stage.ApplyAsync();
        Assert.Equal((ApplyResult.Refused, ""), (refused.Result, stage.Engine.Transcript.Take()));
        var why = Assert.Single(refused.Plan!.Refusals, refusal => refusal.Code == "data-unrestored");
        Assert.Equal(["house_data house/app:1.0.0 house/app:1.9.0-sick"], stage.Data);

        // As the hint says.
        Databases.NastyTree.Shell("/", why.Hint![(why.Hint!.IndexOf(": ", StringComparison.Ordinal) + 2)..]);
        await stage.ApplyAsync();

        Assert.Equal(["house_data house/app:1.0.0"], stage.Data);
        Assert.Contains("db running healthy house/app:1.0.0", stage.Picture, StringComparison.Ordinal);
    }

    [Fact]
    public async Task On_another_machine_nothing_is_stopped_for_data_that_cannot_be_copied()
    {
        await ApplyAsync("1.0.0", ApplyResult.Applied);
        stage.VolumesAreLocal = false;
        stage.Engine.Transcript.Take();

        var refused = await ApplyAsync("1.1.0", ApplyResult.Refused);

        Assert.Equal("data-remote", Assert.Single(refused.Plan!.Refusals).Code);
        Assert.Equal("", stage.Engine.Transcript.Take());
    }

    [Fact]
    public async Task A_rollback_by_verb_says_that_the_data_stays_and_lets_go_of_no_copy()
    {
        await ApplyAsync("1.0.0", ApplyResult.Applied);
        await ApplyAsync("1.1.0", ApplyResult.Applied);
        var copy = Assert.Single(Beside);

        var back = await stage.RollbackAsync();

        Assert.Equal(ApplyResult.Applied, back.Result);
        Assert.Contains(back.Plan!.Warnings, warning => warning.Code == "data-stays");
        Assert.Contains(copy, Beside);
        Assert.Equal(2, Beside.Length);
    }

    [Fact]
    public async Task A_bad_fix_of_a_watched_version_goes_back_through_both_to_the_first_data()
    {
        await ApplyAsync("1.0.0", ApplyResult.Applied);
        stage.Soak = "20s";
        stage.Commit(Stacks.Database("1.1.0"));
        Assert.Equal(ApplyResult.Soaking, (await SoakAsync()).Result);
        stage.Commit(Stacks.Database("1.9.0-sick"));
        await stage.ApplyAsync();

        Assert.Equal(["house_data house/app:1.0.0"], stage.Data);
        Assert.Contains("db running healthy house/app:1.0.0", stage.Picture, StringComparison.Ordinal);
    }

    private async Task<ApplyReport> SoakAsync()
    {
        using var process = stage.Begin();
        return await process.ApplyAsync(watches: false);
    }

    private async Task<ApplyReport> ApplyAsync(string tag, ApplyResult expected)
    {
        stage.Commit(Stacks.Database(tag));
        var report = await stage.ApplyAsync();
        Assert.True(report.Result == expected, $"{report.Result}: {report.Summary} {string.Join("; ", report.Plan?.Refusals ?? [])}");
        return report;
    }
}
