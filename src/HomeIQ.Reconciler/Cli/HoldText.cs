using HomeIQ.Reconciler.Planning;
using HomeIQ.Reconciler.Reporting;

namespace HomeIQ.Reconciler.Cli;

/// <summary>A hold explained on a terminal: the same lines in <c>quarantine show</c>, <c>get</c> and <c>status</c>.</summary>
internal static class HoldText
{
    /// <param name="state">The state directory, below which evidence lies.</param>
    public static void Print(Terminal terminal, Hold hold, string state)
    {
        Row(terminal, "failed", hold.Reason);
        Row(terminal, "since", $"{hold.Since:u}{(hold.Expires is { } expires ? $", until {expires:u}" : "")}, run {hold.Run}, commit {PlanText.Revision(hold.Revision)}");
        Row(terminal, "suspects", string.Join(", ", hold.Suspects.Select(suspect => suspect.Image is { } image ? $"{suspect.Name} ({image})" : suspect.Name)));
        Row(terminal, "evidence", hold.Evidence is { } evidence ? Path.Combine(state, evidence) : "none was kept");
        if (hold.Waiting.Count > 0)
        {
            Row(terminal, "waits", string.Join(", ", hold.Waiting));
        }

        if (hold.Dependents.Count > 0)
        {
            Row(terminal, "needed by", string.Join(", ", hold.Dependents));
        }

        foreach (var (way, index) in hold.WaysOut.Select((way, index) => (way, index)))
        {
            Row(terminal, index == 0 ? "ways out" : "", way);
        }
    }

    private static void Row(Terminal terminal, string name, string text) => terminal.Line($"  {terminal.Dim(name.PadRight(10))}{text.ReplaceLineEndings(" ")}");
}
