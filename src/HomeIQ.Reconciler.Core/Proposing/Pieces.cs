namespace HomeIQ.Reconciler.Proposing;

/// <summary>One line of a text, and the line break that ends it: none at the end of a file that has none there.</summary>
internal readonly record struct Line(string Content, string Ending)
{
    public bool IsBlank => string.IsNullOrWhiteSpace(Content);

    public bool IsComment => Content.AsSpan().TrimStart() is ['#', ..];

    public int Indent => Content.Length - Content.AsSpan().TrimStart(' ').Length;
}

/// <summary>A service's block, or one line between the blocks.</summary>
/// <param name="Service">Whose block it is, or belongs to: a comment directly above it, or a blank line above that; null for all else.</param>
internal sealed record Piece(string? Service, bool IsBlock, IReadOnlyList<Line> Lines)
{
    public bool IsBlank => !IsBlock && Lines[0].IsBlank;
}

/// <summary>Takes a text apart.</summary>
internal static class Pieces
{
    public static List<Piece> Of(MappedText mapped)
    {
        var lines = Split(mapped.Text);
        var pieces = new List<Piece>();
        var next = 0;
        foreach (var (service, first, last) in mapped.Services)
        {
            pieces.AddRange(Between(lines, next, first - 1, service));
            next = WithTail(lines, first - 1, last);
            pieces.Add(new Piece(service, IsBlock: true, lines[(first - 1)..next]));
        }

        pieces.AddRange(Between(lines, next, lines.Count, owner: null));
        return pieces;
    }

    /// <summary>Comments that are indented deeper than a block's key close the block, wherever its value ends.</summary>
    private static int WithTail(List<Line> lines, int key, int end)
    {
        for (var index = end; index < lines.Count && (lines[index].IsBlank || (lines[index].IsComment && lines[index].Indent > lines[key].Indent)); index++)
        {
            end = lines[index].IsComment ? index + 1 : end;
        }

        return end;
    }

    /// <summary>The comment lines directly above a block belong to it, and so do the blank lines above those.</summary>
    private static IEnumerable<Piece> Between(List<Line> lines, int from, int to, string? owner)
    {
        var comments = to;
        while (comments > from && lines[comments - 1].IsComment)
        {
            comments--;
        }

        var blanks = comments;
        while (blanks > from && lines[blanks - 1].IsBlank)
        {
            blanks--;
        }

        for (var index = from; index < to; index++)
        {
            yield return new Piece(index >= blanks ? owner : null, IsBlock: false, [lines[index]]);
        }
    }

    private static List<Line> Split(string text)
    {
        var lines = new List<Line>();
        var from = 0;
        while (from < text.Length)
        {
            var found = text.IndexOf('\n', from);
            var end = found < 0 ? text.Length : found;
            var content = found > from && text[found - 1] == '\r' ? found - 1 : end;
            var next = found < 0 ? text.Length : found + 1;
            lines.Add(new Line(text[from..content], text[content..next]));
            from = next;
        }

        return lines;
    }
}
