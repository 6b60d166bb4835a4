using System.Text;

namespace HomeIQ.Reconciler.Compose;

/// <summary>Splits a command written as one text into its words, as a shell would, without running one.</summary>
internal static class ShellWords
{
    /// <returns>Null with a reason when the text is no plain command.</returns>
    public static (ValueList<string>? Words, string? Reason) Split(string text)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        var inside = false;
        var quote = '\0';
        for (var i = 0; i < text.Length; i++)
        {
            var letter = text[i];
            if (letter == '\\' && quote != '\'')
            {
                if (++i == text.Length)
                {
                    return (null, "ends with a backslash");
                }

                // Within double quotes a backslash stays before all but these.
                if (quote == '"' && text[i] is not ('"' or '\\' or '$' or '`'))
                {
                    word.Append('\\');
                }

                word.Append(text[i]);
                inside = true;
            }
            else if (quote != '\0')
            {
                if (letter == quote)
                {
                    quote = '\0';
                }
                else
                {
                    word.Append(letter);
                }
            }
            else if (letter is '\'' or '"')
            {
                quote = letter;
                inside = true;
            }
            else if (char.IsWhiteSpace(letter))
            {
                if (inside)
                {
                    words.Add(word.ToString());
                    word.Clear();
                    inside = false;
                }
            }
            else if (letter is ';' or '|' or '&' or '<' or '>')
            {
                return (null, $"has `{letter}` outside quotes, and no shell runs it");
            }
            else
            {
                word.Append(letter);
                inside = true;
            }
        }

        if (quote != '\0')
        {
            return (null, $"has a quote {quote} that is not closed");
        }

        if (inside)
        {
            words.Add(word.ToString());
        }

        return ([.. words], null);
    }
}
