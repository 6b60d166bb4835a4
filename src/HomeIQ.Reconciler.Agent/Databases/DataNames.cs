namespace HomeIQ.Reconciler.Databases;

/// <summary>What is called how beside a volume's own folder.</summary>
internal static class DataNames
{
    /// <summary>Before the id of the run that made the copy.</summary>
    public const string Copy = "homeiq-";

    /// <summary>Before the id of the run that migrates a copy of a database in it.</summary>
    public const string Rehearsal = "homeiq-rehearsal-";

    /// <summary>Before the id of the run that opens a copy of a database in it.</summary>
    public const string Proof = "homeiq-proof-";

    /// <summary>Behind a copy's name: what it replaced when it was put back.</summary>
    public const string Replaced = ".replaced";

    /// <summary>What one run makes for one database; the sign between them is in no database's name.</summary>
    /// <param name="run"><c>*</c> for a pattern over all runs.</param>
    public static string For(string kind, string run, string database) => $"{kind}{run}@{database}";
}
