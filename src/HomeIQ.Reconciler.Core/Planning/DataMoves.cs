using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Planning;

/// <summary>The databases that a plan has to bring along: their volumes are copied when everybody who mounts them has stopped, and before anybody starts on them again.</summary>
internal sealed class DataMoves(Inventory inventory, Remarks remarks)
{
    private readonly List<DataMove> moves = [];
    private readonly Dictionary<string, DraftStep> rehearsals = new(StringComparer.Ordinal);

    /// <summary>Decides whose data moves, and who has to stop for it although it stays the same: what follows from that for others is seen afterwards.</summary>
    public void Decide(IReadOnlyDictionary<string, ServiceWork> works)
    {
        foreach (var database in inventory.Situation.Desired.Policy.Databases)
        {
            if (VolumeOf(database, works) is not { } volume || !inventory.Volumes.ContainsKey(volume))
            {
                continue;
            }

            // Of several databases on one volume the first brings it along.
            if (moves.Find(move => move.Volume == volume) is { } known)
            {
                known.Databases.Add(database);
                continue;
            }

            var users = works.Values.Where(work => work.Container is { } container && container.MountsVolume(volume)).ToList();
            var starters = works.Values.Where(work => work.Desired?.Spec.Mounts.Any(mount => mount.Kind == MountKind.Volume && mount.Source == volume) is true).ToList();
            if (users.Union(starters).Any(work => work is { IsChanged: true, Move: Move.Create or Move.Replace or Move.Remove }) && CanBeCopied(database, volume))
            {
                Add(database, volume, users, starters);
            }
        }
    }

    /// <summary>Has each migration tried on a copy before anything stops.</summary>
    public void Prepare(PlanDraft draft, IReadOnlyDictionary<string, ServiceWork> works)
    {
        foreach (var (database, job, work) in moves.SelectMany(move => move.Databases).Select(database => (database, Job: JobFor(database, works), Work: works.GetValueOrDefault(database.Service))))
        {
            if (job is not null)
            {
                rehearsals[database.Name] = draft.Add(new Rehearse(database.Name, job), "a migration that fails is to fail on a copy, before anything stops", Section.Create, work!.Phase, work.Order).After(work.Create);
            }
        }
    }

    /// <summary>Puts the copying into the draft, between the stops and the starts of all who mount the volume.</summary>
    public void Add(PlanDraft draft, IReadOnlyDictionary<string, ServiceWork> works, IReadOnlyDictionary<string, Leftover> leftovers)
    {
        var copies = moves.ConvertAll(move => Copy(draft, move, leftovers));
        var migrated = default(DraftStep);
        foreach (var (move, copy) in moves.Zip(copies))
        {
            // A job mounts all that its service mounts: one at a time, and when nothing is copied any more.
            var last = copy;
            foreach (var database in move.Databases)
            {
                if (JobFor(database, works) is { } job)
                {
                    last = migrated = draft.Add(new Migrate(database.Name, job), $"{database.Service} is replaced", Section.Move, works[database.Service].Phase, works[database.Service].Order)
                        .After(rehearsals[database.Name]).After(migrated);
                    copies.ForEach(other => migrated.After(other));
                }
            }

            foreach (var start in move.Starters.Select(starter => starter.Start).Concat(move.Arms))
            {
                start?.After(last);
            }
        }
    }

    private DraftStep Copy(PlanDraft draft, DataMove move, IReadOnlyDictionary<string, Leftover> leftovers)
    {
        var all = move.Users.Union(move.Starters).ToList();
        ValueList<string> files = [.. move.Databases.Select(FileOf).Where(file => file.Length > 0).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        var copy = draft.Add(
            new BackUp(move.Databases[0].Name, move.Volume) { Files = files }, $"{move.Cause}: a way back brings its data back, too", Section.Move, all.Min(work => work.Phase), all.Min(work => work.Order));
        foreach (var rehearsal in rehearsals.Values)
        {
            copy.After(rehearsal);
        }

        foreach (var user in move.Users)
        {
            copy.After(user.Stop).After(user.Aside).After(Disarm(draft, user, move));
        }

        foreach (var leftover in leftovers.Values.Where(leftover => leftover.IsRunning && leftover.Container.MountsVolume(move.Volume)))
        {
            copy.After(leftover.StopEarly(draft));
        }

        return copy;
    }

    /// <summary>The migration that goes with another image; null when the image stays, or a person goes back, who has to say what becomes of the data.</summary>
    private MigrationJob? JobFor(DesiredDatabase database, IReadOnlyDictionary<string, ServiceWork> works) =>
        database.Migration is { } migration && !GoesBack && inventory.Situation.Effective is not null
        && works.GetValueOrDefault(database.Service) is { IsChanged: true, Desired: { } desired, Create.Step: CreateContainer create } work
        && (create.ImageId is null || create.ImageId != work.Container?.ImageId)
        && database.PlaceIn(desired) is var (mount, file)
            ? new(database.Service, mount.Source, mount.Target, file, create.SpecDigest, migration)
            : null;

    private string FileOf(DesiredDatabase database) =>
        (inventory.Desired.TryGetValue(database.Service, out var service) ? service : inventory.Effective.TryGetValue(database.Service, out var going) ? going.Service : null) is { } owner
            ? database.PlaceIn(owner)?.File ?? ""
            : "";

    /// <summary>Who stays the same must not be started by the engine in the middle of it (D9): its restart policy is taken away, and given back before it starts.</summary>
    private static DraftStep? Disarm(PlanDraft draft, ServiceWork user, DataMove move)
    {
        if (user is not { Move: Move.Bounce or Move.Start, Container: { } container, Stop: { Step: StopContainer stop } } || container.Restart.Name is "no" or "")
        {
            return null;
        }

        DraftStep Set(RestartPolicy to, RestartPolicy was) => draft.Add(new SetRestartPolicy(user.Name, stop.Container, to, was), "the engine is not to start it while its data is copied", Section.Move, user.Phase, user.Order);

        var arm = Set(container.Restart, RestartPolicy.No);
        move.Arms.Add(arm);
        user.Start?.After(arm);
        return Set(RestartPolicy.No, container.Restart).After(user.Stop);
    }

    /// <summary>A person goes back to an earlier state: copies of that time may be wanted yet.</summary>
    private bool GoesBack => inventory.Situation.GoesBackTo is not null;

    public void CleanUp(PlanDraft draft, DraftStep? promote)
    {
        foreach (var move in GoesBack ? [] : moves)
        {
            draft.Add(new ReleaseCopies(move.Databases[0].Name, move.Volume), "the newest proven copy is kept", Section.CleanUp, 2).After(promote);
        }
    }

    private void Add(DesiredDatabase database, string volume, List<ServiceWork> users, List<ServiceWork> starters)
    {
        foreach (var foreign in inventory.Situation.Observed.Containers.Where(container => container.IsUp && container.MountsVolume(volume) && !inventory.IsOurs(container)))
        {
            remarks.Refuse("data-shared", database.Name, $"the container {foreign.Name} is not ours, runs, and mounts the volume {volume}: no copy of it would be whole", "stop it, or homeiq adopt");
        }

        var all = users.Union(starters).ToList();
        var causes = all.Where(work => work.IsChanged).Select(work => $"{work.Name} is {work.Move switch { Move.Remove => "removed", Move.Create => "made", _ => "replaced" }}").Order(StringComparer.Ordinal);
        foreach (var user in users.Where(work => work is { IsRunning: true, Move: < Move.Bounce }))
        {
            user.Raise(Move.Bounce, $"its volume {volume} is copied");
        }

        if (GoesBack)
        {
            remarks.Warn("data-stays", database.Name, "only containers go back by this: the data stays as the newer version left it, and a copy of it is made first", "the way back of a run that failed brings its data back by itself");
        }

        users.ForEach(user => (user.StopIsAwaited, user.StopsForData) = (true, true));
        moves.Add(new([database], volume, string.Join(", ", causes), users, starters));
    }

    /// <summary>The volume at the database's mount point; null, and a problem, when there is none: it is never skipped silently.</summary>
    private string? VolumeOf(DesiredDatabase database, IReadOnlyDictionary<string, ServiceWork> works)
    {
        if (!inventory.Desired.TryGetValue(database.Service, out var service))
        {
            // Its service is in a profile that is not active, or going: what is there to be told, the loader told.
            return inventory.Effective.TryGetValue(database.Service, out var going) ? database.PlaceIn(going.Service)?.Mount.Source : null;
        }

        if (database.PlaceIn(service) is { } place)
        {
            return place.Mount.Source;
        }

        if (!works.GetValueOrDefault(database.Service)?.IsChanged ?? true)
        {
            return null;
        }

        remarks.Refuse("data-unresolved", database.Name, $"{database.Service} has no volume at {database.Path}", $"volumes are at {string.Join(", ", service.Spec.Mounts.Where(known => known.Kind == MountKind.Volume).Select(known => known.Target))}");
        return null;
    }

    /// <summary>What lies elsewhere is not in the engine's folder while nobody mounts it, so that a copy of it would be an empty one.</summary>
    private bool CanBeCopied(DesiredDatabase database, string name)
    {
        var volume = inventory.Volumes[name];
        if (volume.Settings is { Driver: "local", DriverOptions.Count: 0 })
        {
            return true;
        }

        remarks.Refuse(
            "data-elsewhere", database.Name, $"the volume {name} does not lie in the engine's own folder (driver {volume.Settings.Driver}{(volume.Settings.DriverOptions.Count > 0 ? ", with options" : "")}): it cannot be copied from there",
            "take the database out of reconciler.yaml, and back it up where it lies");
        return false;
    }

    private sealed record DataMove(List<DesiredDatabase> Databases, string Volume, string Cause, List<ServiceWork> Users, List<ServiceWork> Starters)
    {
        /// <summary>What gives those who were disarmed their restart policies back.</summary>
        public List<DraftStep> Arms { get; } = [];
    }
}
