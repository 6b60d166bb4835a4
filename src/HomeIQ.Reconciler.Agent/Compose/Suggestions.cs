namespace HomeIQ.Reconciler.Compose;

/// <summary>Finds the known word that somebody most likely meant.</summary>
internal static class Suggestions
{
    /// <summary><c>did you mean `x`?</c>, or null when nothing known is near.</summary>
    public static string? For(string written, IEnumerable<string> known)
    {
        var best = Nearest(written, known);

        return best is null ? null : $"did you mean `{best}`?";
    }

    /// <summary>The nearest known word within a third of its length (at least one slip), else one that begins or ends alike, or null.</summary>
    public static string? Nearest(string written, IEnumerable<string> known)
    {
        var words = known.Order(StringComparer.Ordinal).ToList();
        string? best = null;
        var bestDistance = int.MaxValue;
        foreach (var word in words)
        {
            var distance = Distance(Normal(written), Normal(word));
            if (distance < bestDistance && distance <= Math.Max(1, Math.Min(written.Length, word.Length) / 3))
            {
                (best, bestDistance) = (word, distance);
            }
        }

        return best ?? words.Find(word => Shared(written, word) >= Math.Max(3, written.Length * 2 / 3))
            ?? words.Find(word => written.Length >= 4 && word.EndsWith(written, StringComparison.Ordinal));
    }

    // How many letters are the same from the beginning.
    private static int Shared(string left, string right) => left.Zip(right).TakeWhile(pair => pair.First == pair.Second).Count();

    // Case and the two kinds of dashes are the commonest slips: they count for nothing.
    private static string Normal(string word) => word.Replace('_', '-').ToLowerInvariant();

    // Levenshtein's, with a swap of two neighbours as one slip.
    private static int Distance(string left, string right)
    {
        if (Math.Abs(left.Length - right.Length) > 8 || left.Length > 100 || right.Length > 100)
        {
            return int.MaxValue;
        }

        var rows = new int[left.Length + 1, right.Length + 1];
        for (var i = 0; i <= left.Length; i++)
        {
            for (var j = 0; j <= right.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    rows[i, j] = i + j;
                    continue;
                }

                var same = left[i - 1] == right[j - 1] ? 0 : 1;
                rows[i, j] = Math.Min(Math.Min(rows[i - 1, j] + 1, rows[i, j - 1] + 1), rows[i - 1, j - 1] + same);
                if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1])
                {
                    rows[i, j] = Math.Min(rows[i, j], rows[i - 2, j - 2] + 1);
                }
            }
        }

        return rows[left.Length, right.Length];
    }
}
