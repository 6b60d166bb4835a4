using HomeIQ.Reconciler.Proposing;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace HomeIQ.Reconciler.Yaml;

/// <summary>Finds the lines of each entry of <c>services</c> in a text that is known to be sound: nodes know where they begin, only the parser's events where they end.</summary>
internal sealed class YamlOutline
{
    private readonly Parser parser;
    private readonly string[] lines;
    private readonly List<ServiceLines> services = [];

    private YamlOutline(string text)
    {
        parser = new Parser(new StringReader(text));
        lines = text.Split('\n');
    }

    /// <summary>Null, with the reason, when the entries do not stand on lines of their own.</summary>
    public static (MappedText? Mapped, string Reason) Of(string text)
    {
        // The parser takes these for line breaks, too.
        if (text.Replace("\r\n", "", StringComparison.Ordinal).AsSpan().ContainsAny("\r\u0085\u2028\u2029"))
        {
            return (null, "it has line breaks that are neither LF nor CR LF");
        }

        var outline = new YamlOutline(text);
        var reason = outline.Read();
        return reason is null ? (new MappedText(text, [.. outline.services]), "") : (null, reason);
    }

    private string? Read()
    {
        Next();
        if (Next() is StreamEnd)
        {
            return null;
        }

        if (Next() is not MappingStart { Style: MappingStyle.Block })
        {
            return "it is not written as `key: value` lines";
        }

        while (Next() is not MappingEnd)
        {
            var isServices = parser.Current is Scalar { Value: "services" };
            Skip();
            Next();
            if (!isServices)
            {
                Skip();
            }
            else if (ReadServices() is { } reason)
            {
                return reason;
            }
        }

        return null;
    }

    private string? ReadServices()
    {
        if (parser.Current is Scalar { Value.Length: 0 })
        {
            return null;
        }

        if (parser.Current is not MappingStart { Style: MappingStyle.Block })
        {
            return "`services` is not written as one entry a line";
        }

        while (Next() is not MappingEnd)
        {
            if (parser.Current is not Scalar { Value: not "<<" } key)
            {
                return "`services` takes entries over from an anchor";
            }

            var first = (int)key.Start.Line;
            if (lines[first - 1][..((int)key.Start.Column - 1)].Trim(' ').Length > 0)
            {
                return $"the entry `{key.Value}` does not begin its line";
            }

            Next();
            services.Add(new ServiceLines(key.Value, first, LastLine(first, Skip())));
        }

        return null;
    }

    private int LastLine(int first, Mark end)
    {
        // What ends with its line break ends at the beginning of the next line, and sometimes only after blank ones.
        var last = (int)(end.Column == 1 ? end.Line - 1 : end.Line);
        while (last > first && (last > lines.Length || string.IsNullOrWhiteSpace(lines[last - 1])))
        {
            last--;
        }

        return Math.Max(first, last);
    }

    /// <summary>Reads over the node at the current event; where its last visible character stands.</summary>
    private Mark Skip()
    {
        var end = parser.Current!.Start;
        var depth = 0;
        while (true)
        {
            var current = parser.Current!;
            depth += current.NestingIncrease;

            // Where a block of lines ends is only known when the next one begins: its last child counts.
            if (current is Scalar or AnchorAlias || (current is MappingEnd or SequenceEnd && current.End.Index > current.Start.Index))
            {
                end = current.End;
            }

            if (depth == 0)
            {
                return end;
            }

            Next();
        }
    }

    private ParsingEvent Next() => parser.MoveNext() ? parser.Current! : throw new InvalidOperationException("The text ends too early.");
}
