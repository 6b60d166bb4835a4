using System.Text;

namespace HomeIQ.Reconciler.Planning;

/// <summary>Small rules of the text forms: what is shortened, wrapped and made harmless.</summary>
internal static class Text
{
    public const int Width = 110;

    /// <summary>Commit ids and digests by their first seven characters; anything else whole.</summary>
    public static string Short(string id)
    {
        var bare = id.StartsWith("sha256:", StringComparison.Ordinal) ? id["sha256:".Length..] : id;
        return bare.Length >= 20 && bare.All(char.IsAsciiHexDigitLower) ? bare[..7] : id;
    }

    /// <summary>Values come from files and from the host: what could move a cursor, break a line or turn the direction of reading is shown by its number.</summary>
    public static string Clean(string text)
    {
        if (!text.Any(IsUnsafe))
        {
            return text;
        }

        var clean = new StringBuilder(text.Length + 8);
        foreach (var character in text)
        {
            _ = character switch
            {
                '\n' => clean.Append("\\n"),
                '\r' => clean.Append("\\r"),
                '\t' => clean.Append("\\t"),
                _ when IsUnsafe(character) => clean.Append($"\\u{(int)character:x4}"),
                _ => clean.Append(character),
            };
        }

        return clean.ToString();
    }

    /// <summary>Breaks a text between words; continuation lines are indented.</summary>
    public static IEnumerable<string> Wrap(string first, string indent, string text)
    {
        var line = new StringBuilder(first);
        var empty = true;
        foreach (var word in Clean(text).Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (!empty && line.Length + 1 + word.Length > Width)
            {
                yield return line.ToString();
                line.Clear().Append(indent);
                empty = true;
            }

            line.Append(empty ? "" : " ").Append(word);
            empty = false;
        }

        yield return line.ToString();
    }

    /// <summary><c>a, b and c</c>; what is beyond the limit is counted.</summary>
    public static string Join(IReadOnlyList<string> names, int most = int.MaxValue) => names.Count switch
    {
        0 => "nothing",
        1 => names[0],
        _ when names.Count > most => $"{string.Join(", ", names.Take(most))} and {names.Count - most} more",
        _ => $"{string.Join(", ", names.Take(names.Count - 1))} and {names[^1]}",
    };

    public static string Count(int count, string noun) => count == 1 ? $"1 {noun}" : $"{count} {noun}s";

    private static bool IsUnsafe(char character) =>
        char.IsControl(character) || char.IsSurrogate(character)
        || char.GetUnicodeCategory(character) is System.Globalization.UnicodeCategory.Format or System.Globalization.UnicodeCategory.LineSeparator
            or System.Globalization.UnicodeCategory.ParagraphSeparator;
}
