namespace HomeIQ.Reconciler.Backups;

/// <summary>What a migration did to a copy, and so what it has to do to the data itself.</summary>
/// <param name="Heads">The revisions that the new version leads to; empty where it is not asked.</param>
/// <param name="Before">The copy as it was taken, while the service ran.</param>
public sealed record MigrationProof(TimeSpan Took, ValueList<string> Heads, SqliteFacts Before, SqliteFacts After)
{
    /// <summary>What is wrong with the rehearsal itself; null when nothing is.</summary>
    public string? Flaw => Missed(Before, After);

    /// <summary>What the migration did to the data otherwise than to the copy; null when nothing.</summary>
    /// <remarks>Rows came and went since the copy was taken: only tables that the rehearsal left as many rows as before have to be left so.</remarks>
    public string? Judge(SqliteFacts before, SqliteFacts after)
    {
        if (Missed(before, after) is { } missed)
        {
            return missed;
        }

        if (after.Schema != After.Schema)
        {
            return "its tables are not those that the rehearsal led to";
        }

        return Changed(before, after, isBusy: false);
    }

    /// <summary>What may be the migration's doing or that of rows which came since the rehearsal: no verdict, and nothing to go on with.</summary>
    public string? Doubt(SqliteFacts before, SqliteFacts after) => Changed(before, after, isBusy: true);

    /// <summary>Why the rehearsal says nothing of this data any more; null while it does.</summary>
    public string? Outdated(SqliteFacts before) =>
        before.Schema != Before.Schema || before.Revisions != Before.Revisions ? "its tables or its revision are others than when the migration was rehearsed" : null;

    private string? Changed(SqliteFacts before, SqliteFacts after, bool isBusy)
    {
        var changed = Before.Rows.FirstOrDefault(table =>
            After.Rows.TryGetValue(table.Key, out var rehearsed) && rehearsed == table.Value
            && before.Rows.TryGetValue(table.Key, out var was) && after.Rows.TryGetValue(table.Key, out var now) && now != was
            && was != table.Value == isBusy);
        return changed.Key is { } name ? $"table {name} had {before.Rows[name]} rows and has {after.Rows[name]}, which the rehearsal did not change" : null;
    }

    private string? Missed(SqliteFacts before, SqliteFacts after) =>
        before.Orphans.Count == 0 && after.Orphans is [var orphan, ..]
            ? $"it left rows without those that they refer to: {orphan}"
            : Heads.Count > 0 && !Reached(after)
            ? $"it ended well, and the database is at revision {(after.Revisions.Count == 0 ? "none" : string.Join(" and ", after.Revisions))} instead of {string.Join(" and ", Heads)}: it migrated another one"
            : null;

    /// <summary>Who writes the command may shorten a revision.</summary>
    private bool Reached(SqliteFacts after) =>
        Heads.Count == after.Revisions.Count && Heads.Order(StringComparer.Ordinal).Zip(after.Revisions.Order(StringComparer.Ordinal)).All(pair => pair.Second.StartsWith(pair.First, StringComparison.Ordinal));
}
