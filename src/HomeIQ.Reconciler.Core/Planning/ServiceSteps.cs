using HomeIQ.Reconciler.Changes;
using HomeIQ.Reconciler.Desired;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Planning;

/// <summary>The recipes: which steps bring one service from where it is to where it should be, in the order of the service itself.</summary>
internal static class ServiceSteps
{
    public static void Add(PlanDraft draft, ServiceWork work, Inventory inventory)
    {
        switch (work.Move)
        {
            case Move.None when work.RenameBack:
                RenameBack(draft, work);
                break;
            case Move.Adjust:
                Wake(draft, work, inventory);
                break;
            case Move.None:
                break;
            case Move.Create or Move.Replace:
                Swap(draft, work, inventory);
                break;
            case Move.Remove:
                StopOld(draft, work);
                SetOldAside(draft, work);
                break;
            default:
                Wake(draft, work, inventory);
                break;
        }
    }

    /// <summary>The five steps of a swap, and the proof: undone in reverse, they put data back before old code starts.</summary>
    private static void Swap(PlanDraft draft, ServiceWork work, Inventory inventory)
    {
        var name = work.Desired!.ContainerName;
        var temporary = ((CreateContainer)work.Create!.Step).TemporaryName;
        if (work.Container is not null)
        {
            StopOld(draft, work);
            SetOldAside(draft, work);
        }

        work.Rename = Put(draft, work, new RenameContainer(work.Name, new(null, temporary), name)).After(work.Create).After(work.Aside);
        if (!work.LeaveStopped || work.HasDoneItsTask(inventory))
        {
            work.Start = Put(draft, work, new StartContainer(work.Name, new(null, name))).After(work.Rename);
            work.Verify = Put(draft, work, new VerifyService(work.Name, new(null, name), work.ContentDigest(inventory), inventory.MustComplete(work.Name))).After(work.Start);
        }
    }

    private static void StopOld(PlanDraft draft, ServiceWork work) =>
        work.Stop = Put(draft, work, new StopContainer(work.Name, new(work.Container!.Id, work.Container.Name), FoundStopped: !work.IsRunning));

    private static void SetOldAside(PlanDraft draft, ServiceWork work)
    {
        var old = work.Container!;
        var service = work.Effective?.Service ?? work.Desired!;
        var aside = new SetAside(
            work.Name, new(old.Id, old.Name), ContainerNames.Kept(service.ContainerName, old.Id),
            work.Effective?.SpecDigest ?? old.Owner?.SpecDigest ?? "", old.ImageId, work.Effective?.Service.Spec.Restart ?? old.Restart);

        work.Aside = Put(draft, work, aside).After(work.Stop);
    }

    /// <summary>The container stays the same, and comes to run.</summary>
    private static void Wake(PlanDraft draft, ServiceWork work, Inventory inventory)
    {
        var id = work.Container!.Id;
        if (work.RenameBack)
        {
            RenameBack(draft, work);
        }

        var container = new ContainerRef(id, work.RenameBack ? work.Desired!.ContainerName : work.Container.Name);
        Adjust(draft, work, container, inventory);
        var named = work.Adjusted.LastOrDefault() ?? work.Rename;
        if (work.Move == Move.Bounce || work is { Move: Move.Start, StopsForData: true })
        {
            work.Stop = Put(draft, work, new StopContainer(work.Name, container, FoundStopped: !work.IsRunning)).After(named);
        }

        work.Start = work.Move switch
        {
            Move.Bounce or Move.Start => Put(draft, work, new StartContainer(work.Name, container)).After(work.Stop).After(named),
            Move.Restart => Put(draft, work, new RestartContainer(work.Name, container, ForDrift: !work.RestartsWithOthers)).After(named),
            Move.Unpause => Put(draft, work, new UnpauseContainer(work.Name, container)).After(named),
            _ => null,
        };
        if (work.Move != Move.Adjust || CanBeProven(work))
        {
            work.Verify = Put(draft, work, new VerifyService(work.Name, container, work.ContentDigest(inventory), inventory.MustComplete(work.Name))).After(work.Start ?? named);
        }
    }

    /// <summary>One after the other, as an engine takes them for one container.</summary>
    private static void Adjust(PlanDraft draft, ServiceWork work, ContainerRef container, Inventory inventory)
    {
        IEnumerable<Step> steps =
        [
            .. work.Rearm ? new Step[] { new SetRestartPolicy(work.Name, container, work.Desired!.Spec.Restart, work.Container!.Restart) } : [],
            .. work.Adjustment.Settings.Count > 0 ? new Step[] { new UpdateContainer(work.Name, container, work.Adjustment.Settings) } : [],
            .. work.Adjustment.Leave.Select(network => new DisconnectNetwork(work.Name, container, network)),
            .. work.Adjustment.Rejoin.Select(network => new ReconnectNetwork(work.Name, container, network, work.SpecDigest(inventory))),
        ];
        foreach (var step in steps)
        {
            work.Adjusted.Add(Put(draft, work, step).After(work.Adjusted.LastOrDefault() ?? work.Rename));
        }
    }

    /// <summary>What was ill before is not to be blamed on a correction that left it running, and the engine's verdict on it may be an old one.</summary>
    private static bool CanBeProven(ServiceWork work) => work.Container is { Status: ContainerStatus.Running, Health: not ContainerHealth.Unhealthy };

    private static void RenameBack(PlanDraft draft, ServiceWork work) =>
        work.Rename = Put(draft, work, new RenameContainer(work.Name, new(work.Container!.Id, work.Container.Name), work.Desired!.ContainerName));

    private static DraftStep Put(PlanDraft draft, ServiceWork work, Step step) => draft.Add(step, work.Cause, Section.Move, work.Phase, work.Order);
}
