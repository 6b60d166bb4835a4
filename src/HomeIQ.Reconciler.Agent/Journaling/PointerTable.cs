namespace HomeIQ.Reconciler.Journaling;

/// <summary>The few pointers that a promotion moves: which sealed state the host is held to, and which known-good ones lie behind it.</summary>
internal sealed class PointerTable(JournalFile file)
{
    private const string EffectivePointer = "effective";
    private const string GoodPointer = "last-known-good";
    private const string PreviousPointer = "previous";
    private const string SoakingPointer = "soaking";

    public string? Effective
    {
        get => Pointer(EffectivePointer);
        set => Point(EffectivePointer, value);
    }

    public string? LastKnownGood
    {
        get => Pointer(GoodPointer);
        set => Point(GoodPointer, value);
    }

    /// <summary>The known-good state before the last; moved by <see cref="Follow"/>.</summary>
    public string? Previous => Pointer(PreviousPointer);

    /// <summary>The run that is watched.</summary>
    public string? Soaking
    {
        get => Pointer(SoakingPointer);
        set => Point(SoakingPointer, value);
    }

    /// <summary>The known-good state that lay before another one when that became the last.</summary>
    public string? Before(string state) => Pointer(BeforeName(state));

    /// <summary>Notes which known-good state lies before another one, which is about to be the last.</summary>
    public void Follow(string state, string? earlier)
    {
        Point(PreviousPointer, earlier);
        Point(BeforeName(state), earlier);
    }

    private static string BeforeName(string state) => $"before {state}";

    private string? Pointer(string name) => (string?)file.Scalar("SELECT state FROM pointers WHERE name = $1", name);

    private void Point(string name, string? state)
    {
        if (state is null)
        {
            file.Execute("DELETE FROM pointers WHERE name = $1", name);
        }
        else
        {
            file.Execute("INSERT OR REPLACE INTO pointers (name, state) VALUES ($1, $2)", name, state);
        }
    }
}
