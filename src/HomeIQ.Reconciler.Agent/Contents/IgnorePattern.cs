using System.Text;
using System.Text.RegularExpressions;

namespace HomeIQ.Reconciler.Contents;

/// <summary>One line of a <c>.dockerignore</c>, matching paths of the context as the engine's own tools do.</summary>
internal sealed class IgnorePattern
{
    private readonly string text;
    private readonly Form form;
    private readonly Regex? regex;

    /// <param name="text">Cleaned, without <c>!</c>.</param>
    /// <exception cref="FormatException">The pattern is malformed.</exception>
    public IgnorePattern(string text, bool isException)
    {
        this.text = text;
        IsException = isException;
        GlobSyntax.Check(text);
        (form, var expression) = Translate(text);

        // Not backtracking: a pattern of a commit must not be able to keep the agent busy.
        regex = form == Form.Expression ? new Regex(expression, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant) : null;
    }

    private enum Form
    {
        Exact,
        Prefix,
        Suffix,
        Expression,
    }

    /// <summary>Written with <c>!</c>: what it matches is taken again.</summary>
    public bool IsException { get; }

    public bool Matches(string path) => form switch
    {
        Form.Exact => path == text,
        Form.Prefix => path.StartsWith(text[..^2], StringComparison.Ordinal),
        Form.Suffix => path.EndsWith(text[2..], StringComparison.Ordinal) || (text.Length > 2 && text[2] == '/' && path == text[3..]),
        _ => regex!.IsMatch(path),
    };

    private static (Form Form, string Expression) Translate(string pattern)
    {
        var found = Form.Exact;
        var expression = new StringBuilder(@"\A");
        for (var position = 0; position < pattern.Length; position++)
        {
            var letter = pattern[position];
            switch (letter)
            {
                case '*' when At(position + 1) == '*':
                    var isFirst = position == 0;
                    position += At(position + 2) == '/' ? 2 : 1;
                    if (position + 1 < pattern.Length)
                    {
                        // Any number of folders, none too.
                        expression.Append("(.*/)?");
                        found = Form.Expression;
                    }
                    else if (found == Form.Exact)
                    {
                        found = Form.Prefix;
                    }
                    else
                    {
                        expression.Append(".*");
                        found = Form.Expression;
                    }

                    if (isFirst)
                    {
                        found = Form.Suffix;
                    }

                    break;
                case '*':
                    expression.Append("[^/]*");
                    found = Form.Expression;
                    break;
                case '?':
                    expression.Append("[^/]");
                    found = Form.Expression;
                    break;
                case '.' or '+' or '(' or ')' or '|' or '{' or '}' or '$' or ']' or '^':
                    expression.Append('\\').Append(letter);
                    break;
                case '\\' when position + 1 < pattern.Length:
                    expression.Append(Regex.Escape(pattern[++position].ToString()));
                    found = Form.Expression;
                    break;
                case '[':
                    var end = GlobSyntax.EndOfClass(pattern, position);
                    expression.Append(Class(pattern[(position + 1)..end]));
                    position = end;
                    found = Form.Expression;
                    break;
                default:
                    expression.Append(letter);
                    break;
            }
        }

        return (found, expression.Append(@"\z").ToString());

        char At(int index) => index < pattern.Length ? pattern[index] : '\0';
    }

    /// <summary>A class of the glob as one of the expression: there, a bracket or a minus within would mean something else.</summary>
    private static string Class(string body)
    {
        var expression = new StringBuilder("[");
        var position = 0;
        if (body.StartsWith('^'))
        {
            expression.Append('^');
            position = 1;
        }

        for (; position < body.Length; position++)
        {
            var letter = body[position];
            if (letter == '-')
            {
                expression.Append('-');
                continue;
            }

            letter = letter == '\\' ? body[++position] : letter;
            expression.Append(letter is '[' or ']' or '\\' or '^' or '-' ? "\\" : "").Append(letter);
        }

        return expression.Append(']').ToString();
    }
}
