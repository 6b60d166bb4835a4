using System.Text;
using HomeIQ.Reconciler.Desired;

namespace HomeIQ.Reconciler.Compose;

/// <summary>One assignment as it was written, quotes and escapes undone, variables not yet expanded.</summary>
/// <param name="Text">Null for a bare name. Where escapes were undone, a dollar sign that they protected stands as <c>$$</c>.</param>
/// <param name="IsLiteral">In single quotes: nothing is expanded.</param>
internal sealed record EnvLine(string Name, string? Text, bool IsLiteral, SourcePosition Position, SourcePosition ValuePosition);

/// <summary>Cuts the text of an env file into assignments; a value never appears in a problem, for it may be a secret.</summary>
internal sealed class EnvFileParser(string text, string file, ICollection<Problem> problems)
{
    private const int MaximumProblems = 100;

    private int at;
    private int line = 1;
    private int lineStart;
    private int problemCount;

    /// <summary>Null when the bytes are no text.</summary>
    public static string? Decode(byte[] bytes, string file, ICollection<Problem> problems)
    {
        var content = bytes.AsSpan();
        if (content.StartsWith(Encoding.UTF8.Preamble))
        {
            content = content[3..];
        }

        var valid = 0;
        while (valid < content.Length && content[valid] != 0 && Rune.DecodeFromUtf8(content[valid..], out _, out var consumed) == System.Buffers.OperationStatus.Done)
        {
            valid += consumed;
        }

        var decoded = Encoding.UTF8.GetString(content[..valid]);
        if (valid == content.Length)
        {
            return decoded;
        }

        var position = new SourcePosition(file, decoded.AsSpan().Count('\n') + 1, decoded.Length - decoded.LastIndexOf('\n'));
        problems.Add(new Problem(position, content[valid] == 0 ? "an env file holds no NUL character" : "this byte is not UTF-8", "save the file as UTF-8"));
        return null;
    }

    public IEnumerable<EnvLine> Lines()
    {
        while (problemCount < MaximumProblems && SkipToStatement())
        {
            if (ReadAssignment() is { } assignment)
            {
                yield return assignment;
            }
        }
    }

    private SourcePosition Here => new(file, line, at - lineStart + 1);

    private bool SkipToStatement()
    {
        while (at < text.Length)
        {
            if (text[at] == '#')
            {
                SkipLine();
            }
            else if (char.IsWhiteSpace(text[at]))
            {
                Advance();
            }
            else
            {
                return true;
            }
        }

        return false;
    }

    private EnvLine? ReadAssignment()
    {
        SkipExport();
        var position = Here;
        var start = at;
        while (at < text.Length && text[at] is not ('=' or ':' or '\n'))
        {
            if (!IsBlank(text[at]) && !IsNameCharacter(text[at]))
            {
                return Refuse(Here, $"the character `{text[at]}` has no place in a variable's name", "NAME=value is expected");
            }

            at++;
        }

        var name = text[start..at].TrimEnd();
        if (name.Length == 0)
        {
            return Refuse(position, "a variable's name is missing before the `=`");
        }

        if (name.Any(IsBlank))
        {
            return Refuse(position, "a variable's name cannot contain a space", "NAME=value is expected");
        }

        if (at == text.Length || text[at] == '\n')
        {
            return new EnvLine(name, null, IsLiteral: true, position, position);
        }

        at++;
        while (at < text.Length && IsBlank(text[at]))
        {
            at++;
        }

        return at < text.Length && text[at] is '"' or '\'' ? ReadQuoted(name, position) : ReadUnquoted(name, position);
    }

    private void SkipExport()
    {
        const string export = "export";
        if (text.AsSpan(at).StartsWith(export, StringComparison.Ordinal) && at + export.Length < text.Length && IsBlank(text[at + export.Length]))
        {
            at += export.Length;
            while (at < text.Length && IsBlank(text[at]))
            {
                at++;
            }
        }
    }

    private EnvLine ReadUnquoted(string name, SourcePosition position)
    {
        var valuePosition = Here;
        var rest = text.AsSpan(at);
        var value = rest.IndexOf('\n') is >= 0 and var end ? rest[..end] : rest;
        at += value.Length;
        if (value is ['#', ..])
        {
            problems.Add(new Problem(valuePosition, $"the value of `{name}` begins with `#`, which is no comment here", "put comments on lines of their own, or quote the value", Severity.Warning));
        }
        else if (value.IndexOf(" #", StringComparison.Ordinal) is >= 0 and var comment)
        {
            value = value[..comment];
        }

        return new EnvLine(name, value.TrimEnd().ToString(), IsLiteral: false, position, valuePosition);
    }

    private EnvLine? ReadQuoted(string name, SourcePosition position)
    {
        var valuePosition = Here;
        var quote = text[at++];
        var value = new StringBuilder();
        while (at < text.Length && text[at] != quote)
        {
            if (text[at] == '\\' && at + 1 < text.Length && (quote == '"' || text[at + 1] == quote || text[at + 1] == '\\'))
            {
                at++;
                ReadEscape(quote, value);
            }
            else
            {
                value.Append(text[at]);
                Advance();
            }
        }

        if (at == text.Length)
        {
            // Whatever follows was swallowed by the quote: there is nothing left to read.
            return Refuse(valuePosition, $"the value of `{name}` has no closing {quote}");
        }

        at++;
        var rest = text.AsSpan(at);
        var after = (rest.IndexOf('\n') is >= 0 and var end ? rest[..end] : rest).TrimStart();
        if (after is not ([] or ['#', ..]))
        {
            return Refuse(Here, $"there is more after the closing {quote} of `{name}`", "quote the whole value");
        }

        SkipLine();
        return new EnvLine(name, value.ToString(), IsLiteral: quote == '\'', position, valuePosition);
    }

    /// <summary>The character after a backslash; what is no escape keeps its backslash.</summary>
    private void ReadEscape(char quote, StringBuilder value)
    {
        var escaped = text[at];
        if (quote == '\'')
        {
            value.Append(escaped == quote ? "'" : @"\\");
            at++;
            return;
        }

        if (escaped == '0')
        {
            ReadOctal(value);
            return;
        }

        value.Append(escaped switch
        {
            'a' => "\a",
            'b' => "\b",
            'f' => "\f",
            'n' => "\n",
            'r' => "\r",
            't' => "\t",
            'v' => "\v",
            '"' => "\"",
            '\\' => "\\",
            '$' => "$$",
            _ => $"\\{escaped}",
        });
        Advance();
    }

    private void ReadOctal(StringBuilder value)
    {
        var digits = 0;
        var code = 0;
        while (digits < 3 && at + 1 + digits < text.Length && text[at + 1 + digits] is >= '0' and <= '7' and var digit)
        {
            code = (code * 8) + (digit - '0');
            digits++;
        }

        // Fewer than three digits are no escape to Compose, and a zero character cannot be in an environment.
        if (digits == 3 && code is > 0 and < 256)
        {
            value.Append((char)code);
            at += 1 + digits;
        }
        else
        {
            value.Append("\\0");
            at++;
        }
    }

    private void Advance()
    {
        if (text[at++] == '\n')
        {
            line++;
            lineStart = at;
        }
    }

    private void SkipLine()
    {
        while (at < text.Length && text[at] != '\n')
        {
            at++;
        }
    }

    private EnvLine? Refuse(SourcePosition position, string message, string? hint = null)
    {
        problemCount++;
        problems.Add(new Problem(position, message, hint));
        SkipLine();
        return null;
    }

    private static bool IsBlank(char character) => character is '\t' or '\v' or '\f' or '\r' or ' ' or '\u0085' or '\u00A0';

    private static bool IsNameCharacter(char character) => char.IsLetter(character) || char.IsNumber(character) || character is '_' or '.' or '-' or '[' or ']';
}
