namespace HomeIQ.Reconciler.Docker;

/// <summary>Lines in the order in which they were spoken.</summary>
public sealed class Transcript
{
    private readonly Lock gate = new();
    private readonly List<string> lines = [];

    public int Count
    {
        get
        {
            lock (gate)
            {
                return lines.Count;
            }
        }
    }

    public void Add(string line)
    {
        lock (gate)
        {
            lines.Add(line);
        }
    }

    /// <summary>What was spoken since the last clearing, and forgets it.</summary>
    public string Take()
    {
        lock (gate)
        {
            var text = string.Join('\n', lines);
            lines.Clear();
            return text;
        }
    }

    public override string ToString()
    {
        lock (gate)
        {
            return string.Join('\n', lines);
        }
    }
}
