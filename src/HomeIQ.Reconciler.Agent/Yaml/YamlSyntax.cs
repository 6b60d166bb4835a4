using System.Buffers;
using System.Globalization;
using HomeIQ.Reconciler.Desired;

namespace HomeIQ.Reconciler.Yaml;

/// <summary>What YAML's grammar says beyond what the parser enforces, and its complaints in words that help to mend them.</summary>
internal static class YamlSyntax
{
    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdefABCDEF");

    /// <summary>What a plain key is when it is no string; null when it is one.</summary>
    public static string? KindOf(YamlScalar key) => key switch
    {
        { IsNull: true } => "null",
        { Text: "true" or "True" or "TRUE" or "false" or "False" or "FALSE" } => "a boolean",
        _ when double.TryParse(key.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out _) && key.Text.Any(char.IsAsciiDigit) => "a number",
        _ when key.Text.StartsWith("0x", StringComparison.Ordinal) && key.Text.Length > 2 && key.Text.AsSpan(2).IndexOfAnyExcept(HexDigits) < 0 => "a number",
        _ => null,
    };

    /// <summary>Every tab in front of a value or key; the lines of texts over several lines may begin with one.</summary>
    public static IEnumerable<SourcePosition> Tabs(string text, string file, IReadOnlySet<int> linesOfTexts)
    {
        if (!text.Contains('\t'))
        {
            yield break;
        }

        var number = 0;
        foreach (var line in text.Split('\n'))
        {
            number++;
            if (IsTabbed(line) && line.TrimStart(' ', '\t').TrimEnd('\r') is not ([] or ['#', ..]) && !linesOfTexts.Contains(number))
            {
                yield return new SourcePosition(file, number, line.IndexOf('\t') + 1);
            }
        }
    }

    /// <param name="message">The parser's: usually what it was doing, a comma, and what it found.</param>
    public static Problem Explain(string message, SourcePosition position, string text)
    {
        if (message.Contains(" tab ", StringComparison.OrdinalIgnoreCase) || HasTabBefore(text, position.Line))
        {
            return Tab(text, position);
        }

        var comma = message.IndexOf(", ", StringComparison.Ordinal);
        var doing = comma < 0 ? null : Lower(message[..comma]);
        var found = Lower(comma < 0 ? message : message[(comma + 2)..]);
        var (what, hint) = found switch
        {
            "found invalid mapping" => ("a mapping cannot begin here", "quote a text that holds `: `, and look at the indentation"),
            "did not find expected key" => ("a key was expected here", "look at the indentation and the quotes"),
            "did not find expected '-' indicator" => ("an item with `- ` was expected here", "look at the indentation"),
            "did not find expected ',' or ']'" => ("`,` or `]` was expected here", "a `[` is not closed"),
            "did not find expected ',' or '}'" => ("`,` or `}` was expected here", "a `{` is not closed"),
            "found unexpected end of stream" => ("the closing quote is missing", null),
            "found character that cannot start any token" => ("this character cannot begin a value", "quote the value"),
            _ => (found, doing),
        };
        return new Problem(position, $"this is not YAML: {what}", hint);
    }

    private static Problem Tab(string text, SourcePosition position)
    {
        var lines = text.Split('\n');
        for (var number = Math.Max(position.Line - 1, 1); number <= lines.Length; number++)
        {
            if (IsTabbed(lines[number - 1]))
            {
                return new Problem(position with { Line = number, Column = lines[number - 1].IndexOf('\t') + 1 }, "this is not YAML: a tab in the indentation", "indent with spaces");
            }
        }

        return new Problem(position, "this is not YAML: a tab where none may stand", "use spaces");
    }

    private static bool HasTabBefore(string text, int line) => text.Split('\n', line + 1).Skip(Math.Max(0, line - 2)).Take(3).Any(IsTabbed);

    private static bool IsTabbed(string line) => line.AsSpan(0, line.Length - line.AsSpan().TrimStart(" \t").Length).Contains('\t');

    private static string Lower(string text)
    {
        var trimmed = text.Trim().TrimEnd('.');
        return trimmed.Length == 0 ? "no reason given" : char.ToLowerInvariant(trimmed[0]) + trimmed[1..];
    }
}
