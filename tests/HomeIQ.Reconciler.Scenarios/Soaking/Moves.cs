namespace HomeIQ.Reconciler.Scenarios.Soaking;

/// <summary>Something that a developer or a hand on the host did.</summary>
/// <param name="Remade">Services of which another container runs afterwards, and no others.</param>
/// <param name="Restarted">Services whose container may have been started anew.</param>
internal sealed record Move(string What, IReadOnlyCollection<string> Remade, IReadOnlyCollection<string> Restarted);

/// <summary>Draws moves, and keeps account of what the host is held to after each.</summary>
internal sealed class Moves(House house, Random random)
{
    /// <summary>A daemon that has to put the same service right five times within ten minutes leaves it alone, so that hands are laid on it less often.</summary>
    private const int DriftsInWindow = 4;

    private static readonly TimeSpan Window = TimeSpan.FromMinutes(11);

    private readonly List<(DateTimeOffset At, string Service)> drifts = [];
    private int commits;
    private int guests;

    /// <summary>What the branch asks for.</summary>
    public Rooms Head { get; private set; } = Rooms.First;

    public string HeadId { get; private set; } = "";

    /// <summary>What the host is held to.</summary>
    public Rooms Good { get; private set; } = Rooms.First;

    /// <summary>Things that are not ours, with whom nothing may happen.</summary>
    public string Neighbour => $"{house.Name}-theirs";

    /// <summary>Before the daemon starts.</summary>
    public void Furnish()
    {
        Head.WriteTo(house);
        HeadId = house.Commit("Furnish the house");
    }

    public Move Next()
    {
        var hands = Reachable();
        return random.Next(100) < 45 && hands.Count > 0 ? Drift(Draw(hands)) : Commit();
    }

    /// <summary>A commit that is good, whatever was before it.</summary>
    public Move Upgrade()
    {
        var name = Draw(Others("store"));
        return To(Mended().With(name, room => new(Draw(Room.Good.Except([room.Tag])), Greeting())), $"{name} gets another version");
    }

    public Move Revert() => To(Good, "revert to what runs");

    private Move Commit() => Head switch
    {
        { IsBad: true } => random.Next(10) switch
        {
            < 3 => Revert(),
            < 7 => To(Mended(), "mend what is bad"),
            < 8 => Words(),
            _ => Upgraded(Draw(Head.All.Keys.Where(name => name != "store" && Head.All[name].Tag != Room.Bad))),
        },
        { LacksImage: true } => random.Next(4) switch { 0 => Words(), 1 => Revert(), _ => To(Mended(), "name an image that is there") },
        _ => random.Next(20) switch
        {
            < 6 => Upgrade(),
            < 10 => Set(Draw(Head.All.Keys)),
            < 14 => Spoil(Draw(["api", "web", "radio"]), Room.Bad),
            < 15 => Spoil(Draw(["api", "web", "radio"]), Room.Missing),
            < 17 => Words(),
            _ => ComeOrGo(),
        },
    };

    private Move Upgraded(string name) => To(Head.With(name, room => new(Draw(Room.Good.Except([room.Tag])), Greeting())), $"{name} gets another version behind what is bad");

    private Move Set(string name) => To(Head.With(name, room => room with { Greeting = Greeting() }), $"{name} gets another setting");

    private Move Spoil(string name, string tag) => To(Head.With(name, room => new(tag, room.Greeting)), $"{name} moves to {tag}");

    public Move ComeOrGo() => Head.All.ContainsKey(Rooms.Lamp)
        ? To(new(Head.All.Remove(Rooms.Lamp)), "the lamp goes")
        : To(new(Head.All.Add(Rooms.Lamp, new(Draw(Room.Good), Greeting()))), "the lamp comes");

    private Move Words()
    {
        File.WriteAllText(Path.Combine(house.Repository, "README.md"), $"Words, {++commits}\n");
        HeadId = house.Commit("Only words");
        return new("commit: only words", [], []);
    }

    private Move To(Rooms next, string what)
    {
        var tried = Good.ChangedTo(next).ToList();
        Head = next;
        Head.WriteTo(house);
        HeadId = house.Commit(what);
        if (!next.IsGood)
        {
            return new($"commit: {what}", [], next.LacksImage ? [] : [.. Rooms.WithDependents(tried)]);
        }

        Good = next;
        return new($"commit: {what}", tried, [.. Rooms.WithDependents(tried)]);
    }

    private Rooms Mended() => new(Head.All.SetItems(Head.All
        .Where(room => !Room.Good.Contains(room.Value.Tag)).Select(room => KeyValuePair.Create(room.Key, new Room(Draw(Room.Good), Greeting())))));

    private Move Drift(string name)
    {
        drifts.Add((DateTimeOffset.UtcNow, name));
        var container = house.Container(name);
        switch (random.Next(9))
        {
            case 0:
                house.Docker("rm", "-f", container);
                return new($"drift: {name} removed", [name], [name]);
            case 1:
                house.Docker("stop", "-t", "0", container);
                return new($"drift: {name} stopped", [], [name]);
            case 2:
                house.Docker("kill", container);
                return new($"drift: {name} killed", [], [name]);
            case 3:
                house.Docker("pause", container);
                return new($"drift: {name} paused", [], []);
            case 4:
                house.Docker("rename", container, $"{house.Name}-elsewhere");
                return new($"drift: {name} renamed", [], []);
            case 5:
                house.Docker("update", "--memory", "64m", "--memory-swap", "64m", container);
                return new($"drift: {name} limited", Rooms.Limited.Contains(name) ? [] : [name], Rooms.Limited.Contains(name) ? [] : [name]);
            case 6:
                house.Docker("network", "disconnect", $"{house.Name}_default", container);
                return new($"drift: {name} taken off its network", [], []);
            case 7:
                house.Docker("update", "--restart", "always", container);
                return new($"drift: {name} restarts always", [], []);
            default:
                // Somebody else's, beside: no drift at all, and left alone.
                drifts.RemoveAt(drifts.Count - 1);
                house.Docker("run", "-d", "--rm", "--pull=never", "--name", $"{house.Name}-guest{++guests}", "--network", $"{house.Name}_default", "homeiq-test/job:1.0.0");
                return new("a guest comes and goes", [], []);
        }
    }

    private List<string> Reachable()
    {
        drifts.RemoveAll(drift => drift.At < DateTimeOffset.UtcNow - Window);
        return [.. Good.All.Keys.Where(name => drifts.Count(drift => drift.Service == name) < DriftsInWindow)];
    }

    private IEnumerable<string> Others(string name) => Head.All.Keys.Where(other => other != name);

    private string Greeting() => $"g{++commits}";

    private T Draw<T>(IEnumerable<T> from) => from.ToList() is var all ? all[random.Next(all.Count)] : throw new InvalidOperationException();
}
