using HomeIQ.Reconciler.Journaling;
using HomeIQ.Reconciler.Planning;

namespace HomeIQ.Reconciler.Reconciling;

/// <summary>A database is migrated by the commit that moves its service: on a copy first, then itself, and back with everything else.</summary>
public sealed class MigrationRunTests : IDisposable
{
    private const string Installed = "rows(id name) a b c at r1";

    private readonly Stage stage = new();

    public MigrationRunTests() => Stacks.Publish(stage.Engine);

    private string Folder => Path.Combine(stage.Engine.VolumeFolder!, "house_data");

    public void Dispose() => stage.Dispose();

    [Fact]
    public async Task A_new_version_brings_its_data_up_to_itself()
    {
        await ApplyAsync("1.0.0", ApplyResult.Applied);
        Assert.Equal([Installed], stage.Data);

        var run = (await ApplyAsync("1.2.0", ApplyResult.Applied)).Run!;

        Assert.Equal(["rows(id name r2 r3) a b c at r3"], stage.Data);
        var receipts = Receipts(run);
        var proof = receipts.OfType<Rehearsed>().Single().Proof;
        Assert.Equal(("r1", "r3", "r3"), (Assert.Single(proof.Before.Revisions), Assert.Single(proof.After.Revisions), Assert.Single(proof.Heads)));
        Assert.Equal("1 table, 3 rows, revision r1", receipts.OfType<BackedUp>().Single().Databases["app.db"].ToText());
        Assert.Equal("1 table, 3 rows, revision r3", receipts.OfType<Migrated>().Single().Facts.ToText());
        Tidy(run);
    }

    [Fact]
    public async Task A_migration_that_fails_on_a_row_fails_on_the_copy_and_nothing_stops()
    {
        await ApplyAsync("1.0.0", ApplyResult.Applied);
        var before = (stage.Picture, Ids: await stage.IdsAsync());
        stage.Engine.Push("house/rows:2.0.0", new([new("ALEMBIC", "r1 r2"), new("FAILS_ON_ROW", "2")]));
        stage.Engine.Transcript.Take();

        var failed = await ApplyAsync("2.0.0", ApplyResult.RolledBack);

        Assert.Contains("alembic upgrade head ended with exit code 1: NOT NULL constraint failed: rows.r2 at row 2", failed.Summary, StringComparison.Ordinal);
        Assert.DoesNotContain("stop db", stage.Engine.Transcript.Take().Split('\n'));
        Assert.Equal(before.Picture, stage.Picture);
        Assert.Equal(before.Ids, await stage.IdsAsync());
        Assert.Equal(["db"], Assert.Single(stage.Quarantine()).Contents.Keys);
        Tidy(null);

        Assert.Equal(ApplyResult.Held, (await stage.ApplyAsync()).Result);
    }

    [Theory]
    [InlineData("HEADS", "r2 r7", "the image has 2 heads (r2, r7), and so no one revision to go to")]
    [InlineData("MIGRATES_ANOTHER", "1", "at revision r1 instead of r2: it migrated another one")]
    [InlineData("ALEMBIC", "r0", "Can't locate revision identified by 'r1'")]
    [InlineData("MIGRATION_TAKES", "3600", "alembic upgrade head has not ended after 10m")]
    public async Task What_the_rehearsal_finds_is_said_and_nothing_stops(string knob, string value, string expected)
    {
        await ApplyAsync("1.0.0", ApplyResult.Applied);
        var before = stage.Picture;
        stage.Engine.Push("house/rows:2.0.0", new([new("ALEMBIC", "r1 r2"), new(knob, value)]));

        var failed = await ApplyAsync("2.0.0", ApplyResult.RolledBack);

        Assert.Contains(expected, failed.Summary, StringComparison.Ordinal);
        Assert.Equal(before, stage.Picture);
        Tidy(null);
    }

    [Fact]
    public async Task A_database_without_a_revision_is_told_how_to_get_one()
    {
        await ApplyAsync("1.0.0", ApplyResult.Applied, "CREATES_ALL: '1'");

        stage.Commit(Stacks.Migrated("1.1.0", "CREATES_ALL: '1'"));
        var failed = await stage.ApplyAsync();

        Assert.Equal(ApplyResult.RolledBack, failed.Result);
        Assert.Contains("rows has tables and no revision", failed.Summary, StringComparison.Ordinal);
        Assert.Contains("alembic stamp REVISION", failed.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_migration_that_does_to_the_data_what_it_did_not_to_the_copy_is_taken_back()
    {
        await ApplyAsync("1.0.0", ApplyResult.Applied);
        stage.Engine.Push("house/rows:2.0.0", new([new("ALEMBIC", "r1 r2"), new("LOSES_ROWS", "volume")]));

        var failed = await ApplyAsync("2.0.0", ApplyResult.RolledBack);

        Assert.Contains("table rows had 3 rows and has 2, which the rehearsal did not change", failed.Summary, StringComparison.Ordinal);
        Assert.Equal([Installed], stage.Data);
        Assert.Contains("db running healthy house/rows:1.0.0", stage.Picture, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_version_that_is_ill_on_migrated_data_goes_back_with_it()
    {
        await ApplyAsync("1.0.0", ApplyResult.Applied);
        var ids = await stage.IdsAsync();

        var bad = (await ApplyAsync("1.9.0-sick", ApplyResult.RolledBack)).Run!;

        var after = await stage.IdsAsync();
        Assert.Contains(Receipts(bad), receipt => receipt is Migrated);
        Assert.Equal([Installed], stage.Data);
        Assert.All(ids, id => Assert.Contains(id, after));
        Assert.True(Directory.Exists(Path.Combine(Folder, $"homeiq-{bad}.replaced")), "what the newer version made of the data is gone");
    }

    [Fact]
    public async Task A_file_that_is_not_there_is_refused_and_never_skipped()
    {
        await ApplyAsync("1.0.0", ApplyResult.Applied);
        File.Delete(Path.Combine(Folder, "_data", "app.db"));

        var refused = await ApplyAsync("1.1.0", ApplyResult.Refused);

        Assert.Equal("data-missing", Assert.Single(refused.Plan!.Refusals).Code);
    }

    [Fact]
    public async Task Somebody_who_goes_back_by_hand_migrates_nothing()
    {
        await ApplyAsync("1.0.0", ApplyResult.Applied);
        await ApplyAsync("1.1.0", ApplyResult.Applied);

        var back = await stage.RollbackAsync();

        Assert.Equal(ApplyResult.Applied, back.Result);
        Assert.DoesNotContain(back.Plan!.Steps, step => step.Step is Migrate or Rehearse);
        Assert.Equal(["rows(id name r2) a b c at r2"], stage.Data);
    }

    private List<Receipt> Receipts(string run)
    {
        using var process = stage.Begin();
        return [.. process.Journal.Find(run)!.Begun.Select(step => step.Receipt).OfType<Receipt>()];
    }

    /// <summary>Beside the data lies nothing but the copy, and no job is left.</summary>
    private void Tidy(string? copy)
    {
        Assert.Equal(copy is null ? [] : [$"homeiq-{copy}"], Directory.GetDirectories(Folder).Select(Path.GetFileName).Where(name => name != "_data"));
        Assert.DoesNotContain(".job", stage.Engine.Picture, StringComparison.Ordinal);
    }

    private async Task<ApplyReport> ApplyAsync(string tag, ApplyResult expected, string environment = "")
    {
        stage.Commit(Stacks.Migrated(tag, environment));
        var report = await stage.ApplyAsync();
        Assert.True(report.Result == expected, $"{report.Result}: {report.Summary} {string.Join("; ", report.Plan?.Refusals ?? [])}");
        return report;
    }
}
