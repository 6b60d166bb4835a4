using System.Globalization;

namespace HomeIQ.Reconciler.Journaling;

/// <summary>What was measured of data, in the operator's words.</summary>
public static class ReceiptText
{
    /// <summary>"" for a receipt that measured no data.</summary>
    public static string Of(Receipt receipt) => receipt switch
    {
        BackedUp copied => string.Join("; ", [
            string.Create(CultureInfo.InvariantCulture, $"{copied.Bytes:N0} bytes in {(copied.Files == 1 ? "1 file" : $"{copied.Files} files")}, read back and equal"),
            .. copied.Databases.Select(database => $"{database.Key} opened: {database.Value.ToText()}"),
        ]),
        Rehearsed { Proof: var proof } => $"{proof.Before.ToText()} -> {proof.After.ToText()}, in {Seconds(proof.Took)}",
        Migrated migrated => $"now {migrated.Facts.ToText()}, as rehearsed, in {Seconds(migrated.Took)}",
        _ => "",
    };

    private static string Seconds(TimeSpan took) => string.Create(CultureInfo.InvariantCulture, $"{took.TotalSeconds:0.0} s");
}
