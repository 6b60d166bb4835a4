namespace HomeIQ.Reconciler.Journaling;

/// <summary>The forward dependencies turned round: whoever built on a step is undone before it.</summary>
internal sealed class ReverseOrder
{
    private readonly ILookup<int, int> builtOn;

    private readonly Dictionary<int, Node> undone;

    private readonly Dictionary<int, IReadOnlyList<Node>> found = [];

    public ReverseOrder(IEnumerable<BegunStep> begun, IEnumerable<Node> undone)
    {
        builtOn = begun.SelectMany(step => step.Planned.After.Select(after => (after, step.Planned.Number))).ToLookup(pair => pair.after, pair => pair.Number);
        this.undone = undone.ToDictionary(node => node.Forward);
    }

    /// <summary>The undoings that the one of a forward step waits for; steps that are not undone at once (a proof, a stop) are looked through.</summary>
    public IReadOnlyList<Node> WaitsOf(int forward)
    {
        if (found.TryGetValue(forward, out var known))
        {
            return known;
        }

        var waits = new List<Node>();
        foreach (var later in builtOn[forward])
        {
            waits.AddRange(undone.TryGetValue(later, out var node) ? [node] : WaitsOf(later));
        }

        return found[forward] = [.. waits.Distinct()];
    }
}
