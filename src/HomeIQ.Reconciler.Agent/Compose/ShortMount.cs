namespace HomeIQ.Reconciler.Compose;

/// <summary>The short form of a mount, <c>[SOURCE:]TARGET[:MODE]</c>, cut at its colons; those inside <c>${…}</c> do not count.</summary>
internal static class ShortMount
{
    public static string TargetOf(string text)
    {
        var first = Colon(text, 0);
        if (first < 0)
        {
            return text;
        }

        var second = Colon(text, first + 1);
        return second < 0 ? text[(first + 1)..] : text[(first + 1)..second];
    }

    /// <summary>Null for an anonymous volume, which has a target only.</summary>
    public static string? SourceOf(string text) => Colon(text, 0) is >= 0 and var colon ? text[..colon] : null;

    private static int Colon(string text, int start)
    {
        var braces = 0;
        for (var index = start; index < text.Length; index++)
        {
            switch (text[index])
            {
                case '{' when braces > 0 || (index > 0 && text[index - 1] == '$'):
                    braces++;
                    break;
                case '}' when braces > 0:
                    braces--;
                    break;
                case ':' when braces == 0:
                    return index;
            }
        }

        return -1;
    }
}
