namespace HomeIQ.Reconciler.Proposing;

/// <summary>What stands at one place of two texts: in both of them, or in one only.</summary>
internal sealed record Pair(Piece? Good, Piece? Bad);

/// <summary>Lays two texts beside each other so that as many blocks as possible, and then as many lines as possible, meet themselves.</summary>
internal sealed class Alignment
{
    /// <summary>The table grows with the square; nobody rewrites so much of one file by hand.</summary>
    private const int MostDifferent = 2000;

    /// <summary>More than all the lines between the blocks together.</summary>
    private const int WeightOfBlock = (2 * MostDifferent) + 1;

    private readonly IReadOnlyList<Piece> good;
    private readonly IReadOnlyList<Piece> bad;
    private readonly HashSet<string> inBoth;

    private Alignment(IReadOnlyList<Piece> good, IReadOnlyList<Piece> bad)
    {
        this.good = good;
        this.bad = bad;
        inBoth = Blocks(good).Intersect(Blocks(bad), StringComparer.Ordinal).ToHashSet(StringComparer.Ordinal);
    }

    /// <summary>Null when too much of the two differs.</summary>
    public static IReadOnlyList<Pair>? Of(IReadOnlyList<Piece> good, IReadOnlyList<Piece> bad) => new Alignment(good, bad).Pairs();

    /// <summary>The services that have a block among these.</summary>
    public static IEnumerable<string> Blocks(IEnumerable<Piece?> pieces) => pieces.Where(piece => piece is { IsBlock: true }).Select(piece => piece!.Service!);

    private List<Pair>? Pairs()
    {
        var shorter = Math.Min(good.Count, bad.Count);
        var start = 0;
        while (start < shorter && IsSame(good[start], bad[start]))
        {
            start++;
        }

        var end = 0;
        while (end < shorter - start && IsSame(good[^(end + 1)], bad[^(end + 1)]))
        {
            end++;
        }

        var (rows, columns) = (good.Count - start - end, bad.Count - start - end);
        return rows > MostDifferent || columns > MostDifferent
            ? null
            : Ordered([.. Both(0, start, 0), .. Middle(Part(good, start, rows), Part(bad, start, columns)), .. Both(good.Count - end, end, bad.Count - good.Count)]);
    }

    /// <summary>Between what both have: first what only the good text has, then what only the bad one has, but an old comment directly above its block.</summary>
    private static List<Pair> Ordered(List<Pair> pairs)
    {
        var ordered = new List<Pair>(pairs.Count);
        for (var index = 0; index < pairs.Count;)
        {
            var gap = pairs.Skip(index).TakeWhile(pair => pair.Good is null || pair.Bad is null).ToList();
            index += gap.Count;
            var next = index < pairs.Count ? pairs[index++] : null;
            ordered.AddRange(gap.OrderBy(pair => pair.Good is null ? 1 : pair.Good.Service is { } owner && owner == next?.Good?.Service ? 2 : 0));
            if (next is not null)
            {
                ordered.Add(next);
            }
        }

        return ordered;
    }

    private IEnumerable<Pair> Both(int from, int count, int offset) => Enumerable.Range(from, count).Select(index => new Pair(good[index], bad[index + offset]));

    private List<Pair> Middle(List<Piece> olds, List<Piece> news)
    {
        var best = Weights(olds, news);
        var pairs = new List<Pair>();
        var (row, column) = (0, 0);
        while (row < olds.Count || column < news.Count)
        {
            if (row < olds.Count && column < news.Count && Weight(olds[row], news[column]) is > 0 and var weight && best[row, column] == best[row + 1, column + 1] + weight)
            {
                pairs.Add(new Pair(olds[row++], news[column++]));
            }
            else if (column == news.Count || (row < olds.Count && best[row + 1, column] >= best[row, column + 1]))
            {
                pairs.Add(new Pair(olds[row++], null));
            }
            else
            {
                pairs.Add(new Pair(null, news[column++]));
            }
        }

        return pairs;
    }

    /// <summary>For every two rests of the texts, the weight of what can meet in them.</summary>
    private int[,] Weights(List<Piece> olds, List<Piece> news)
    {
        var best = new int[olds.Count + 1, news.Count + 1];
        for (var row = olds.Count - 1; row >= 0; row--)
        {
            for (var column = news.Count - 1; column >= 0; column--)
            {
                var apart = Math.Max(best[row + 1, column], best[row, column + 1]);
                var weight = Weight(olds[row], news[column]);
                best[row, column] = weight > 0 ? Math.Max(apart, best[row + 1, column + 1] + weight) : apart;
            }
        }

        return best;
    }

    /// <summary>A heading may have come to stand above another service; a comment on a service that is gone is no comment on one that is new.</summary>
    private int Weight(Piece old, Piece current) => !IsAlike(old, current) ? 0
        : old.IsBlock ? WeightOfBlock
        : old.Service == current.Service ? 2
        : IsKnown(old.Service) || IsKnown(current.Service) ? 1
        : 0;

    private bool IsKnown(string? service) => service is null || inBoth.Contains(service);

    private static bool IsSame(Piece old, Piece current) => old.Service == current.Service && IsAlike(old, current);

    /// <summary>A block is the same whatever it says.</summary>
    private static bool IsAlike(Piece old, Piece current) =>
        old.IsBlock == current.IsBlock && (old.IsBlock ? old.Service == current.Service : old.Lines[0].Content == current.Lines[0].Content);

    private static List<Piece> Part(IReadOnlyList<Piece> pieces, int from, int count) => [.. pieces.Skip(from).Take(count)];
}
