using System.Text;
using HomeIQ.Reconciler.Desired;

namespace HomeIQ.Reconciler.Compose;

/// <summary>Expands one text at a time, in every form that Compose knows: <c>$V ${V} ${V:-d} ${V-d} ${V:?e} ${V?e} ${V:+r} ${V+r} $$</c>.</summary>
/// <param name="find">Null when nobody set the variable.</param>
/// <param name="files">Where a variable could have been set, for the hint.</param>
/// <param name="leaveUnresolved">Only checks the form; the text stays.</param>
internal sealed class Interpolator(Func<string, Variable?> find, ValueList<string> files, bool leaveUnresolved, ICollection<Problem> problems)
{
    private const int MaximumDepth = 32;
    private const int MaximumLength = 1 << 20;
    private const int MaximumTotal = 16 << 20;

    private int total;

    /// <summary>A variable that nobody set is only a warning.</summary>
    public bool UnsetIsEmpty { get; init; }

    public string Expand(string text, SourcePosition position, out bool isFromHost)
    {
        isFromHost = false;
        if (!text.Contains('$'))
        {
            return text;
        }

        var expansion = new Expansion(position);
        var output = new StringBuilder();
        Expand(text, expansion, output, depth: 0);
        if (leaveUnresolved)
        {
            return text;
        }

        isFromHost = expansion.IsFromHost;
        return expansion.IsTooLong ? "" : output.ToString();
    }

    private void Expand(ReadOnlySpan<char> text, Expansion expansion, StringBuilder output, int depth)
    {
        if (depth > MaximumDepth)
        {
            expansion.Refuse(problems, $"defaults are nested more than {MaximumDepth} levels deep");
            return;
        }

        while (text.IndexOf('$') is >= 0 and var dollar && !expansion.IsTooLong)
        {
            Append(text[..dollar], expansion, output);
            text = text[(dollar + 1)..];
            if (text is ['$', ..])
            {
                Append("$", expansion, output);
                text = text[1..];
            }
            else if (text is ['{', ..])
            {
                var end = ClosingBrace(text);
                if (end < 0)
                {
                    expansion.Refuse(problems, "`${` has no closing `}`", "write `$$` for a dollar sign");
                    return;
                }

                ExpandBraced(text[1..end], expansion, output, depth);
                text = text[(end + 1)..];
            }
            else
            {
                var length = NameLength(text);
                if (length == 0)
                {
                    // Compose takes a dollar sign that begins nothing for itself.
                    Append("$", expansion, output);
                    continue;
                }

                var name = text[..length].ToString();
                AppendValue(find(name), name, expansion, output);
                text = text[length..];
            }
        }

        Append(text, expansion, output);
    }

    private void ExpandBraced(ReadOnlySpan<char> inside, Expansion expansion, StringBuilder output, int depth)
    {
        var length = NameLength(inside);
        var name = inside[..length].ToString();
        var rest = inside[length..];
        if (length == 0 || !(rest is [] or ['-' or '?' or '+', ..] or [':', '-' or '?' or '+', ..]))
        {
            expansion.Refuse(problems, length == 0 ? "`${` is not followed by a variable's name" : $"`${{{name}` is followed by something else than `:-`, `-`, `:?`, `?`, `:+` or `+`", "write `$$` for a dollar sign");
            return;
        }

        var variable = find(name);
        if (rest is [])
        {
            AppendValue(variable, name, expansion, output);
            return;
        }

        var emptyIsUnset = rest[0] == ':';
        var word = rest[(emptyIsUnset ? 2 : 1)..];
        var isSet = variable is not null && !(emptyIsUnset && variable.Text.Length == 0);
        switch (rest[emptyIsUnset ? 1 : 0])
        {
            case '+' when isSet || leaveUnresolved:
            case '-' when !isSet:
                // Whether the host set it decides what stands there, even if the words are Git's.
                expansion.IsFromHost |= variable is { IsFromHost: true };
                Expand(word, expansion, output, depth + 1);
                break;
            case '-':
                AppendValue(variable, name, expansion, output);
                break;
            case '?' when isSet:
                AppendValue(variable, name, expansion, output);
                break;
            case '?' when !leaveUnresolved:
                var reason = word.Trim();
                expansion.Report(problems, $"the variable `{name}` is required{(reason.IsEmpty ? "" : $": {reason}")}", WhereToSet());
                break;
        }
    }

    private void AppendValue(Variable? variable, string name, Expansion expansion, StringBuilder output)
    {
        if (variable is null)
        {
            if (UnsetIsEmpty)
            {
                expansion.Report(problems, $"the variable `{name}` is not set, and empty here", $"name an env file with --env-file, or write ${{{name}:-default}}", Severity.Warning);
            }
            else if (!leaveUnresolved)
            {
                expansion.Report(problems, $"the variable `{name}` is not set", $"{WhereToSet()}, or write ${{{name}:-default}}");
            }

            return;
        }

        expansion.IsFromHost |= variable.IsFromHost;
        Append(variable.Text, expansion, output);
    }

    private void Append(ReadOnlySpan<char> text, Expansion expansion, StringBuilder output)
    {
        total += text.Length;
        if (output.Length + text.Length > MaximumLength || total > MaximumTotal)
        {
            expansion.IsTooLong = true;
            expansion.Refuse(problems, $"too long once its variables are expanded: at most {MaximumLength} characters a value, {MaximumTotal} in all");
            return;
        }

        output.Append(text);
    }

    private string WhereToSet() => files.Count switch
    {
        0 => "no env file is named: give one with --env-file",
        _ => $"set it in {string.Join(" or ", files)}",
    };

    /// <summary>Index of the brace that closes the one at the start; braces inside count in pairs, as Compose counts them.</summary>
    private static int ClosingBrace(ReadOnlySpan<char> text)
    {
        var open = 0;
        for (var index = 0; index < text.Length; index++)
        {
            if (text[index] == '{')
            {
                open++;
            }
            else if (text[index] == '}' && --open == 0)
            {
                return index;
            }
        }

        return -1;
    }

    private static int NameLength(ReadOnlySpan<char> text)
    {
        var length = 0;
        while (length < text.Length && (char.IsAsciiLetter(text[length]) || text[length] == '_' || (length > 0 && char.IsAsciiDigit(text[length]))))
        {
            length++;
        }

        return length;
    }

    /// <summary>What is found out while one text is expanded; its form is reported once.</summary>
    private sealed class Expansion(SourcePosition position)
    {
        private bool isRefused;

        public bool IsFromHost { get; set; }

        public bool IsTooLong { get; set; }

        public void Report(ICollection<Problem> problems, string message, string? hint, Severity severity = Severity.Error) =>
            problems.Add(new Problem(position, message, hint, severity));

        public void Refuse(ICollection<Problem> problems, string message, string? hint = null)
        {
            if (!isRefused)
            {
                isRefused = true;
                Report(problems, message, hint);
            }
        }
    }
}
