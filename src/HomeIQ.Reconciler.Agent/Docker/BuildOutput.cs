using System.Text.Json;

namespace HomeIQ.Reconciler.Docker;

/// <summary>The output of a build, line by line as it comes, with its end kept for the case that the build fails.</summary>
internal sealed class BuildOutput(int kept, IProgress<TransferProgress> progress)
{
    private readonly Queue<string> lines = new();
    private string partial = "";

    public void Take(JsonElement? message)
    {
        Add(message.At("stream").Text());
        if (message.At("id").Text() == "moby.buildkit.trace" && message.At("aux") is { ValueKind: JsonValueKind.String } trace)
        {
            foreach (var text in BuildKitTrace.Read(trace.GetBytesFromBase64()))
            {
                Add(text);
            }
        }
        else if (message.At("status").Text() is { Length: > 0 } status)
        {
            // A base image is being pulled.
            var detail = message.At("progressDetail");
            progress.Report(new(message.At("id").Text(), status, detail.At("current").Number(), detail.At("total").Number()));
        }
    }

    /// <summary>The last lines, and what was wrong.</summary>
    public string EndWith(string error)
    {
        if (partial.Length > 0)
        {
            Line(partial);
        }

        return string.Join('\n', lines.Append(error));
    }

    private void Add(string text)
    {
        partial += text;
        while (partial.IndexOf('\n', StringComparison.Ordinal) is var end and >= 0)
        {
            Line(partial[..end].TrimEnd('\r'));
            partial = partial[(end + 1)..];
        }
    }

    private void Line(string line)
    {
        if (line.Length == 0)
        {
            return;
        }

        progress.Report(new("", line));
        lines.Enqueue(line);
        if (lines.Count > kept)
        {
            lines.Dequeue();
        }
    }
}
