namespace HomeIQ.Reconciler.Cli;

/// <summary>Columns as <c>kubectl</c> and <c>docker</c> print them: aligned, no frames, the same in a pipe.</summary>
internal static class Table
{
    public static void Print(Terminal terminal, string[] head, IEnumerable<string[]> rows)
    {
        var all = rows.ToList();
        var widths = head.Select((title, column) => Math.Max(title.Length, all.Select(row => Width(row[column])).DefaultIfEmpty(0).Max())).ToArray();
        terminal.Line(terminal.Dim(Line(head, widths)));
        foreach (var row in all)
        {
            terminal.Line(Line(row, widths));
        }
    }

    /// <summary>The same as Markdown: what would end a cell or its row is made harmless.</summary>
    public static void PrintMarkdown(Terminal terminal, string[] head, IEnumerable<string[]> rows)
    {
        terminal.Line(Row(head));
        terminal.Line($"|{string.Concat(head.Select(_ => "---|"))}");
        foreach (var row in rows)
        {
            terminal.Line(Row(row));
        }

        static string Row(string[] cells) => $"| {string.Join(" | ", cells.Select(cell => cell.ReplaceLineEndings(" ").Replace("|", "\\|", StringComparison.Ordinal)))} |";
    }

    private static string Line(string[] cells, int[] widths) =>
        string.Concat(cells.Select((cell, column) => column == cells.Length - 1 ? cell : cell + new string(' ', widths[column] - Width(cell) + 2))).TrimEnd();

    /// <summary>Characters that show; colour does not.</summary>
    private static int Width(string cell)
    {
        var width = 0;
        var inColor = false;
        foreach (var character in cell)
        {
            if (character == '\e')
            {
                inColor = true;
            }
            else if (inColor)
            {
                inColor = character != 'm';
            }
            else
            {
                width++;
            }
        }

        return width;
    }
}
