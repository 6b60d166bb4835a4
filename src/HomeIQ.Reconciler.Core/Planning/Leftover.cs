using HomeIQ.Reconciler.Changes;
using HomeIQ.Reconciler.Observed;

namespace HomeIQ.Reconciler.Planning;

/// <summary>A container with our label that no service explains: of a run that was cut off, or of a service that nobody remembers.</summary>
internal sealed class Leftover(ObservedContainer container)
{
    public ObservedContainer Container { get; } = container;

    public string Service { get; } = container.Owner!.Service;

    /// <summary>It stands in the way of something: stopped and set aside before that moves, instead of at the end.</summary>
    public bool IsInTheWay { get; private set; }

    public DraftStep? Stop { get; private set; }

    public DraftStep? Aside { get; private set; }

    private string Cause => ContainerNames.IsTemporary(Container.Name) ? "left over from a run that was cut off" : "it is ours, and no service explains it";

    public bool IsRunning => Container.IsUp;

    public DraftStep StopEarly(PlanDraft draft)
    {
        IsInTheWay = true;
        return Stop ??= draft.Add(new StopContainer(Service, new(Container.Id, Container.Name), FoundStopped: !IsRunning), Cause, Section.Move);
    }

    public DraftStep SetAsideEarly(PlanDraft draft)
    {
        var stop = StopEarly(draft);
        return Aside ??= draft
            .Add(
                new SetAside(
                    Service, new(Container.Id, Container.Name), ContainerNames.Kept(Container.Name, Container.Id), Container.Owner!.SpecDigest, Container.ImageId, Container.Restart),
                Cause, Section.Move)
            .After(stop);
    }

    public void CleanUp(PlanDraft draft, DraftStep? promote)
    {
        var last = promote;
        if (!IsInTheWay && IsRunning)
        {
            last = draft.Add(new StopContainer(Service, new(Container.Id, Container.Name)), Cause, Section.CleanUp).After(promote);
        }

        var name = Aside is null ? Container.Name : ContainerNames.Kept(Container.Name, Container.Id);
        draft.Add(new RemoveContainer(Service, new(Container.Id, name)), Cause, Section.CleanUp).After(last).After(promote);
    }
}
