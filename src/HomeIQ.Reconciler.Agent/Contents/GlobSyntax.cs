namespace HomeIQ.Reconciler.Contents;

/// <summary>The form of a glob: brackets that close, ranges with two ends, no escape at the very end.</summary>
internal static class GlobSyntax
{
    public static void Check(string pattern)
    {
        for (var position = 0; position < pattern.Length; position++)
        {
            if (pattern[position] == '\\' && ++position == pattern.Length)
            {
                throw Malformed(pattern);
            }
            else if (pattern[position] == '[')
            {
                position = EndOfClass(pattern, position);
            }
        }
    }

    /// <summary>Where the bracket that opens at <paramref name="start"/> closes.</summary>
    public static int EndOfClass(string pattern, int start)
    {
        var position = start + 1;
        if (position < pattern.Length && pattern[position] == '^')
        {
            position++;
        }

        for (var ranges = 0; ; ranges++)
        {
            if (ranges > 0 && position < pattern.Length && pattern[position] == ']')
            {
                return position;
            }

            var low = Letter(ref position);
            if (position < pattern.Length && pattern[position] == '-')
            {
                position++;
                if (Letter(ref position) < low)
                {
                    throw Malformed(pattern);
                }
            }
        }

        char Letter(ref int at)
        {
            if (at < pattern.Length && pattern[at] == '\\')
            {
                at++;
            }
            else if (at < pattern.Length && pattern[at] is '-' or ']')
            {
                throw Malformed(pattern);
            }

            return at < pattern.Length ? pattern[at++] : throw Malformed(pattern);
        }
    }

    private static FormatException Malformed(string pattern) => new($"\"{pattern}\" is malformed");
}
