using HomeIQ.Reconciler.Journaling;

namespace HomeIQ.Reconciler.Docker;

/// <summary>The process was killed here.</summary>
public sealed class CutException(string at) : Exception($"cut {at}");

/// <summary>The life of one process of ours: it can be cut at a chosen point, and whatever the dead process tries afterwards does not happen.</summary>
/// <remarks>Every call that changes the engine and every journal entry is two points, before and after it.</remarks>
public sealed class Lifeline
{
    private readonly Lock gate = new();
    private readonly List<string> passed = [];

    /// <summary>Number of the point at which the process dies, from 1; 0 = never.</summary>
    public int CutAt { get; init; }

    /// <summary>Instead of a number: dies as soon as this holds of the points passed.</summary>
    public Func<IReadOnlyList<string>, bool>? CutWhen { get; init; }

    public bool IsCut { get; private set; }

    /// <summary>The points that were passed, by name: after a run without a cut, the matrix to go through.</summary>
    public IReadOnlyList<string> Passed
    {
        get
        {
            lock (gate)
            {
                return [.. passed];
            }
        }
    }

    public void Pass(string point)
    {
        lock (gate)
        {
            ThrowIfCut();
            passed.Add(point);
            IsCut = passed.Count == CutAt || CutWhen?.Invoke(passed) is true;
            ThrowIfCut();
        }
    }

    public void ThrowIfCut()
    {
        if (IsCut)
        {
            throw new CutException(passed[^1]);
        }
    }

    /// <summary>The engine, as this process reaches it.</summary>
    public IContainerHost Reach(IContainerHost engine) => new MortalHost(this, engine);

    /// <summary>The journal, as this process writes it.</summary>
    public IJournal Write(IJournal journal) => new MortalJournal(this, journal);
}
