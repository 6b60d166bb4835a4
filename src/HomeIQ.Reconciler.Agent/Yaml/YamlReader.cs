using System.Buffers;
using System.Text;
using HomeIQ.Reconciler.Desired;

namespace HomeIQ.Reconciler.Yaml;

/// <summary>Turns the bytes of one YAML document into nodes, within bounds of size, depth and expansion.</summary>
public static class YamlReader
{
    public const int MaximumBytes = 1 << 20;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Null when the text could not be read at all. An empty document is a null scalar.</summary>
    /// <param name="file">As the user knows it, for positions.</param>
    public static YamlNode? Read(byte[] bytes, string file, ICollection<Problem> problems)
    {
        if (bytes.Length > MaximumBytes)
        {
            problems.Add(new Problem(new SourcePosition(file), $"the file has {bytes.Length} bytes; at most {MaximumBytes} are read"));
            return null;
        }

        return Decode(bytes, file, problems) is { } text ? new YamlComposer(text, file, problems).Compose() : null;
    }

    private static string? Decode(byte[] bytes, string file, ICollection<Problem> problems)
    {
        var content = bytes.AsSpan();
        if (content.StartsWith(Encoding.UTF8.Preamble))
        {
            content = content[3..];
        }

        var valid = 0;
        while (valid < content.Length && Rune.DecodeFromUtf8(content[valid..], out _, out var consumed) == OperationStatus.Done)
        {
            valid += consumed;
        }

        var text = StrictUtf8.GetString(content[..valid]);
        if (valid < content.Length)
        {
            problems.Add(new Problem(PositionAfter(text, text.Length, file), $"the byte 0x{content[valid]:X2} is not UTF-8", "save the file as UTF-8"));
            return null;
        }

        for (var index = 0; index < text.Length; index++)
        {
            if (IsForbidden(text[index]))
            {
                problems.Add(new Problem(PositionAfter(text, index, file), $"the control character U+{(int)text[index]:X4} has no place in YAML"));
                return null;
            }
        }

        return text;
    }

    private static bool IsForbidden(char character) =>
        character is (< ' ' and not ('\t' or '\n' or '\r')) or '\u007F' or (>= '\u0080' and <= '\u009F' and not '\u0085') or '\uFEFF' or '\uFFFE' or '\uFFFF';

    private static SourcePosition PositionAfter(string text, int index, string file)
    {
        var before = text.AsSpan(0, index);
        return new SourcePosition(file, before.Count('\n') + 1, index - before.LastIndexOf('\n'));
    }
}
