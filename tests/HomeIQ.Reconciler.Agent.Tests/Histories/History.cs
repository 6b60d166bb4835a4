using CsCheck;

namespace HomeIQ.Reconciler.Histories;

/// <summary>A move, and what happens in the middle of what the daemon does about it.</summary>
/// <param name="Meanwhile">A commit, somebody's hand or the death of the process; null for nothing.</param>
/// <param name="At">When, counted in the points at which a process can die: before and after each call that changes the engine and each entry of the journal. When there are fewer, it does not happen.</param>
internal sealed record Turn(Move Move, Move? Meanwhile, int At)
{
    private static readonly TimeSpan[] Times = [TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(40), TimeSpan.FromHours(9), TimeSpan.FromDays(3)];

    private static readonly Gen<string> Services = Gen.Int[0, Asked.Names.Length - 1].Select(index => Asked.Names[index]);

    private static readonly Gen<Move> Commits = Gen.Frequency(
        (4, Services.Select(service => (Move)new Upgrade(service))),
        (2, Services.Select(service => (Move)new ChangeSetting(service))),
        (5, Gen.Select(Services, Services, (bad, beside) => (Move)new Break(bad, beside))),
        (1, Gen.Const((Move)new WordsOnly())),
        (4, Gen.Const((Move)new Revert())),
        (2, Gen.Const((Move)new AddOrRemoveExtra())));

    private static readonly Gen<Move> Hands = Gen.Select(Services, Gen.Enum<DriftKind>(), (service, kind) => (Move)new Meddle(service, kind));

    private static readonly Gen<Move> Anything = Gen.Frequency(
        (10, Commits),
        (4, Hands),
        (2, Gen.Int[0, Times.Length - 1].Select(index => (Move)new LetPass(Times[index]))),
        (2, Gen.Const((Move)new Die())),
        (1, Gen.Const((Move)new GitGoesOrComes())),
        (1, Gen.Const((Move)new Retry())),
        (1, Gen.Const((Move)new ReleaseAll())));

    private static readonly Gen<Move?> Interruptions = Gen.Frequency(
        (6, Gen.Const((Move?)null)),
        (1, Commits.Select(move => (Move?)move)),
        (1, Hands.Select(move => (Move?)move)),
        (2, Gen.Const((Move?)new Die())));

    public static readonly Gen<Turn> Any = Gen.Select(Anything, Interruptions, Gen.Int[1, 120], (move, meanwhile, at) => new Turn(move, meanwhile, at));

    /// <summary>The same, counted in calls that change the engine: a step takes about so many points.</summary>
    public int Changes => (At + 5) / 6;

    public override string ToString() => Meanwhile switch
    {
        null => $"{Move}",
        Die => $"{Move}, and at point {At} the process dies",
        _ => $"{Move}, and before change {Changes} of the engine {Meanwhile}",
    };
}

/// <summary>What happens to a house from the day on which it was installed.</summary>
internal sealed record History(ValueList<Turn> Turns)
{
    public static readonly Gen<History> Any = Turn.Any.Array[1, 12].Select(turns => new History([.. turns]));

    public override string ToString() => string.Concat(Turns.Select((turn, index) => $"\n  {index + 1}. {turn}"));
}
