namespace HomeIQ.Reconciler.Backups;

/// <summary>A migration has done what its rehearsal did, and nothing else.</summary>
public class MigrationProofTests
{
    private static readonly SqliteFacts Old = new("old", Rows(("devices", 10), ("events", 500)), ["r1"]);

    private static readonly SqliteFacts New = new("new", Rows(("devices", 10), ("events", 300), ("rooms", 4)), ["r2"]);

    private static readonly MigrationProof Proof = new(TimeSpan.FromSeconds(1), ["r2"], Old, New);

    [Fact]
    public void Rows_that_came_since_the_copy_are_no_difference()
    {
        var (before, after) = (Old with { Rows = Rows(("devices", 11), ("events", 700)) }, New with { Rows = Rows(("devices", 11), ("events", 400), ("rooms", 4)) });

        Assert.Null(Proof.Judge(before, after));
        Assert.Null(Proof.Flaw);
    }

    [Fact]
    public void A_table_that_the_rehearsal_left_alone_loses_no_row()
    {
        var lost = New with { Rows = Rows(("devices", 9), ("events", 300), ("rooms", 4)) };

        Assert.Equal("table devices had 10 rows and has 9, which the rehearsal did not change", Proof.Judge(Old, lost));
        Assert.Null(Proof.Doubt(Old, lost));
    }

    [Fact]
    public void Where_rows_came_since_a_loss_is_a_doubt_and_no_verdict()
    {
        var busy = Old with { Rows = Rows(("devices", 11), ("events", 500)) };

        Assert.Null(Proof.Judge(busy, New));
        Assert.Equal("table devices had 11 rows and has 10, which the rehearsal did not change", Proof.Doubt(busy, New));
    }

    [Fact]
    public void Tables_that_came_since_make_the_rehearsal_worthless()
    {
        Assert.NotNull(Proof.Outdated(Old with { Schema = "one more" }));
        Assert.NotNull(Proof.Outdated(Old with { Revisions = ["r0"] }));
        Assert.Null(Proof.Outdated(Old with { Rows = Rows(("devices", 99)) }));
    }

    [Fact]
    public void A_shortened_revision_is_the_one_that_it_begins() => Assert.Null((Proof with { Heads = ["r"] }).Judge(Old, New));

    [Fact]
    public void Other_tables_than_the_rehearsals_are_refused() => Assert.NotNull(Proof.Judge(Old, New with { Schema = "other" }));

    [Theory]
    [InlineData("none")]
    [InlineData("r1", "r1")]
    [InlineData("r2 and r3", "r2", "r3")]
    public void Another_revision_than_the_head_is_refused_and_said(string said, params string[] revisions)
    {
        var after = New with { Revisions = [.. revisions] };

        Assert.Contains($"at revision {said} instead of r2", Proof.Judge(Old, after), StringComparison.Ordinal);
        Assert.Equal(Proof.Judge(Old, after), (Proof with { After = after }).Flaw);
    }

    [Fact]
    public void Without_heads_no_revision_is_asked_for() => Assert.Null((Proof with { Heads = [] }).Judge(Old, New with { Revisions = [] }));

    private static ValueMap<long> Rows(params (string Table, long Rows)[] tables) => new(tables.Select(table => KeyValuePair.Create(table.Table, table.Rows)));
}
