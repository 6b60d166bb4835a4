using HomeIQ.Reconciler.Scenarios.Docker;

namespace HomeIQ.Reconciler.Scenarios;

/// <summary>The faults of one path: a call that hangs, every lost answer, and others drawn from a seed until enough were met.</summary>
/// <remarks>Several houses take from it at once, and tell it what they met.</remarks>
internal sealed class FaultCells
{
    /// <summary>No run of three services makes more changes.</summary>
    public const int MostChanges = 60;

    private static readonly Spoil[] Kinds = [Spoil.Refused, Spoil.AnswerCut, Spoil.Slow, Spoil.NotFound, Spoil.Conflict, Spoil.Error];

    private readonly Lock gate = new();
    private readonly IEnumerator<SpoiledCall> all;
    private readonly List<SpoiledCall> met = [];
    private readonly int enough;
    private int cells;
    private int past = int.MaxValue;
    private int underWay;

    private FaultCells(IEnumerable<SpoiledCall> all, int enough) => (this.all, this.enough) = (all.GetEnumerator(), enough);

    /// <summary>Just these many, lost answers among them.</summary>
    /// <param name="changes">So many does every run make, however its looks and waits fall: each cell is met.</param>
    public static FaultCells Seeded(int seed, int count, int changes) => new(Drawn(seed, changes, 3).Take(count), int.MaxValue);

    /// <param name="hung">The change that is never answered.</param>
    /// <param name="changes">About so many changes does a run make.</param>
    /// <param name="others">So many others are met.</param>
    public static FaultCells Whole(int seed, int hung, int changes, int others) => new(
        [new(hung, Spoil.Hangs), .. Enumerable.Range(1, MostChanges).Select(nth => new SpoiledCall(nth, Spoil.AnswerLost)), .. Drawn(seed, changes, 4).Where(IsOther).Distinct().Take(4 * others)], others);

    public IReadOnlyList<int> Lost => [.. met.Where(call => call.How is Spoil.AnswerLost).Select(call => call.Nth).Order()];

    public int Hangs => met.Count(call => call.How is Spoil.Hangs);

    public int Others => met.Count(IsOther);

    public int OthersOf(CallSort sort) => met.Count(call => IsOther(call) && call.Sort == sort);

    /// <summary>The next one and its number; null when there is none.</summary>
    public (int Cell, SpoiledCall Fault)? Next()
    {
        lock (gate)
        {
            while (all.MoveNext())
            {
                var fault = all.Current;
                if (fault.How is Spoil.AnswerLost && fault.Nth > past)
                {
                    continue;
                }

                if (IsOther(fault))
                {
                    if (Others + underWay >= enough)
                    {
                        return null;
                    }

                    underWay++;
                }

                return (cells++, fault);
            }

            return null;
        }
    }

    public void Tell(SpoiledCall fault, bool isMet)
    {
        lock (gate)
        {
            underWay -= IsOther(fault) ? 1 : 0;
            if (isMet)
            {
                met.Add(fault);
            }
            else if (fault.How is Spoil.AnswerLost)
            {
                past = Math.Min(past, fault.Nth);
            }
        }
    }

    private static bool IsOther(SpoiledCall call) => call.How is not (Spoil.AnswerLost or Spoil.Hangs);

    /// <summary>In turn a lost answer, a look or a command, and changes.</summary>
    private static IEnumerable<SpoiledCall> Drawn(int seed, int changes, int turn)
    {
        var random = new Random(seed);
        for (var cell = 0; ; cell++)
        {
            var how = Kinds[random.Next(Kinds.Length)];
            yield return (cell % turn, cell / turn % 2) switch
            {
                (0, _) => new(random.Next(1, changes + 1), Spoil.AnswerLost),
                (1, 0) => new(random.Next(1, (2 * changes) + 1), how, CallSort.Look),
                (1, _) => new(random.Next(1, 7), how, CallSort.Command),
                _ => new(random.Next(1, changes + 1), how),
            };
        }
    }
}
