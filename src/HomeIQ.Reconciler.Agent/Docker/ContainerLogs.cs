using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Text;

namespace HomeIQ.Reconciler.Docker;

/// <summary>Reads the engine's log stream: frames of two streams, in which a line may be cut anywhere.</summary>
internal static class ContainerLogs
{
    public static async Task<IReadOnlyList<string>> ReadAsync(Stream stream, bool framed, CancellationToken cancellationToken)
    {
        var lines = new List<string>();
        await foreach (var line in LinesAsync(stream, framed, cancellationToken))
        {
            lines.Add(line);
        }

        return lines;
    }

    /// <summary>Each line as soon as it is complete.</summary>
    public static async IAsyncEnumerable<string> LinesAsync(Stream stream, bool framed, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (!framed)
        {
            using var reader = new StreamReader(stream, Encoding.UTF8);
            while (await reader.ReadLineAsync(cancellationToken) is { } line)
            {
                yield return line.TrimEnd('\r');
            }

            yield break;
        }

        // Each stream has a line of its own under way.
        var pending = new Dictionary<byte, MemoryStream>();
        var complete = new List<string>();
        var header = new byte[8];
        while (await stream.ReadAtLeastAsync(header, header.Length, throwOnEndOfStream: false, cancellationToken) == header.Length)
        {
            var frame = new byte[BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(4))];
            await stream.ReadExactlyAsync(frame, cancellationToken);
            if (!pending.TryGetValue(header[0], out var line))
            {
                pending[header[0]] = line = new();
            }

            Take(frame, line, complete);
            foreach (var text in complete)
            {
                yield return text;
            }

            complete.Clear();
        }

        foreach (var (_, rest) in pending.OrderBy(pair => pair.Key).Where(pair => pair.Value.Length > 0))
        {
            yield return TextOf(rest);
        }
    }

    private static void Take(ReadOnlySpan<byte> frame, MemoryStream line, List<string> lines)
    {
        while (frame.IndexOf((byte)'\n') is var end and >= 0)
        {
            line.Write(frame[..end]);
            lines.Add(TextOf(line));
            line.SetLength(0);
            frame = frame[(end + 1)..];
        }

        line.Write(frame);
    }

    private static string TextOf(MemoryStream line) => Encoding.UTF8.GetString(line.GetBuffer(), 0, (int)line.Length).TrimEnd('\r');
}
