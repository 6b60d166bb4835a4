using System.Text;

namespace HomeIQ.Reconciler.Docker;

/// <summary>The few texts that are worth showing out of BuildKit's progress messages (protocol buffers: steps begun, errors, output).</summary>
internal static class BuildKitTrace
{
    private const int Vertexes = 1, Logs = 3;
    private const int VertexName = 3, VertexStarted = 5, VertexCompleted = 6, VertexError = 7;
    private const int LogText = 4;

    public static IEnumerable<string> Read(ReadOnlyMemory<byte> message)
    {
        foreach (var (field, value) in FieldsOf(message))
        {
            if (field == Logs)
            {
                yield return TextOf(value, LogText) ?? "";
            }
            else if (field == Vertexes && FieldsOf(value).ToList() is var vertex && TextOf(value, VertexName) is { } name)
            {
                if (TextOf(value, VertexError) is { Length: > 0 } error)
                {
                    yield return $"{name}: {error}\n";
                }
                else if (vertex.Any(part => part.Field == VertexStarted) && !vertex.Any(part => part.Field == VertexCompleted))
                {
                    yield return $"{name}\n";
                }
            }
        }
    }

    private static string? TextOf(ReadOnlyMemory<byte> message, int wanted) =>
        FieldsOf(message).Where(part => part.Field == wanted).Select(part => Encoding.UTF8.GetString(part.Value.Span)).FirstOrDefault();

    // Numbers are passed over: only parts with a length hold texts and messages.
    private static IEnumerable<(int Field, ReadOnlyMemory<byte> Value)> FieldsOf(ReadOnlyMemory<byte> message)
    {
        var at = 0;
        while (at < message.Length)
        {
            var key = Varint(message.Span, ref at);
            switch (key & 7)
            {
                case 0:
                    Varint(message.Span, ref at);
                    break;
                case 1:
                    at += 8;
                    break;
                case 5:
                    at += 4;
                    break;
                case 2 when Varint(message.Span, ref at) is var length && length <= (ulong)(message.Length - at):
                    yield return ((int)(key >> 3), message.Slice(at, (int)length));
                    at += (int)length;
                    break;
                default:
                    yield break;
            }
        }
    }

    private static ulong Varint(ReadOnlySpan<byte> bytes, ref int at)
    {
        ulong value = 0;
        for (var shift = 0; shift < 64 && at < bytes.Length; shift += 7)
        {
            var part = bytes[at++];
            value |= (ulong)(part & 0x7f) << shift;
            if (part < 0x80)
            {
                break;
            }
        }

        return value;
    }
}
