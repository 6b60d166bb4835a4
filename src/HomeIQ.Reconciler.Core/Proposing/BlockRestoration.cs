using System.Text;

namespace HomeIQ.Reconciler.Proposing;

/// <summary>Puts the blocks of the suspects back as they were in a good text, and leaves every other line as it is in the bad one.</summary>
/// <remarks>
/// Both texts become pieces: each service's block is one, each line between the blocks is one. The pieces of the two are aligned, and where they
/// differ, what is or belongs to a suspect's block comes from the good text and all else from the bad one.
/// </remarks>
public static class BlockRestoration
{
    public static Restoration Restore(MappedText bad, MappedText good, IReadOnlySet<string> suspects) =>
        Alignment.Of(Pieces.Of(good), Pieces.Of(bad)) is { } aligned
            ? new Restoration.Restored(Joined(bad.Text, new Choice(aligned, suspects).Lines()))
            : new Restoration.NotLocated("too many of its lines differ from the last known-good ones");

    /// <summary>A line of the good text ends as the lines of the bad one do; a last line without an end gets one when it is no longer the last.</summary>
    private static string Joined(string bad, IEnumerable<(Line Line, bool IsOld)> lines)
    {
        var ending = EndingOf(bad);
        var text = new StringBuilder(bad.Length);
        var isOpen = false;
        foreach (var (line, isOld) in lines)
        {
            text.Append(isOpen ? ending ?? "\n" : "").Append(line.Content);
            isOpen = line.Ending.Length == 0;
            text.Append(isOld && !isOpen ? ending ?? line.Ending : line.Ending);
        }

        return text.ToString();
    }

    /// <summary>Null when the text has no line break, or both kinds.</summary>
    private static string? EndingOf(string text)
    {
        var all = text.AsSpan().Count('\n');
        var ofWindows = text.AsSpan().Count("\r\n");
        return all == 0 ? null : ofWindows == 0 ? "\n" : ofWindows == all ? "\r\n" : null;
    }

    /// <summary>Which of the aligned pieces stay, and in which wording.</summary>
    private sealed class Choice(IReadOnlyList<Pair> aligned, IReadOnlySet<string> suspects)
    {
        private readonly HashSet<string> inBoth = Alignment.Blocks(aligned.Select(pair => pair.Good)).Intersect(Alignment.Blocks(aligned.Select(pair => pair.Bad))).ToHashSet(StringComparer.Ordinal);

        private readonly HashSet<string> moved = Alignment.Blocks(aligned.Where(pair => pair.Bad is null).Select(pair => pair.Good))
            .Intersect(Alignment.Blocks(aligned.Where(pair => pair.Good is null).Select(pair => pair.Bad))).ToHashSet(StringComparer.Ordinal);

        public IEnumerable<(Line Line, bool IsOld)> Lines() => aligned.SelectMany(Of);

        private IEnumerable<(Line Line, bool IsOld)> Of(Pair pair)
        {
            if (pair is { Good: { } old, Bad: { } kept })
            {
                return old.IsBlock && IsSuspect(old) ? Old(old) : New(kept);
            }

            var (piece, isOld) = pair.Good is { } good ? (good, true) : (pair.Bad!, false);

            // Blank lines are nobody's, unless the whole block came or went with them.
            if (!IsSuspect(piece) || (piece.IsBlank && inBoth.Contains(piece.Service!)))
            {
                return isOld ? [] : New(piece);
            }

            if (moved.Contains(piece.Service!))
            {
                return piece.IsBlock && !isOld ? WholeBefore(piece.Service!) : [];
            }

            return isOld ? Old(piece) : [];
        }

        /// <summary>A block that stands elsewhere now is put back where it stands, with the comment above it.</summary>
        private IEnumerable<(Line Line, bool IsOld)> WholeBefore(string service) =>
            aligned.Where(pair => pair.Good is { IsBlank: false } piece && piece.Service == service && pair.Bad is null).SelectMany(pair => Old(pair.Good!));

        private bool IsSuspect(Piece piece) => piece.Service is { } service && suspects.Contains(service);

        private static IEnumerable<(Line Line, bool IsOld)> Old(Piece piece) => piece.Lines.Select(line => (line, true));

        private static IEnumerable<(Line Line, bool IsOld)> New(Piece piece) => piece.Lines.Select(line => (line, false));
    }
}
