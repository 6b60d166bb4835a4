using System.Text;

namespace HomeIQ.Reconciler.Compose;

/// <summary>What a text with variables means where a number or a path must stand and no host can be asked: the defaults that it carries.</summary>
internal static class Unresolved
{
    public static bool Has(string text) => text.Contains('$', StringComparison.Ordinal);

    /// <summary><c>${X:-5}</c> becomes 5, <c>${X}</c> and <c>$X</c> nothing, <c>$$</c> one dollar.</summary>
    public static string Settle(string text)
    {
        var settled = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '$' || i + 1 == text.Length)
            {
                settled.Append(text[i]);
            }
            else if (text[i + 1] == '$')
            {
                settled.Append('$');
                i++;
            }
            else if (text[i + 1] == '{')
            {
                var end = EndOf(text, i + 2);
                settled.Append(Default(text[(i + 2)..end]));
                i = end;
            }
            else
            {
                while (i + 1 < text.Length && (char.IsAsciiLetterOrDigit(text[i + 1]) || text[i + 1] == '_'))
                {
                    i++;
                }
            }
        }

        return settled.ToString();
    }

    private static string Default(string expression)
    {
        var name = 0;
        while (name < expression.Length && (char.IsAsciiLetterOrDigit(expression[name]) || expression[name] == '_'))
        {
            name++;
        }

        return expression[name..] switch
        {
            [':', '-', .. var text] => Settle(text),
            ['-', .. var text] => Settle(text),
            _ => "",
        };
    }

    private static int EndOf(string text, int start)
    {
        var depth = 1;
        for (var i = start; i < text.Length; i++)
        {
            depth += text[i] switch { '}' => -1, '{' when text[i - 1] == '$' => 1, _ => 0 };
            if (depth == 0)
            {
                return i;
            }
        }

        return text.Length;
    }
}
