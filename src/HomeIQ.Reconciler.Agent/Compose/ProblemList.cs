using System.Collections;
using HomeIQ.Reconciler.Desired;

namespace HomeIQ.Reconciler.Compose;

/// <summary>Problems in the order they were found, each once (a file may be read twice), and not without end.</summary>
internal sealed class ProblemList : ICollection<Problem>
{
    private const int Maximum = 1000;

    private readonly List<Problem> problems = [];
    private readonly HashSet<Problem> seen = [];

    public int Count => problems.Count;

    public bool IsReadOnly => false;

    public void Add(Problem item)
    {
        if (problems.Count <= Maximum && seen.Add(item))
        {
            problems.Add(problems.Count < Maximum ? item : item with { Message = $"{item.Message}; what follows is not shown" });
        }
    }

    public void Clear() => throw new NotSupportedException();

    public bool Contains(Problem item) => seen.Contains(item);

    public void CopyTo(Problem[] array, int arrayIndex) => problems.CopyTo(array, arrayIndex);

    public bool Remove(Problem item) => throw new NotSupportedException();

    public IEnumerator<Problem> GetEnumerator() => problems.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => problems.GetEnumerator();
}
