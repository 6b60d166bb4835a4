namespace HomeIQ.Reconciler.Backups;

/// <summary>What a SQLite database holds, as far as two of them can be compared without reading every row twice.</summary>
/// <param name="Schema">A hash over all tables, indexes, triggers and views as they were declared.</param>
/// <param name="Rows">By table; Alembic's own is left out.</param>
/// <param name="Revisions">What Alembic noted in it; empty where it never did.</param>
public sealed record SqliteFacts(string Schema, ValueMap<long> Rows, ValueList<string> Revisions)
{
    /// <summary>Some rows that refer to others which are not there, in words; before a migration no reason to refuse, after it one when they are new.</summary>
    public ValueList<string> Orphans { get; init; } = [];

    public const string AlembicTable = "alembic_version";

    /// <summary>In few words: <c>5 tables, 12,345 rows, revision 3f2a</c>.</summary>
    public string ToText() => string.Create(
        System.Globalization.CultureInfo.InvariantCulture,
        $"{(Rows.Count == 1 ? "1 table" : $"{Rows.Count} tables")}, {(Rows.Values.Sum() == 1 ? "1 row" : $"{Rows.Values.Sum():N0} rows")}{(Revisions.Count == 0 ? "" : $", revision {string.Join(" and ", Revisions)}")}");
}
